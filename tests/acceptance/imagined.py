"""Patients who are nowhere stored: the writer's own desk at work on them in memory, so that ten thousand lives cost a minute.

A life is a set of facts about two records, ana and bea, who may turn out to be one person. Everything but the database is the real
thing: enrolment, binding, evaluation by the rules, schedules, replay, reconciling, matters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from pathways import merging
from pathways.facts import Fact, Grade, Rank
from pathways.replay import replay
from pathways.supposing import Imaginary
from pathways.timeline import Timeline
from pathways.writing.acts import act
from pathways.writing.changes import Changes
from pathways.writing.desk import Desk, Incoming
from pathways.writing.house import House
from pathways.writing.state import JourneyState, PatientState
from tests.pathways.said import LUNG, OSIMERTINIB, fact, result

MONDAY = datetime(2026, 3, 2, 15, tzinfo=UTC)
NOW = MONDAY + timedelta(days=400)
MERGED_AT = MONDAY + timedelta(days=90)
ANA, BEA = 1, 2
SITE = 1


def at(days: float) -> datetime:
    return MONDAY + timedelta(days=days)


@dataclass(frozen=True)
class Said:
    """One thing that is said: a fact about a record, or (no fact) that the two records are one."""

    record: int
    fact: Fact | None = None
    act: tuple[str, float, tuple[tuple[str, Any], ...]] | None = None


@dataclass
class World:
    """What is known after some of a life was said."""

    house: House
    states: dict[int, PatientState] = field(default_factory=dict)
    desk: Desk = field(init=False)
    merged: bool = False

    def __post_init__(self) -> None:
        self.desk = Desk(self.house, Changes())
        self.desk.event_id, self.desk.journey_id, self.desk.stay_id = Imaginary(), Imaginary(), Imaginary()
        self.states = {record: PatientState(record, date(1960, 1, 1), (record,)) for record in (ANA, BEA)}

    def hear(self, said: Said) -> None:
        if said.act is not None:
            self._act(said.record, *said.act)
        elif said.fact is not None:
            self._work(said.record, said.fact)
        elif not self.merged:
            self._merge()

    def again(self) -> Changes:
        """Settles everything once more; what that would change."""
        before, self.desk.changes = self.desk.changes, Changes()
        for state in {id(state): state for state in self.states.values()}.values():
            self.desk.work(state, [], force=True)
        changes, self.desk.changes = self.desk.changes, before
        return changes

    def ids(self) -> dict[tuple[int, str, str, str], set[int]]:
        """Ids of stays by journey, track, stage and the fact that opened them."""
        found: dict[tuple[int, str, str, str], set[int]] = {}
        for journey in self.journeys():
            for stay in journey.stays:
                found.setdefault((journey.id, stay.track, stay.stage, stay.root_lineage), set()).add(stay.id)
        return found

    def journeys(self) -> list[JourneyState]:
        states = {id(state): state for state in self.states.values()}.values()
        return sorted((journey for state in states for journey in state.journeys), key=lambda one: -one.id)

    def timelines(self) -> Iterator[tuple[JourneyState, Timeline]]:
        """The whole answer of replay for each journey, from the facts that are attached to it."""
        states = {id(state): state for state in self.states.values()}.values()
        for state in states:
            for journey in state.journeys:
                attached = [fact for fact in state.facts if fact.id in journey.attached]
                context, _ = self.house.context(state, journey)
                yield journey, replay(self.house.definition(journey), attached, context)

    def picture(self) -> object:
        """All that a reader can see, void journeys left out."""
        return [
            (journey.id, journey.pathway, journey.opened_at, _columns(journey), sorted(map(_stay, journey.stays), key=str))
            for journey in self.journeys()
            if journey.columns["status"] != "void"
        ]

    def _work(self, record: int, *facts: Fact) -> None:
        self.desk.work(self.states[record], [Incoming(facts, SITE, record_id=record)])

    def _act(self, record: int, kind: str, days: float, body: tuple[tuple[str, Any], ...]) -> None:
        """A person's act on the first journey of the record."""
        journey = next((one for one in self.states[record].journeys if one.patient_id == record), None)
        if journey is not None:
            name = f"{record}-{kind}-{days}"
            self._work(
                record, act(kind=kind, journey=journey, business_id=name, occurred=at(days), body=dict(body), grade=Grade.STAFF_ATTESTED)
            )

    def _merge(self) -> None:
        """As `merging.merge`: bea's record is seen through ana's, journeys of one episode become one."""
        one, other = self.states[ANA], self.states[BEA]
        one.members = (ANA, BEA)
        one.facts, one.versions = [*one.facts, *other.facts], one.versions | other.versions
        one.journeys = sorted([*one.journeys, *other.journeys], key=lambda journey: -journey.id)
        one.records |= {fact.lineage: BEA for fact in other.facts}
        one.matters |= other.matters
        self.states[BEA] = one
        self.merged = True
        voids = [(merging.void_of(younger, older, MERGED_AT), younger.patient_id) for older, younger in merging.twins(one)]
        incoming = [Incoming((void,), SITE, record_id=record) for void, record in voids]
        self.desk.work(one, incoming or [Incoming((), SITE)], force=True, ask_all=True)


