"""Every message received, whole, with what became of it."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy

from patients.models import Patient

from .feed import Feed

NOTHING_LISTENS = "nothing_listens"


class InboundQuerySet(models.QuerySet["Inbound"]):
    def quarantined(self) -> InboundQuerySet:
        return self.filter(outcome=Inbound.Outcome.QUARANTINED)

    def unheard(self) -> InboundQuerySet:
        """Read, and nothing in force listens to it; those whose body is still kept."""
        return self.filter(no_effect=True, reason=NOTHING_LISTENS).exclude(body=b"")


class Inbound(models.Model):
    """One message after files were split: exactly one of applied, duplicate, quarantined."""

    class Outcome(models.TextChoices):
        APPLIED = "applied", gettext_lazy("applied")
        DUPLICATE = "duplicate", gettext_lazy("duplicate")
        QUARANTINED = "quarantined", gettext_lazy("quarantined")

    class Format(models.TextChoices):
        HL7V2 = "hl7v2", gettext_lazy("HL7 v2")
        FHIR = "fhir", gettext_lazy("FHIR R4 JSON")
        CSV = "csv", gettext_lazy("CSV row")
        UNKNOWN = "unknown", gettext_lazy("not recognised")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    feed = models.ForeignKey(Feed, on_delete=models.PROTECT, related_name="+", db_index=False)
    format = models.CharField(max_length=8, choices=Format)
    type = models.CharField(max_length=60, blank=True, help_text="ORU^R01, DiagnosticReport, results.csv ...")
    control_id = models.CharField(max_length=200, blank=True)
    digest = models.CharField(max_length=64)
    message_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    body = models.BinaryField()
    outcome = models.CharField(max_length=12, choices=Outcome)
    no_effect = models.BooleanField(default=False)
    reason = models.CharField(max_length=60, blank=True, help_text="code, counted")
    explanation = models.TextField(blank=True, help_text="in words a lab liaison understands; names field and rule")
    waits_for = models.JSONField(default=list)
    patient = models.ForeignKey(Patient, null=True, on_delete=models.PROTECT, related_name="+")
    about = models.ForeignKey(
        Patient, null=True, on_delete=models.PROTECT, related_name="+", db_index=False, help_text="whom it is about, as a person said"
    )
    about_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    applied_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=1)

    objects = InboundQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["feed", "control_id", "digest"], condition=~models.Q(outcome="duplicate"), name="inbound_message_once"
            )
        ]
        indexes = [
            models.Index(fields=["feed", "received_at"], condition=models.Q(outcome="quarantined"), name="inbound_quarantine"),
            models.Index(fields=["feed", "received_at"], condition=models.Q(no_effect=True), name="inbound_no_effect"),
        ]
