"""The rows of `inbound`: who came before, what became of each. The only writer of that table."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from pathways.models import Feed, Inbound
from pathways.writing.ids import Ids
from pathways.writing.wire import apart, put, rows

from .message import ParsedMessage

APPLIED, DUPLICATE, QUARANTINED = (
    str(outcome) for outcome in (Inbound.Outcome.APPLIED, Inbound.Outcome.DUPLICATE, Inbound.Outcome.QUARANTINED)
)


@dataclass(slots=True, eq=False)
class Item:
    """One message on its way in: what it says, and what became of it. `row_id` is set once its row is written; `about` is the patient
    whom a person named, where the message alone could not say."""

    body: bytes
    format: str
    digest: str
    parsed: ParsedMessage | None = None
    outcome: str = APPLIED
    no_effect: bool = False
    reason: str = ""
    explanation: str = ""
    waits_for: list[str] = field(default_factory=list)
    patient_id: int | None = None
    row_id: int | None = None
    uid: uuid.UUID = field(default_factory=uuid.uuid4)
    is_replay: bool = False
    about: int | None = None

    @property
    def control_id(self) -> str:
        return self.parsed.control_id if self.parsed else ""

    @property
    def notes(self) -> str:
        """What of an applied message was left out or read otherwise than it was meant, and by which rule."""
        return BETWEEN_NOTES.join(self.parsed.notes)[:LONGEST_NOTES] if self.parsed and self.outcome == APPLIED else ""

    def set_aside(self, reason: str, explanation: str, waits_for: Iterable[str] = ()) -> None:
        """Into quarantine, with the code that is counted and the words that a person reads."""
        self.outcome, self.reason, self.explanation = QUARANTINED, reason[:60], explanation
        self.waits_for = sorted(set(waits_for))
        self.no_effect = False

    def settle(self, *, no_effect: bool, reason: str = "") -> None:
        self.outcome, self.no_effect, self.reason, self.explanation, self.waits_for = APPLIED, no_effect, reason, "", []


LONGEST_NOTES = 1_000
BETWEEN_NOTES = "\n"


class InboundRow(msgspec.Struct, gc=False):
    """A row of `pathways_inbound`; `body` is written as PostgreSQL reads bytes."""

    id: int | None
    uid: uuid.UUID
    feed_id: int
    format: str
    type: str
    control_id: str
    digest: str
    message_at: datetime | None
    received_at: datetime
    body: str
    outcome: str
    no_effect: bool
    reason: str
    explanation: str
    waits_for: list[str]
    patient_id: int | None
    applied_at: datetime | None
    tries: int = 1


def reserve(items: Sequence[Item]) -> None:
    """Gives ids to those that have none, so that events can name their message before its row is there."""
    new = [item for item in items if item.row_id is None]
    next_id = Ids("pathways_inbound", len(new))
    for item in new:
        item.row_id = next_id()


def write(items: Sequence[Item], *, feed: Feed, now: datetime) -> None:
    """Writes what became of each: new rows at once, replayed ones by an update."""
    put(rows_of(items, feed=feed, now=now))
    write_again(items, now=now)


def rows_of(items: Sequence[Item], *, feed: Feed, now: datetime) -> dict[str, list[InboundRow]]:
    """The new rows, by table."""
    new = [item for item in items if not item.is_replay]
    reserve(new)
    return {"pathways_inbound": [_row(item, feed, now) for item in new]}


def write_again(items: Sequence[Item], *, now: datetime) -> None:
    """What became of those that were tried again."""
    again = [item for item in items if item.is_replay]
    if again:
        with apart():
            for item in again:
                _update(item, now)


def _row(item: Item, feed: Feed, now: datetime) -> InboundRow:
    parsed = item.parsed
    return InboundRow(
        item.row_id,
        item.uid,
        feed.pk,
        item.format,
        (parsed.type if parsed else "")[:60],
        item.control_id[:200],
        item.digest,
        parsed.message_at if parsed else None,
        now,
        "\\x" + item.body.hex(),
        item.outcome,
        item.no_effect,
        item.reason,
        item.explanation or item.notes,
        item.waits_for,
        item.patient_id,
        now if item.outcome == APPLIED else None,
    )


def _update(item: Item, now: datetime) -> None:
    assert item.row_id is not None
    row = Inbound.objects.get(pk=item.row_id)
    row.outcome, row.no_effect, row.reason, row.explanation = item.outcome, item.no_effect, item.reason, item.explanation or item.notes
    row.waits_for, row.patient_id, row.tries = item.waits_for, item.patient_id, row.tries + 1
    row.type = (item.parsed.type if item.parsed else row.type)[:60]
    row.applied_at = now if item.outcome == APPLIED else None
    row.save()


class Known:
    """What of a batch came before on this feed: by identity (control id and digest), and every body of a control id."""

    def __init__(self, feed: Feed, items: Collection[Item]) -> None:
        self.bodies: dict[str, dict[str, str]] = defaultdict(dict)
        named = sorted({item.control_id for item in items if item.control_id})
        unnamed = sorted({item.digest for item in items if not item.control_id})
        for control_id, digest, uid in rows(FIND, {"feed": feed.pk, "named": named, "unnamed": unnamed}):
            self.bodies[control_id][digest] = str(uid)

    def came_before(self, item: Item) -> bool:
        return item.digest in self.bodies.get(item.control_id, {})

    def other_body(self, item: Item) -> str:
        """The uid of a message with the same id and other content; blank where there is none."""
        others = self.bodies.get(item.control_id, {}) if item.control_id else {}
        return next((uid for digest, uid in others.items() if digest != item.digest), "")

    def remember(self, item: Item) -> None:
        self.bodies[item.control_id][item.digest] = str(item.uid)


FIND = """
SELECT control_id, digest, uid FROM pathways_inbound
WHERE feed_id = %(feed)s AND outcome <> 'duplicate' AND control_id = ANY(%(named)s)
UNION ALL
SELECT control_id, digest, uid FROM pathways_inbound
WHERE feed_id = %(feed)s AND outcome <> 'duplicate' AND control_id = '' AND digest = ANY(%(unnamed)s)
"""
"""Relies on the unique index inbound_message_once (feed, control_id, digest)."""
