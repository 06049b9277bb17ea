"""How people have set up their desks: views they keep, who is looking at what, when somebody is away, how many minutes they have."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from patients.models import Site

from .work_item import WorkItem


class SavedView(models.Model):
    """A lane with filters under a name; with a `site` everybody there sees it."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    lane = models.CharField(max_length=12)
    filters = models.JSONField(default=dict, help_text="codes only, never a name or a number")
    site = models.ForeignKey(Site, null=True, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="saved_view_once")]


class Presence(models.Model):
    """Somebody has this item open, or its form: the next to come sees who and since when."""

    item = models.ForeignKey(WorkItem, on_delete=models.CASCADE, related_name="present")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    since = models.DateTimeField()
    seen_at = models.DateTimeField()
    editing = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "user"], name="presence_once")]


class Absence(models.Model):
    """Out of office, both days included: what this person holds goes to the deputy, else to who is accountable."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    deputy = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    first_day = models.DateField()
    last_day = models.DateField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(first_day__lte=models.F("last_day")), name="absence_ends_after_it_begins")]


class StaffedTime(models.Model):
    """Minutes a day that somebody has for the queue of a site, Monday to Sunday; without a row the local default counts."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+", db_index=False)
    minutes = ArrayField(models.PositiveSmallIntegerField(), size=7)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "site"], name="staffed_time_once")]
