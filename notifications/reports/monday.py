"""The Monday page: twelve counts that a team goes through before the week begins, each against the week before and with its rows.

The week is the last one that is over, from Monday to Monday on the clock of the page. Snapshots are taken at its end; the one before at
its beginning. What was entered late still changes a week, so each count says whether the feeds have told us to the end of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_noop

from notifications.codes import CODES
from notifications.models import Absence
from notifications.reports.tally import Hit
from pathways.deadlines import Clock, Duration
from pathways.definitions import registry
from pathways.reports.cohort import Question
from pathways.reports.freshness import freshness, in_force
from pathways.reports.hiding import for_eyes
from pathways.reports.rows import Behind, Rows, UnknownNumber
from pathways.reports.sheet import About, Cell, Column, Fresh, Kind, Sheet, Sum, Table, count, words
from pathways.sql import load
from pathways.timeline import Calendar
from patients.calendars import calendar_for_site

WEEK = timedelta(days=7)
BEFORE = "before:"
CONTRACT_DAYS = 14
"""Days from receipt to a final report that a laboratory is held to where no contract says otherwise (local default)."""
PA = ("pa_submitted", "pa_pended", "pa_peer_to_peer", "pa_approved", "pa_denied", "pa_appealed")
BAD_NUMBERS = sorted({policy.reason for policy in CODES.values() if policy.phone == "bad"})
ORDER = (
    "0 to 7",
    "under 2",
    "2 to 7",
    "8 to 14",
    "15 to 30",
    "over",
    "3 to 5",
    gettext_noop("past due"),
    gettext_noop("due within"),
    gettext_noop("due in the"),
    gettext_noop("due later"),
    "within",
)
LISTS = {"unbound": Behind.MATTERS, "quarantined": Behind.INBOUND, "unread": Behind.REPLIES}
ALARMS = {"texts stopped": Behind.REPLIES, "wrong numbers": Behind.MESSAGES, "after death": Behind.MESSAGES, "incidents": Behind.JOURNEYS}


@dataclass(frozen=True, slots=True)
class Asked:
    """What each count is taken of: one week, some sites."""

    since: datetime
    until: datetime
    sites: Sequence[int] | None

    @property
    def before(self) -> Asked:
        return Asked(self.since - WEEK, self.since, self.sites)


@dataclass(frozen=True, slots=True)
class Count:
    """One of the twelve. `snapshot`: how many there are at the end of the week; else how many the week brought."""

    name: str
    title: str
    snapshot: bool
    kind: Behind | Mapping[str, Behind]
    hits: Callable[[Asked], list[Hit]]
    note: str = ""

    def behind(self, group: str) -> Behind:
        return self.kind if isinstance(self.kind, Behind) else self.kind[group]


def plain(name: str, *, milestone: str = "", kinds: Sequence[str] = (), **more: Any) -> Callable[[Asked], list[Hit]]:
    """A count that one statement gives. `milestone`: only programmes that have it, or that phase."""

    def hits(asked: Asked) -> list[Hit]:
        return [Hit(*row[:3]) for row in rows_of(name, asked, milestone=milestone, kinds=list(kinds), **more)]

    return hits


def rows_of(name: str, asked: Asked, *, milestone: str = "", **more: Any) -> list[tuple[Any, ...]]:
    definitions = {code: one.definition for code, one in registry.published().items()}
    fits = [code for code, one in definitions.items() if not milestone or milestone in one.milestones or milestone in one.phase_labels]
    sites = list(asked.sites) if asked.sites is not None else None
    parameters = {"since": asked.since, "until": asked.until, "sites": sites, "pathways": fits, **more}
    with connection.cursor() as cursor:
        cursor.execute(load("notifications.sql.monday", name), parameters)
        return list(cursor.fetchall())


def unreviewed(asked: Asked) -> list[Hit]:
    """Results older than two working days of their site."""
    clocks: dict[int, Clock] = {}
    found = []
    for uid, group, _, at, site in rows_of("unreviewed", asked, milestone="result_reviewed"):
        clock = clocks.setdefault(site, _clock(site))
        days = 2 if clock.after(at, Duration(2, "working_days")) < asked.until else 0
        if days:
            late = clock.after(at, Duration(5, "working_days")) < asked.until
            found.append(Hit(uid, group, gettext_noop("over 5 working days") if late else gettext_noop("3 to 5 working days")))
    return found


def _clock(site: int) -> Clock:
    known = calendar_for_site(site)
    return Clock(Calendar(zone=known.zone, holidays=frozenset(known.holidays)))


COUNTS: tuple[Count, ...] = (
    Count("untested", gettext_noop("New diagnoses not tested"), True, Behind.JOURNEYS, plain("untested", milestone="ordered")),
    Count(
        "untreated",
        gettext_noop("Actionable, no decision or no drug"),
        True,
        Behind.JOURNEYS,
        plain("untreated", milestone="flagged_actionable"),
    ),
    Count(
        "started_before_result",
        gettext_noop("Treatment began before the result"),
        False,
        Behind.JOURNEYS,
        plain("started_before_result", kinds=("empiric_started",)),
    ),
    Count(
        "insufficient",
        gettext_noop("Specimens refused, and what followed"),
        False,
        Behind.JOURNEYS,
        plain("insufficient", kinds=("specimen_rejected", "specimen_collected", "biopsy_ordered", "result_final")),
    ),
    Count(
        "turnaround",
        gettext_noop("Final results, against the laboratory's days"),
        False,
        Behind.JOURNEYS,
        plain("turnaround", kinds=("specimen_received", "result_final"), contract_days=CONTRACT_DAYS),
        f"From receipt of the specimen; {CONTRACT_DAYS} days where no contract is on file (local default).",
    ),
    Count(
        "authorizations",
        gettext_noop("Prior authorizations, by payer"),
        False,
        Behind.JOURNEYS,
        plain("authorizations", kinds=PA),
    ),
    Count("unreviewed", gettext_noop("Results unreviewed for over 2 working days"), True, Behind.JOURNEYS, unreviewed),
    Count("overdue", gettext_noop("Overdue as the week began, and what became of it"), False, Behind.ITEMS, plain("overdue")),
    Count(
        "caseload",
        gettext_noop("Caseload, and what falls due in two weeks"),
        True,
        Behind.JOURNEYS,
        plain("caseload"),
    ),
    Count("waiting_facts", gettext_noop("Unbound, quarantined, unread, by age"), True, LISTS, plain("waiting_facts")),
    Count(
        "closed_by_rule",
        gettext_noop("Closed by rule, without a person's word"),
        False,
        Behind.JOURNEYS,
        plain("closed_by_rule", kinds=("exited",)),
    ),
    Count(
        "safety",
        gettext_noop("Safety of texts"),
        False,
        ALARMS,
        plain("safety", bad_numbers=BAD_NUMBERS),
        gettext_noop("Complaints are those that were reported as an incident, each with its journey."),
    ),
)


def monday(question: Question, *, exact: bool) -> Sheet:
    asked = week_of(question)
    taken = [(one, one.hits(asked), one.hits(asked.before)) for one in COUNTS]
    fresh = freshness(question.sites, now=question.as_of)
    sheet = Sheet(
        name="monday",
        title=gettext("Monday page"),
        says=(),
        about=About(
            as_of=asked.until,
            versions=in_force(""),
            fresh=fresh,
            whom=gettext("All programmes, the week from %(since)s to %(days)s and the one before")
            % {"since": date_format(asked.since, "d M"), "days": date_format(asked.until - timedelta(days=1), "d M Y")},
            censoring=gettext("What is entered late still changes the week: a count is whole when every feed has told us to its end."),
        ),
        tables=(_summary(taken, _maturity(fresh, asked)), *(_noted(_table(n, *one), asked) for n, one in enumerate(taken, 1))),
        sums=tuple(_sums(taken)),
    )
    shown = for_eyes(sheet, exact=exact)
    return replace(shown, says=tuple(_says(shown)))


def week_of(question: Question) -> Asked:
    """The last week that was over by the as-of time."""
    local = question.as_of.astimezone(timezone.get_current_timezone())
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    until = midnight - timedelta(days=midnight.weekday())
    return Asked(until - WEEK, until, question.sites)


Taken = tuple[Count, list[Hit], list[Hit]]


def _says(shown: Sheet) -> Iterator[str]:
    """In words what the reader may see, and no more."""
    rows = {one.name: row for one, row in zip(COUNTS, shown.table("counts").rows, strict=True)}
    untreated, was, late = rows["untreated"][2], rows["untreated"][3], rows["unreviewed"][2]
    if not untreated.hidden and not was.hidden:
        yield gettext("%(untreated)s patients have an actionable finding and no decision or no drug; a week before it was %(was)s.") % {
            "untreated": untreated.value,
            "was": was.value,
        }
    if not late.hidden:
        yield gettext("%(late)s results have waited for a reader for more than two working days.") % {"late": late.value}
    if untreated.hidden or was.hidden or late.hidden:
        yield gettext("What is few is not shown: small numbers are for those who may open the patients behind them.")


def _maturity(fresh: Sequence[Fresh], asked: Asked) -> str:
    behind = [one.feed for one in fresh if one.until is None or one.until < asked.until]
    return gettext("whole") if not behind else gettext("may still grow")


def _summary(taken: Sequence[Taken], maturity: str) -> Table:
    columns = (
        Column("number", gettext("no."), Kind.NUMBER),
        Column("count", gettext("count"), Kind.WORDS),
        Column("now", gettext("this week")),
        Column("before", gettext("week before")),
        Column("change", gettext("change"), Kind.WORDS),
        Column("maturity", gettext("maturity"), Kind.WORDS),
    )
    return Table("counts", gettext("Twelve counts"), columns, tuple(_line(n, *one, maturity) for n, one in enumerate(taken, 1)))


def _line(n: int, one: Count, now: Sequence[Hit], before: Sequence[Hit], maturity: str) -> tuple[Cell, ...]:
    keys = (f"{one.name}:now", f"{one.name}:before")
    change = len(now) - len(before)
    said = gettext("as before") if not change else f"{change:+d}".replace("-", "\N{MINUS SIGN}")
    return (
        Cell(n),
        words(gettext(one.title), gettext("at the end of the week") if one.snapshot else gettext("in the week")),
        count(len(now), key=keys[0], opens=one.name),
        count(len(before), key=keys[1], opens=f"{BEFORE}{one.name}"),
        Cell(said, rests_on=keys, precise=True),
        words(maturity),
    )


def _table(n: int, one: Count, now: Sequence[Hit], before: Sequence[Hit]) -> Table:
    here, was = (Counter((hit.group, hit.detail) for hit in hits) for hits in (now, before))
    columns = (
        Column("group", gettext("by"), Kind.WORDS),
        Column("detail", gettext("of these"), Kind.WORDS),
        Column("now", gettext("this week")),
        Column("before", gettext("week before")),
    )
    rows = tuple(
        (
            words(group),
            words(detail),
            count(here[group, detail], key=f"{one.name}:now:{group}:{detail}", opens=f"{one.name}/{group}/{detail}"),
            count(was[group, detail], key=f"{one.name}:before:{group}:{detail}", opens=f"{BEFORE}{one.name}/{group}/{detail}"),
        )
        for group, detail in sorted({*here, *was}, key=_order)
    )
    return Table(
        one.name,
        f"{n}. {gettext(one.title)}",
        columns,
        rows,
        note=one.note and gettext(one.note),
        empty=gettext("None, this week and the week before."),
    )


def _noted(table: Table, asked: Asked) -> Table:
    """Beside the caseload stands who will be away while it falls due."""
    return replace(table, note=_away(asked)) if table.name == "caseload" else table


def _away(asked: Asked) -> str:
    first = asked.until.date()  # midnight on the clock of the page
    found = Absence.objects.filter(first_day__lt=first + 2 * WEEK, last_day__gte=first)
    if asked.sites is not None:
        found = found.filter(user__memberships__site__in=list(asked.sites))
    rows = (
        found.order_by("first_day", "user__username").distinct().values_list("user__first_name", "user__last_name", "first_day", "last_day")
    )
    if not rows:
        return gettext("Nobody is entered as away in the two weeks.")
    spans = [f"{name} {family} ({date_format(begins, 'd M')} – {date_format(ends, 'd M')})" for name, family, begins, ends in rows]
    return gettext("Away in the two weeks: %(people)s.") % {"people": ", ".join(spans)}


def _order(pair: tuple[str, str]) -> tuple[str, int, str]:
    """By group, then ages and dates as they follow each other."""
    group, detail = pair
    return group, next((i for i, begins in enumerate(ORDER) if detail.startswith(begins)), len(ORDER)), detail


def _sums(taken: Sequence[Taken]) -> Iterator[Sum]:
    for one, now, before in taken:
        kinds = sorted({(hit.group, hit.detail) for hit in (*now, *before)})
        for when in ("now", "before") if kinds else ():
            yield Sum(f"{one.name}:{when}", tuple(f"{one.name}:{when}:{group}:{detail}" for group, detail in kinds))


def monday_rows(question: Question, number: str) -> Rows:
    """`name`, or `name/group/detail`: the rows of this week's count; of the week before with `before:` in front. Raises UnknownNumber."""
    name, _, rest = number.removeprefix(BEFORE).partition("/")
    one = next((one for one in COUNTS if one.name == name), None)
    if one is None:
        raise UnknownNumber(number)
    asked = week_of(question)
    hits = one.hits(asked.before if number.startswith(BEFORE) else asked)
    if rest:
        hits = [hit for hit in hits if f"{hit.group}/{hit.detail}" == rest]
    if not hits:
        raise UnknownNumber(number)
    kinds = [one.behind(hit.group) for hit in hits]
    return Rows(kinds[0], [hit.uid for hit in hits], kinds)
