"""Claiming texts: what may go is taken with its words, the rest is put off, withdrawn or made a call. How texts end: `endings`.

A text ends `sent`, `failed`, `withdrawn` or `unknown`. Between claim and record only the row says that it may be outside; a process
that dies there leaves `sending`, which `reconcile` turns into `unknown`, never back into `pending`.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import connection, transaction
from django.urls import reverse

from notifications import hours, links, worklist
from notifications.models import Message, MessageState, SendSlot
from notifications.transports.base import Text
from notifications.wording.compiler import Unsayable, denied, numbered, render
from notifications.worklist import NewItem
from pathways.models.edges import edges
from pathways.sql import load, prepared

BATCH = 20
LONGEST_VALIDITY = timedelta(hours=4)
CALL_WITHIN = timedelta(days=2)  # local default
COMBINED = "combined"
NOBODY = UUID(int=0)
CRITICAL = 2  # without permission only rungs this urgent become a call; the rest is the list "ask at the next visit"
CALLS = {"too late", "no phone", "no hour suits", "bad number", "record merged", "recipient died"}


class Claimed(msgspec.Struct, frozen=True):
    """A text that is ours to send, once. `attempt` fences what is recorded of it; one of a `training` site goes to the simulator."""

    id: int
    attempt: int
    text: Text
    training: bool = False


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


def claim(*, now: datetime, batch: int = BATCH) -> Claim:
    """Judges what is due and takes what may go, with its words, in one transaction; several may claim at once."""
    with transaction.atomic(), prepared() as cursor:
        params: dict[str, Any] = {"now": now, "batch": batch, "numbered": numbered(), **hours.params(now), **edges_of_messages()}
        cursor.execute(load("notifications.sql", "claim_messages"), params)
        verdicts = {message: (verdict, reason) for message, verdict, reason in cursor.fetchall()}
        if not verdicts:
            return Claim([], 0)
        rows = rows_of(verdicts)
        taken = [row for row in rows if verdicts[row.id][0] == "go"]
        ask_for_calls([(row, verdicts[row.id][1]) for row in rows if verdicts[row.id][0] == "never"], now)
        return Claim(_write(taken, now), len(verdicts))


def _write(rows: list[Row], now: datetime) -> list[Claimed]:
    """Renders each text; one that cannot be said is put off a day and becomes a call."""
    written, unsayable = [], []
    for row in rows:
        try:
            written.append((row, *_say(row), secrets.token_urlsafe(32)))
        except Unsayable as fault:
            unsayable.append((row, fault.reason))
        except Exception as fault:  # one text that cannot be written must not keep back all others
            unsayable.append((row, f"not written: {type(fault).__name__}"))
    if written:
        ids, bodies, languages, tokens = zip(*((row.id, body, lang, token) for row, body, lang, token in written), strict=True)
        with connection.cursor() as cursor:
            params = {"ids": list(ids), "bodies": list(bodies), "languages": list(languages), "tokens": list(tokens)}
            cursor.execute(load("notifications.sql", "write_texts"), params)
    tokens_of = _links([(row, body) for row, body, _, _ in written], now)
    for row, reason in unsayable:
        put_back(Message.objects.get(pk=row.id), reason=reason, not_before=now + timedelta(days=1))
    ask_for_calls(unsayable, now, always=True)
    outgoing = [(row, body.replace(links.MASK, tokens_of.get(row.id, links.MASK)), token) for row, body, _, token in written]
    return [Claimed(row.id, row.attempt, _text(row, body, token, now), row.training) for row, body, token in outgoing]


def _links(written: list[tuple[Row, str]], now: datetime) -> dict[int, str]:
    """Tokens for the texts that carry a link, by message. What is stored of a text has none."""
    readers = [(row.id, row.recipient) for row, body in written if row.may_answer_there and row.recipient and links.MASK in body]
    return dict(zip((message for message, _ in readers), links.issue(readers, now=now), strict=True)) if readers else {}


def _say(row: Row) -> tuple[str, str]:
    if row.purpose == "answer":  # typed by a member of staff
        if word := denied(row.body):
            raise Unsayable(f"denied word: {word}"[:60])
        return row.body, row.language
    together = [row, *rows_of(row.also)]
    names = row.given.split()
    first_name, org, phone = names[0] if names else "", row.sender_name or "", row.call_back or ""
    said = render(
        row.wording,
        row.language,
        first_name=first_name,
        org=org,
        phone=phone,
        refs=[f"{one.uid.int % 10_000:04d}" for one in together],
        several=len({one.patient for one in together}) > 1,
        programme=row.programme,
        link=links.address() if row.may_answer_there else "",
    )
    return said.body, said.language


def _text(row: Row, body: str, token: str, now: datetime) -> Text:
    callback = settings.PUBLIC_BASE_URL + _callback().replace(str(NOBODY), str(row.uid)).replace("TOKEN", token)
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


def give_back(*, claimed: Claimed, not_before: datetime, reason: str = "") -> None:
    """Gives back a text that was certainly not handed over: the process was too slow, sending is paused, or (`reason`) not from here."""
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
    with connection.cursor() as cursor:
        cursor.execute(load("notifications.sql", "claimed_texts"), {"ids": list(message_ids)})
        return [Row(*row) for row in cursor.fetchall()]


def words_of(message_id: int) -> str:
    """What would be said, if it went now."""
    return _say(row_of(message_id))[0]


def ask_for_calls(unsent: list[tuple[Row, str]], now: datetime, *, always: bool = False) -> None:
    """Reminders that cannot reach the patient become a person's task: the problem's own item, or the number's."""
    wanted = [
        (row, _call(row, reason, now))
        for row, reason in unsent
        if row.purpose == "reminder"
        and row.site
        and (always or reason in CALLS or (reason == "no permission" and row.priority <= CRITICAL))
    ]
    opened = worklist.open_items([item for _, item in wanted], now=now)
    if opened:
        with connection.cursor() as cursor:
            items = [opened[item.cause_kind, item.cause_key] for _, item in wanted]
            cursor.execute(load("notifications.sql", "link_texts_to_items"), {"messages": [row.id for row, _ in wanted], "items": items})


def _call(row: Row, reason: str, now: datetime) -> NewItem:
    bad = reason == "bad number" and row.phone is not None
    kind, key = ("problem", f"{row.journey}:{row.problem}") if row.journey else ("no_text", str(row.uid))
    return NewItem(
        cause_kind="bad_number" if bad else kind,
        cause_key=str(row.phone) if bad else key,
        site=row.site or 0,
        patient=row.patient,
        journey=row.journey,
        problem="bad-number" if bad else row.problem,
        priority=row.priority,
        due_at=now + CALL_WITHIN,
        note=f"No text could be sent: {reason}.",
    )


@cache
def edges_of_messages() -> dict[str, list[str]]:
    """What the state machine allows, for statements that move messages."""
    pairs = edges(Message, "state")
    return {"sources": [source for source, _ in pairs], "targets": [target for _, target in pairs]}
