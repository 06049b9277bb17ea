"""When the schedule of a journey's recurring track next has something to say."""

from __future__ import annotations

from django.db import models

from .journey import Journey


class Turn(models.Model):
    """One row per journey that has a schedule and is not over: a window opens or ends at `at`, and then the journey is settled anew.

    Written by the writer only; `set_aside` says why the last try failed, and the row comes back with backoff.
    """

    journey = models.OneToOneField(Journey, primary_key=True, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(db_index=True)
    set_aside = models.TextField(blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
