"""A comparison by lot of when a reminder goes out, as a definition in force declares it."""

from __future__ import annotations

import uuid
from datetime import date

from django.conf import settings
from django.db import models


class Trial(models.Model):
    """`key` decides the lots: made of the declared seed and the installation's secret, so that nobody who reads the definition can tell
    the next lot, and whoever holds the key can draw all of them again. Of every `block` patients of a site `held` hear later.

    Only `until`, who approved it and why change with a later version of the programme; other terms are another comparison.
    """

    class Arm(models.TextChoices):
        DELAY = "delay", "delayed start"
        HOLD_OUT = "hold_out", "held out until due"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    pathway = models.SlugField(max_length=60)
    stage = models.CharField(max_length=120, help_text="track.stage")
    label = models.CharField(max_length=200, help_text="the wait in words")
    wording = models.CharField(max_length=60)
    protocol = models.CharField(max_length=60)
    terms = models.CharField(max_length=64)
    arm = models.CharField(max_length=8, choices=Arm)
    held = models.PositiveSmallIntegerField()
    block = models.PositiveSmallIntegerField()
    delay = models.DurationField(null=True)
    horizon_days = models.PositiveSmallIntegerField()
    since = models.DateField()
    until = models.DateField()
    key = models.CharField(max_length=64)
    approved_by = models.CharField(max_length=200)
    reason = models.TextField(blank=True)
    stopped_at = models.DateTimeField(null=True)
    stopped_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    stopped_why = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pathway", "protocol", "terms"], name="trial_once")]

    def __str__(self) -> str:
        return f"{self.protocol} ({self.pathway}, {self.stage})"

    def runs(self, on: date) -> bool:
        """Whether patients are still drawn that day."""
        return self.stopped_at is None and self.since <= on <= self.until
