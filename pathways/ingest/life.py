"""What facts change about how a patient may be reached: admitted, discharged, consents. Deaths go with who the person is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from pathways.facts import Fact
from pathways.models import Feed
from pathways.writing.wire import apart
from patients import consent, registry
from patients.models import ConsentKind

KINDS = frozenset({"admitted", "discharged", "consent_recorded"})


class Heard(msgspec.Struct, frozen=True):
    patient_id: int
    facts: tuple[Fact, ...]


def apply(heard: Sequence[Heard], *, feed: Feed, now: datetime) -> None:
    told = sorted(
        ((fact.occurred.lo, each.patient_id, fact) for each in heard for fact in each.facts if fact.kind in KINDS), key=lambda one: one[:2]
    )
    if told:
        with apart():
            _apply(told, feed)


def _apply(told: Sequence[tuple[datetime, int, Fact]], feed: Feed) -> None:
    consents = []
    for at, patient_id, fact in told:
        if fact.kind == "consent_recorded":
            consents += _consent(patient_id, fact, at)
        elif (fact.kind == "admitted") is not fact.retracted:  # admitted, or a discharge taken back
            registry.admit(patient_id=patient_id, at=at)
        else:
            registry.discharge(patient_id=patient_id, at=at)
    if consents:
        consent.record_all(consents, evidence=consent.Evidence(how="feed", reference=feed.name))


def _consent(patient_id: int, fact: Fact, at: datetime) -> list[consent.Heard]:
    """A consent entered in error counts as refused: it was never given."""
    kind, decision = str(fact.body.get("consent_kind", "")), str(fact.body.get("decision", "granted"))
    if kind not in ConsentKind.values:
        return []
    granted = decision in ("granted", "permit", "yes") and not fact.retracted
    said = fact.body.get("until")
    until = datetime.fromisoformat(said) if granted and isinstance(said, str) and said else None
    return [consent.Heard(patient_id, "granted" if granted else "revoked", at, kind, str(fact.body.get("programme", "")), until=until)]
