"""The drop-off report against one tuned SQL pass with numpy, and against pandas with lifelines given the data for free: the same numbers."""

from __future__ import annotations

import json
import resource
import statistics
import time
from datetime import UTC, datetime
from importlib import resources
from itertools import pairwise
from typing import Any

import numpy as np
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, transaction

from config.embedded.place import Place
from pathways.definitions import registry
from pathways.reports import memory
from pathways.reports.cohort import Question
from pathways.reports.columns import arrays
from pathways.reports.drop_off import DropOff, drop_off, read
from pathways.reports.kept import kept
from pathways.reports.matched import standing
from pathways.reports.time import times
from tests.benchmarks import scratch
from tests.pathways.reports.conftest import BODY

AS_OF = datetime(2026, 6, 1, 12, tzinfo=UTC)
HORIZON = 90
DAY, NEVER = 86_400_000_000, 2**63 - 1
NAMES = ("identified", "ordered", "sampled", "resulted", "decided", "started")
COLUMNS, KINDS = ("id", "opened", "ended", "end", "said", *NAMES), "nttnn" + "t" * len(NAMES)


def asked() -> Question:
    return Question("lung", AS_OF, HORIZON)


def run(*, journeys: int = 1_000_000, rounds: int = 5) -> dict[str, Any]:
    """Medians over interleaved rounds after a warm-up; both answers compared in every round."""
    with scratch.cluster() as place:
        populate(place, journeys)
        registry.clear()
        seconds: dict[str, list[float]] = {"ours": [], "floor": []}
        for number in range(rounds + 1):
            answers: dict[str, Any] = {}
            for name in ("ours", "floor") if number % 2 else ("floor", "ours"):
                start = time.perf_counter()
                answers[name] = drop_off(asked()) if name == "ours" else floor()
                if number:
                    seconds[name].append(time.perf_counter() - start)
            agree(answers["ours"], answers["floor"])
        ratios = [mine / his for mine, his in zip(seconds["ours"], seconds["floor"], strict=True)]
        return {
            "name": "report",
            "journeys": journeys,
            "stays": journeys * 5,
            "ours_s": round(statistics.median(seconds["ours"]), 3),
            "floor_s": round(statistics.median(seconds["floor"]), 3),
            "ratio": round(statistics.median(ratios), 3),
            "ratio_min_max": [round(min(ratios), 3), round(max(ratios), 3)],
            **_given(),
            **_page(),
            "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            **_peer(),
            "load": round(scratch.load_average(), 1),
        }


def populate(place: Place, journeys: int) -> None:
    scratch.admin(place, 'CREATE DATABASE "report"')
    scratch.use(place, "report")
    call_command("migrate", database="default", verbosity=0)
    statements = resources.files("tests.benchmarks.floor").joinpath("populate_report.sql").read_text()
    with connection.cursor() as cursor, transaction.atomic():
        for statement in filter(str.strip, statements.split(";\n")):
            cursor.execute(statement, {"journeys": journeys, "base": AS_OF, "body": json.dumps(BODY)})
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def floor() -> dict[str, Any]:
    """What a careful engineer writes by hand for these numbers alone, with nothing that the report can be asked besides."""
    rows = _copied()
    at = np.stack([rows[name] for name in NAMES], axis=1)
    opened, end, ended, said = (rows[name] for name in ("opened", "end", "ended", "said"))
    as_of = (AS_OF - datetime(2000, 1, 1, tzinfo=UTC)).total_seconds() * 1_000_000
    at[at > as_of] = NEVER
    since, goes_on = opened.copy(), np.ones(len(opened), dtype=bool)
    entered, cells, conversion = [], [], []
    for i in range(len(NAMES)):
        entered.append(int(goes_on.sum()))
        applies = goes_on & ~((said & (64 << i) != 0) & (at[:, i] == NEVER))
        stops = applies & (at[:, i] == NEVER)
        cells.append([*np.bincount(end[stops], minlength=10).tolist(), int((applies & ~stops).sum())])
        inside = applies & ~((at[:, i] < since) & ~stops)
        arrived = ~stops[inside]
        until = np.where(arrived, at[inside, i], np.where(end[inside] == 0, int(as_of), ended[inside]))
        days = np.maximum(until - since[inside], 0) / DAY
        cause = np.where(arrived, 1, np.where(np.isin(end[inside], (0, 5)), 0, 2))
        conversion.append(_incidence(days, cause))
        goes_on &= ~stops
        moved = applies & ~stops
        since[moved] = np.maximum(since[moved], at[moved, i])
    known = standing(asked(), rows["id"])
    return {
        "entered": entered,
        "cells": cells,
        "conversion": conversion,
        "confirmed": int(((known.of(rows["id"]) & 4) != 0).sum()),
    }


