"""Reports as anyone may see them: plain values, small cells hidden. Screen, command and export show what these functions give.

Hidden values are None. `exact` shows everything: only for people who may open the patients behind each number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pathways.reports.ball import Place, Turn
from pathways.reports.benchmarks import Benchmark
from pathways.reports.cohort import Question
from pathways.reports.denominators import Denominator
from pathways.reports.drop_off import CELLS, EXIT_CLASSES, DropOff, Point, StepRow
from pathways.reports.estimators import Estimate
from pathways.reports.hiding import hidden_of, is_small, rounded
from pathways.reports.matched import Matched
from pathways.reports.now import Now
from pathways.reports.sheet import Sum
from pathways.reports.subtractable import arrived, hidden_in
from pathways.reports.targets import TargetRow
from pathways.reports.time import Interval, Times

Shown = dict[str, Any]


SIDE = ("implied", "already", "matured", "why:")


class Eyes:
    """What one part of a report may show: `prefix` is its stratum's, `hidden` the keys of `subtractable`; None: all of it, exactly."""

    def __init__(self, hidden: set[str] | None, prefix: str = "") -> None:
        self.hidden, self.prefix = hidden, prefix

    def count(self, key: str, count: int) -> int | None:
        if self.hidden is None:
            return count
        return None if f"{self.prefix}{key}" in self.hidden or (self.prefix and key.partition(":")[2].startswith(SIDE)) else rounded(count)

    def rate(self, rate: Estimate, *keys: str) -> Shown | None:
        if self.hidden is None:
            return _estimate(rate)
        return None if any(f"{self.prefix}{key}" in self.hidden for key in keys) else _coarse(rate)


def drop_off(report: DropOff, *, exact: bool = False) -> Shown:
    hidden = None if exact else hidden_in(report)
    shown = _drop_off(report, Eyes(hidden))
    shown["strata"] = {name: _drop_off(part, Eyes(hidden, f"{name}|")) for name, part in report.strata.items()}
    return shown


def _drop_off(report: DropOff, eyes: Eyes) -> Shown:
    return {
        **_question(report.question, "drop-off"),
        "n": eyes.count("n", report.n),
        "open": eyes.count("open", report.open),
        "versions": list(report.versions),
        "steps": [_step(i, step, report, eyes) for i, step in enumerate(report.steps)],
        "ends": [
            {"kind": end.kind, "reason": end.reason, "count": eyes.count(f"end:{end.kind}:{end.reason}", end.count)} for end in report.ends
        ],
        "whole": eyes.rate(report.whole, "n", "whole:within"),
        "matched": _matched(report.matched, eyes),
        "denominators": [_denominator(one, eyes) for one in report.denominators],
        "benchmark": _benchmark(report.benchmark),
        "curve": [_point(one) for one in report.curve] if eyes.hidden is None else [],
        "suppressed": eyes.hidden is not None,
    }


def _question(question: Question, name: str) -> Shown:
    return {
        "report": name,
        "pathway": question.pathway,
        "entry": question.entry,
        "funnel": question.funnel or "phases",
        "by": question.by or None,
        "as_of": question.as_of.isoformat(),
        "horizon_days": question.horizon_days,
        "episodes": "all" if question.every_episode else "first per patient and primary",
    }


def _step(i: int, step: StepRow, report: DropOff, eyes: Eyes) -> Shown:
    def cell(name: str, count: int) -> int | None:
        return eyes.count(f"{i}:{name}", count)

    measures = {name: cell(name, getattr(step, name)) for name in ("implied", "measured", "already", "matured")}
    conversion = eyes.rate(step.conversion, f"{i}:measured", f"{i}:within", f"{i}:reached", f"{i}:entered")
    return {
        "name": step.name,
        "label": step.label,
        "observable": step.observable,
        "entered": cell("entered", step.entered),
        **{name: cell(name, step.cells[name]) for name in CELLS if name not in EXIT_CLASSES},
        "left": {name: cell(name, step.cells[name]) for name in EXIT_CLASSES},
        "implied": measures["implied"] if step.observable else None,
        "reasons": {reason: cell(f"why:{reason}", count) for reason, count in step.reasons.items()},
        "conversion": conversion if step.observable else None,
        "horizon_days": report.question.horizon_days,
        **({name: measures[name] if step.observable else None for name in ("measured", "already", "matured")}),
        **{name: getattr(step, name) if step.observable and eyes.hidden is None else None for name in ("unseen", "not_due", "unknown")},
        **_published(report, i),
    }


def _published(report: DropOff, i: int) -> Shown:
    """What is published for the step, beside our own."""
    if report.benchmark is None:
        return {}
    passing = report.benchmark.passing(i)
    return {"published": _estimate(Estimate(passing, None, None))}


def _benchmark(benchmark: Benchmark | None) -> Shown | None:
    if benchmark is None:
        return None
    return {"title": benchmark.title, "source": benchmark.source, "remain": list(benchmark.remain), "caveats": list(benchmark.caveats)}


