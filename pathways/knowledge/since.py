"""Since when a corrected report says what it says.

A report came when it was first final, but what a correction found was not known before the correction: a flag dated by the first version
would be overdue when it is born, and a *nothing actionable* would end a journey in the past, on the word of somebody who had read another
report. So evidence is dated by the version that first gave this reading. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from pathways.facts import Fact, Moment, Rank
from pathways.lineage import version_key

from .case import RESULTS, Statement
from .findings import of_result
from .library import Knowledge


def since_reported(facts: Sequence[Fact], versions: Sequence[Fact], knowledge: Knowledge) -> list[Fact]:
    """The facts, corrected reports dated by their reading; their digests stay, so what is derived from them rests on them as ever."""
    several: dict[str, list[Fact]] = {}
    for one in versions:
        if one.kind in RESULTS and one.rank >= Rank.FINAL and not one.retracted:
            several.setdefault(one.lineage, []).append(one)
    return [_dated(fact, said, knowledge) if len(said := several.get(fact.lineage, ())) > 1 else fact for fact in facts]


def corrections(facts: Sequence[Fact], dated: Sequence[Fact]) -> list[Statement]:
    """That a report says something else since its correction: whoever read it before has not read this."""
    changed = [(fact, now) for fact, now in zip(facts, dated, strict=True) if now is not fact]
    return [_changed(fact, now.occurred) for fact, now in changed]


def _changed(fact: Fact, since: Moment) -> Statement:
    body, why = {"report": fact.lineage}, "reads otherwise since"
    return Statement("correction", fact.lineage, "result_corrected", since, body, (fact,), why, fact.keys)


def _dated(fact: Fact, said: Sequence[Fact], knowledge: Knowledge) -> Fact:
    if fact.kind not in RESULTS:
        return fact
    reading, first = _reading(fact, knowledge), fact
    for one in sorted(said, key=version_key, reverse=True):
        if _reading(one, knowledge) != reading:
            issued = _issued(first)
            return fact if issued is None else msgspec.structs.replace(fact, occurred=Moment(issued, issued))
        first = one
    return fact


def _issued(fact: Fact) -> datetime | None:
    return fact.issued_at or fact.message_at


def _reading(fact: Fact, knowledge: Knowledge) -> object:
    """What of a report decides: the alterations that are there; where none is, every answer."""
    found = of_result(fact.body, knowledge=knowledge)
    present = sorted({(str(one["gene"]), str(one["alteration"])) for one in found if one["presence"] == "present"})
    return present or sorted((str(one["gene"]), str(one["presence"])) for one in found)
