"""Is it getting better? Cohorts by the month they began, each at the same horizon; only those that have had the time for it are plotted.

A month is mature when its last day lies at least the horizon before as-of. Younger months are shaded: they have not had their chance,
and are never drawn as a decline.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from pathways.models import PathwayVersion, RolloutChange
from pathways.reports import behind, shown
from pathways.reports import drop_off as losing
from pathways.reports import time as lasting
from pathways.reports.cohort import Question
from pathways.reports.control import BASELINE, Point, p_chart, xmr
from pathways.reports.freshness import versions
from pathways.reports.hiding import SMALL, hidden_of
from pathways.reports.rows import Rows
from pathways.reports.sheet import Cell, Column, Drawing, Kind, Sheet, Sum, Table, count, words
from pathways.reports.sheets import CENSORED, about
from pathways.reports.subtractable import arrived
from patients.templatetags.finalmile import translated


@dataclass(frozen=True, slots=True)
class Month:
    """`share` went the whole way within the horizon, of `n`; None where it is not shown. `changed` says what was changed in it."""

    name: str
    n: int | None
    share: float | None
    low: float | None
    high: float | None
    days: float | None
    mature: bool
    changed: str


def trend(question: Question, *, exact: bool) -> Sheet:
    return trend_of(losing.read(replace(question, by="month")), exact=exact)


def trend_of(read: losing.Read, *, exact: bool) -> Sheet:
    """Of a cohort that was asked by month."""
    question, parts = read.found.question, read.found.strata()
    report = read.report(parts)
    spans = {name: lasting.whole_way(part) for name, part in parts.items()}
    months = list(_months(question, report.strata, spans, None if exact else hidden_months(report)))
    shares, days = _shares(months), _days(months)
    return Sheet(
        name="trend",
        title=_("Is it getting better"),
        says=tuple(_says(months, shares, question.horizon_days)),
        about=about(
            question,
            of=versions(report.versions),
            suppressed=not exact,
            censoring=_("%(CENSORED)s Months that began less than the horizon ago are not judged.") % {"CENSORED": _(CENSORED)},
        ),
        drawings=tuple(_drawn(months, shares, days, question.horizon_days)),
        tables=(_table(months, shares, days, question.horizon_days, exact),),
        notes=(
            (
                _(
                    "Limits are three standard errors (p-chart) or 2.66 mean moving ranges (XmR). A signal is a point outside, seven on one side, seven in one direction, or two of three near a limit; with fewer than %(BASELINE)s mature months there is none. A change before and after something was done is not proof that it was done by it."
                )
                % {"BASELINE": BASELINE}
            ),
        ),
    )


def hidden_months(report: losing.DropOff) -> set[str]:
    """What of the months must not be shown: how many began, how many of them went the whole way. They add up to the whole."""
    counts, latent, sums = {"n": report.n}, dict[str, int](), [Sum("n", tuple(f"{name}|n" for name in report.strata))]
    for name, part in report.strata.items():
        counts |= {f"{name}|n": part.n, f"{name}|within": arrived(part.whole, part.n)}
        latent[f"{name}|rest"] = part.n - counts[f"{name}|within"]
        sums.append(Sum(f"{name}|n", (f"{name}|within", f"{name}|rest")))
    return hidden_of(counts, sums, latent=latent, levels=[["n"]])


def _months(
    question: Question, losses: Mapping[str, losing.DropOff], times: Mapping[str, lasting.Interval | None], hidden: set[str] | None
) -> Iterator[Month]:
    changes = changed(question)
    for name in _calendar(losses):
        part, eyes = losses.get(name), shown.Eyes(hidden, f"{name}|")
        n = eyes.count("n", part.n) if part else 0
        whole = (eyes.rate(part.whole, "n", "within", of=part.n) if part else None) or {"value": None, "low": None, "high": None}
        days = _median(times.get(name), exact=hidden is None)
        yield Month(name, n, whole["value"], whole["low"], whole["high"], days, is_mature(name, question), changes.get(name, ""))


def _median(whole: lasting.Interval | None, *, exact: bool) -> float | None:
    """From the first step to the last; of few it would be those few."""
    if whole is None or (not exact and any(0 <= count <= SMALL for count in (whole.happened, whole.n - whole.happened))):
        return None
    return whole.median_days.value


def _calendar(found: Mapping[str, Any]) -> list[str]:
    """Every month from the first to the last, also those in which nobody began."""
    if not found:
        return []
    at, last, months = date.fromisoformat(f"{min(found)}-01"), max(found), []
    while f"{at:%Y-%m}" <= last:
        months.append(f"{at:%Y-%m}")
        at = (at + timedelta(days=32)).replace(day=1)
    return months


def is_mature(month: str, question: Question) -> bool:
    """The last who began in it have been followed for the whole horizon."""
    ends = (date.fromisoformat(f"{month}-01") + timedelta(days=32)).replace(day=1)
    return datetime(ends.year, ends.month, 1, tzinfo=UTC) + timedelta(days=question.horizon_days) <= question.as_of


def changed(question: Question) -> dict[str, str]:
    """By month what changed of the definition or of how it is used: versions put in force, modes of sites."""
    found: dict[str, list[str]] = {}
    published = PathwayVersion.objects.filter(code=question.pathway, published_at__isnull=False, published_at__lte=question.as_of)
    highest = 0
    for number, at in published.order_by("published_at", "number").values_list("number", "published_at"):
        if number < highest:
            continue  # taken in after a later one was in force already: nothing changed by it
        highest = number
        found.setdefault(f"{at:%Y-%m}", []).append(f"v{number}")
    live = RolloutChange.objects.filter(
        rollout__pathway=question.pathway, what=RolloutChange.What.MODE, after="live", at__lte=question.as_of
    )
    if question.sites is not None:
        live = live.filter(rollout__site__in=list(question.sites))
    for at in live.values_list("at", flat=True):
        found.setdefault(f"{at:%Y-%m}", []).append("live")
    return {month: ", ".join(dict.fromkeys(said)) for month, said in found.items()}


def _shares(months: Sequence[Month]) -> dict[str, Point]:
    judged = [month for month in months if month.mature and month.n and month.share is not None]
    points = p_chart([(month.share or 0.0) * (month.n or 0) for month in judged], [month.n or 0 for month in judged])
    return {month.name: point for month, point in zip(judged, points, strict=True)}


def _days(months: Sequence[Month]) -> dict[str, Point]:
    judged = [month for month in months if month.mature and month.days is not None]
    return {month.name: point for month, point in zip(judged, xmr([month.days or 0.0 for month in judged]), strict=True)}


def _says(months: Sequence[Month], shares: Mapping[str, Point], horizon: int) -> Iterator[str]:
    if not shares:
        yield _("No month has had %(horizon)s days yet, or they are too small to show: there is no trend to speak of.") % {
            "horizon": horizon
        }
        return
    told = {name: point for name, point in shares.items() if point.signal}
    mean = next(iter(shares.values())).mean
    if told:
        last = max(told)
        better = _("better") if told[last].value > mean else _("worse")
        yield _("%(last)s is %(better)s than chance explains (%(signal)s): %(value)s against a mean of %(mean)s.") % {
            "last": last,
            "better": better,
            "signal": translated(told[last].signal),
            "value": f"{told[last].value:.0%}",
            "mean": f"{mean:.0%}",
        }
    elif len(shares) < BASELINE:
        yield _(
            "On average %(mean)s go the whole way within %(horizon)s days; %(n)s mature months are too few to tell change from chance."
        ) % {"mean": f"{mean:.0%}", "horizon": horizon, "n": len(shares)}
    else:
        yield _("Nothing but chance is to be seen: about %(mean)s go the whole way within %(horizon)s days, month after month.") % {
            "mean": f"{mean:.0%}",
            "horizon": horizon,
        }
    young = [month for month in months if not month.mature]
    if young:
        yield _("The last %(n)s months are too young to judge and are shaded.") % {"n": len(young)}


def _table(months: Sequence[Month], shares: Mapping[str, Point], days: Mapping[str, Point], horizon: int, exact: bool) -> Table:
    columns = (
        Column("month", _("began in"), Kind.WORDS),
        Column("n", "journeys"),
        Column("share", _("whole way within %(horizon)s days") % {"horizon": horizon}, Kind.SHARE),
        Column("mean", "mean", Kind.SHARE),
        Column("signal", "signal", Kind.WORDS),
        Column("median_days", _("median days"), Kind.DAYS),
        Column("median_signal", _("signal of the days"), Kind.WORDS),
        Column("changed", "changed", Kind.WORDS),
    )
    return Table(
        "months", _("Month by month"), columns, tuple(_line(month, shares.get(month.name), days.get(month.name), exact) for month in months)
    )


def _line(month: Month, share: Point | None, days: Point | None, exact: bool) -> tuple[Cell, ...]:
    judged = Cell(month.share, month.low, month.high) if month.mature else Cell()
    return (
        words(month.name, "" if month.mature else _("too young to judge")),
        Cell(hidden=True) if month.n is None else count(month.n, opens=month.name if exact else ""),
        Cell(hidden=True) if month.mature and month.n is None else judged,
        Cell(share.mean, share.low, share.high) if share else Cell(),
        words(share.signal if share else ""),
        Cell(days.value, days.low, days.high) if days else Cell(),
        words(days.signal if days else ""),
        words(month.changed),
    )


def _drawn(months: Sequence[Month], shares: Mapping[str, Point], days: Mapping[str, Point], horizon: int) -> Iterator[Drawing]:
    for title, points, options in (
        (_("Whole way within %(horizon)s days, by month of entry") % {"horizon": horizon}, shares, {"share": True, "y": _("share")}),
        (_("Median days from the first step to the last"), days, {"share": False, "y": _("days")}),
    ):
        if len(points) > 1:
            rows = tuple(_mark(month, points.get(month.name)) for month in months)
            told = [f"{name} ({translated(point.signal)})" for name, point in points.items() if point.signal]
            said = _("%(n)s mature months. %(signal)s. Grey months are too young to judge.") % {
                "n": len(points),
                "signal": _("Signals: %(months)s") % {"months": ", ".join(told)} if told else _("No signal"),
            }
            yield Drawing("control", title, said, rows, options)


def _mark(month: Month, point: Point | None) -> dict[str, Any]:
    if point is None:
        return {
            "period": month.name,
            "mature": month.mature,
            "value": None,
            "mean": None,
            "low": None,
            "high": None,
            "signal": "",
            "changed": month.changed,
        }
    return {
        "period": month.name,
        "mature": True,
        "value": point.value,
        "mean": point.mean,
        "low": point.low,
        "high": point.high,
        "signal": point.signal,
        "changed": month.changed,
    }


def trend_rows(question: Question, number: str) -> Rows:
    """The journeys that began in a month. Raises UnknownNumber."""
    return behind.rows(replace(question, by="month"), f"{number}|n")
