"""Which version of a fact counts, and in which order facts are told. Pure.

Of a lineage the highest revision counts, whatever arrived first. A retracted lineage states nothing. A fact that a rule derived counts
only while everything it was derived from is still current; that may be another derived fact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from operator import itemgetter

import msgspec

from pathways.facts import Fact, Grade, Rank
from pathways.kinds import ACTS, DERIVED, FED

_BY_ORDER = itemgetter(0, 1, 2, 3, 4)
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_REPORTS = frozenset({"result_final", "result_failed", "result_document"})
_COURSES = frozenset(
    {
        "test_ordered",
        "order_held",
        "order_cancelled",
        "visit_booked",
        "visit_moved",
        "visit_cancelled",
        "visit_missed",
        "visit_kept",
        "pa_pended",
        "pa_approved",
        "pa_denied",
    }
)
_VISITS = frozenset(kind for kind in _COURSES if kind.startswith("visit_"))
_CLOSING = ("reopened", "exited", "voided", "restored")

# Facts of one instant are told in clinical order: enrolled, what is fed, what rules make of it, what people do, how it ends.
RANKS: Mapping[str, int] = {
    kind: rank
    for rank, kind in enumerate(dict.fromkeys(["enrolled", *FED, *DERIVED, *(act for act in ACTS if act not in _CLOSING), *_CLOSING]))
}
# A death on the day of a result must not hide the result.
_LAST = len(RANKS)


def order_key(fact: Fact) -> tuple[datetime, int, datetime, str, str]:
    """Never our row id, never arrival. The lineage begins with the source, so source and its id are one comparison."""
    return (fact.occurred.lo, RANKS.get(fact.kind, _LAST), fact.recorded_at or _EARLIEST, fact.lineage, fact.digest)


def version_key(fact: Fact) -> tuple[int, datetime, datetime, str]:
    """Among versions of one lineage the highest of these counts."""
    return (fact.rank, fact.issued_at or _EARLIEST, fact.message_at or _EARLIEST, fact.digest)


def current(facts: Iterable[Fact]) -> list[Fact]:
    """Of each lineage the version that counts, retracted lineages and derived facts with a stale basis left out, in replay order.

    Visits, orders and payers' answers also keep what they were before: a cancellation is no correction, the order did stand until then.
    """
    stated: dict[str, Fact] = {}
    derived: dict[str, list[Fact]] = {}
    several: dict[str, list[Fact]] = {}
    for fact in facts:
        lineage = fact.lineage
        if fact.basis is not None and fact.grade == Grade.RULE:
            derived.setdefault(lineage, []).append(fact)
            continue
        known = stated.get(lineage)
        if known is None:
            stated[lineage] = fact
            continue
        several.setdefault(lineage, [known]).append(fact)
        if version_key(fact) > version_key(known):
            stated[lineage] = fact
    past: list[Fact] = []
    for lineage, versions in several.items():
        if stated[lineage].kind in _REPORTS:
            stated[lineage] = _first_issued(stated[lineage], versions)
        else:
            if stated[lineage].kind in _VISITS:
                versions = _rebooked(versions)
                stated[lineage] = max(versions, key=version_key)
            past += _past_of(stated[lineage], versions)
    if derived:
        _add_derived(stated, derived)
    # `order_key` written out: this runs for every fact of every replay.
    keyed = [
        (fact.occurred.lo, RANKS.get(fact.kind, _LAST), fact.recorded_at or _EARLIEST, fact.lineage, fact.digest, fact)
        for fact in (*stated.values(), *past)
        if not fact.retracted
    ]
    keyed.sort(key=_BY_ORDER)
    return [one[5] for one in keyed]


def _first_issued(report: Fact, versions: Sequence[Fact]) -> Fact:
    """A report came when it was first final, whatever a later version of it says; its content is that of the version that counts."""
    if report.rank < Rank.FINAL:
        return report
    finals = [one.occurred for one in versions if one.kind == report.kind and one.rank >= Rank.FINAL and not one.retracted]
    first = min(finals, key=lambda moment: (moment.lo, moment.hi), default=report.occurred)
    return report if first == report.occurred else msgspec.structs.replace(report, occurred=first)


def _rebooked(versions: list[Fact]) -> list[Fact]:
    """Another start under the same appointment number is a visit that was moved, whatever the sender calls it: the patient is told anew."""
    booked = sorted((one for one in versions if one.kind == "visit_booked" and not one.retracted), key=version_key)
    if len(booked) < 2:
        return versions
    told = booked[:1]
    for one in booked[1:]:
        if one.body.get("start") == told[-1].body.get("start"):
            told[-1] = msgspec.structs.replace(one, kind=told[-1].kind)
        else:
            told.append(msgspec.structs.replace(one, kind="visit_moved"))
    return [*(one for one in versions if one.kind != "visit_booked" or one.retracted), *told]


def _past_of(now: Fact, versions: Sequence[Fact]) -> list[Fact]:
    """What a visit or an order was before: booked before it was kept, placed before it was cancelled. Of each kind the version that counts."""
    if now.retracted or now.kind not in _COURSES:
        return []
    best: dict[str, Fact] = {}
    for one in versions:
        known = best.get(one.kind)
        if known is None or version_key(one) > version_key(known):
            best[one.kind] = one
    before = (now.occurred.lo, RANKS[now.kind])
    return [one for one in best.values() if not one.retracted and (one.occurred.lo, RANKS[one.kind]) < before and one.kind != now.kind]


def is_stale(fact: Fact, digests: Mapping[str, str]) -> bool:
    """True when something the fact rests on is no longer what it was. `digests`: lineage to digest of the current facts."""
    if fact.basis is None:
        return False
    rests_on: Mapping[str, str] = fact.basis.get("lineages") or {}
    return any(digests.get(lineage) != digest for lineage, digest in rests_on.items())


def _add_derived(stated: dict[str, Fact], derived: Mapping[str, Sequence[Fact]]) -> None:
    """Adds of each derived lineage the highest version whose basis holds; a derivation that rests on itself never does."""
    digests: dict[str, str | None] = {lineage: None if fact.retracted else fact.digest for lineage, fact in stated.items()}

    def digest_of(lineage: str) -> str | None:
        if lineage not in digests:
            digests[lineage] = None
            for fact in sorted(derived.get(lineage, ()), key=version_key, reverse=True):
                assert fact.basis is not None
                if all(digest_of(name) == digest for name, digest in (fact.basis.get("lineages") or {}).items()):
                    stated[lineage] = fact
                    digests[lineage] = None if fact.retracted else fact.digest
                    break
        return digests[lineage]

    for lineage in sorted(derived):
        digest_of(lineage)
