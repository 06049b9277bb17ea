"""The comparison of a trial run: what the navigators had on their own list, and what they say of ours."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy

from patients.models import Patient, Site


class ShadowNote(models.Model):
    """One patient of one programme and site. `number` stands for somebody who is on the list but not known here.

    `listed`: on the navigators' own list. `verdict`: what a person found of our stall; blank where nobody has looked.
    """

    class Verdict(models.TextChoices):
        RIGHT = "right", gettext_lazy("a stall")
        FALSE = "false", gettext_lazy("no stall")

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    pathway = models.SlugField(max_length=60)
    patient = models.ForeignKey(Patient, null=True, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=120, blank=True)
    listed = models.BooleanField(default=False)
    verdict = models.CharField(max_length=6, choices=Verdict, blank=True)
    note = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "pathway", "patient", "number"], name="shadow_note_once", nulls_distinct=False)
        ]
