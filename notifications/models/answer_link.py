"""The short link in a text: opaque, for one answer to one text, worth nothing without the reader's birth date."""

from __future__ import annotations

import uuid

from django.db import models

from notifications.models.message import Message
from patients.models import Person


class AnswerLink(models.Model):
    """Only the digest of the token is kept; the text itself is stored with the token struck out."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    digest = models.CharField(max_length=64, unique=True)
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0, help_text="wrong birth dates")
    opened_at = models.DateTimeField(null=True, help_text="the right birth date was given first")
    locked_at = models.DateTimeField(null=True)
