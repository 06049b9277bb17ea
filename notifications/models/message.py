"""The outbox. A row is the queue; its state says what the outside world can have seen."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy
from django_fsm import FSMField, FSMModelMixin, transition

from pathways.models import Alert, Journey, Matter, Rung, Stay
from patients.models import Mailbox, Patient, Person, Phone


class MessageState(models.TextChoices):
    PENDING = "pending", gettext_lazy("pending")
    SENDING = "sending", gettext_lazy("sending")
    SENT = "sent", gettext_lazy("sent")
    DELIVERED = "delivered", gettext_lazy("delivered")
    FAILED = "failed", gettext_lazy("failed")
    UNKNOWN = "unknown", gettext_lazy("unknown")
    WITHDRAWN = "withdrawn", gettext_lazy("withdrawn")


class Channel(models.TextChoices):
    SMS = "sms", "text"
    EMAIL = "email", "e-mail"
    LETTER = "letter", "letter"
    CALL = "call", "phone call"


class Message(FSMModelMixin, models.Model):
    """Rendered when claimed, never before: `body` is what was handed to the provider.

    Foreign keys have an index of their own only where somebody looks from that side and no constraint leads there already: the
    sweep writes these rows by the thousand.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    stay = models.ForeignKey(Stay, null=True, on_delete=models.PROTECT, db_index=False, related_name="+")
    matter = models.ForeignKey(Matter, null=True, on_delete=models.PROTECT, db_index=False, related_name="+")
    rung = models.ForeignKey(Rung, null=True, on_delete=models.PROTECT, db_index=False, related_name="+")
    reply = models.ForeignKey("notifications.Reply", null=True, db_index=False, on_delete=models.PROTECT, related_name="answers")
    purpose = models.CharField(max_length=24, help_text="reminder, stop_confirmation, start_confirmation, help, answer")
    recipient = models.ForeignKey(Person, null=True, db_index=False, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, null=True, db_index=False, on_delete=models.PROTECT, related_name="+")
    journey = models.ForeignKey(Journey, null=True, db_index=False, on_delete=models.PROTECT, related_name="+")
    programme = models.CharField(max_length=60, blank=True)
    channel = models.CharField(max_length=10, choices=Channel, default=Channel.SMS)
    wording = models.CharField(max_length=60)
    priority = models.PositiveSmallIntegerField(default=5)
    state = FSMField(max_length=10, choices=MessageState.choices, default=MessageState.PENDING, protected=True)
    shadow = models.BooleanField(default=False)
    reason = models.CharField(max_length=60, blank=True, help_text="why not sent, or why it waits")
    created_at = models.DateTimeField()
    not_before = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    phone = models.ForeignKey(Phone, null=True, on_delete=models.PROTECT, related_name="+")
    mailbox = models.ForeignKey(Mailbox, null=True, on_delete=models.PROTECT, related_name="+")
    attempt = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True)
    body = models.TextField(blank=True)
    language = models.CharField(max_length=10, blank=True)
    token = models.CharField(max_length=43, blank=True)
    provider_sid = models.CharField(max_length=40, blank=True, db_index=True)
    error_code = models.CharField(max_length=20, blank=True)
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    unknown_since = models.DateTimeField(null=True)
    second_tries = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="sent again after it was shown absent or not delivered; once at most"
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, db_index=False, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["stay", "matter", "rung", "recipient", "channel"],
                condition=models.Q(rung__isnull=False),
                nulls_distinct=False,
                name="message_once_per_rung_and_recipient",
            ),
            models.UniqueConstraint(
                fields=["reply", "purpose"],
                condition=models.Q(reply__isnull=False) & ~models.Q(purpose="answer"),
                name="message_once_per_reply_and_purpose",
            ),
        ]
        indexes = [
            models.Index(
                fields=["channel", "priority", "not_before", "id"],
                condition=models.Q(state="pending", shadow=False),
                name="message_due",
            ),
            models.Index(fields=["state", "claimed_at"], condition=models.Q(state__in=["sending", "unknown"]), name="message_in_doubt"),
            models.Index(fields=["patient"], name="message_patient"),
            models.Index(fields=["journey"], name="message_journey"),
            models.Index(fields=["wording", "claimed_at"], condition=models.Q(claimed_at__isnull=False), name="message_wording_claimed"),
        ]

    @transition(state, source=MessageState.PENDING, target=MessageState.SENDING)
    def claim(self) -> None: ...

    @transition(state, source=[MessageState.SENDING, MessageState.UNKNOWN], target=MessageState.SENT)
    def accept(self) -> None: ...

    @transition(state, source=[MessageState.SENDING, MessageState.SENT, MessageState.UNKNOWN], target=MessageState.DELIVERED)
    def deliver(self) -> None: ...

    @transition(state, source=[MessageState.SENDING, MessageState.SENT, MessageState.UNKNOWN], target=MessageState.FAILED)
    def fail(self) -> None: ...

    @transition(state, source=MessageState.SENDING, target=MessageState.UNKNOWN)
    def lose_sight(self) -> None: ...

    @transition(state, source=[MessageState.SENDING, MessageState.UNKNOWN, MessageState.SENT], target=MessageState.PENDING)
    def put_back(self) -> None:
        """Certainly not outside: never handed over, shown absent, refused for now, or (`sent`) reported as not delivered."""

    @transition(state, source=[MessageState.PENDING, MessageState.UNKNOWN], target=MessageState.WITHDRAWN)
    def withdraw(self) -> None: ...

    @transition(state, source=MessageState.PENDING, target=MessageState.SENT)
    def turn_up(self) -> None:
        """A receipt shows that a text put back for another try had been taken after all."""

    @transition(state, source=MessageState.PENDING, target=MessageState.SENT)
    def post(self) -> None:
        """A letter: a person put it into the post."""

    @transition(state, source=MessageState.WITHDRAWN, target=MessageState.PENDING)
    def revive(self) -> None:
        """The reason came back (a hold ended, a release) and the text was never handed to the provider."""


class MessageAlert(models.Model):
    """Which alerts a message speaks for; a combined text has several."""

    message = models.ForeignKey(Message, db_index=False, on_delete=models.PROTECT, related_name="alerts")
    alert = models.ForeignKey(Alert, db_index=False, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "alert"], name="message_alert_once")]
        indexes = [models.Index(fields=["alert"], name="message_alert_alert")]


class SendSlot(models.Model):
    """The cap in the database: one unprompted automated text per phone and local day."""

    phone = models.ForeignKey(Phone, db_index=False, on_delete=models.PROTECT, related_name="+")
    local_day = models.DateField()
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["phone", "local_day"], name="send_slot_once")]


class MailSlot(models.Model):
    """The same of an address: one unprompted automated e-mail per local day."""

    mailbox = models.ForeignKey(Mailbox, db_index=False, on_delete=models.PROTECT, related_name="+")
    local_day = models.DateField()
    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mailbox", "local_day"], name="mail_slot_once")]


class Receipt(models.Model):
    """A status callback of the provider, kept even when its message is not known yet."""

    message = models.ForeignKey(Message, null=True, on_delete=models.PROTECT, related_name="receipts")
    provider_sid = models.CharField(max_length=40)
    status = models.CharField(max_length=20)
    error_code = models.CharField(max_length=20, blank=True)
    received_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider_sid", "status"], name="receipt_once")]
