"""What people write back."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy

from patients.models import Patient, Person, Phone


class Reply(models.Model):
    """An inbound SMS; unread until a navigator marks it read."""

    class Kind(models.TextChoices):
        STOP = "stop", gettext_lazy("STOP")
        START = "start", gettext_lazy("START")
        HELP = "help", gettext_lazy("HELP")
        STOP_INTENT = "stop_intent", gettext_lazy("asks us to stop, in their own words")
        TEXT = "text", gettext_lazy("text")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    provider_sid = models.CharField(max_length=40, unique=True)
    phone = models.ForeignKey(Phone, on_delete=models.PROTECT, related_name="+")
    to = models.CharField(max_length=20)
    body = models.TextField()
    kind = models.CharField(max_length=12, choices=Kind)
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, null=True, on_delete=models.PROTECT, related_name="+")
    received_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    read_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
