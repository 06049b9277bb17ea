"""E-mails to patients: claimed like texts, handed to the mail server once each, never blindly a second time.

A connection that cannot be opened has taken nothing, and a server that answers no has not either; whatever breaks after that leaves
`unknown`, and a person asks. No server tells later what became of an e-mail: what comes back is read by `bounces`.
"""

from __future__ import annotations

import smtplib
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from email.utils import formataddr, parseaddr

import msgspec
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.urls import reverse

from notifications import endings, epoch, halts, links, outbox
from notifications.codes import Fate, Policy
from notifications.models import Channel, Message, MessageState
from notifications.outbox import Row, Written
from notifications.wording import written
from notifications.wording.compiler import Unsayable

BATCH = 20
GUARD_SECONDS = 25.0  # since before the claim; a sending whose lease ran out is looked upon as unknown
REST = timedelta(minutes=5)  # how long all e-mails wait after the server refused us
ANOTHER_DAY = timedelta(hours=1)
NOWHERE = "django.core.mail.backends.dummy.EmailBackend"
NOBODYS = (".example", ".test", ".invalid", ".localhost", "@example.org", "@example.com", "@example.net")
"""Ends of addresses that belong to nobody (RFC 2606)."""

NO_MAILBOX = Policy(Fate.FAILED, "no such address", phone="bad", call=True)
REFUSED = Policy(Fate.FAILED, "refused by the mail server", call=True)
LATER = Policy(Fate.AGAIN, "mail server says later")


class Claimed(msgspec.Struct, frozen=True):
    """An e-mail that is ours to hand over, once. `attempt` fences what is recorded of it."""

    id: int
    attempt: int
    name: str
    email: EmailMessage
    training: bool


class Watch(msgspec.Struct, frozen=True):
    """The stopwatch of a batch, begun before its claim."""

    started: float
    stopwatch: Callable[[], float]

    @property
    def is_late(self) -> bool:
        return self.stopwatch() - self.started > GUARD_SECONDS


class Sent(msgspec.Struct):
    judged: int = 0
    accepted: int = 0
    not_accepted: int = 0
    given_back: int = 0


def send_due(
    *,
    now: datetime,
    server: BaseEmailBackend | None = None,
    batch: int = BATCH,
    seconds: float = 9.0,
    stopwatch: Callable[[], float] = time.monotonic,
) -> Sent:
    """Sends until nothing is due, the time is up or the server refuses us. Safe in any number of processes."""
    begun, sent = stopwatch(), Sent()
    if not outbox.waits(Channel.EMAIL, now=now) or not epoch.is_ours(now=now):
        return sent
    while (elapsed := stopwatch() - begun) < seconds:
        started, at = stopwatch(), now + timedelta(seconds=elapsed)
        if halts.of_mail(at):
            break
        mails, judged = claim(now=at, batch=batch)
        if not judged:
            break
        sent.judged += judged
        watch = Watch(started, stopwatch)
        if mails and not _hand_over(mails, server or get_connection(), sent, at, watch):
            break
    return sent


def claim(*, now: datetime, batch: int = BATCH) -> tuple[list[Claimed], int]:
    """What may go, with its words, in one transaction; and how many were judged."""
    with transaction.atomic():
        rows, judged = outbox.judge(now=now, batch=batch, channel=Channel.EMAIL)
        said, unsayable = [], []
        for row in rows:
            here = links.address() if row.may_answer_there else ""
            try:
                said.append(
                    (row, written.mail(row.wording, row.language, **outbox.named(row), stop=stop_link(row.mailbox_uid or ""), link=here))
                )
            except Unsayable as fault:
                unsayable.append((row, fault.reason))
        kept = [Written(row, _stored(row, mail), mail.language, "", outbox.link_in(row, mail.body)) for row, mail in said]
        outbox.keep(kept, now=now)
        outbox.put_off(unsayable, now)
        outgoing = [
            (row, msgspec.structs.replace(mail, body=_opened(mail.body, one.link))) for (row, mail), one in zip(said, kept, strict=True)
        ]
        return [Claimed(row.id, row.attempt, _name(row), _email(row, mail), row.training) for row, mail in outgoing], judged


def stop_link(mailbox: str) -> str:
    """The page on our own domain that ends e-mails to an address; it names nobody and never expires."""
    return settings.PUBLIC_BASE_URL + reverse("stop_mail", args=[mailbox])


def may_reach(address: str, server: BaseEmailBackend) -> bool:
    """Outside production no real address is written to by a real server."""
    reaches = type(server).__module__.endswith("smtp")
    return settings.REACHES_PEOPLE or not reaches or address.endswith(NOBODYS) or address in settings.EMAIL_TEST_ADDRESSES


def _name(row: Row) -> str:
    """Of this attempt, in the message's id: what comes back names it."""
    return f"{row.uid.hex}.{row.attempt}"


