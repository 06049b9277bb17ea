"""The vocabulary that everything else shares: a fact about a patient, when it happened, and how far it can be trusted.

A `Fact` is what a message, a person or a rule says. Stored, it is a row of `pathways.models.Event`; replay, binding and
knowledge read facts only, never rows, so that they stay pure.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

ORDERER = "orderer"
"""Where a fact's body says who asked for the test, as `pathways.ordering` reads it."""


class Grade(enum.IntEnum):
    """How well a fact is attested; only a definition says which grade closes a stage."""

    PATIENT_REPORTED = 1
    RULE = 2
    STAFF_ATTESTED = 3
    SYSTEM_OF_RECORD = 4


class Rank(enum.IntEnum):
    """Status of a version of a fact: of one lineage the highest rank counts, whatever arrived first (HL7 0123/0085)."""

    PRELIMINARY = 1
    FINAL = 2
    CORRECTED = 3


class Moment(msgspec.Struct, frozen=True):
    """When something happened, as an interval: a full instant has lo == hi, `2026-03` spans the month.

    Both ends are aware datetimes in UTC. `assumed_zone` says that the sender gave no offset and the feed's zone was used.
    """

    lo: datetime
    hi: datetime
    assumed_zone: bool = False


class Fact(msgspec.Struct, frozen=True):
    """One version of one fact about one patient.

    `lineage` names all versions of the fact: "<source system>|<kind>|<business id>". `keys` are the ids that bind facts to each
    other, as "<type>:<value>" (placer, filler, accession, specimen, report, authorization, ingredient, episode ...).
    `issued_at` is when its source issued this version, `message_at` when the message was made; both order versions of one rank.
    `body` holds the clinical content as plain JSON; `digest` is the content's, see `content_digest`.
    """

    kind: str
    lineage: str
    occurred: Moment
    digest: str
    rank: int = Rank.FINAL
    issued_at: datetime | None = None
    message_at: datetime | None = None
    recorded_at: datetime | None = None
    retracted: bool = False
    grade: int = Grade.SYSTEM_OF_RECORD
    keys: tuple[str, ...] = ()
    body: dict[str, Any] = {}
    basis: Mapping[str, Any] | None = None
    received_at: datetime | None = None
    id: int | None = None

    @property
    def source(self) -> str:
        """The system that speaks, the first part of the lineage."""
        return self.lineage.partition("|")[0]


def iso(moment: datetime) -> str:
    """As `datetime.isoformat` writes an aware moment, at a tenth of the cost: replay writes the same few times again and again."""
    text = _written(moment)[1:-1].decode()
    return text[:-1] + "+00:00" if text.endswith("Z") else text


_written = msgspec.json.Encoder().encode


def is_unconfirmed(fact: Fact) -> bool:
    """Whether the fact says what no clinical laboratory answers for: a consumer's raw data, somebody's interpretation. No rule reads it."""
    return fact.kind == "external_result" or bool(fact.body.get("unconfirmed"))


def content_digest(kind: str, occurred: Moment, rank: int, retracted: bool, keys: tuple[str, ...], body: Mapping[str, Any]) -> str:
    """Hex SHA-256 over what a fact says (not over who sent it when): same lineage and digest means nothing new was said.

    Who ordered is no content: an order or a report under another clinician's name asks and finds the same, so nothing that rests on it
    goes stale.
    """
    body = {name: value for name, value in body.items() if name != ORDERER} if ORDERER in body else body
    content = (kind, iso(occurred.lo), iso(occurred.hi), int(rank), retracted, sorted(keys), body)
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()
