"""Rows of the knowledge files that nobody could verify, taken over by a named person of this house; and which knowledge it judges by, since when."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class KnowledgeApproval(models.Model):
    """An approval of one row as it read then, or (`approved` false) its end. Append-only: the latest of a row counts."""

    rule = models.CharField(max_length=120)
    row_digest = models.CharField(max_length=64)
    approved = models.BooleanField(default=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=200)
    on = models.DateField()
    reason = models.TextField()
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["rule", "-id"], name="knowledge_approval_latest")]

    def __str__(self) -> str:
        return f"{self.rule} {'approved' if self.approved else 'no longer approved'} by {self.by_name} on {self.on}"


class KnowledgeInForce(models.Model):
    """The knowledge that judges here from `since` on, approvals included, until the next row's. `judged_after` is how far the open journeys
    that were judged by the one before have been judged anew (id of a journey); none: all."""

    version = models.CharField(max_length=40)
    digest = models.CharField(max_length=64)
    since = models.DateTimeField()
    judged_after = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return self.version
