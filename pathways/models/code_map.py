"""What a feed's own codes mean: said by a person, for that feed alone, until another one takes it back."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from .feed import Feed


class CodeMap(models.Model):
    """That `code` at `place` in this feed's messages means `target`. A changed meaning is a new row; rows end, they are never deleted.

    `code` is as the feed sends it, `target` one of `pathways.ingest.vocabulary`. `let_in` are the waiting messages that it let in.
    When it ends, what was read by it is read again: `rereads_after` is how far (id of a message); none: nothing to read, or all read.
    """

    class Place(models.TextChoices):
        TEST = "test", "test"
        LINE = "line", "line of a report"
        VALUE = "value", "result value"
        STATUS = "status", "status"

    feed = models.ForeignKey(Feed, on_delete=models.CASCADE, related_name="code_maps")
    place = models.CharField(max_length=8, choices=Place)
    code = models.CharField(max_length=200)
    text = models.CharField(max_length=200, blank=True)
    target = models.CharField(max_length=60)
    why = models.CharField(max_length=300)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    let_in = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    ended_why = models.CharField(max_length=300, blank=True)
    rereads_after = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["feed", "place", "code"], condition=models.Q(ended_at__isnull=True), name="code_map_one_meaning"
            )
        ]

    def __str__(self) -> str:
        return f"{self.feed} {self.place} {self.code}"