def _denominator(one: Denominator, eyes: Eyes) -> Shown:
    """These counts repeat cells of the steps: where some are hidden, none of these is shown."""
    secret = eyes.hidden is not None and (bool(eyes.hidden) or is_small(one.of) or is_small(one.count) or is_small(one.of - one.count))

    def told(count: int) -> int | None:
        return None if secret else count if eyes.hidden is None else rounded(count)

    share = None if secret else _estimate(one.share) if eyes.hidden is None else _coarse(one.share)
    return {"denominator": one.name, "says": one.words, "count": told(one.count), "of": told(one.of), "share": share}


def _point(one: Point) -> Shown:
    """Only for those who see all: a curve's steps say how many arrived on a day."""
    shares = {"left": round(one.left, 4), "under_way": round(one.under_way, 4), "at_risk": one.at_risk}
    return {"day": one.day, "arrived": _estimate(one.arrived), **shares}


def _matched(matched: Matched, eyes: Eyes) -> Shown:
    def cell(name: str) -> int | None:
        return eyes.count(f"matched:{name}", getattr(matched, name))

    return {
        "confirmed": cell("confirmed"),
        "received": cell("received"),
        "start_confirmed": cell("start_confirmed"),
        "share": eyes.rate(matched.share, "matched:confirmed", "matched:received"),
        "not_matched": {name: eyes.count(f"matched:not:{name}", count) for name, count in matched.not_matched.items()},
        "flagged": cell("flagged"),
        "flagged_matched": cell("flagged_matched"),
        "flagged_share": eyes.rate(matched.flagged_share, "matched:flagged", "matched:flagged_matched"),
        **{name: cell(name) for name in ("cannot_say", "later_line", "reopened", "not_actionable")},
    }


def _estimate(estimate: Estimate) -> Shown:
    values = {"value": estimate.value, "low": estimate.low, "high": estimate.high}
    return {name: None if value is None else round(value, 4) for name, value in values.items()}


def _coarse(estimate: Estimate) -> Shown:
    """To the whole percent: a finer share and a rounded denominator would give the numerator back."""
    values = {"value": estimate.value, "low": estimate.low, "high": estimate.high}
    return {name: None if value is None else round(value, 2) for name, value in values.items()}


def times(report: Times, *, exact: bool = False) -> Shown:
    counts, latent, sums = {"n": report.n}, dict[str, int](), list[Sum]()
    for p, part in [("", report), *((f"{name}|", part) for name, part in report.strata.items())]:
        counts[f"{p}n"] = part.n
        for i, one in enumerate(part.intervals):
            counts |= {f"{p}{i}:n": one.n, f"{p}{i}:happened": one.happened, f"{p}{i}:backwards": one.backwards}
            latent |= {f"{p}{i}:not": one.n - one.happened, f"{p}{i}:rest": part.n - one.n - one.backwards}
            sums.append(Sum(f"{p}{i}:n", (f"{p}{i}:happened", f"{p}{i}:not")))
            sums.append(Sum(f"{p}n", (f"{p}{i}:n", f"{p}{i}:backwards", f"{p}{i}:rest")))
        for i, aim in enumerate(part.targets):
            within = arrived(aim.in_time, aim.n)
            counts |= {f"{p}target {i}:n": aim.n, f"{p}target {i}:happened": aim.happened, f"{p}target {i}:within": within}
            latent |= {f"{p}target {i}:not": aim.n - aim.happened, f"{p}target {i}:late": aim.n - within}
            sums.append(Sum(f"{p}target {i}:n", (f"{p}target {i}:happened", f"{p}target {i}:not")))
            sums.append(Sum(f"{p}target {i}:n", (f"{p}target {i}:within", f"{p}target {i}:late")))
    whole = [key for key in (*counts, *latent) if "|" not in key]
    sums += [
        Sum(key, tuple(f"{name}|{key}" for name in report.strata))
        for key in whole
        if report.strata and key in counts and not key.endswith(":within")
    ]
    eyes = None if exact else hidden_of(counts, sums, latent=latent, levels=[whole])
    shown = _times(report, Eyes(eyes))
    shown["strata"] = {name: _times(part, Eyes(eyes, f"{name}|")) for name, part in report.strata.items()}
    return _without_rests(shown, report) if eyes is not None else shown


def _without_rests(shown: Shown, report: Times) -> Shown:
    """A party that is small in one stratum is told of none: the whole less the others would tell it."""
    small = {turn.party for part in report.strata.values() for turn in part.turns if is_small(turn.journeys)}
    for part in shown["strata"].values():
        part["turns"] = [
            turn if turn["ball"] not in small else {"ball": turn["ball"], **dict.fromkeys([*turn][1:])} for turn in part["turns"]
        ]
    return shown


def _places(places: Sequence[Place], *, exact: bool) -> list[Shown]:
    """Of each field the places add up to the whole, so that a hidden one takes another with it."""
    counts = {f"{one.field}:{one.name}": one.journeys for one in places}
    hidden: set[str] = set()
    for field in dict.fromkeys(one.field for one in places):
        keys = tuple(key for key in counts if key.startswith(f"{field}:"))
        whole = sum(counts[key] for key in keys)
        hidden |= set() if exact else hidden_of({"n": whole, **{key: counts[key] for key in keys}}, [Sum("n", keys)], levels=[["n"]])
    return [_place(one, exact=exact, secret=f"{one.field}:{one.name}" in hidden) for one in places]


