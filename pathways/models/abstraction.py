"""A report that no reader of ours understands (PDF, scan, paper), read by one person and confirmed by another."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy

from patients.models import Patient, Site

from .event import Event
from .journey import Journey
from .matter import Matter


class AbstractionQuerySet(models.QuerySet["Abstraction"]):
    def waiting(self) -> AbstractionQuerySet:
        """Read once, and neither confirmed nor sent back."""
        return self.filter(confirmed_at=None, returned_at=None)


class Abstraction(models.Model):
    """What one person read in a report. Nothing follows from it until somebody else has read the same."""

    class Answer(models.TextChoices):
        RESULT = "result", gettext_lazy("a result")
        FAILED = "failed", gettext_lazy("the test failed")
        NOTHING = "nothing", gettext_lazy("no result of this kind")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    journey = models.ForeignKey(Journey, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    document = models.ForeignKey(Event, null=True, on_delete=models.PROTECT, related_name="+", help_text="the version that was read")
    original = models.BinaryField(null=True, help_text="what was scanned or filed by hand, where no feed brought it")
    original_type = models.CharField(max_length=40, blank=True)
    matter = models.ForeignKey(Matter, null=True, on_delete=models.SET_NULL, related_name="+", help_text="the second reader's")
    answer = models.CharField(max_length=8, choices=Answer)
    body = models.JSONField(default=dict, help_text="laboratory, number, specimen, dates, and of each gene its value and alteration")
    read_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    read_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    confirmed_at = models.DateTimeField(null=True)
    returned_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    returned_at = models.DateTimeField(null=True)
    returned_why = models.CharField(max_length=200, blank=True)

    objects = AbstractionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(confirmed_by__isnull=True) | ~models.Q(confirmed_by=models.F("read_by")), name="abstraction_two_readers"
            ),
            models.UniqueConstraint(
                fields=["document"],
                condition=models.Q(document__isnull=False, confirmed_at__isnull=True, returned_at__isnull=True),
                name="abstraction_one_open",
            ),
        ]
