"""The tables of the composition root: heartbeats, and who wants which report by e-mail."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django_fsm import FSMField, FSMModelMixin, transition


class Heartbeat(models.Model):
    """When a periodic task last ended well. Health reads it; nothing decides by it."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.at.isoformat()}"


def beat(name: str, *, now: datetime) -> None:
    Heartbeat.objects.bulk_create([Heartbeat(name=name, at=now)], update_conflicts=True, unique_fields=["name"], update_fields=["at"])


def _secret() -> str:
    return secrets.token_urlsafe(32)


class Subscription(models.Model):
    """Somebody wants to be reminded of a report: every day, or on a `weekday` (0 is Monday), at an `hour` of their site's clock.

    `token` stops it from the e-mail itself, without signing in; it opens nothing.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    report = models.SlugField(max_length=40)
    programme = models.SlugField(max_length=60, help_text="its code, or all")
    weekday = models.PositiveSmallIntegerField(null=True)
    hour = models.PositiveSmallIntegerField()
    token = models.CharField(max_length=64, unique=True, default=_secret, editable=False)
    created_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)
    stopped_why = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "report", "programme"], condition=models.Q(stopped_at__isnull=True), name="subscription_once"
            ),
            models.CheckConstraint(condition=models.Q(hour__lte=23), name="subscription_hour"),
            models.CheckConstraint(condition=models.Q(weekday__isnull=True) | models.Q(weekday__lte=6), name="subscription_weekday"),
        ]


class Digest(FSMModelMixin, models.Model):
    """One e-mail of a subscription: for the period that began on `day`. As with every e-mail of ours, one that was lost while it was being
    handed over is `unknown` and never sent again; the next period brings the next."""

    class State(models.TextChoices):
        PENDING = "pending", "waiting to be sent"
        SENDING = "sending", "being sent"
        SENT = "sent", "sent"
        FAILED = "failed", "not sent"
        UNKNOWN = "unknown", "perhaps sent"

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="digests")
    day = models.DateField()
    state = FSMField(max_length=8, choices=State.choices, default=State.PENDING, protected=True)
    not_before = models.DateTimeField()
    attempt = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subscription", "day"], name="digest_once")]
        indexes = [models.Index(fields=["not_before"], condition=models.Q(state__in=["pending", "sending"]), name="digest_due")]

    @transition(state, source=State.PENDING, target=State.SENDING)
    def claim(self) -> None: ...

    @transition(state, source=State.SENDING, target=State.SENT)
    def accept(self) -> None: ...

    @transition(state, source=[State.PENDING, State.SENDING], target=State.FAILED)
    def fail(self) -> None: ...

    @transition(state, source=State.SENDING, target=State.UNKNOWN)
    def lose_sight(self) -> None: ...

    @transition(state, source=State.SENDING, target=State.PENDING)
    def put_back(self) -> None:
        """The server certainly did not take it."""