def told(house: House, life: Iterable[Said]) -> World:
    world = World(house)
    for said in life:
        world.hear(said)
    return world


def _columns(journey: JourneyState) -> dict[str, Any]:
    return {name: value for name, value in journey.columns.items() if name not in ("context_digest", "anomalies")}


def _stay(stay: Any) -> tuple[Any, ...]:
    return stay.track, stay.stage, stay.occurrence, stay.root_lineage, stay.entered_at, stay.due_at, stay.left_at, tuple(stay.rung_at)


# lives


def _versions(draw: st.DrawFn, record: int, days: float) -> list[Fact]:
    """A report, and perhaps its correction or its retraction."""
    genes = draw(st.sampled_from([("EGFR",), ("KRAS",), ("ALK",), ()]))
    name, of = f"R{record}", draw(st.sampled_from(["tissue", "plasma"]))
    found = [result(at(days), *genes, name=name, specimen_class=of)]
    if draw(st.booleans()):
        other, gone = draw(st.sampled_from([("EGFR",), ("KRAS",), ()])), draw(st.integers(0, 3)) == 0
        issued = at(days + draw(st.integers(1, 20)))
        found.append(result(at(days), *other, name=name, specimen_class=of, rank=Rank.CORRECTED, issued=issued, retracted=gone))
    return found


def _lung(draw: st.DrawFn, record: int) -> list[Fact]:
    order, specimen = f"placer:O{record}", f"specimen:S{record}"
    tissue = {"specimen_class": "tissue"}
    name, visit = f"{record}", (f"visit:V{record}",)
    reports = _versions(draw, record, 12)
    pool = [
        fact("test_ordered", at(1), name, family="order", keys=(order,), body={**tissue, "text": "NGS lung panel"}),
        fact("order_cancelled", at(2), name, family="order", keys=(order,), body={"reason": "typo"}),
        fact("test_ordered", at(3), f"{name}b", family="order", keys=(f"{order}b",), body={**tissue, "text": "NGS lung panel"}),
        fact("specimen_collected", at(4), name, keys=(order, specimen), body=tissue),
        fact("specimen_received", at(5), name, keys=(order, specimen), body=tissue),
        fact("specimen_rejected", at(6), name, keys=(specimen,), body={**tissue, "reason": "quantity"}),
        fact("specimen_collected", at(9), f"{name}b", keys=(order, f"{specimen}b"), body=tissue),
        *reports,
        fact("result_reviewed", at(13), name, keys=(order,)),
        fact("treatment_decided", at(15), name, body={"decision": draw(st.sampled_from(["matched", "other"])), "drugs": [OSIMERTINIB]}),
        fact("drug_ordered", at(16), name, keys=(f"placer:RX{record}",), body={"drugs": [OSIMERTINIB]}),
        fact("drug_dispensed", at(20), name, keys=(f"placer:RX{record}",), body={"drugs": [OSIMERTINIB], "handed_over": True}),
        fact("visit_booked", at(8), name, family="visit", keys=visit, body={"start": at(18).isoformat(), "service": None}),
        fact("visit_booked", at(10), name, family="visit", keys=visit, body={"start": at(25).isoformat(), "service": None}, issued=at(10)),
        fact("visit_missed", at(25), name, family="visit", keys=visit),
        fact("trial_screening", at(17), name, family="trial"),
        fact("admitted", at(19), name),
        fact("death", at(60), f"patient{record}", body={"dated": True}),
    ]
    told = draw(st.lists(st.sampled_from(pool), max_size=10, unique_by=lambda one: (one.lineage, one.digest)))
    both = [one for one in reports if one not in told] if draw(st.integers(0, 2)) == 0 else []  # a correction seldom comes by chance
    return [*told, *both]


