"""A notice to a clinician about one patient, and the e-mail that says no more than that it waits."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy
from django_fsm import FSMField, FSMModelMixin, transition

from pathways.models import Journey
from patients.models import Practitioner

from .work_item import WorkItem


class Notice(models.Model):
    """One per work item and clinician. Delivered, acknowledged and answered are three times and three different things: only an answer
    (acted, or not appropriate because) ends what the item asks."""

    class Role(models.TextChoices):
        RESPONSIBLE = "responsible", gettext_lazy("as responsible clinician")
        COPY = "copy", gettext_lazy("a copy, as who ordered the test")

    class Answer(models.TextChoices):
        ACTED = "acted", gettext_lazy("acted")
        NOT_APPROPRIATE = "not_appropriate", gettext_lazy("not appropriate")
        NOT_MINE = "not_mine", gettext_lazy("not my patient")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    item = models.ForeignKey(WorkItem, on_delete=models.PROTECT, related_name="notices")
    journey = models.ForeignKey(Journey, on_delete=models.PROTECT, related_name="+")
    practitioner = models.ForeignKey(Practitioner, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=12, choices=Role)
    created_at = models.DateTimeField()
    delivered_at = models.DateTimeField(
        null=True, help_text="the mail server took the e-mail, or the page was opened, whichever came first"
    )
    opened_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    answer = models.CharField(max_length=16, choices=Answer, blank=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "practitioner"], name="notice_once")]
        indexes = [models.Index(fields=["practitioner"], condition=models.Q(answered_at__isnull=True), name="notice_unanswered")]


class Email(FSMModelMixin, models.Model):
    """The outbox of e-mails. It names nobody but its reader. Between `sending` and what became of it only the row says that it may be
    outside, so one that is lost there is `unknown` and never sent again: a person calls."""

    class State(models.TextChoices):
        PENDING = "pending", gettext_lazy("pending")
        SENDING = "sending", gettext_lazy("sending")
        SENT = "sent", gettext_lazy("sent")
        FAILED = "failed", gettext_lazy("failed")
        UNKNOWN = "unknown", gettext_lazy("unknown")

    notice = models.OneToOneField(Notice, on_delete=models.PROTECT, related_name="email")
    address = models.EmailField(blank=True)
    state = FSMField(max_length=8, choices=State.choices, default=State.PENDING, protected=True)
    created_at = models.DateTimeField()
    not_before = models.DateTimeField()
    attempt = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=60, blank=True)

    class Meta:
        indexes = [models.Index(fields=["not_before"], condition=models.Q(state__in=["pending", "sending"]), name="email_due")]

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
