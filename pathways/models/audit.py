"""A registry's list laid beside the journeys: who is in the registry and not here."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy

from patients.models import Patient, Site

from .journey import Journey
from .matter import Matter


class RegistryAudit(models.Model):
    """One uploaded list. It holds record numbers and birth dates: remove it when its rows are settled."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    pathway = models.SlugField(max_length=60)
    primary = models.CharField(max_length=60, blank=True, help_text="codes that count, as C34; blank: all rows")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    first_on = models.DateField(null=True, help_text="the earliest day of diagnosis on the list")
    last_on = models.DateField(null=True)


class RegistryRow(models.Model):
    """One row of the list, and where it was found."""

    class Verdict(models.TextChoices):
        HERE = "here", gettext_lazy("in both")
        MISSING = "missing", gettext_lazy("in the registry, not here")
        OTHER = "other", gettext_lazy("another primary")

    audit = models.ForeignKey(RegistryAudit, on_delete=models.CASCADE, related_name="rows")
    n = models.PositiveIntegerField(help_text="line of the file")
    number = models.CharField(max_length=120)
    born_on = models.DateField(null=True)
    diagnosed_on = models.DateField(null=True)
    primary = models.CharField(max_length=60, blank=True)
    patient = models.ForeignKey(Patient, null=True, on_delete=models.PROTECT, related_name="+")
    journey = models.ForeignKey(Journey, null=True, on_delete=models.PROTECT, related_name="+")
    matter = models.ForeignKey(Matter, null=True, on_delete=models.SET_NULL, related_name="+", help_text="the candidate that it became")
    verdict = models.CharField(max_length=8, choices=Verdict)
    reason = models.CharField(max_length=120, blank=True)
    may_open = models.BooleanField(default=False, help_text="a person of ours who can be made a candidate")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["audit", "n"], name="registry_row_once")]