def _residual(draw: st.DrawFn, record: int) -> list[Fact]:
    """Recurring draws of residual-disease surveillance."""
    order, name = f"placer:M{record}", f"M{record}"
    blood = {"specimen_class": "plasma"}
    pool = [
        fact("specimen_collected", at(days), f"{name}-{days}", keys=(order, f"specimen:{name}-{days}"), body=blood)
        for days in (14, 92, 127, 184, 275)
    ]
    pool.append(fact("drug_administered", at(100), name, body={"drugs": [{"text": "oxaliplatin"}], "complete": True}))
    return draw(st.lists(st.sampled_from(pool), max_size=6, unique_by=lambda one: one.lineage))


ACTS = st.sampled_from(
    [
        ("held", 7, (("reason", "infection"), ("review_at", at(30).isoformat()), ("party", "patient"))),
        ("resumed", 11, ()),
        ("exited", 30, (("reason", "lost_to_follow_up"),)),
        ("reopened", 35, (("reason", "found"),)),
        ("contact_attempted", 12, (("channel", "phone"), ("outcome", "reached"))),
        ("actionable_confirmed", 14, (("gene", "EGFR"), ("alteration", "p.Leu858Arg"), ("clinician", "Lund"))),
    ]
)


@st.composite
def lives(draw: st.DrawFn) -> tuple[list[Said], list[Said], list[Said]]:
    """(what comes first: who they are and what they have; what may come in any order; what comes last).

    That the two are one is said before or after the rest: which of two journeys is still open when it is said decides which goes on.
    """
    first: list[Said] = []
    rest: list[Said] = []
    for record in (ANA, BEA) if draw(st.booleans()) else (ANA,):
        if draw(st.integers(0, 2)):
            first.append(Said(record, fact("diagnosis", at(record / 24), f"D{record}", body=LUNG)))
            rest += [Said(record, one) for one in _lung(draw, record)]
        else:
            first.append(Said(record, fact("surgery_done", at(record / 24), f"D{record}", body={"text": "sigmoid colectomy"})))
            keys, body = (f"placer:M{record}",), {"text": "Minimal residual disease, ctDNA"}
            first.append(Said(record, fact("test_ordered", at(1), f"M{record}", family="order", keys=keys, body=body)))
            rest += [Said(record, one) for one in _residual(draw, record)]
        acts = draw(st.lists(ACTS, max_size=3, unique_by=lambda one: one[0]))
        rest += [Said(record, act=one) for one in acts]
    merge = [Said(ANA)] if first[-1].record == BEA else []
    early = draw(st.sampled_from([True, False, None]))
    return [*first, *(merge if early else [])], rest, merge if early is False else []


def stays_kept(before: dict[Any, set[int]], after: dict[Any, set[int]]) -> bool:
    """A wait that stands before and after, once each, opened by the same fact, is the same row."""
    return all(after[place] == ids for place, ids in before.items() if len(ids) == 1 and len(after.get(place, ())) == 1)
