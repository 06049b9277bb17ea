"""What somebody had typed when their session ended. On the server, because a ward computer is everybody's."""

from __future__ import annotations

import uuid

from django.db import models

from .staff import User


class Draft(models.Model):
    """The fields of one form on one page, for its writer alone; forgotten once sent, or after `patients.drafts.KEPT`."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="drafts")
    page = models.CharField(max_length=200, help_text="path on which it was typed; holds a uid at most")
    action = models.CharField(max_length=200, help_text="path that the form posts to")
    fields = models.JSONField(help_text="name -> values")
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "action"], name="draft_once")]
