"""The charts of drop-off, time and now, drawn from what `shown` gives: what is hidden there is in no picture, no label and no word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext

from pathways.reports.charts import CELLS, CRITICAL, LINE, SOFT
from pathways.reports.sheet import Drawing

Shown = Mapping[str, Any]
SHADES = (1.0, 0.6, 1.0, 0.3, 0.3, 1.0, 0.45)
"""Of `CELLS`: neighbours differ in lightness, so that they are told apart on grey paper and by the colour-blind."""


def lost(answer: Shown) -> Iterator[Drawing]:
    """Where each step's entrants are; where groups stand apart, how many of each go the whole way."""
    steps = [step for step in answer["steps"] if step["observable"]]
    rows = [row for step in steps for row in _fates(step)]
    if rows:
        title = gettext("Of those who came to each step, how many went on and how many left")
        yield Drawing(
            "bars",
            title,
            _said_steps(steps),
            tuple(rows),
            {"x": gettext("journeys"), "colours": [colour for _, _, colour in CELLS], "shades": SHADES},
        )
    yield from _apart(answer)


def _fates(step: Shown) -> Iterator[dict[str, Any]]:
    left = step["left"]
    others = [count for name, count in left.items() if name != "preventable"]
    counts = {**step, "preventable": left["preventable"], "other": None if None in others else sum(others)}
    for name, label, _ in CELLS:
        yield {"name": step["label"], "part": gettext(label), "value": counts[name] or 0}


def _said_steps(steps: Sequence[Shown]) -> str:
    """One step a sentence: how many went on, and how many were lost who need not have been."""
    return " ".join(
        gettext("%(label)s: %(reached)s of %(entered)s went on, %(lost)s lost though preventable.")
        % {
            "label": step["label"][:1].upper() + step["label"][1:],
            "reached": _number(step["reached"]),
            "entered": _number(step["entered"]),
            "lost": _number(step["left"]["preventable"]),
        }
        for step in steps
    )


def _number(count: int | None) -> str:
    return gettext("a number not shown") if count is None else str(count)


def _apart(answer: Shown) -> Iterator[Drawing]:
    rates = {name: part["whole"] for name, part in answer["strata"].items() if part["whole"] and part["whole"]["value"] is not None}
    if len(rates) < 2:
        return
    rows = tuple({"name": gettext(name), **rate} for name, rate in rates.items())
    best, worst = max(rows, key=lambda row: row["value"]), min(rows, key=lambda row: row["value"])
    said = gettext(
        "Highest: %(best)s, %(high)s. Lowest: %(worst)s, %(low)s. The lines are 95 %% limits; the dashed line is all together."
    ) % {
        "best": best["name"],
        "high": f"{best['value']:.0%}",
        "worst": worst["name"],
        "low": f"{worst['value']:.0%}",
    }
    whole = answer["whole"]
    options = {"x": gettext("share"), "zero": True, "reference": whole["value"] if whole else None}
    yield Drawing("intervals", gettext("Whole way within %(horizon)s days") % {"horizon": answer["horizon_days"]}, said, rows, options)


def lasting(answer: Shown) -> Iterator[Drawing]:
    """How long each step takes, and on whose turn days are lost."""
    rows = tuple(_span(one) for one in answer["intervals"] if one["median_days"] and one["median_days"]["value"] is not None)
    if rows:
        said = " ".join(
            gettext("%(name)s: half within %(days)s days.") % {"name": row["name"], "days": f"{row['median']:.0f}"} for row in rows
        )
        title = gettext("Days from step to step: point the middle, bar the middle half, mark nine of ten")
        yield Drawing("spans", title, said, rows, {"x": gettext("days")})
    yield from _turns(answer["turns"])


def _span(one: Shown) -> dict[str, Any]:
    """A quantile that is not reached ends nowhere: it is not drawn."""
    low, high, most = (one[f"days_{share}"] for share in ("25%", "75%", "90%"))
    return {
        "name": f"{gettext(one['from'])} → {gettext(one['to'])}",
        "low": low["value"] if low else None,
        "median": one["median_days"]["value"],
        "high": high["value"] if high else None,
        "most": most["value"] if most else None,
    }


def _turns(turns: Sequence[Shown]) -> Iterator[Drawing]:
    rows = tuple(
        {"name": gettext(one["ball"]), "value": one["days_lost"], "said": f"{one['days_lost']:,.0f}"} for one in turns if one["days_lost"]
    )
    if rows:
        most = max(rows, key=lambda row: row["value"])
        said = gettext("Most days past due were lost while it was the turn of: %(party)s (%(days)s days).") % {
            "party": most["name"],
            "days": f"{most['value']:,.0f}",
        }
        yield Drawing("bars", gettext("Days past due, by whose turn it was"), said, rows, {"x": gettext("days")})


def waiting(answer: Shown) -> Iterator[Drawing]:
    """Open waits by stage: past due, on hold, in time."""
    stages = [one for one in answer["stages"] if None not in (one["open"], one["overdue"], one["held"]) and one["open"]]
    if not stages:
        return
    parts = (gettext("past due"), CRITICAL), (gettext("on hold"), SOFT), (gettext("in time"), LINE)
    rows = tuple(
        {"name": one["label"], "part": part, "value": value}
        for one in stages
        for (part, _), value in zip(parts, (one["overdue"], one["held"], max(0, one["open"] - one["overdue"] - one["held"])), strict=True)
    )
    worst = max(stages, key=lambda one: one["overdue"])
    said = gettext("Most waits past due are at “%(stage)s”: %(overdue)s of %(open)s.") % {
        "stage": worst["label"],
        "overdue": worst["overdue"],
        "open": worst["open"],
    }
    yield Drawing("bars", gettext("Open waits by stage"), said, rows, {"x": gettext("waits"), "colours": [colour for _, colour in parts]})
