"""What the rules make of a journey's facts: actionable or not, received or not, matched or not. Facts of grade rule, with their basis.

Pure and deterministic: the same facts give the same derived facts, whenever and in whatever order they came. A derived fact rests on
everything that was looked at to state it (`basis`), happens when the last thing it needs happened, and its rank grows with what it
rests on: of two versions whose basis holds, the one that knew more counts. What is no longer true is retracted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Any, Protocol

from pathways.facts import Fact, Grade, Rank, content_digest
from pathways.timeline import Timeline

from . import pharmacogenetics, therapy
from .case import SOURCE, TRIGGERS, Case, Statement, case_of, unowned
from .library import Knowledge

__all__ = ["SOURCE", "derive"]


class HasCode(Protocol):
    @property
    def code(self) -> str: ...


def derive(definition: HasCode, facts: Sequence[Fact], timeline: Timeline, knowledge: Knowledge) -> list[Fact]:
    """All that is derived now, and a retraction of what was derived before and is no longer true. `facts`: current ones of a journey."""
    if not any(fact.kind in TRIGGERS for fact in facts):
        return []
    therapies = knowledge.for_pathway(definition.code)
    is_pgx = definition.code in knowledge.pgx.pathways
    if therapies is None and not is_pgx:
        return []
    case = case_of(facts)
    stated: list[Statement] = []
    if therapies is not None:
        stated.extend(therapy.statements(case, therapies, knowledge))
    if is_pgx:
        stated.extend(pharmacogenetics.statements(case, knowledge))
    derived = [_fact(one, case, knowledge) for one in stated]
    kept = {fact.lineage for fact in derived}
    gone = [fact for lineage, fact in sorted(case.stated.items()) if lineage not in kept]
    return derived + [_retraction(fact, case, knowledge) for fact in gone]


def _basis(rests_on: Iterable[Fact], rule: str, knowledge: Knowledge) -> Mapping[str, Any]:
    return {"lineages": {fact.lineage: fact.digest for fact in rests_on}, "rule": rule, "version": knowledge.version}


def _fact(said: Statement, case: Case, knowledge: Knowledge) -> Fact:
    """The statement as a fact. Where a standing version says the same, that version: nothing new needs to be stored."""
    known = case.stated.get(said.lineage)
    if known is not None and known.basis is not None and (known.kind, known.occurred, known.body) == (said.kind, said.occurred, said.body):
        return _build(said, known.rank, known.basis, knowledge)
    basis = _basis(said.rests_on, said.rule, knowledge)
    return _build(said, Rank.FINAL + len(basis["lineages"]), basis, knowledge)


def _build(said: Statement, rank: int, basis: Mapping[str, Any], knowledge: Knowledge, *, retracted: bool = False) -> Fact:
    return Fact(
        kind=said.kind,
        lineage=said.lineage,
        occurred=said.occurred,
        digest=content_digest(said.kind, said.occurred, rank, retracted, (), said.body),
        rank=rank,
        issued_at=said.occurred.lo,
        message_at=datetime.combine(knowledge.dated, time(), tzinfo=UTC),
        retracted=retracted,
        grade=Grade.RULE,
        body=said.body,
        basis=basis,
    )


def _retraction(fact: Fact, case: Case, knowledge: Knowledge) -> Fact:
    """Takes back what is no longer true although all it rested on still stands: something was learnt that it did not know."""
    family, subject = unowned(fact.lineage).split("|", 2)[1:]
    said = Statement(family, subject, fact.kind, fact.occurred, fact.body, case.all, "no longer so")
    basis = _basis(case.all, said.rule, knowledge)
    return _build(said, max(fact.rank + 1, Rank.FINAL + len(basis["lineages"])), basis, knowledge, retracted=True)
