"""Which fact belongs to which journey. Pure: rerun with all current facts of a patient whenever a fact, a journey or a merge arrives.

Order of trust: a person's row; the order, accession or parent's id; the specimen; the drug's ingredient; the coded reason; the only
journey whose definition listens to the fact and whose episode covers its date. A journey that ended hears what happened before its end;
later facts reach it by an id only. Never the newest, never all: what fits several journeys is ambiguous, and a person is asked.
What is about the whole person (death, admission, consent) belongs to every journey that listens at that time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache

import msgspec

from pathways.definitions.compile import Definition
from pathways.facts import Fact
from pathways.kinds import ACTS, DERIVED
from pathways.replaying.state import State

WHOLE_PERSON = frozenset({"death", "hospice_started", "admitted", "discharged", "transferred_out", "consent_recorded"})
RESULTS = frozenset({"result_partial", "result_final", "result_failed", "result_document", "phenotype_assigned"})
_OWN = frozenset({*ACTS, *DERIVED})
_LEVELS = ("order", "specimen", "ingredient")
Levels = tuple[frozenset[str], ...]
_LEVEL_OF = {"specimen": 1, "ingredient": 2, **dict.fromkeys(("placer", "filler", "accession", "parent", "report", "auth", "visit"), 0)}
_REASON_FIELDS = ("reason", "reasons", "reason_code", "reason_codes")
_BLANK = State("")
# A fact is asked again whenever its patient has news; what it says is in its digest, so the answer can be remembered.
_heard: dict[tuple[str, str, int], bool] = {}
_REMEMBERED = 100_000


class JourneyView(msgspec.Struct, frozen=True):
    """What binding must know of a journey. `attached` and `detached` are lineages that a person pinned or took away."""

    id: int
    definition: Definition
    primary_group: str
    opened_at: datetime
    look_back_from: datetime
    ended_at: datetime | None = None
    keys: frozenset[str] = frozenset()
    attached: frozenset[str] = frozenset()
    detached: frozenset[str] = frozenset()


class Bound(msgspec.Struct, frozen=True):
    """`how`: person, patient, overheard, order, specimen, ingredient, reason or only_listener."""

    lineage: str
    journey_id: int
    how: str


class Bindings(msgspec.Struct, frozen=True):
    """`unbound`: heard by a definition, or a result with findings, and yet of no journey; `ambiguous` names the journeys it fits."""

    bound: tuple[Bound, ...]
    unbound: tuple[str, ...]
    ambiguous: tuple[tuple[str, tuple[int, ...]], ...]


def bind(facts: Sequence[Fact], journeys: Sequence[JourneyView]) -> Bindings:
    """The answer for all of one patient's current facts at once; the order of facts and journeys does not matter."""
    return _Binder(facts, sorted(journeys, key=lambda journey: journey.id)).answer()


