"""The drawing of a funnel: bars as plain geometry that a template writes as SVG. No library, no script; it prints, and takes the page's colours.

Kinds differ by colour and by pattern, every bar says its numbers, and the table stands under it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

WIDTH, BAR, ROW, GAP, NAME = 960, 20, 52, 2, 22
SPAN = 740  # of the longest bar; the rest is for its numbers
KINDS = {
    "reached": gettext_lazy("reached the step"),
    "completed": gettext_lazy("completed well"),
    "not_applicable": gettext_lazy("not part of theirs"),
    "open": gettext_lazy("still waiting here"),
    "held": gettext_lazy("on hold here"),
    "preventable": gettext_lazy("left, preventable"),
    "other": gettext_lazy("left, otherwise"),
}


@dataclass(frozen=True, slots=True)
class Segment:
    kind: str
    x: float
    width: float
    count: int


@dataclass(frozen=True, slots=True)
class Bar:
    """One step. `said` gives its numbers in words; a bar with hidden numbers has no segments."""

    label: str
    y: int
    segments: tuple[Segment, ...]
    said: str
    end: float


@dataclass(frozen=True, slots=True)
class Funnel:
    bars: tuple[Bar, ...]
    kinds: tuple[tuple[str, str], ...]
    height: int
    width: int = WIDTH
    thickness: int = BAR


def funnel(steps: Sequence[Mapping[str, Any]]) -> Funnel | None:
    """None where there is nothing to draw."""
    most = max((step["entered"] or 0 for step in steps), default=0)
    if not most:
        return None
    bars = tuple(bar(step, n * ROW, SPAN / most) for n, step in enumerate(steps))
    seen = {segment.kind for one in bars for segment in one.segments}
    return Funnel(bars, tuple((kind, str(label)) for kind, label in KINDS.items() if kind in seen), len(bars) * ROW)


def bar(step: Mapping[str, Any], y: int, scale: float) -> Bar:
    segments: list[Segment] = []
    x = 0.0
    for kind, count in counts(step).items():
        if count:
            width = count * scale
            segments.append(Segment(kind, round(x, 1), round(max(width - GAP, 1), 1), count))
            x += width
    return Bar(step["label"], y + NAME, tuple(segments), said(step), round(x, 1))


def counts(step: Mapping[str, Any]) -> dict[str, int]:
    """Of each kind how many; a hidden number is not drawn."""
    left = step["left"]
    others = sum(count or 0 for name, count in left.items() if name != "preventable")
    every = {**step, "preventable": left["preventable"], "other": others}
    return {kind: every[kind] or 0 for kind in KINDS}


def said(step: Mapping[str, Any]) -> str:
    if step["reached"] is None or step["entered"] is None:
        return _("numbers hidden")
    return _("%(reached)s of %(entered)s") % {"reached": step["reached"], "entered": step["entered"]}
