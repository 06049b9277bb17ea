"""Reports as anyone may see them: plain values, small cells hidden. Screen, command and export show what these functions give.

Hidden values are None. `exact` shows everything: only for people who may open the patients behind each number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pathways.reports.ball import Turn
from pathways.reports.benchmarks import Benchmark
from pathways.reports.cohort import Question
from pathways.reports.denominators import Denominator
from pathways.reports.drop_off import CELLS, EXIT_CLASSES, DropOff, EndRow, Point, StepRow
from pathways.reports.estimators import Estimate
from pathways.reports.hiding import hidden_of, rounded
from pathways.reports.matched import Matched
from pathways.reports.now import Now
from pathways.reports.sheet import Sum
from pathways.reports.suppression import Hidden, hidden_cells, is_small, is_telling
from pathways.reports.targets import TargetRow
from pathways.reports.time import Interval, Times

Shown = dict[str, Any]
# Sums of these over the steps stand in the report as well: how journeys ended, and how many are open.
TOTALLED = ("completed", "open", "held", *EXIT_CLASSES)


def drop_off(report: DropOff, *, exact: bool = False) -> Shown:
    whole = _table(report)
    by_stratum = {name: _table(part) for name, part in report.strata.items()}
    hidden = set() if exact else _hidden(whole)
    parts = {name: set() if exact else _hidden(table) for name, table in by_stratum.items()}
    if not exact:
        _guard_strata(by_stratum, parts, whole, hidden)
    shown = _drop_off(report, hidden, exact=exact)
    shown["strata"] = {name: _drop_off(part, parts[name], exact=exact) for name, part in report.strata.items()}
    return shown


def _table(report: DropOff) -> list[dict[str, int]]:
    return [{"entered": step.entered, **step.cells} for step in report.steps]


def _hidden(table: Sequence[Mapping[str, int]]) -> Hidden:
    return hidden_cells(table, total="entered", totalled=TOTALLED, chained=("entered", "reached"))


def _guard_strata(
    tables: Mapping[str, list[dict[str, int]]], parts: dict[str, Hidden], whole: list[dict[str, int]], hidden: Hidden
) -> None:
    """A cell that is hidden in one stratum alone could be worked out from the whole: the next smallest stratum hides it too."""
    for _ in range(len(tables) * len(whole) + 1):
        before = sum(len(one) for one in parts.values())
        for i, row in enumerate(whole):
            for name in row:
                if (i, name) in hidden:
                    continue
                secret = [stratum for stratum in tables if (i, name) in parts[stratum]]
                rest = [stratum for stratum in tables if stratum not in secret and tables[stratum][i][name] > 0]
                counts = [tables[stratum][i][name] for stratum in secret]
                if secret and rest and (len(secret) == 1 or is_small(sum(counts))):
                    parts[min(rest, key=lambda stratum: (tables[stratum][i][name], stratum))].add((i, name))
        if sum(len(one) for one in parts.values()) == before:
            return


def _drop_off(report: DropOff, hidden: Hidden, *, exact: bool) -> Shown:
    small = not exact and (is_small(report.n) or (0, "entered") in hidden)
    return {
        **_question(report.question, "drop-off"),
        "n": None if small else report.n,
        "open": None if small else _cell(report.open, report.n, exact),
        "versions": list(report.versions),
        "steps": [_step(i, step, hidden, report, exact=exact) for i, step in enumerate(report.steps)],
        "ends": _ends(report.ends, exact=exact),
        "whole": None if small else _estimate(report.whole),
        "matched": _matched(report.matched, exact=exact),
        "denominators": [_denominator(one, exact=exact, secret=bool(hidden)) for one in report.denominators],
        "benchmark": _benchmark(report.benchmark),
        "curve": [_point(one) for one in report.curve] if exact else [],
        "suppressed": not exact,
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


def _step(i: int, step: StepRow, hidden: Hidden, report: DropOff, *, exact: bool) -> Shown:
    def cell(name: str) -> int | None:
        return None if (i, name) in hidden else step.cells[name]

    secret = not exact and ((i, "entered") in hidden or (i, "reached") in hidden or is_small(step.measured))
    secret = secret or not step.observable
    partly = any(place == i for place, _ in hidden)
    return {
        "name": step.name,
        "label": step.label,
        "observable": step.observable,
        "entered": None if (i, "entered") in hidden else step.entered,
        **{name: cell(name) for name in CELLS if name not in EXIT_CLASSES},
        "left": {name: cell(name) for name in EXIT_CLASSES},
        "implied": None if secret else _cell(step.implied, step.cells["reached"], exact),
        "reasons": _reasons(step.reasons, exact=exact),
        "conversion": None if secret else _estimate(step.conversion),
        "horizon_days": report.question.horizon_days,
        "measured": None if secret else _cell(step.measured, step.entered, exact),
        "already": None if secret else _cell(step.already, step.entered, exact),
        "matured": None if secret else _cell(step.matured, step.measured, exact),
        **{
            name: None if secret or partly else _cell(getattr(step, name), step.entered, exact) for name in ("unseen", "not_due", "unknown")
        },
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


def _denominator(one: Denominator, *, exact: bool, secret: bool) -> Shown:
    """`secret`: some cell of the steps is hidden, and these counts repeat cells."""
    secret = not exact and (secret or is_small(one.of) or is_telling(one.count, one.of))
    return {
        "denominator": one.name,
        "says": one.words,
        "count": None if secret else one.count,
        "of": None if secret else one.of,
        "share": None if secret else _estimate(one.share),
    }


def _point(one: Point) -> Shown:
    """Only for those who see all: a curve's steps say how many arrived on a day."""
    shares = {"left": round(one.left, 4), "under_way": round(one.under_way, 4), "at_risk": one.at_risk}
    return {"day": one.day, "arrived": _estimate(one.arrived), **shares}