class _Binder:
    """Orders, specimens and the rest first, results last: only then are all journeys known that a report answers.

    `fresh` are the ids, by level of trust, that journeys came by since they were last followed: only facts that carry one of them can
    have become bound.
    """

    def __init__(self, facts: Sequence[Fact], journeys: Sequence[JourneyView]) -> None:
        self.facts = sorted(facts, key=lambda fact: (fact.occurred.lo, fact.lineage))
        self.journeys = journeys
        self.keys: dict[int, set[str]] = {journey.id: set(journey.keys) for journey in journeys}
        self.fresh: list[set[str]] = [set(), set(), set()]
        self.ids: dict[str, Levels] = {}
        self.bound: dict[tuple[str, int], str] = {}
        self.waiting: dict[str, Fact] = {}
        self.ambiguous: dict[str, tuple[int, ...]] = {}
        self.with_results = False
        for journey in journeys:
            self._freshen(journey.keys)

    def answer(self) -> Bindings:
        is_pinned = any(journey.attached for journey in self.journeys)
        for fact in self.facts:
            if not (is_pinned and self._by_person(fact)):
                self._about_person_or_waiting(fact)
        self._settle()
        if any(fact.kind in RESULTS for fact in self.waiting.values()):
            self.with_results = True
            for keys in self.keys.values():
                self._freshen(keys)
            self._settle()
        bound = tuple(Bound(lineage, journey_id, how) for (lineage, journey_id), how in sorted(self.bound.items()))
        unbound = tuple(lineage for lineage, fact in self.waiting.items() if lineage not in self.ambiguous and self._is_missed(fact))
        return Bindings(bound, unbound, tuple(sorted(self.ambiguous.items())))

    def _settle(self) -> None:
        self._follow_keys()
        asked = [fact for fact in self.waiting.values() if (fact.kind in RESULTS) is self.with_results]
        for test, how in ((_gives_reason, "reason"), (_listens, "only_listener")):
            for fact in asked:
                if fact.lineage in self.waiting and fact.lineage not in self.ambiguous:
                    fits = [one for one in self.journeys if self._may(fact, one) and test(fact, one)]
                    if fits and self._decide(fact, fits, how, one_each=False):
                        self._follow_keys()

    def _by_person(self, fact: Fact) -> bool:
        pinned = [journey for journey in self.journeys if fact.lineage in journey.attached]
        for journey in pinned:
            self._attach(fact, journey, "person")
        return bool(pinned)

    def _about_person_or_waiting(self, fact: Fact) -> None:
        if fact.kind in _OWN:
            return
        if fact.kind in WHOLE_PERSON:
            for journey in self.journeys:
                if _listens(fact, journey) and fact.lineage not in journey.detached:
                    self._attach(fact, journey, "patient", shared=True)
            return
        for journey in self.journeys:
            if fact.lineage not in journey.detached and _overhears(fact, journey) and _covers(fact, journey):
                self._attach(fact, journey, "overheard", shared=True)
        self.waiting[fact.lineage] = fact
        self.ids[fact.lineage] = _by_level(fact.keys)

    def _attach(self, fact: Fact, journey: JourneyView, how: str, *, shared: bool = False) -> None:
        """Ids of a fact that several journeys share lead nowhere: they would tie the journeys to each other."""
        self.bound[(fact.lineage, journey.id)] = how
        if not shared and fact.keys:
            self.keys[journey.id].update(fact.keys)
            self._freshen(fact.keys)
        self.waiting.pop(fact.lineage, None)
        self.ambiguous.pop(fact.lineage, None)

    def _freshen(self, keys: Iterable[str]) -> None:
        for fresh, of_level in zip(self.fresh, _by_level(tuple(keys)), strict=True):
            if of_level:
                fresh |= of_level

    def _follow_keys(self) -> None:
        """Ids first, then specimens, then ingredients; every new binding brings ids that may bind others."""
        level = 0
        while level < len(_LEVELS):
            keys, self.fresh[level] = self.fresh[level], set()
            moved = False
            if keys:
                for fact in list(self.waiting.values()):
                    if (self.with_results or fact.kind not in RESULTS) and not self.ids[fact.lineage][level].isdisjoint(keys):
                        moved = self._by_keys(fact, level) or moved
            level = 0 if moved else level + 1

    def _by_keys(self, fact: Fact, level: int) -> bool:
        keys, is_ingredient = self.ids[fact.lineage][level], _LEVELS[level] == "ingredient"
        fits = [one for one in self.journeys if self._may(fact, one) and not self.keys[one.id].isdisjoint(keys)]
        if is_ingredient:
            fits = [one for one in fits if _covers(fact, one)]
        return self._decide(fact, fits, _LEVELS[level], one_each=not is_ingredient)

    def _decide(self, fact: Fact, fits: list[JourneyView], how: str, *, one_each: bool) -> bool:
        """Attaches to the only fit, or to one journey of each programme where an id names them; else notes who fits."""
        if not fits:
            return False
        if len(fits) > 1:
            fits = [one for one in fits if _covers(fact, one)] or fits
        if len(fits) == 1 or (one_each and len({one.definition.code for one in fits}) == len(fits)):
            for journey in fits:
                self._attach(fact, journey, how, shared=len(fits) > 1)
            return True
        self.ambiguous[fact.lineage] = tuple(one.id for one in fits)
        return False

    def _may(self, fact: Fact, journey: JourneyView) -> bool:
        """What a journey overhears never decides whose the fact is."""
        if fact.body.get("unconfirmed") or fact.kind not in journey.definition.listens or fact.lineage in journey.detached:
            return False
        return fact.kind not in journey.definition.overhears or not _is_only_overheard(fact, journey)

    def _is_missed(self, fact: Fact) -> bool:
        """A person must place it: a result with content, or something that one of the patient's journeys would have heard."""
        if fact.kind in RESULTS and any(fact.body.get(field) for field in ("findings", "panel", "document")):
            return not self._is_overheard(fact)
        return any(self._may(fact, journey) and _hears(fact, journey) for journey in self.journeys)

    def _is_overheard(self, fact: Fact) -> bool:
        return any((fact.lineage, journey.id) in self.bound for journey in self.journeys)


@lru_cache(maxsize=16_384)
def _by_level(keys: tuple[str, ...]) -> Levels:
    """Ids by how far they are trusted; other keys bind nothing."""
    levels: tuple[set[str], ...] = (set(), set(), set())
    for key in keys:
        level = _LEVEL_OF.get(key.partition(":")[0])
        if level is not None:
            levels[level].add(key)
    return tuple(frozenset(level) for level in levels)


def _listens(fact: Fact, journey: JourneyView) -> bool:
    return not fact.body.get("unconfirmed") and fact.kind in journey.definition.listens and _covers(fact, journey) and _hears(fact, journey)


def _overhears(fact: Fact, journey: JourneyView) -> bool:
    """By its kind and what the definition hears of it, or by a guard of its own."""
    if fact.kind not in journey.definition.overhears or fact.body.get("unconfirmed"):
        return False
    test = journey.definition.overhears[fact.kind]
    return test(fact, _BLANK) if test is not None else _hears(fact, journey)


def _is_only_overheard(fact: Fact, journey: JourneyView) -> bool:
    test = journey.definition.overhears[fact.kind]
    return test is None or test(fact, _BLANK)


def _hears(fact: Fact, journey: JourneyView) -> bool:
    """The definition's own condition on facts of this kind that no id ties to it: a potassium is no biomarker."""
    test = journey.definition.hears.get(fact.kind)
    if test is None:
        return True
    said = (journey.definition.digest, fact.digest, fact.grade)
    answer = _heard.get(said)
    if answer is None:
        if len(_heard) >= _REMEMBERED:
            _heard.clear()
        answer = _heard[said] = test(fact, _BLANK)
    return answer


def _covers(fact: Fact, journey: JourneyView) -> bool:
    return fact.occurred.hi >= journey.look_back_from and (journey.ended_at is None or fact.occurred.lo <= journey.ended_at)


def _gives_reason(fact: Fact, journey: JourneyView) -> bool:
    """The fact's coded reason is one that puts people on this programme."""
    if not journey.definition.reasons or not any(field in fact.body for field in _REASON_FIELDS):
        return False
    codes = [code for field in _REASON_FIELDS for code in _codes(fact.body.get(field))]
    if not codes or not _covers(fact, journey):
        return False
    return any(matches(codes) for matches in journey.definition.reasons)


def _codes(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield str(value.get("code") or "")
    elif isinstance(value, list):
        for item in value:
            yield from _codes(item)