def _place(one: Place, *, exact: bool, secret: bool) -> Shown:
    days = {"days_under_way": one.days, "days_lost": one.lost, "days_lost_at_laboratory": one.laboratory}
    return {
        "by": one.field,
        "where": one.name,
        "journeys": None if secret else _told(one.journeys, exact),
        **{name: None if secret else round(value, 1 if exact else 0) for name, value in days.items()},
        "days_lost_each": None if secret or not one.journeys else round(one.lost / one.journeys, 1 if exact else 0),
    }


def _times(report: Times, eyes: Eyes) -> Shown:
    return {
        **_question(report.question, "time"),
        "n": eyes.count("n", report.n),
        "intervals": [_interval(i, one, eyes) for i, one in enumerate(report.intervals)],
        "targets": [_target(i, one, eyes) for i, one in enumerate(report.targets)],
        "turns": [_turn(one, exact=eyes.hidden is None) for one in report.turns],
        "places": _places(report.places, exact=eyes.hidden is None),
        "suppressed": eyes.hidden is not None,
    }


def _interval(i: int, one: Interval, eyes: Eyes) -> Shown:
    happened = eyes.count(f"{i}:happened", one.happened)
    shown = eyes.count(f"{i}:n", one.n) is not None and happened is not None
    return {
        "from": one.start,
        "to": one.end,
        "n": eyes.count(f"{i}:n", one.n),
        "happened": happened,
        "backwards": eyes.count(f"{i}:backwards", one.backwards),
        "median_days": _estimate(one.median_days) if shown else None,
        **{f"days_{share:.0%}": _estimate(value) if shown else None for share, value in one.quantiles.items()},
        "target": one.target or None,
        "source": one.source or None,
    }


def _target(i: int, one: TargetRow, eyes: Eyes) -> Shown:
    exact, n = eyes.hidden is None, eyes.count(f"target {i}:n", one.n)
    happened = eyes.count(f"target {i}:happened", one.happened)
    shown = n is not None and happened is not None
    return {
        "target": one.label,
        "from": one.start,
        "to": one.end,
        "within": one.within,
        "n": n,
        "happened": happened,
        "in_time": eyes.rate(one.in_time, f"target {i}:n", f"target {i}:within"),
        "median_days": _estimate(one.median_days) if shown else None,
        "late_open": one.late_open if exact else None,
        "backwards": one.backwards if exact else None,
        "source": one.source,
    }


def _told(count: int, exact: bool) -> int:
    return count if exact else rounded(count)


def _turn(one: Turn, *, exact: bool) -> Shown:
    secret = not exact and is_small(one.journeys)
    return {
        "ball": one.party,
        "journeys": None if secret else _told(one.journeys, exact),
        "days_under_way": None if secret else round(one.days, 1),
        "share_of_days": None if secret else round(one.share, 4),
        "days_lost": None if secret else round(one.lost, 1),
    }


def now(report: Now, *, exact: bool = False) -> Shown:
    """Work under way. Every open journey waits once on the main track, so its stages add up to the journeys."""
    counts = {f"{i}:{name}": int(getattr(one, name)) for i, one in enumerate(report.stages) for name in ("open", "held", "overdue")}
    rest = {f"{i}:not {name}": one.open - int(getattr(one, name)) for i, one in enumerate(report.stages) for name in ("held", "overdue")}
    sums = [Sum(f"{i}:open", (f"{i}:{name}", f"{i}:not {name}")) for i in range(len(report.stages)) for name in ("held", "overdue")]
    main = tuple(f"{i}:open" for i, one in enumerate(report.stages) if one.track == "main")
    hidden = set() if exact else hidden_of({"journeys": report.journeys, **counts}, [Sum("journeys", main), *sums], latent=rest)

    def told(key: str, count: int) -> int | None:
        return None if key in hidden else count if exact else rounded(count)

    def days(i: int, age: float) -> float | None:
        return None if f"{i}:open" in hidden else round(age, 1)

    return {
        **_question(report.question, "now"),
        "journeys": told("journeys", report.journeys),
        "stages": [
            {
                "track": one.track,
                "stage": one.stage,
                "label": one.label,
                "ball": one.ball,
                "problem": one.problem,
                "watch": one.watch,
                **{name: told(f"{i}:{name}", int(getattr(one, name))) for name in ("open", "held", "overdue")},
                "median_days": days(i, one.median_days),
                "oldest_days": days(i, one.oldest_days) if exact else None,
                **{name: getattr(one, name) if exact else None for name in ("first_week", "second_week")},
                "ages": dict(one.ages) if exact else {},
            }
            for i, one in enumerate(report.stages)
        ],
        "owners": [
            {
                "accountable": one.name,
                "open": one.open,
                "overdue": one.overdue,
                "first_week": one.first_week,
                "second_week": one.second_week,
                "oldest_days": round(one.oldest_days, 1),
            }
            for one in (report.owners if exact else ())
        ],
        "strata": {},
        "suppressed": not exact,
    }
