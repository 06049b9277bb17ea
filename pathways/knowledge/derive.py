"""What the rules make of a journey's facts: actionable or not, received or not, matched or not. Facts of grade rule, with their basis.

Pure and deterministic: the same received facts give the same derived facts, whenever and in whatever order they came; what was derived
before is not read. A derived fact rests on what it was read from (`basis`) and happens when the last thing it needs happened. What is no longer true is simply not derived any more; the writer then detaches it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Protocol

from pathways.facts import Fact, Grade, Rank, content_digest

from . import germline, pharmacogenetics, therapy
from .case import SOURCE, TRIGGERS, Statement, case_of
from .library import Knowledge
from .since import corrections, since_reported

__all__ = ["SOURCE", "derive"]


class HasCode(Protocol):
    @property
    def code(self) -> str: ...


def derive(definition: HasCode, facts: Sequence[Fact], knowledge: Knowledge, *, versions: Sequence[Fact] = ()) -> list[Fact]:
    """All that the rules derive now.

    Args:
        facts: current received facts of one journey.
        versions: the same with the versions that were replaced: they tell since when a reading holds. The answer rests on `facts`.
    """
    if not any(fact.kind in TRIGGERS for fact in facts):
        return []
    therapies = knowledge.for_pathway(definition.code)
    is_pgx = definition.code in knowledge.pgx.pathways
    lists = knowledge.lists_for(definition.code)
    if therapies is None and not is_pgx and not lists:
        return []
    stated: list[Statement] = []
    if therapies is not None:
        dated = since_reported(facts, versions, knowledge)
        stated.extend(therapy.statements(case_of(dated), therapies, knowledge))
        stated.extend(corrections(facts, dated))
    if is_pgx:
        stated.extend(
            pharmacogenetics.statements(case_of(facts), knowledge, every_exposure=definition.code in knowledge.pgx.every_exposure)
        )
    if lists:
        stated.extend(germline.statements(case_of(facts), germline.Asked(lists, definition.code, knowledge), versions))
    return [_fact(one, knowledge) for one in stated]


def _fact(said: Statement, knowledge: Knowledge) -> Fact:
    return Fact(
        kind=said.kind,
        lineage=said.lineage,
        occurred=said.occurred,
        digest=content_digest(said.kind, said.occurred, Rank.FINAL, False, (), said.body),
        issued_at=said.occurred.lo,
        message_at=datetime.combine(knowledge.dated, time(), tzinfo=UTC),
        grade=Grade.RULE,
        keys=said.keys,
        body=said.body,
        basis={"lineages": {fact.lineage: fact.digest for fact in said.rests_on}, "rule": said.rule, "version": knowledge.version},
    )
