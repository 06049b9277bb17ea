"""How long it takes, as anyone may see it: intervals, targets, who had the ball and where days are lost, small cells hidden."""

from __future__ import annotations

from collections.abc import Sequence

from pathways.reports.ball import Place, Turn
from pathways.reports.estimators import Estimate
from pathways.reports.hiding import hidden_of, is_small, rounded
from pathways.reports.sheet import Sum
from pathways.reports.shown import Eyes, Shown, estimate_of, question_of
from pathways.reports.subtractable import arrived
from pathways.reports.targets import TargetRow
from pathways.reports.time import Interval, Times


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
        **question_of(report.question, "time"),
        "n": eyes.count("n", report.n),
        "intervals": [_interval(i, one, eyes) for i, one in enumerate(report.intervals)],
        "targets": [_target(i, one, eyes) for i, one in enumerate(report.targets)],
        "turns": _turns(report.turns, exact=eyes.hidden is None),
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
        "median_days": _days(one.median_days, eyes) if shown else None,
        **{f"days_{share:.0%}": _days(value, eyes) if shown else None for share, value in one.quantiles.items()},
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
        "in_time": eyes.rate(one.in_time, f"target {i}:n", f"target {i}:within", of=one.n),
        "median_days": _days(one.median_days, eyes) if shown else None,
        "late_open": one.late_open if exact else None,
        "backwards": one.backwards if exact else None,
        "source": one.source,
    }


def _told(count: int, exact: bool) -> int:
    return count if exact else rounded(count)


def _days(estimate: Estimate, eyes: Eyes) -> Shown:
    """To a tenth of a day for who may not open them: a finer quantile is the very time of somebody."""
    exact = estimate_of(estimate)
    return exact if eyes.hidden is None else {name: None if value is None else round(value, 1) for name, value in exact.items()}


def _turns(turns: Sequence[Turn], *, exact: bool) -> list[Shown]:
    """The shares add up to one, so that a party with few takes others with it until one less all the rest tells of no few."""
    hidden = set[str]()
    if not exact and any(is_small(one.journeys) for one in turns):
        for one in sorted(turns, key=lambda one: (one.journeys, one.party)):
            behind = [other.journeys for other in turns if other.party in hidden]
            if one.journeys and (is_small(one.journeys) or len(behind) < 2 or is_small(sum(behind))):
                hidden.add(one.party)
    return [_turn(one, exact=exact, secret=one.party in hidden) for one in turns]


def _turn(one: Turn, *, exact: bool, secret: bool) -> Shown:
    return {
        "ball": one.party,
        "journeys": None if secret else _told(one.journeys, exact),
        "days_under_way": None if secret else round(one.days, 1 if exact else 0),
        "share_of_days": None if secret else round(one.share, 4 if exact else 2),
        "days_lost": None if secret else round(one.lost, 1 if exact else 0),
    }
