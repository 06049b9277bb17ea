"""Something a person must settle that is no stay: a candidate, an unbound result, a death hint ..."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy

from patients.models import Patient, Site

from .journey import Journey


class MatterKind(models.TextChoices):
    CANDIDATE = "candidate", gettext_lazy("candidate for a programme")
    GERMLINE_CANDIDATE = "germline_candidate", gettext_lazy("possible inherited variant in a tumour test")
    STAGE_MISSING = "stage_missing", gettext_lazy("stage of the disease missing")
    UNBOUND = "unbound", gettext_lazy("result without a journey")
    AMBIGUOUS = "ambiguous", gettext_lazy("fact that fits several journeys")
    CANNOT_SAY = "cannot_say", gettext_lazy("what the rules need to know")
    MERGE = "merge", gettext_lazy("two records became one")
    DEATH_HINT = "death_hint", gettext_lazy("hint of a death")
    RESULT_CHANGED = "result_changed", gettext_lazy("result changed after it was acted on")
    STALE_CONFIRMATION = "stale_confirmation", gettext_lazy("confirmed on facts that changed")
    LATE_FACT = "late_fact", gettext_lazy("result or start after the journey ended")
    FEED_SILENT = "feed_silent", gettext_lazy("feed silent")
    QUARANTINE = "quarantine", gettext_lazy("messages that wait outside")
    ABSTRACTION = "abstraction", gettext_lazy("report that only a person can read")
    SECOND_READING = "second_reading", gettext_lazy("report read once, to be confirmed by somebody else")
    PRIVACY_INCIDENT = "privacy_incident", gettext_lazy("result of another patient was filed here")
    TRACKER = "tracker", gettext_lazy("dates that are gone from a tracker")
    DRUG_REVIEW = "drug_review", gettext_lazy("drug that no rule could place")
    EMPIRIC_SAFETY = "empiric_safety", gettext_lazy("actionable result after empiric therapy")
    HOLD_REVIEW = "hold_review", gettext_lazy("hold to look at again")
    ANOMALY = "anomaly", gettext_lazy("fact that no track takes")
    SIGNATURE = "signature", gettext_lazy("targets to be signed")


class Matter(models.Model):
    """One open per (kind, subject); opened and closed by the writer. `detail` says in words what is asked.

    `release` parks it on the go-live review list, as with a stay.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=24, choices=MatterKind)
    subject = models.TextField()
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, null=True, on_delete=models.PROTECT, related_name="+")
    journey = models.ForeignKey(Journey, null=True, on_delete=models.PROTECT, related_name="matters")
    detail = models.JSONField(default=dict)
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    rung_at = ArrayField(models.DateTimeField(null=True), default=list)
    attention_at = models.DateTimeField(null=True)
    rang_through = models.DateTimeField(null=True)
    round = models.PositiveSmallIntegerField(default=1)
    mode = models.CharField(max_length=8, default="staff")
    release = models.BooleanField(default=False, db_default=False)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    reason = models.CharField(max_length=60, blank=True)
    set_aside = models.TextField(blank=True)
    failures = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject"], condition=models.Q(closed_at__isnull=True), name="matter_one_open")
        ]
        indexes = [
            models.Index(fields=["attention_at"], condition=models.Q(attention_at__isnull=False, release=False), name="matter_attention"),
            models.Index(fields=["id"], condition=models.Q(release=True), name="matter_release"),
        ]
