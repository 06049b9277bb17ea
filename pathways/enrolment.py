"""Who belongs on a pathway, as the definitions' enrol rules read a patient's facts. Pure; a person decides about candidates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from pathways.deadlines import Duration
from pathways.definitions.compile import Definition, EnrolRule
from pathways.facts import Fact, Grade
from pathways.replaying.state import State

_BLANK = State("")


class Proposal(msgspec.Struct, frozen=True):
    """A journey to open (`enrol`) or a candidate to show to a person. `clock`: by when what is missing should be known."""

    pathway: str
    entry: str
    then: str
    primary_group: str
    found_by: str
    basis_lineage: str
    opened_at: datetime
    clock: Duration | None
    laterality: str = ""
    to: str = "navigator"
    observed_from: datetime | None = None


def propose(facts: Sequence[Fact], definitions: Iterable[Definition], *, existing: Sequence[tuple[Any, ...]]) -> list[Proposal]:
    """At most one proposal per programme and primary group: enrolment before candidates, then the rule written first, then the earliest fact.

    Args:
        facts: current facts of one patient (`lineage.current`).
        existing: (pathway, primary group, ...) of journeys that are there already; nothing is proposed for those.
    """
    taken = {(one[0], one[1]) for one in existing}
    followed = {one[0] for one in existing}
    by_kind: dict[str, list[Fact]] = {}
    for fact in _with_stage(facts):
        by_kind.setdefault(fact.kind, []).append(fact)
    proposals = []
    for definition in sorted(definitions, key=lambda definition: definition.code):
        best: dict[str, tuple[tuple[bool, int, datetime, str], Proposal]] = {}
        for n, rule in enumerate(definition.enrol):
            is_settled = (definition.code, rule.group) in taken or not followed.isdisjoint(rule.unless_on)
            asked = () if is_settled else [fact for kind in rule.kinds for fact in by_kind.get(kind, ())]
            for fact in asked:
                if _holds(rule, fact):
                    order = (rule.then != "enrol", n, fact.occurred.lo, fact.lineage)
                    if rule.group not in best or order < best[rule.group][0]:
                        best[rule.group] = (order, _proposal(definition, rule, fact))
        proposals += [proposal for _, proposal in sorted(best.values(), key=lambda one: one[0])]
    return proposals


def _holds(rule: EnrolRule, fact: Fact) -> bool:
    return fact.grade > Grade.PATIENT_REPORTED and not fact.body.get("unconfirmed") and (rule.when is None or rule.when(fact, _BLANK))


def _proposal(definition: Definition, rule: EnrolRule, fact: Fact) -> Proposal:
    return Proposal(
        pathway=definition.code,
        entry=rule.entry,
        then=rule.then,
        primary_group=rule.group,
        found_by=rule.found_by or fact.kind,
        basis_lineage=fact.lineage,
        opened_at=fact.occurred.lo,
        clock=rule.clock,
        laterality=str(fact.body.get("laterality") or ""),
        to=rule.to,
        observed_from=_observed_from(fact),
    )


def _observed_from(fact: Fact) -> datetime | None:
    """Since when we would have seen what happens to somebody who came from elsewhere, where that is later than the fact."""
    said = fact.body.get("under_observation_from")
    seen = datetime.fromisoformat(said) if said else None
    return seen if seen and seen > fact.occurred.lo else None


def _with_stage(facts: Sequence[Fact]) -> list[Fact]:
    """Diagnoses that say no stage take the latest one that is recorded apart from them."""
    stages = [fact for fact in facts if fact.kind == "stage_recorded" and fact.body.get("stage")]
    if not stages:
        return list(facts)
    latest = max(stages, key=lambda fact: (fact.occurred.lo, fact.lineage))
    return [
        msgspec.structs.replace(fact, body={**fact.body, "stage": latest.body["stage"]})
        if fact.kind == "diagnosis" and not fact.body.get("stage")
        else fact
        for fact in facts
    ]
