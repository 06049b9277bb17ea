"""A rung that rang. `pathways.alerts` holds its verbs; `notifications` plans from it and never writes it."""

from __future__ import annotations

from django.db import models

from .definition import Rung
from .matter import Matter
from .stay import Stay


class Alert(models.Model):
    """`acts` is false where a later rung acts for it (rungs missed together); `also_for` are the audiences of those it acts for."""

    stay = models.ForeignKey(Stay, null=True, on_delete=models.PROTECT, related_name="alerts", db_index=False)
    matter = models.ForeignKey(Matter, null=True, on_delete=models.PROTECT, related_name="alerts")
    rung = models.ForeignKey(Rung, on_delete=models.PROTECT, related_name="+", db_index=False)
    round = models.PositiveSmallIntegerField()
    nth = models.PositiveIntegerField(default=0, help_text="repetition of a rung with `every`")
    due_at = models.DateTimeField(help_text="when the rung was to ring")
    rang_at = models.DateTimeField()
    mode = models.CharField(max_length=8)
    audience = models.CharField(max_length=40, help_text="the rung's, or navigator where a late patient rung became a work item")
    acts = models.BooleanField(default=True)
    also_for = models.JSONField(default=list)
    to_confirm = models.BooleanField(
        default=False, db_default=False, help_text="no feed would tell us: the question is whether it happened"
    )
    planned_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=60, blank=True)
    settled_at = models.DateTimeField(null=True, help_text="when notifications took note of the withdrawal")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stay", "matter", "rung", "round", "nth"], name="alert_once", nulls_distinct=False),
            models.CheckConstraint(
                condition=models.Q(stay__isnull=False, matter__isnull=True) | models.Q(stay__isnull=True, matter__isnull=False),
                name="alert_of_stay_or_matter",
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(planned_at__isnull=True), name="alert_unplanned"),
            models.Index(
                fields=["id"],
                condition=models.Q(withdrawn_at__isnull=False, settled_at__isnull=True),
                name="alert_unsettled",
            ),
        ]
