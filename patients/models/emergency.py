"""Charts of other sites, opened in an emergency: by whom, why, for how long, and what the site thought of it. Both append-only."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy

from .patient import Patient


class EmergencyAccess(models.Model):
    """One person may read one chart until the hour is over."""

    class Reason(models.TextChoices):
        IN_MY_CARE_NOW = "in_my_care_now", gettext_lazy("the patient is in my care now")
        COVERING = "covering", gettext_lazy("I am covering for the other site")
        TRANSFER = "transfer", gettext_lazy("the patient is being transferred to us")
        SAFETY = "safety", gettext_lazy("somebody's safety depends on it")
        OTHER = "other", gettext_lazy("another reason, written below")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=20, choices=Reason)
    why = models.TextField(max_length=500)
    began_at = models.DateTimeField()
    until = models.DateTimeField()


class EmergencyReview(models.Model):
    """What a lead or auditor of the patient's site found."""

    class Verdict(models.TextChoices):
        JUSTIFIED = "justified", gettext_lazy("justified")
        NOT_JUSTIFIED = "not_justified", gettext_lazy("not justified, taken further")

    access = models.OneToOneField(EmergencyAccess, on_delete=models.PROTECT, related_name="review")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    verdict = models.CharField(max_length=16, choices=Verdict)
    note = models.TextField(max_length=500, blank=True)
