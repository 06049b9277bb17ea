"""Claiming texts and recording what became of them. The only writer of messages besides the statements that plan and settle.

A text ends `sent`, `failed`, `withdrawn` or `unknown`. Between claim and record only the row says that it may be outside; a process
that dies there leaves `sending`, which `reconcile` turns into `unknown`, never back into `pending`.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import msgspec
from django.conf import settings
from django.db import connection, transaction
from django.urls import reverse

from notifications import hours, worklist
from notifications.codes import Fate, Policy, policy
from notifications.models import Message, MessageState, SendSlot
from notifications.transports.base import Accepted, Answer, Declined, Text
from notifications.wording.compiler import Unsayable, denied, render
from notifications.worklist import NewItem
from pathways.models.edges import edges
from pathways.sql import load
from patients import consent, contacts
from patients.models import Phone

BATCH = 20
LONGEST_VALIDITY = timedelta(hours=4)
CALL_WITHIN = timedelta(days=2)  # local default
CRITICAL = 2  # without permission only rungs this urgent become a call; the rest is the list "ask at the next visit"
CALLS = {"too late", "no phone", "no hour suits", "bad number", "record merged", "recipient died"}
IN_DOUBT = (MessageState.SENDING, MessageState.UNKNOWN)


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


def claim(*, now: datetime, batch: int = BATCH) -> Claim:
    """Judges what is due and takes what may go, with its words, in one transaction; several may claim at once."""
    with transaction.atomic(), connection.cursor() as cursor:
        params: dict[str, Any] = {"now": now, "batch": batch, **hours.params(now), **_edges()}
        cursor.execute(load("notifications.sql", "claim_messages"), params)
        verdicts = {message: (verdict, reason) for message, verdict, reason in cursor.fetchall()}
        if not verdicts:
            return Claim([], 0)
        cursor.execute(load("notifications.sql", "claimed_texts"), {"ids": list(verdicts)})
        rows = [Row(*row) for row in cursor.fetchall()]
        taken = [row for row in rows if verdicts[row.id][0] == "go"]
        _ask_for_calls([(row, verdicts[row.id][1]) for row in rows if verdicts[row.id][0] == "never"], now)
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
    for row, reason in unsayable:
        _put_back(Message.objects.get(pk=row.id), reason=reason, not_before=now + timedelta(days=1))
    _ask_for_calls(unsayable, now, always=True)
    return [Claimed(row.id, row.attempt, _text(row, body, token, now), row.training) for row, body, _, token in written]


def _say(row: Row) -> tuple[str, str]:
    if row.purpose == "answer":  # typed by a member of staff
        if word := denied(row.body):
            raise Unsayable(f"denied word: {word}"[:60])
        return row.body, row.language
    names = row.given.split()
    first_name, org, phone = names[0] if names else "", row.sender_name or "", row.call_back or ""
    said = render(row.wording, row.language, first_name=first_name, org=org, phone=phone, ref=f"{row.uid.int % 10_000:04d}")
    return said.body, said.language


def _text(row: Row, body: str, token: str, now: datetime) -> Text:
    callback = settings.PUBLIC_BASE_URL + reverse("sms-status", args=[row.uid, token])
    return Text(row.e164 or "", body, callback, _validity(row, now))


def _validity(row: Row, now: datetime) -> int:
    """Seconds until nine in the evening, wherever the reader may be, at most four hours: what is late is not delivered at night."""
    if row.purpose != "reminder":
        return int(LONGEST_VALIDITY.total_seconds())
    evening = hours.evening(row.zone or "", row.address_zone, row.country, now=now) - timedelta(minutes=5)
    return int(max(min(evening - now, LONGEST_VALIDITY), timedelta(minutes=1)).total_seconds())


def record(*, claimed: Claimed, answer: Answer, now: datetime) -> Policy | None:
    """Records what the provider said to this attempt; a late answer to an older attempt changes nothing. The policy of an error."""
    with transaction.atomic():
        message = Message.objects.select_for_update().get(pk=claimed.id)
        if message.attempt != claimed.attempt:
            return None
        if isinstance(answer, Accepted):
            _accepted(message, answer.sid, now)
            return None
        if message.state not in IN_DOUBT:
            return None
        if not isinstance(answer, Declined):
            _lose_sight(message, answer.why, now)
            return None
        rule = policy(answer.code, answer.status)
        message.error_code = str(answer.code or answer.status)
        match rule.fate:
            case Fate.UNKNOWN:
                _lose_sight(message, rule.reason, now)
            case Fate.AGAIN | Fate.PAUSE:
                _put_back(message, reason=rule.reason, not_before=now + _backoff(message))
            case Fate.FAILED:
                fail(message, rule, now=now)
                SendSlot.objects.filter(message=message).delete()  # nothing went out: the day is free again
        return rule


def abandon(*, claimed: Claimed, now: datetime) -> None:
    """Gives back a text that was certainly not handed over (the process was too slow, or sending is paused)."""
    with transaction.atomic():
        message = Message.objects.select_for_update().get(pk=claimed.id)
        if message.state == MessageState.SENDING and message.attempt == claimed.attempt:
            _put_back(message, reason="", not_before=now)


def postpone(*, claimed: Claimed, reason: str, until: datetime) -> None:
    """Gives back a text that was certainly not handed over, for later."""
    with transaction.atomic():
        message = Message.objects.select_for_update().get(pk=claimed.id)
        if message.state == MessageState.SENDING and message.attempt == claimed.attempt:
            _put_back(message, reason=reason, not_before=until)


def accept(message: Message, sid: str, *, now: datetime) -> None:
    """The provider has it: by its answer, a receipt or its own list. Never moves a message back."""
    if message.state in IN_DOUBT:
        message.accept()
    elif message.state == MessageState.PENDING and message.attempt:
        message.turn_up()
    message.provider_sid = message.provider_sid or sid
    message.sent_at = message.sent_at or now
    message.unknown_since, message.reason = None, ""
    message.save()


def fail(message: Message, rule: Policy, *, now: datetime) -> None:
    """Certainly not delivered: marks the number where it is at fault, and asks a person where the patient should still hear."""
    message.fail()
    message.reason, message.unknown_since = rule.reason, None
    message.save()
    if rule.phone and message.phone is not None:
        _mark(message.phone, rule, now)
    if rule.call and message.purpose == "reminder":
        row = _row(message.pk)
        _ask_for_calls([(row, "bad number" if rule.phone == "bad" else rule.reason)], now, always=True)


def put_back(message: Message, *, reason: str, now: datetime) -> None:
    """Shown not to have been taken: it may go once more."""
    _put_back(message, reason=reason, not_before=now)


def site_of(message_id: int) -> int | None:
    """The site that answers for a message."""
    return _row(message_id).site


def is_training(message_id: int) -> bool:
    """Whether the message belongs to a training site, whose texts go to the simulator."""
    return _row(message_id).training


def _mark(phone: Phone, rule: Policy, now: datetime) -> None:
    if rule.phone == "bad":
        contacts.mark_bad(phone=phone, reason=rule.reason, now=now)
    else:
        consent.stop(phone=phone, now=now, evidence=consent.Evidence("provider", reference=rule.reason))


def _accepted(message: Message, sid: str, now: datetime) -> None:
    if message.state in (*IN_DOUBT, MessageState.PENDING):
        accept(message, sid, now=now)
    elif not message.provider_sid:
        Message.objects.filter(pk=message.pk).update(provider_sid=sid)


def _lose_sight(message: Message, why: str, now: datetime) -> None:
    if message.state == MessageState.SENDING:
        message.lose_sight()
        message.unknown_since = now
    message.reason = why[:60]
    message.save()


def _put_back(message: Message, *, reason: str, not_before: datetime) -> None:
    message.put_back()
    message.reason, message.not_before, message.unknown_since = reason[:60], not_before, None
    message.save()
    SendSlot.objects.filter(message=message).delete()


def _backoff(message: Message) -> timedelta:
    """Doubles from a minute to an hour, spread by the row so that a crowd does not come back as one."""
    return timedelta(minutes=min(2 ** min(message.attempt - 1, 6), 60), seconds=message.pk % 30)


def _row(message_id: int) -> Row:
    with connection.cursor() as cursor:
        cursor.execute(load("notifications.sql", "claimed_texts"), {"ids": [message_id]})
        return Row(*cursor.fetchall()[0])


def _ask_for_calls(unsent: list[tuple[Row, str]], now: datetime, *, always: bool = False) -> None:
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
def _edges() -> dict[str, list[str]]:
    pairs = edges(Message, "state")
    return {"sources": [source for source, _ in pairs], "targets": [target for _, target in pairs]}
