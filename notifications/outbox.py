"""Claiming texts: what may go is taken with its words, the rest is put off, withdrawn or made a call. How texts end: `endings`.

A text ends `sent`, `failed`, `withdrawn` or `unknown`. Between claim and record only the row says that it may be outside; a process
that dies there leaves `sending`, which `reconcile` turns into `unknown`, never back into `pending`.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import transaction
from django.urls import reverse

from notifications import hours, links, unsent
from notifications.models import Channel, MailSlot, Message, MessageState, SendSlot
from notifications.transports.base import Text
from notifications.wording.compiler import Unsayable, denied, numbered, render
from pathways.models.edges import edges
from pathways.sql import load, planned_once, prepared

BATCH = 20
LONGEST_VALIDITY = timedelta(hours=4)
COMBINED = "combined"
NOBODY = UUID(int=0)
# The e-mail claim is the claim of texts with the tables of e-mail in place: one set of rules, of which nobody can change one and forget the other.
MAILED = {
    "patients_phone": "patients_mailbox", "patients_permission": "patients_mailpermission", "notifications_sendslot": "notifications_mailslot",
    "phone_id": "mailbox_id", "CASE WHEN h.zone = ANY (%(zones)s::text[]) THEN h.zone END": "NULL::text", "'no phone'": "'no address'",
    "'bad number'": "'bad address'", "'wording:'": "'mail:'",
}  # fmt: skip


class Claimed(msgspec.Struct, frozen=True):
    """A text that is ours to send, once. `attempt` fences what is recorded of it; one of a `training` site goes to the simulator."""

    id: int
    attempt: int
    text: Text
    training: bool = False


class Held(Protocol):
    """A text or an e-mail in hand."""

    @property
    def id(self) -> int: ...

    @property
    def attempt(self) -> int: ...


class Claim(msgspec.Struct, frozen=True):
    """`judged` counts all rows decided: taken, put off or withdrawn. Nothing judged: nothing is due that could be had."""

    texts: list[Claimed]
    judged: int


class Row(msgspec.Struct, frozen=True):
    """One row of `claimed_texts.sql`, in its order."""

    id: int
    uid: Any
    attempt: int
    purpose: str
    wording: str
    body: str
    priority: int
    patient: int | None
    journey: int | None
    phone: int | None
    e164: str | None
    mailbox: int | None
    address: str | None
    mailbox_uid: str | None
    channel: str
    zone: str | None
    address_zone: str
    country: str
    given: str
    language: str
    site: int | None
    sender_name: str | None
    call_back: str | None
    problem: str
    training: bool
    programme: str
    recipient: int | None
    may_answer_there: bool
    also: list[int]


class Written(NamedTuple):
    """What was rendered for a row, as it is stored: `body` with a masked link, of which `link` is the token."""

    row: Row
    body: str
    language: str
    token: str
    link: str


def waits(channel: str, *, now: datetime) -> bool:
    """Whether anything is due there: nearly every wake-up asks this and nothing else. By the partial index message_due, a look a priority."""
    pending = Message.objects.filter(state=MessageState.PENDING, shadow=False, channel=channel)
    return pending.filter(priority__in=range(1, 10), not_before__lte=now).exists()


def claim(*, now: datetime, batch: int = BATCH) -> Claim:
    """Judges what is due and takes what may go, with its words, in one transaction; several may claim at once."""
    with transaction.atomic():
        taken, judged = judge(now=now, batch=batch, channel=Channel.SMS)
        return Claim(_write(taken, now), judged)


def judge(*, now: datetime, batch: int, channel: str) -> tuple[list[Row], int]:
    """Texts, or e-mails, that are due: those that are ours to send now, and how many were judged. What its channel does not carry falls to the
    next one or becomes a call. In the caller's transaction, which writes the words."""
    with planned_once() as cursor:
        params: dict[str, Any] = {"now": now, "batch": batch, "channel": channel, "numbered": numbered()}
        cursor.execute(statement(channel), params | hours.params(now) | edges_of_messages())
        verdicts = {message: (verdict, reason) for message, verdict, reason in cursor.fetchall()}
    rows = rows_of(verdicts)
    unsent.settle([(row, verdicts[row.id][1]) for row in rows if verdicts[row.id][0] == "never"], now=now)
    return [row for row in rows if verdicts[row.id][0] == "go"], len(verdicts)


@cache
def statement(channel: str) -> str:
    """`claim_messages`, for texts as it stands."""
    found = load("notifications.sql", "claim_messages")
    for texted, mailed in MAILED.items() if channel == Channel.EMAIL else ():
        assert texted in found, texted
        found = found.replace(texted, mailed)
    return found


def _write(rows: list[Row], now: datetime) -> list[Claimed]:
    """Renders each text; one that cannot be said is put off a day and becomes a call."""
    written, unsayable = [], []
    for row in rows:
        try:
            body, language = _say(row)
            written.append(Written(row, body, language, secrets.token_urlsafe(32), link_in(row, body)))
        except Unsayable as fault:
            unsayable.append((row, fault.reason))
        except Exception as fault:  # one text that cannot be written must not keep back all others
            unsayable.append((row, f"not written: {type(fault).__name__}"))
    keep(written, now=now)
    put_off(unsayable, now)
    return [Claimed(one.row.id, one.row.attempt, _text(one, now), one.row.training) for one in written]


