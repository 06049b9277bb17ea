"""What becomes of a reminder that does not go: the next channel that its rung names, or a person. Nothing is dropped in silence.

Each channel is a row of its own that keeps the reason why it was not sent; together they say why somebody got a letter.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
from django.db import connection

from notifications import worklist
from notifications.models import Channel, Message, MessageState, WorkItem
from notifications.wording import written
from notifications.wording.compiler import LANGUAGES, Unsayable
from notifications.worklist import NewItem
from pathways.models.edges import edges
from pathways.sql import load

if TYPE_CHECKING:
    from notifications.outbox import Row

CALL_WITHIN = timedelta(days=2)  # local default
CRITICAL = 2  # without permission only rungs this urgent become a call; the rest is the list "ask at the next visit"
CALLS = {"too late", "no phone", "no address", "no hour suits", "bad number", "bad address", "record merged", "recipient died"}
LASTING = {"no phone", "no address", "bad number", "bad address", "stopped", "no permission", "no hour suits"}
"""Reasons that waiting does not mend: the next channel is tried at once."""
INTERPRETER = "interpreter"
CHANNELS = {Channel.SMS: "text", Channel.EMAIL: "e-mail", Channel.LETTER: "letter"}

Unsent = Sequence[tuple["Row", str]]


class Fell(msgspec.Struct, frozen=True):
    """A message and the channel after its own; `at` is the row there, none for a call."""

    message: int
    onto: str
    at: int | None

    @property
    def is_letter(self) -> bool:
        return self.onto == Channel.LETTER and self.at is not None


def settle(unsent: Unsent, *, now: datetime, failed: bool = False) -> None:
    """Withdrawn by a claim, or (`failed`) certainly not delivered: the next channel, else a call where one is due."""
    if not unsent:
        return
    fell = _fall([row.id for row, reason in unsent if failed or reason in LASTING], now)
    _ask_for_letters([(row, fell[row.id].at or 0) for row, _ in unsent if row.id in fell and fell[row.id].is_letter], now)
    # A number that is wrong is somebody's task whatever else reaches the patient.
    left = [(row, reason) for row, reason in unsent if row.id not in fell or fell[row.id].onto == Channel.CALL or reason == "bad number"]
    called = {message for message, one in fell.items() if one.onto == Channel.CALL}
    asked = _asked_already([row for row, why in left if why == "too late"])
    ask_people([(row, why) for row, why in left if row.id not in asked and (failed or row.id in called or _calls_for(row, why))], now=now)


def _calls_for(row: Row, why: str) -> bool:
    return why in CALLS or (why == "no permission" and row.priority <= CRITICAL)


def _asked_already(rows: Sequence[Row]) -> set[int]:
    """Messages for whose language an interpreter was asked for: when they expire they are no news."""
    if not rows:
        return set()
    keys = set(
        WorkItem.objects.filter(cause_kind=INTERPRETER, cause_key__in=[str(row.uid) for row in rows]).values_list("cause_key", flat=True)
    )
    return {row.id for row in rows if str(row.uid) in keys}


def ask_people(unsent: Unsent, *, now: datetime) -> None:
    """A person's task: the problem's own item, the number's, or a call with an interpreter."""
    asked = _asked_already([row for row, reason in unsent if _speaks_another(row, reason)])
    wanted = [(row, _item(row, reason, now)) for row, reason in unsent if row.purpose == "reminder" and row.site and row.id not in asked]
    opened = worklist.open_items([item for _, item in wanted], now=now)
    _link([(row.id, opened[item.cause_kind, item.cause_key]) for row, item in wanted])


def why_not(message: Message) -> list[str]:
    """Why the channels before this one did not carry it: `text: no permission`."""
    others = Message.objects.filter(rung=message.rung_id, stay=message.stay_id, matter=message.matter_id, recipient=message.recipient_id)
    gone = others.filter(state__in=[MessageState.WITHDRAWN, MessageState.FAILED]).exclude(pk=message.pk).order_by("pk")
    return [f"{CHANNELS.get(Channel(one.channel), one.channel)}: {one.reason}" for one in gone]


def _fall(messages: list[int], now: datetime) -> dict[int, Fell]:
    if not messages:
        return {}
    with connection.cursor() as cursor:
        revives = (MessageState.WITHDRAWN.value, MessageState.PENDING.value) in edges(Message, "state")
        cursor.execute(load("notifications.sql", "fall_to_next_channel"), {"messages": messages, "now": now, "revives": revives})
        return {row[0]: Fell(*row) for row in cursor.fetchall()}


def _ask_for_letters(fell: Sequence[tuple[Row, int]], now: datetime) -> None:
    """A person prints and posts it; the message waits for their word that it went."""
    letters = {message.pk: message for message in Message.objects.filter(pk__in=[at for _, at in fell])}
    wanted = [(at, _letter(row, letters[at], now)) for row, at in fell if row.site]
    opened = worklist.open_items([item for _, item in wanted], now=now)
    _link([(at, opened[item.cause_kind, item.cause_key]) for at, item in wanted])


def _letter(row: Row, letter: Message, now: datetime) -> NewItem:
    return NewItem(
        cause_kind="letter",
        cause_key=str(letter.uid),
        site=row.site or 0,
        patient=row.patient,
        journey=row.journey,
        problem="letter-to-print",
        priority=row.priority,
        due_at=now + CALL_WITHIN,
        note=f"Please print and post a letter. Not sent: {'; '.join(why_not(letter))}.",
    )


def _link(pairs: list[tuple[int, int]]) -> None:
    """The alerts of a message stand behind the item, so that it goes when they go."""
    if pairs:
        messages, items = (list(column) for column in zip(*pairs, strict=True))
        with connection.cursor() as cursor:
            cursor.execute(load("notifications.sql", "link_texts_to_items"), {"messages": messages, "items": items})


def _item(row: Row, reason: str, now: datetime) -> NewItem:
    if _speaks_another(row, reason):
        return _interpreted(row, now)
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
        note=f"No {CHANNELS.get(Channel(row.channel), 'text')} could be sent: {reason}.",
    )


def _speaks_another(row: Row, reason: str) -> bool:
    return reason.startswith("no wording in") and row.language.partition("-")[0].lower() not in LANGUAGES


def _interpreted(row: Row, now: datetime) -> NewItem:
    """Nobody is written to in a language that is not theirs: somebody calls, with an interpreter, and says what the text would have said."""
    language = written.name_of(row.language)
    try:
        said, _ = written.say(row.wording, "en", org=row.sender_name or "", phone=row.call_back or "")
    except Unsayable:
        said = ""
    return NewItem(
        cause_kind=INTERPRETER,
        cause_key=str(row.uid),
        site=row.site or 0,
        patient=row.patient,
        journey=row.journey,
        problem="interpreter-call",
        priority=row.priority,
        due_at=now + CALL_WITHIN,
        note=f"Please call with an interpreter: {language}. We have no words in this language; nothing was sent."
        + (f" What we would have said: {said}" if said else ""),
    )
