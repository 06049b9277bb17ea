"""Facts that we make ourselves: acts of people and of rules that belong to one journey."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from pathways.facts import Fact, Grade, Moment, Rank, content_digest
from pathways.writing.state import JourneyState

SYSTEM = "finalmile"


def at(occurred: datetime) -> Moment:
    """An instant as facts state it, in UTC: what a person enters in local time must read the same when it is loaded again."""
    instant = occurred.astimezone(UTC)
    return Moment(instant, instant)


def act(*, kind: str, journey: JourneyState, business_id: str, occurred: datetime, body: Mapping[str, Any], grade: Grade) -> Fact:
    """A fact that belongs to one journey alone, by its key."""
    moment = at(occurred)
    keys = (journey.key,)
    digest = content_digest(kind, moment, Rank.FINAL, False, keys, body)
    return Fact(kind, f"{SYSTEM}|{kind}|{business_id}", moment, digest, issued_at=moment.lo, grade=grade, keys=keys, body=dict(body))


def own(derived: Fact, journey: JourneyState) -> Fact:
    """A derived fact made the journey's own. Its digest covers the basis: the same answer on other grounds is another version."""
    said = f"{derived.digest}|".encode() + msgspec.json.encode(derived.basis, order="deterministic")
    return msgspec.structs.replace(
        derived,
        lineage=f"{derived.lineage}|{journey.key}",
        digest=hashlib.sha256(said).hexdigest(),
        keys=(*derived.keys, journey.key),
        issued_at=derived.occurred.lo,
    )
