"""Drop-off and work under way as anyone may see them: plain values, small cells hidden. Screen, command and export show what these
functions give; times are in `shown_times.py`.

Hidden values are None. `exact` shows everything: only for people who may open the patients behind each number.
"""

from __future__ import annotations

from typing import Any

from pathways.reports.benchmarks import Benchmark
from pathways.reports.cohort import Question
from pathways.reports.denominators import Denominator
from pathways.reports.drop_off import CELLS, EXIT_CLASSES, DropOff, Point, StepRow
from pathways.reports.estimators import Estimate
from pathways.reports.hiding import coarse_share, hidden_of, is_small, rounded
from pathways.reports.matched import Matched
from pathways.reports.now import Now
from pathways.reports.sheet import Sum
from pathways.reports.subtractable import hidden_in

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

    def rate(self, rate: Estimate, *keys: str, of: int) -> Shown | None:
        """A share of so many, as finely as they allow."""
        if self.hidden is None:
            return estimate_of(rate)
        return None if any(f"{self.prefix}{key}" in self.hidden for key in keys) else _coarse(rate, of)


def drop_off(report: DropOff, *, exact: bool = False) -> Shown:
    hidden = None if exact else hidden_in(report)
    shown = _drop_off(report, Eyes(hidden))
    shown["strata"] = {name: _drop_off(part, Eyes(hidden, f"{name}|")) for name, part in report.strata.items()}
    return shown


def _drop_off(report: DropOff, eyes: Eyes) -> Shown:
    return {
        **question_of(report.question, "drop-off"),
        "n": eyes.count("n", report.n),
        "open": eyes.count("open", report.open),
        "versions": list(report.versions),
        "steps": [_step(i, step, report, eyes) for i, step in enumerate(report.steps)],
        "ends": [
            {"kind": end.kind, "reason": end.reason, "count": eyes.count(f"end:{end.kind}:{end.reason}", end.count)} for end in report.ends
        ],
        "whole": eyes.rate(report.whole, "n", "whole:within", of=report.n),
        "matched": _matched(report.matched, eyes),
        "denominators": [_denominator(one, eyes) for one in report.denominators],
        "benchmark": _benchmark(report.benchmark),
        "curve": [_point(one) for one in report.curve] if eyes.hidden is None else [],
        "suppressed": eyes.hidden is not None,
    }


def question_of(question: Question, name: str) -> Shown:
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
    conversion = eyes.rate(step.conversion, f"{i}:measured", f"{i}:within", f"{i}:reached", f"{i}:entered", of=step.measured)
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
    return {"published": estimate_of(Estimate(passing, None, None))}


def _benchmark(benchmark: Benchmark | None) -> Shown | None:
    if benchmark is None:
        return None
    return {"title": benchmark.title, "source": benchmark.source, "remain": list(benchmark.remain), "caveats": list(benchmark.caveats)}


def _denominator(one: Denominator, eyes: Eyes) -> Shown:
    """These counts repeat cells of the steps: where some are hidden, none of these is shown."""
    secret = eyes.hidden is not None and (bool(eyes.hidden) or is_small(one.of) or is_small(one.count) or is_small(one.of - one.count))

    def told(count: int) -> int | None:
        return None if secret else count if eyes.hidden is None else rounded(count)

    share = None if secret else estimate_of(one.share) if eyes.hidden is None else _coarse(one.share, one.of)
    return {"denominator": one.name, "says": one.words, "count": told(one.count), "of": told(one.of), "share": share}


def _point(one: Point) -> Shown:
    """Only for those who see all: a curve's steps say how many arrived on a day."""
    shares = {"left": round(one.left, 4), "under_way": round(one.under_way, 4), "at_risk": one.at_risk}
    return {"day": one.day, "arrived": estimate_of(one.arrived), **shares}


def _matched(matched: Matched, eyes: Eyes) -> Shown:
    def cell(name: str) -> int | None:
        return eyes.count(f"matched:{name}", getattr(matched, name))

    return {
        "confirmed": cell("confirmed"),
        "received": cell("received"),
        "start_confirmed": cell("start_confirmed"),
        "share": eyes.rate(matched.share, "matched:confirmed", "matched:received", of=matched.confirmed),
        "not_matched": {name: eyes.count(f"matched:not:{name}", count) for name, count in matched.not_matched.items()},
        "flagged": cell("flagged"),
        "flagged_matched": cell("flagged_matched"),
        "flagged_share": eyes.rate(matched.flagged_share, "matched:flagged", "matched:flagged_matched", of=matched.flagged),
        **{name: cell(name) for name in ("cannot_say", "later_line", "reopened", "not_actionable")},
    }


def estimate_of(estimate: Estimate) -> Shown:
    values = {"value": estimate.value, "low": estimate.low, "high": estimate.high}
    return {name: None if value is None else round(value, 4) for name, value in values.items()}


def _coarse(estimate: Estimate, of: int) -> Shown:
    """As finely as five of the denominator allow: finer, and two horizons would tell the few who came between."""
    values = {"value": estimate.value, "low": estimate.low, "high": estimate.high}
    return {name: coarse_share(value, of) for name, value in values.items()}


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
        **question_of(report.question, "now"),
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