def keep(written: list[Written], *, now: datetime) -> None:
    """Stores what was rendered of messages just claimed, and that their links stand."""
    if written:
        with prepared() as cursor:
            texts = msgspec.json.encode([_stored(one) for one in written]).decode()
            cursor.execute(load("notifications.sql", "write_texts"), {"texts": texts, "now": now, "until": now + links.LASTS})


def _stored(one: Written) -> dict[str, Any]:
    """As `write_texts.sql` takes it: of a link no token."""
    stored = {"id": one.row.id, "body": one.body, "language": one.language, "token": one.token}
    return stored | {"person": one.row.recipient, "digest": links.digest(one.link)} if one.link else stored


def put_off(unsayable: list[tuple[Row, str]], now: datetime) -> None:
    """What cannot be said is held a day, and a person asked: in the reader's own language, where that is what we lack."""
    for row, reason in unsayable:
        put_back(Message.objects.get(pk=row.id), reason=reason, not_before=now + timedelta(days=1))
    unsent.ask_people(unsayable, now=now)


def link_in(row: Row, body: str) -> str:
    """A token for a text or an e-mail that carries a link, else blank. What is stored of it has none."""
    return links.draw() if row.may_answer_there and row.recipient and links.MASK in body else ""


def _say(row: Row) -> tuple[str, str]:
    if row.purpose == "answer":  # typed by a member of staff
        if word := denied(row.body):
            raise Unsayable(f"denied word: {word}"[:60])
        return row.body, row.language
    said = render(row.wording, row.language, **named(row), link=links.address() if row.may_answer_there else "")
    return said.body, said.language


def named(row: Row) -> dict[str, Any]:
    """What a message may take from the record, and of how many it speaks."""
    together, names = [row, *rows_of(row.also)], row.given.split()
    return {
        "first_name": names[0] if names else "",
        "org": row.sender_name or "",
        "phone": row.call_back or "",
        "refs": [f"{one.uid.int % 10_000:04d}" for one in together],
        "several": len({one.patient for one in together}) > 1,
        "programme": row.programme,
    }


def _text(one: Written, now: datetime) -> Text:
    row, body = one.row, one.body.replace(links.MASK, one.link or links.MASK)
    callback = settings.PUBLIC_BASE_URL + _callback().replace(str(NOBODY), str(row.uid)).replace("TOKEN", one.token)
    return Text(row.e164 or "", body, callback, _validity(row, now))


def get_ready() -> None:
    """Loads all words and routes that the first claim of a process needs."""
    _callback()
    links.address()
    numbered()
    denied("")


@cache
def _callback() -> str:
    """The path that receipts come to, asked of the router once."""
    return reverse("sms-status", args=[NOBODY, "TOKEN"])


def _validity(row: Row, now: datetime) -> int:
    """Seconds until nine in the evening, wherever the reader may be, at most four hours: what is late is not delivered at night."""
    if row.purpose != "reminder":
        return int(LONGEST_VALIDITY.total_seconds())
    evening = hours.evening(row.zone or "", row.address_zone, row.country, now=now) - timedelta(minutes=5)
    return int(max(min(evening - now, LONGEST_VALIDITY), timedelta(minutes=1)).total_seconds())


def give_back(*, claimed: Held, not_before: datetime, reason: str = "") -> None:
    """Gives back what was certainly not handed over: the process was too slow, sending is paused, or (`reason`) not from here."""
    with transaction.atomic():
        message = Message.objects.select_for_update().get(pk=claimed.id)
        if message.state == MessageState.SENDING and message.attempt == claimed.attempt:
            put_back(message, reason=reason, not_before=not_before)


def put_back(message: Message, *, reason: str, not_before: datetime) -> None:
    """Certainly not outside: it may go (again) then, and the day of its number is free."""
    message.put_back()
    message.reason, message.not_before, message.unknown_since = reason[:60], not_before, None
    message.provider_sid, message.sent_at = "", None
    message.save()
    free(message)


def free(message: Message) -> None:
    """It is not outside: the day of its number is free, and texts that it spoke for stand for themselves again."""
    SendSlot.objects.filter(message=message).delete()
    MailSlot.objects.filter(message=message).delete()
    spoken_for = Message.objects.filter(state=MessageState.WITHDRAWN, reason=COMBINED, alerts__alert__in=message.alerts.values("alert"))
    for other in spoken_for.distinct():
        other.revive()
        other.reason = ""
        other.save()


def site_of(message_id: int) -> int | None:
    """The site that answers for a message."""
    return row_of(message_id).site


def is_training(message_id: int) -> bool:
    """Whether the message belongs to a training site, whose texts go to the simulator."""
    return row_of(message_id).training


def row_of(message_id: int) -> Row:
    """What is needed to ask a person about one message."""
    return rows_of([message_id])[0]


def rows_of(message_ids: Collection[int]) -> list[Row]:
    """The same of several; of none without a query."""
    if not message_ids:
        return []
    with prepared() as cursor:
        cursor.execute(load("notifications.sql", "claimed_texts"), {"ids": list(message_ids)})
        return [Row(*row) for row in cursor.fetchall()]


def words_of(message_id: int) -> str:
    """What would be said, if it went now."""
    return _say(row_of(message_id))[0]


@cache
def edges_of_messages() -> dict[str, list[str]]:
    """What the state machine allows, for statements that move messages."""
    pairs = edges(Message, "state")
    return {"sources": [source for source, _ in pairs], "targets": [target for _, target in pairs]}
