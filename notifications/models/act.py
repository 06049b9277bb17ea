"""What people did with work items, in order: the item itself only says how it stands now."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy

from .work_item import WorkItem


class Act(models.TextChoices):
    CLAIMED = "claimed", gettext_lazy("claimed")
    PUT_BACK = "put_back", gettext_lazy("put back")
    TAKEN_OVER = "taken_over", gettext_lazy("taken over")
    OFFERED = "offered", gettext_lazy("offered to a colleague")
    ACCEPTED = "accepted", gettext_lazy("accepted from a colleague")
    DECLINED = "declined", gettext_lazy("not accepted")
    LAPSED = "lapsed", gettext_lazy("offer not answered in time")
    REHOMED = "rehomed", gettext_lazy("given to somebody who is here")
    RELEASED = "released", gettext_lazy("back with the team: nobody worked on it")
    SNOOZED = "snoozed", gettext_lazy("snoozed")
    FINISHED = "finished", gettext_lazy("outcome recorded")
    UNDONE = "undone", gettext_lazy("undone before it was applied")
    NOT_APPLIED = "not_applied", gettext_lazy("outcome could not be applied")
    REOPENED = "reopened", gettext_lazy("opened again")
    SKIPPED = "skipped", gettext_lazy("skipped")


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
