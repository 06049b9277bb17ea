"""A journey's time in a stage, and what a correction changed of it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from .definition import Stage
from .feed import Feed
from .journey import Journey


class StayQuerySet(models.QuerySet["Stay"]):
    def open(self) -> StayQuerySet:
        return self.filter(left_at__isnull=True, superseded="")

    def current(self) -> StayQuerySet:
        """All stays of the present timeline, open or left."""
        return self.filter(superseded="")


class Stay(models.Model):
    """Never deleted; a stay that a correction took away is `superseded` with the reason.

    `attention_at` is the next time a rung is to ring, the only thing that the sweep looks for. `rang_through` is the time up to
    which the rungs of this round have rung. `gated_by` parks the stay while the feed that would bring the awaited fact is late;
    `release` parks it on the go-live review list. An open stay has a date, or nobody would ever look: `due_at`, or where nobody is ever late
    (`review_after`, a watch) the times of its rungs.
    """

    journey = models.ForeignKey(Journey, on_delete=models.PROTECT, related_name="stays")
    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="+", db_index=False)
    track = models.CharField(max_length=40)
    occurrence = models.PositiveSmallIntegerField(default=1)
    root_lineage = models.TextField()
    entered_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    left_at = models.DateTimeField(null=True)
    left_by = models.TextField(blank=True)
    rung_at = ArrayField(models.DateTimeField(null=True), default=list)
    attention_at = models.DateTimeField(null=True)
    rang_through = models.DateTimeField(null=True)
    round = models.PositiveSmallIntegerField(default=1)
    feed = models.ForeignKey(Feed, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    gated = models.BooleanField(default=False)
    release = models.BooleanField(default=False)
    superseded = models.CharField(max_length=60, blank=True)
    set_aside = models.TextField(blank=True, help_text="why ringing failed; the row waits with backoff")
    failures = models.PositiveSmallIntegerField(default=0)

    objects = StayQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["journey", "track"],
                condition=models.Q(left_at__isnull=True, superseded=""),
                name="stay_one_open_per_track",
            ),
            models.CheckConstraint(
                condition=models.Q(left_at__isnull=False)
                | ~models.Q(superseded="")
                | models.Q(due_at__isnull=False)
                | models.Q(rung_at__len__gt=0),
                name="stay_open_has_a_date",
            ),
        ]
        indexes = [
            models.Index(
                fields=["attention_at"],
                condition=models.Q(attention_at__isnull=False, gated=False, release=False),
                name="stay_attention",
            ),
            models.Index(fields=["feed"], condition=models.Q(gated=True), name="stay_gated"),
            models.Index(fields=["id"], condition=models.Q(release=True), name="stay_release"),
        ]


class StayRevision(models.Model):
    """What a correction changed: the old value, and until when we believed it."""

    stay = models.ForeignKey(Stay, on_delete=models.CASCADE, related_name="revisions")
    field = models.CharField(max_length=60)
    old = models.JSONField(null=True)
    until_received = models.DateTimeField()
