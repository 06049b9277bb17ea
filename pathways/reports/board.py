"""One page for the board: the figures that matter of one programme, each from the report that defends it."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext as _

from pathways.reports import drop_off as losing
from pathways.reports import shown
from pathways.reports.cohort import Question
from pathways.reports.equity import headline
from pathways.reports.freshness import versions
from pathways.reports.sheet import Cell, Figure, Kind, Sheet, told
from pathways.reports.sheets import CENSORED, about
from pathways.reports.trend import trend_of
from pathways.reports.what_if import what_if_of


def board(question: Question, *, exact: bool) -> Sheet:
    read = losing.read(replace(question, by="month"))
    report = replace(read.report(), question=question)
    answer = shown.drop_off(report, exact=exact)
    course, gain = trend_of(read, exact=exact), what_if_of(report, exact=exact)
    whole, matched = answer["whole"], answer["matched"]
    within = _("go the whole way within %(horizon)s days") % {"horizon": question.horizon_days}

    def opened(number: int | None, name: str) -> Cell:
        return told(number, name if exact else "")

    return Sheet(
        name="board",
        title=_("Board summary"),
        says=(course.says[0], gain.says[0], headline(read, exact=exact)),
        about=about(question, of=versions(report.versions), censoring=_(CENSORED), suppressed=not exact),
        figures=(
            Figure(opened(answer["n"], "n"), _("journeys followed")),
            Figure(_rate(whole), within, Kind.SHARE),
            Figure(
                _rate(matched["share"]),
                _("matched drug received"),
                Kind.SHARE,
                (
                    (_("received"), opened(matched["received"], "matched/received")),
                    (_("confirmed actionable"), opened(matched["confirmed"], "matched/confirmed")),
                ),
            ),
            Figure(opened(answer["open"], "open"), _("under way, neither lost nor arrived")),
        ),
        drawings=course.drawings[:1],
        tables=(gain.tables[0],),
        notes=(_("Details, methods and every number's rows: the reports on drop-off, trend, equity and what-if."),),
    )


def _rate(rate: dict[str, float | None] | None) -> Cell:
    return Cell(hidden=True) if rate is None else Cell(rate["value"], rate["low"], rate["high"])