def _cell(count: int, total: int, exact: bool) -> int | None:
    return None if not exact and is_telling(count, total) else count


def _reasons(reasons: Mapping[str, int], *, exact: bool) -> dict[str, int | None]:
    rows = [{"all": sum(reasons.values()), **reasons}]
    hidden = set() if exact or not reasons else hidden_cells(rows, total="all")
    return {name: None if (0, name) in hidden else count for name, count in reasons.items()}


def _ends(ends: Sequence[EndRow], *, exact: bool) -> list[Shown]:
    shown: list[Shown] = []
    for kind in dict.fromkeys(end.kind for end in ends):
        reasons = {end.reason: end.count for end in ends if end.kind == kind}
        shown.extend({"kind": kind, "reason": reason, "count": count} for reason, count in _reasons(reasons, exact=exact).items())
    return shown


def _matched(matched: Matched, *, exact: bool) -> Shown:
    row = {"confirmed": matched.confirmed, "received": matched.received, **{f"not:{name}": n for name, n in matched.not_matched.items()}}
    hidden = set() if exact else hidden_cells([row], total="confirmed")
    secret = (0, "received") in hidden or (0, "confirmed") in hidden
    flagged_secret = not exact and (is_telling(matched.flagged_matched, matched.flagged) or is_small(matched.flagged))
    return {
        "confirmed": None if (0, "confirmed") in hidden else matched.confirmed,
        "received": None if secret else matched.received,
        "start_confirmed": None if secret else _cell(matched.start_confirmed, matched.received, exact),
        "share": None if secret else _estimate(matched.share),
        "not_matched": {name: None if (0, f"not:{name}") in hidden else n for name, n in matched.not_matched.items()},
        "flagged": None if not exact and is_small(matched.flagged) else matched.flagged,
        "flagged_matched": None if flagged_secret else matched.flagged_matched,
        "flagged_share": None if flagged_secret else _estimate(matched.flagged_share),
        "cannot_say": None if not exact and is_small(matched.cannot_say) else matched.cannot_say,
        "later_line": None if not exact and is_small(matched.later_line) else matched.later_line,
        "reopened": None if not exact and is_small(matched.reopened) else matched.reopened,
        "not_actionable": None if not exact and is_small(matched.not_actionable) else matched.not_actionable,
    }


def _estimate(estimate: Estimate) -> Shown:
    values = {"value": estimate.value, "low": estimate.low, "high": estimate.high}
    return {name: None if value is None else round(value, 4) for name, value in values.items()}


def times(report: Times, *, exact: bool = False) -> Shown:
    return {
        **_question(report.question, "time"),
        "n": None if not exact and is_small(report.n) else report.n,
        "intervals": [_interval(one, exact=exact) for one in report.intervals],
        "targets": [_target(one, exact=exact) for one in report.targets],
        "turns": [_turn(one, exact=exact) for one in report.turns],
        "strata": {name: times(part, exact=exact) for name, part in report.strata.items()},
        "suppressed": not exact,
    }


def _interval(one: Interval, *, exact: bool) -> Shown:
    secret = not exact and (is_small(one.n) or is_telling(one.happened, one.n))
    return {
        "from": one.start,
        "to": one.end,
        "n": None if not exact and is_small(one.n) else one.n,
        "happened": None if secret else one.happened,
        "backwards": None if not exact and is_small(one.backwards) else one.backwards,
        "median_days": None if secret else _estimate(one.median_days),
        **{f"days_{share:.0%}": None if secret else _estimate(value) for share, value in one.quantiles.items()},
        "target": one.target or None,
        "source": one.source or None,
    }


def _target(one: TargetRow, *, exact: bool) -> Shown:
    secret = not exact and (is_small(one.n) or is_telling(one.happened, one.n))
    return {
        "target": one.label,
        "from": one.start,
        "to": one.end,
        "within": one.within,
        "n": None if secret else _told(one.n, exact),
        "happened": None if secret else _told(one.happened, exact),
        "in_time": None if secret else _estimate(one.in_time),
        "median_days": None if secret else _estimate(one.median_days),
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
