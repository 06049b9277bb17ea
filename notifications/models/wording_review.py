"""That a named person read a text in its language and stands for it."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class WordingReview(models.Model):
    """Append-only, of these very words: a text that is changed has another digest, and so no review."""

    channel = models.CharField(max_length=10)
    key = models.CharField(max_length=60)
    language = models.CharField(max_length=10)
    digest = models.CharField(max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, db_index=False, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["digest", "by"], name="wording_review_once")]