def _stored(row: Row, mail: written.Mail) -> str:
    return f"{mail.subject}\n\n{mail.body.replace(stop_link(row.mailbox_uid or ''), '...')}"


def _opened(body: str, token: str) -> str:
    """With the token of the secure page, which is kept nowhere."""
    return body.replace(links.address(), links.address(token)) if token else body


def _email(row: Row, mail: written.Mail) -> EmailMessage:
    _, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    link = stop_link(row.mailbox_uid or "")
    headers = {
        "Message-ID": f"<{_name(row)}@{address.rpartition('@')[2] or 'localhost'}>",
        "List-Unsubscribe": f"<{link}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",  # RFC 8058
        "Auto-Submitted": "auto-generated",
    }
    sender = formataddr((" ".join((row.sender_name or "").split()), address))
    return EmailMessage(mail.subject, mail.body, sender, [row.address or ""], headers=headers)


def _hand_over(mails: list[Claimed], server: BaseEmailBackend, sent: Sent, now: datetime, watch: Watch) -> bool:
    """Whether the server is still to be believed in."""
    try:
        server.open()
    except (OSError, smtplib.SMTPException) as fault:
        _give_back(mails, sent, now)
        _rest(fault, mails[0].id, now)
        return False
    try:
        for n, one in enumerate(mails):
            if watch.is_late or halts.of_mail(now):  # somebody stopped everything while these were in hand
                _give_back(mails[n:], sent, now)
                return True
            if not _send(one, server, sent, now):
                _give_back(mails[n + 1 :], sent, now)
                return False
        return True
    finally:
        server.close()


def _send(one: Claimed, server: BaseEmailBackend, sent: Sent, now: datetime) -> bool:
    """One e-mail; false where the connection is of no use any more."""
    way = get_connection(NOWHERE) if one.training else server
    if not may_reach(one.email.to[0], way):
        outbox.give_back(claimed=one, reason="real addresses only in production", not_before=now + ANOTHER_DAY)
        sent.given_back += 1
        return True
    try:
        taken = way.send_messages([one.email])
    except smtplib.SMTPRecipientsRefused as refusal:
        code = next((code for code, _ in refusal.recipients.values()), 550)
        return _record(one, NO_MAILBOX if code >= 500 else LATER, sent, now)
    except smtplib.SMTPSenderRefused as refusal:
        _give_back([one], sent, now)
        _rest(refusal, one.id, now)
        return False
    except smtplib.SMTPDataError as refusal:
        return _record(one, REFUSED if refusal.smtp_code >= 500 else LATER, sent, now)
    except (smtplib.SMTPNotSupportedError, UnicodeError, ValueError):
        return _record(one, REFUSED, sent, now)
    except (OSError, smtplib.SMTPException) as fault:
        return _record(one, type(fault).__name__, sent, now)
    return _record(one, None if taken else "the server said nothing", sent, now)


def _record(one: Claimed, ending: Policy | str | None, sent: Sent, now: datetime) -> bool:
    """Writes down how an attempt ended, fenced by its number: taken, refused by a rule, or (words) lost from sight."""
    with transaction.atomic():
        message = Message.objects.select_for_update(of=("self",)).select_related("mailbox").get(pk=one.id)
        if message.attempt == one.attempt and message.state in endings.IN_DOUBT:
            if ending is None:
                endings.accept(message, one.name, now=now)
            elif isinstance(ending, Policy):
                endings.refuse(message, ending, now=now)
            else:
                endings.lose_sight(message, ending, now)
    if ending is None:
        sent.accepted += 1
        if not one.training and halts.stands(halts.MAIL):
            endings.all_clear(halts.MAIL, now=now)
    else:
        sent.not_accepted += 1
    return not isinstance(ending, str)


def _give_back(mails: Iterable[Claimed], sent: Sent, now: datetime) -> None:
    """Certainly not handed over."""
    for one in mails:
        outbox.give_back(claimed=one, not_before=now)
        sent.given_back += 1


def _rest(fault: Exception, message: int, now: datetime) -> None:
    """The server cannot be reached or does not know us: all e-mails wait, with one alarm; nothing is lost."""
    reason = f"mail server: {type(fault).__name__}"
    if halts.trip(halts.MAIL, reason=reason, now=now, rest=REST):
        endings.alarm(halts.MAIL, reason, site=outbox.site_of(message), now=now)


def bounced(*, message: Message, permanent: bool, now: datetime, rule: Policy = NO_MAILBOX) -> bool:
    """It came back. For good: the address is bad for everybody (or, by another `rule`, only this e-mail is lost), and the next channel is
    tried; else nothing, the server tries on."""
    with transaction.atomic():
        held = Message.objects.select_for_update(of=("self",)).select_related("mailbox").get(pk=message.pk)
        if not permanent or held.state not in (MessageState.SENT, MessageState.UNKNOWN, MessageState.SENDING):
            return False
        endings.fail(held, rule, now=now)
        return True
