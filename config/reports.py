"""All reports by name: what the command, the screens and the exports run. One definition per metric; new ones are added here."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pathways.reports import drop_off, now, shown, time
from pathways.reports.cohort import Question

FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Report:
    """`run` answers a question as plain values; `rows` names the list in the answer that an export makes lines of."""

    name: str
    title: str
    run: Callable[[Question, bool], dict[str, Any]]
    rows: str


REPORTS: Mapping[str, Report] = {
    report.name: report
    for report in (
        Report("drop-off", "Where patients are lost", lambda q, exact: shown.drop_off(drop_off.drop_off(q), exact=exact), "steps"),
        Report("time", "How long the steps take", lambda q, exact: shown.times(time.times(q), exact=exact), "intervals"),
        Report("now", "What is under way", lambda q, exact: shown.now(now.now(q), exact=exact), "stages"),
    )
}


def as_csv(report: Report, answer: Mapping[str, Any]) -> str:
    """The report's rows, of the whole and of each stratum. Hidden values are blank; words cannot start a formula."""
    lines = list(_lines(report, answer))
    names = list(dict.fromkeys(name for line in lines for name in line))
    out = io.StringIO()
    writer = csv.DictWriter(out, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue()


def _lines(report: Report, answer: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for stratum, part in [("all", answer), *answer["strata"].items()]:
        for row in part[report.rows]:
            yield {"stratum": _plain(stratum), **dict(_flat(row))}


def _flat(row: Mapping[str, Any], *, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        if name == "reasons":
            continue
        if isinstance(value, Mapping):
            yield from _flat(value, prefix=f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return "" if value is None else value