def _copied() -> dict[str, Any]:
    """The fastest way that we know of to bring a million rows here, as the report itself takes it."""
    statement = resources.files("tests.benchmarks.floor").joinpath("report.sql").read_text()
    return dict(zip(COLUMNS, arrays(statement, {"as_of": AS_OF, "pathway": "lung"}, KINDS), strict=True))


def _incidence(days: Any, cause: Any) -> float:
    """Arrival within the horizon, exits competing: only events up to the horizon are needed."""
    inside = (days <= HORIZON) & (cause > 0)
    times, place = np.unique(days[inside], return_inverse=True)
    own = np.bincount(place[cause[inside] == 1], minlength=len(times))
    every = np.bincount(place, minlength=len(times))
    risk = len(days) - np.searchsorted(np.sort(days), times)
    before = np.concatenate(([1.0], np.cumprod(1 - every / risk)))[:-1]
    return float((before * own / risk).sum())


def agree(ours: DropOff, theirs: dict[str, Any]) -> None:
    if [row.entered for row in ours.steps] != theirs["entered"] or ours.matched.confirmed != theirs["confirmed"]:
        raise RuntimeError("the report and the floor count different people")
    for row, cells, conversion in zip(ours.steps, theirs["cells"], theirs["conversion"], strict=True):
        if row.cells["reached"] != cells[-1] or row.cells["preventable"] != cells[1] or row.cells["open"] + row.cells["held"] != cells[0]:
            raise RuntimeError(f"other cells at {row.name}")
        if row.conversion.value is None or abs(row.conversion.value - conversion) > 1e-9:
            raise RuntimeError(f"another incidence at {row.name}")


def _given() -> dict[str, Any]:
    """What is left of ours where the rows are given for free, as they are to the peer."""
    one = read(asked())
    one.known()
    return {"ours_given_rows_s": round(statistics.median(scratch.timed(one.report) for _ in range(3)), 3)}


def _page() -> dict[str, Any]:
    """What the page waits for: the first time, and again when nothing changed."""
    cold = []
    for _ in range(3):
        cache.clear()
        memory.give_back()
        cold.append(scratch.timed(lambda: kept("drop-off", asked(), True, lambda question: drop_off(question))))
    again = [scratch.timed(lambda: kept("drop-off", asked(), True, lambda question: drop_off(question))) for _ in range(5)]
    return {"page_cold_s": round(statistics.median(cold), 3), "page_unchanged_ms": round(statistics.median(again) * 1000, 1)}


def _peer() -> dict[str, Any]:
    """pandas with lifelines, the durations given for free: Kaplan-Meier of every interval, equal to ours to 1e-9."""
    try:
        import pandas  # type: ignore[import-untyped, unused-ignore]
        from lifelines import KaplanMeierFitter
    except ImportError:
        return {"pandas_lifelines_s": None}
    rows = _copied()
    frame = pandas.DataFrame({name: rows[name] for name in (*NAMES, "end", "ended", "id")})
    ours = {(one.start, one.end): one.median_days.value for one in times(asked()).intervals}
    start = time.perf_counter()
    for first, second in pairwise(NAMES):
        here = frame[frame[first] != NEVER]
        arrived = here[second] != NEVER
        as_of = (AS_OF - datetime(2000, 1, 1, tzinfo=UTC)).total_seconds() * 1_000_000
        until = here[second].where(arrived, here["ended"].where(here["end"] > 0, int(as_of)))
        days = (until - here[first]).clip(lower=0) / DAY
        theirs = KaplanMeierFitter().fit(days, arrived).median_survival_time_
        mine = ours[first, second]
        if mine is None or abs(mine - float(theirs)) > 1e-9:
            raise RuntimeError(f"lifelines says {theirs} of {first} to {second}, we say {mine}")
    return {"pandas_lifelines_s": round(time.perf_counter() - start, 3)}
