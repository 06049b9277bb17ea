"""Every date that a committee will fight over: what counts as it, in which order, and on which facts it rests in a programme."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from pathways.definitions.schema import Milestone
from pathways.models import PathwayVersion
from pathways.reports.cohort import Question, UnknownReport
from pathways.reports.freshness import in_force
from pathways.reports.sheet import Column, Kind, Sheet, Table, words
from pathways.reports.sheets import about
from pathways.timeline import PHASES
from patients.templatetags.finalmile import translated

RULES = (
    (
        "diagnosis",
        gettext_noop("pathology signed, then coded onset, then what staff say"),
        gettext_noop("the date it was signed, not filed"),
    ),
    ("entry", gettext_noop("advanced disease, not the first primary"), gettext_noop("named by the entry of the journey")),
    (
        "ordered",
        gettext_noop("signed, not entered; of a reflex test that of its parent order"),
        gettext_noop("a plan, proposal or status is no order"),
    ),
    ("collected", gettext_noop("as sent; before the order is normal for archival tissue"), gettext_noop("never moved to the order")),
    ("received", gettext_noop("at the laboratory: its days are counted from here"), gettext_noop("the laboratory's own word")),
    ("resulted", gettext_noop("the first final report issued"), gettext_noop("issued, not filed; a correction keeps the first date")),
    (
        gettext_noop("reviewed, communicated, decided"),
        gettext_noop("each a date of its own, by a named person"),
        gettext_noop("attested or told by the record"),
    ),
    (
        gettext_noop("received drug"),
        gettext_noop("an infusion completed, a dispense handed over"),
        gettext_noop("an order alone never counts"),
    ),
    ("start", gettext_noop("first dose attested or administration seen"), gettext_noop("said apart from received")),
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
        censoring=_("A date that nobody told is unknown, never guessed."),
    )
    return Sheet(
        name="dates",
        title=_("What each date means"),
        says=(
            _(
                "The order in which sources are believed is the same for everybody; the facts that reach each milestone stand in the definition."
            ),
        ),
        about=stands,
        tables=(_rules(), _milestones(version.body.get("milestones", {}))),
        notes=(_("A later step before an earlier one is left out of that interval and counted; it is never set to zero."),),
    )


def _rules() -> Table:
    columns = (
        Column("date", "date", Kind.WORDS),
        Column("counts", _("what counts, in this order"), Kind.WORDS),
        Column("basis", _("stored basis"), Kind.WORDS),
    )
    return Table("rules", _("Dates"), columns, tuple(tuple(words(_(said)) for said in row) for row in RULES))


def _milestones(written: Mapping[str, object]) -> Table:
    columns = (
        Column("milestone", "milestone", Kind.WORDS),
        Column("phase", "phase", Kind.WORDS),
        Column("reached_by", _("reached by"), Kind.WORDS),
        Column("grade", _("at least"), Kind.WORDS),
    )
    order = {phase: i for i, phase in enumerate(PHASES)}
    rows = tuple(tuple(map(words, row)) for row in sorted(_lines(written), key=lambda line: (order.get(line[1], len(order)), line[0])))
    return Table("milestones", _("Milestones of this programme"), columns, rows, note=_("The first time counts; the fact is kept with it"))


def _lines(written: Mapping[str, object]) -> Iterator[tuple[str, str, str, str]]:
    for name, body in written.items():
        one = Milestone.model_validate(body)
        kinds = ", ".join(translated(kind.replace("_", " ")) for reach in one.reached_by for kind in reach.on)
        grades = ", ".join(dict.fromkeys(str(getattr(reach, "grade", "") or "") for reach in one.reached_by)).strip(", ")
        yield translated(one.label or name.replace("_", " ")), one.phase or "", kinds, translated(grades.replace("_", " "))
