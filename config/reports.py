"""All reports by name: what the command, the screens and the exports run. One definition per metric; new ones are added here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from django.utils.translation import gettext_noop

from notifications.reports import monday, rescue, tallies
from pathways.reports import behind, board, dates, drop_off, equity, newly, now, overview, sheets, shown, shown_times, time, trend, what_if
from pathways.reports.cohort import Question
from pathways.reports.kept import JOURNEYS, MOMENT, Watch
from pathways.reports.rows import Rows
from pathways.reports.sheet import Sheet, as_plain
from patients.views.guard import REPORTS as READERS

EVERY = "all"
"""Stands in an address where a report speaks of all programmes."""


class Run(Protocol):
    def __call__(self, question: Question, *, exact: bool) -> Sheet: ...


@dataclass(frozen=True, slots=True)
class Report:
    """`sheet` answers a question; `rows` lists what is behind one of its numbers; `plain` is JSON where it says more than the sheet.

    `asks` is the question in a manager's words. `every`: it can be asked of all programmes together; `one`: of a single one.
    `takes` names the filters that mean something to it. `kept`: what it rests on; it is kept until that changes. `method`: the section of docs/statistics.md that says how it is estimated.
    """

    name: str
    title: str
    asks: str
    sheet: Run
    rows: Callable[[Question, str], Rows] | None = None
    plain: Callable[[Question, bool], dict[str, Any]] | None = None
    one: bool = True
    every: bool = False
    takes: Sequence[str] = ()
    strata: Sequence[str] = ()
    readers: Sequence[str] = READERS
    template: str = "reports/report.html"
    kept: Watch = MOMENT
    method: str = "shares-and-differences"

    def answer(self, question: Question, *, exact: bool) -> dict[str, Any]:
        return self.plain(question, exact) if self.plain else as_plain(self.sheet(question, exact=exact))


WORK = Watch(
    (
        *JOURNEYS.tables,
        *("pathways_event.id", "pathways_matter.id", "pathways_inbound.id"),
        *("notifications_workitem.id", "notifications_message.id", "notifications_reply.id"),
    ),
    timedelta(minutes=1),
)
"""Messages and items also change in place, so a page that counts them is at most a minute old; it says as of when it speaks."""
COHORT = ("entry", "funnel", "horizon", "by", "as_of")

REPORTS: Mapping[str, Report] = {
    report.name: report
    for report in (
        Report(
            "drop-off",
            gettext_noop("Where patients are lost"),
            gettext_noop("At which step do patients leave, and why?"),
            sheets.drop_off,
            rows=behind.rows,
            plain=lambda question, exact: shown.drop_off(drop_off.drop_off(question), exact=exact),
            takes=COHORT,
            kept=JOURNEYS,
            method="aalen-johansen",
        ),
        Report(
            "time",
            gettext_noop("How long the steps take"),
            gettext_noop("Which step is slow, against which target?"),
            sheets.time,
            rows=time.rows,
            plain=lambda question, exact: shown_times.times(time.times(question), exact=exact),
            takes=COHORT,
            kept=JOURNEYS,
            method="kaplan-meier",
        ),
        Report(
            "now",
            gettext_noop("What is under way"),
            gettext_noop("Where do patients wait today, and how long?"),
            sheets.now,
            rows=sheets.now_rows,
            plain=lambda question, exact: shown.now(now.now(question), exact=exact),
            takes=("as_of",),
            method="a-snapshot-is-no-rate",
        ),
        Report(
            "trend",
            gettext_noop("Is it getting better"),
            gettext_noop("Is a change more than chance?"),
            trend.trend,
            rows=trend.trend_rows,
            kept=JOURNEYS,
            takes=("entry", "funnel", "horizon", "as_of"),
            method="control-charts",
        ),
        Report(
            "equity",
            gettext_noop("Whom it hurts most"),
            gettext_noop("Which groups arrive less often, and where does the gap open?"),
            equity.equity,
            rows=equity.equity_rows,
            kept=JOURNEYS,
            takes=COHORT,
            strata=equity.FIELDS,
            method="groups-and-where-a-gap-opens",
        ),
        Report(
            "what-if",
            gettext_noop("What fixing one gap would bring"),
            gettext_noop("Where would an hour of work save most?"),
            what_if.what_if,
            rows=behind.rows,
            kept=JOURNEYS,
            takes=("entry", "funnel", "horizon", "as_of"),
            method="what-fixing-one-gap-would-bring",
        ),
        Report(
            "rescue",
            gettext_noop("What reminders and calls bring"),
            gettext_noop("Does a reminder help, and how many must be reached for one patient more?"),
            rescue.rescue,
            rows=rescue.rescue_rows,
            every=True,
            takes=("compare",),
            method="two-groups-by-lot",
        ),
        Report(
            "newly-actionable",
            gettext_noop("Newly actionable"),
            gettext_noop("Whom would today's rules flag that those of then did not?"),
            newly.newly_actionable,
            rows=newly.newly_rows,
            every=True,
        ),
        Report(
            "monday",
            gettext_noop("Monday page"),
            gettext_noop("What must the team look at before the week begins?"),
            monday.monday,
            rows=monday.monday_rows,
            kept=WORK,
            one=False,
            every=True,
            takes=("as_of",),
            template="reports/monday.html",
            method="a-snapshot-is-no-rate",
        ),
        Report(
            "overview",
            gettext_noop("All programmes"),
            gettext_noop("How do our programmes compare on the steps that they share?"),
            overview.overview,
            rows=overview.overview_rows,
            kept=JOURNEYS,
            one=False,
            every=True,
            takes=("as_of",),
            method="aalen-johansen",
        ),
        Report(
            "board",
            gettext_noop("Board summary"),
            gettext_noop("What should the board know, on one page?"),
            board.board,
            rows=behind.rows,
            kept=JOURNEYS,
            takes=("entry", "funnel", "horizon", "as_of"),
            method="aalen-johansen",
        ),
        Report(
            "dates",
            gettext_noop("What each date means"),
            gettext_noop("By which source, in which order, and on which facts?"),
            dates.dates,
            method="what-a-step-s-clock-is",
        ),
        *(
            Report(
                one.name, one.title, asks, one.sheet, rows=one.rows, one=False, every=True, takes=("as_of",), kept=WORK, method="tallies"
            )
            for one, asks in (
                (tallies.MESSAGES, gettext_noop("What became of the texts, and what came back?")),
                (tallies.WORK, gettext_noop("What arrives, what is closed, what grows old?")),
                (tallies.QUALITY, gettext_noop("What is missing or does not fit?")),
            )
        ),
    )
}
