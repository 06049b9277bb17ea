"""What people did with work items, in order: the item itself only says how it stands now."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from .work_item import WorkItem


class Act(models.TextChoices):
    CLAIMED = "claimed", "claimed"
    PUT_BACK = "put_back", "put back"
    TAKEN_OVER = "taken_over", "taken over"
    OFFERED = "offered", "offered to a colleague"
    ACCEPTED = "accepted", "accepted from a colleague"
    DECLINED = "declined", "not accepted"
    LAPSED = "lapsed", "offer not answered in time"
    REHOMED = "rehomed", "given to somebody who is here"
    RELEASED = "released", "back with the team: nobody worked on it"
    SNOOZED = "snoozed", "snoozed"
    FINISHED = "finished", "outcome recorded"
    UNDONE = "undone", "undone before it was applied"
    NOT_APPLIED = "not_applied", "outcome could not be applied"
    REOPENED = "reopened", "opened again"
    SKIPPED = "skipped", "skipped"


class WorkItemAct(models.Model):
    """One act on one item. `by` is null where the clock did it. Append-only."""

    item = models.ForeignKey(WorkItem, on_delete=models.PROTECT, related_name="acts")
    act = models.CharField(max_length=12, choices=Act)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    to = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)
    details = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["by", "act", "at"], name="work_item_act_by")]
