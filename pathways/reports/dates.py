"""Every date that a committee will fight over: what counts as it, in which order, and on which facts it rests in a programme."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from pathways.definitions.schema import Milestone
from pathways.models import PathwayVersion
from pathways.reports.cohort import Question, UnknownReport
from pathways.reports.freshness import in_force
from pathways.reports.sheet import Column, Kind, Sheet, Table, words
from pathways.reports.sheets import about
from pathways.timeline import PHASES

RULES = (
    ("diagnosis", "pathology signed, then coded onset, then what staff say", "the date it was signed, not filed"),
    ("entry", "advanced disease, not the first primary", "named by the entry of the journey"),
    ("ordered", "signed, not entered; of a reflex test that of its parent order", "a plan, proposal or status is no order"),
    ("collected", "as sent; before the order is normal for archival tissue", "never moved to the order"),
    ("received", "at the laboratory: its days are counted from here", "the laboratory's own word"),
    ("resulted", "the first final report issued", "issued, not filed; a correction keeps the first date"),
    ("reviewed, communicated, decided", "each a date of its own, by a named person", "attested or told by the record"),
    ("received drug", "an infusion completed, a dispense handed over", "an order alone never counts"),
    ("start", "first dose attested or administration seen", "said apart from received"),
)


def dates(question: Question, *, exact: bool) -> Sheet:
    """There is nothing here to hide: no patient is counted."""
    version = PathwayVersion.objects.filter(code=question.pathway, status=PathwayVersion.Status.PUBLISHED).first()
    if version is None:
        raise UnknownReport(f"no programme {question.pathway!r} is published")
    stands = about(
        replace(question, by=""),
        of=in_force(question.pathway),
        suppressed=False,
        horizon=False,
        censoring="A date that nobody told is unknown, never guessed.",
    )
    return Sheet(
        name="dates",
        title="What each date means",
        says=(
            "The order in which sources are believed is the same for everybody; the facts that reach each milestone stand in the definition.",
        ),
        about=stands,
        tables=(_rules(), _milestones(version.body.get("milestones", {}))),
        notes=("A later step before an earlier one is left out of that interval and counted; it is never set to zero.",),
    )


def _rules() -> Table:
    columns = (
        Column("date", "date", Kind.WORDS),
        Column("counts", "what counts, in this order", Kind.WORDS),
        Column("basis", "stored basis", Kind.WORDS),
    )
    return Table("rules", "Dates", columns, tuple(tuple(map(words, row)) for row in RULES))


def _milestones(written: Mapping[str, object]) -> Table:
    columns = (
        Column("milestone", "milestone", Kind.WORDS),
        Column("phase", "phase", Kind.WORDS),
        Column("reached_by", "reached by", Kind.WORDS),
        Column("grade", "at least", Kind.WORDS),
    )
    order = {phase: i for i, phase in enumerate(PHASES)}
    rows = tuple(tuple(map(words, row)) for row in sorted(_lines(written), key=lambda line: (order.get(line[1], len(order)), line[0])))
    return Table("milestones", "Milestones of this programme", columns, rows, note="The first time counts; the fact is kept with it")


def _lines(written: Mapping[str, object]) -> Iterator[tuple[str, str, str, str]]:
    for name, body in written.items():
        one = Milestone.model_validate(body)
        kinds = ", ".join(kind.replace("_", " ") for reach in one.reached_by for kind in reach.on)
        grades = ", ".join(dict.fromkeys(str(getattr(reach, "grade", "") or "") for reach in one.reached_by)).strip(", ")
        yield one.label or name.replace("_", " "), one.phase or "", kinds, grades.replace("_", " ")
