"""What is known of a patient, append-only, and which journeys it belongs to."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from patients.models import Patient

from .inbound import Inbound

FINDINGS = (
    "flagged_actionable",
    "actionable_confirmed",
    "not_actionable_confirmed",
    "not_actionable",
    "later_line_actionable",
    "cannot_say",
    "matched_therapy",
    "first_dose_attested",
    "reopened",
)
"""What is found of a journey between its result and its drug, and that its end was taken back; reports count these, so an index leads to them."""


class Event(models.Model):
    """One version of one fact; never updated, never deleted. See `pathways.facts.Fact` for the meaning of the fields."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=60)
    lineage = models.TextField()
    rank = models.PositiveSmallIntegerField()
    issued_at = models.DateTimeField(null=True, help_text="when its source issued this version, else when the message was made")
    message_at = models.DateTimeField(null=True)
    digest = models.CharField(max_length=64)
    retracted = models.BooleanField(default=False)
    grade = models.PositiveSmallIntegerField()
    basis = models.JSONField(null=True)
    occurred_lo = models.DateTimeField()
    occurred_hi = models.DateTimeField()
    assumed_zone = models.BooleanField(default=False)
    recorded_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    inbound = models.ForeignKey(Inbound, null=True, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    keys = ArrayField(models.TextField(), default=list)
    body = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "lineage", "rank", "digest", "issued_at"], name="event_revision_once", nulls_distinct=False
            )
        ]
        indexes = [models.Index(fields=["id"], condition=models.Q(kind__in=FINDINGS), name="event_finding")]


class Binding(models.Model):
    """Attaches an event to a journey, or detaches it; append-only, the latest row per event and journey counts."""

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="+")
    journey = models.ForeignKey("pathways.Journey", on_delete=models.PROTECT, related_name="+")
    attached = models.BooleanField(default=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    how = models.CharField(max_length=40)
    at = models.DateTimeField()
