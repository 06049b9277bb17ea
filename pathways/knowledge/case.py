"""A journey's facts as the rules look at them, and the form of what the rules state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pathways.facts import Fact, Moment, is_unconfirmed

SOURCE = "knowledge"
RESULTS = frozenset({"result_partial", "result_final"})
CIRCUMSTANCES = frozenset({"diagnosis", "stage_recorded", "picked", "enrolled"})
RECEIPTS = frozenset({"drug_administered", "first_dose_attested", "drug_dispensed"})
REVERSALS = frozenset({"drug_returned", "drug_not_given"})
EXPOSURES = frozenset({"drug_ordered", "drug_order_stopped"})
PHENOTYPES = frozenset({"phenotype_assigned"})
DRUGS = RECEIPTS | REVERSALS | EXPOSURES
TRIGGERS = RESULTS | DRUGS | PHENOTYPES


@dataclass(frozen=True, slots=True)
class Statement:
    """Something the rules state: `subject` tells statements of one family apart, `rests_on` is what it was read from; `keys` are the ids
    by which later facts answer it."""

    family: str
    subject: str
    kind: str
    occurred: Moment
    body: dict[str, Any]
    rests_on: tuple[Fact, ...]
    rule: str
    keys: tuple[str, ...] = ()

    @property
    def lineage(self) -> str:
        return f"{SOURCE}|{self.family}|{self.subject}"


@dataclass(slots=True)
class Case:
    """The journey's facts by what they are for, in the order in which they happened."""

    evidence: list[Fact] = field(default_factory=list)
    drugs: list[Fact] = field(default_factory=list)
    phenotypes: list[Fact] = field(default_factory=list)


def case_of(facts: Sequence[Fact]) -> Case:
    case = Case()
    for fact in sorted(facts, key=order):
        if is_unconfirmed(fact):
            continue
        if fact.kind in RESULTS or fact.kind in CIRCUMSTANCES:
            case.evidence.append(fact)
        elif fact.kind in DRUGS:
            case.drugs.append(fact)
        elif fact.kind in PHENOTYPES:
            case.phenotypes.append(fact)
    return case


def order(fact: Fact) -> tuple[datetime, bool, str, str]:
    """By time; of one instant the circumstances before the results that are read in their light."""
    return fact.occurred.lo, fact.kind in TRIGGERS, fact.lineage, fact.digest


def latest(moments: Iterable[Moment]) -> Moment:
    """When the last of several things had happened."""
    every = list(moments)
    return Moment(max(one.lo for one in every), max(one.hi for one in every), any(one.assumed_zone for one in every))
