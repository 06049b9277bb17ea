"""What the team writes to each other about a patient, and what patients say when they call. Both are written once."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy

from pathways.models import Journey
from patients.models import Patient, Site

from .work_item import WorkItem


class Note(models.Model):
    """A note on a patient, a journey or an item. `@name` in it hands work to that person."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    journey = models.ForeignKey(Journey, null=True, on_delete=models.PROTECT, related_name="+")
    item = models.ForeignKey(WorkItem, null=True, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    text = models.TextField()


class Call(models.Model):
    """Somebody called us about a patient: who, when, what they said, and what follows."""

    class Said(models.TextChoices):
        CALL_BACK = "call_back", gettext_lazy("asks to be called back")
        COMING = "coming", gettext_lazy("will come, or has done it")
        CANNOT = "cannot", gettext_lazy("cannot come, or has not done it")
        STARTED = "started", gettext_lazy("has started the medicine")
        MOVED = "moved", gettext_lazy("has another doctor or hospital now")
        WORSE = "worse", gettext_lazy("feels worse")
        STOP = "stop", gettext_lazy("wants no more texts")
        DIED = "died", gettext_lazy("the patient has died")
        OTHER = "other", gettext_lazy("something else")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    journey = models.ForeignKey(Journey, null=True, on_delete=models.PROTECT, related_name="+")
    item = models.ForeignKey(WorkItem, null=True, on_delete=models.PROTECT, related_name="+", help_text="what it opened")
    caller = models.CharField(max_length=80, help_text="the patient, or who else")
    called_at = models.DateTimeField()
    said = models.CharField(max_length=12, choices=Said)
    words = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
