"""A navigator's own spreadsheet: what its columns mean, what each row said last, and every upload."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy

from .feed import Feed


class Tracker(models.Model):
    """A spreadsheet with one row per patient. Its rows come in as messages of its feed, which states the time of the extract."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    feed = models.OneToOneField(Feed, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    columns = models.JSONField(default=dict, help_text="heading -> what it means: mrn, family, test_ordered, test_ordered_2 ...")
    date_format = models.CharField(max_length=10, help_text="order of day, month and year where a cell is text")
    sample = models.CharField(max_length=20, blank=True, default="", db_default="", help_text="kind of sample, where no column says")
    programme = models.CharField(max_length=160, blank=True, help_text="programme, entry and group that everybody on it is put on")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class TrackerRow(models.Model):
    """What a patient's row said when it was last taken in: the next upload is a difference from it."""

    tracker = models.ForeignKey(Tracker, on_delete=models.CASCADE, related_name="rows")
    number = models.CharField(max_length=120)
    cells = models.JSONField(default=dict)
    taken_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tracker", "number"], name="tracker_row_once")]


class TrackerUpload(models.Model):
    """One file, read and shown before anything of it is taken in."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    tracker = models.ForeignKey(Tracker, on_delete=models.CASCADE, related_name="uploads")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    extracted_at = models.DateTimeField(help_text="for which time the sheet speaks")
    lines = models.JSONField(default=list, help_text="the rows as read, with what is wrong with each; emptied when it is settled")
    counts = models.JSONField(default=dict)
    taken_at = models.DateTimeField(null=True)
    dropped_at = models.DateTimeField(null=True)


class EmptiedCell(models.Model):
    """A date that stood on the sheet and does not any more: asked about, never taken back by itself."""

    upload = models.ForeignKey(TrackerUpload, on_delete=models.CASCADE, related_name="emptied")
    number = models.CharField(max_length=120)
    column = models.CharField(max_length=60)
    was = models.CharField(max_length=40)
    answer = models.CharField(
        max_length=8, blank=True, choices=[("keep", gettext_lazy("it did happen")), ("wrong", gettext_lazy("it was entered in error"))]
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    answered_at = models.DateTimeField(null=True)
