"""What fixing one gap would bring: half of its preventable losses saved, carried through the steps that come after it.

Not half of the loss itself: most who are saved at an early step are lost again later. Per 1,000 who enter, and in this cohort.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from pathways.reports import drop_off as losing
from pathways.reports import shown
from pathways.reports.cohort import Question
from pathways.reports.freshness import versions
from pathways.reports.sheet import Cell, Column, Drawing, Kind, Sheet, Table, told, words
from pathways.reports.sheets import about
from patients.templatetags.finalmile import number


@dataclass(frozen=True, slots=True)
class Gain:
    """One gap: those it loses, the share of those who pass it that arrive, and what halving it brings."""

    name: str
    label: str
    lost: int | None
    onward: float | None
    extra: float | None
    per_thousand: float | None


def what_if(question: Question, *, exact: bool) -> Sheet:
    return what_if_of(losing.drop_off(question), exact=exact)


def what_if_of(report: losing.DropOff, *, exact: bool) -> Sheet:
    question = report.question
    answer = shown.drop_off(report, exact=exact)
    found = gains(answer["steps"], answer["n"])
    return Sheet(
        name="what-if",
        title=_("What fixing one gap would bring"),
        says=tuple(_says(found, answer["n"])),
        about=about(
            question,
            of=versions(report.versions),
            suppressed=not exact,
            censoring=_("Those still under way are neither lost nor saved; the chances after a gap are those of the people who passed it."),
        ),
        drawings=tuple(_drawn(found)),
        tables=(_table(found, exact),),
        notes=(
            (
                _(
                    "Assumes that whoever is saved at a gap fares afterwards like those who passed it by themselves. Gains of several gaps do not add up. An estimate to choose where to begin, no promise."
                )
            ),
        ),
    )


def gains(steps: Sequence[Mapping[str, Any]], n: int | None) -> list[Gain]:
    """Half of each gap's preventable losses, times the chance to arrive from there. A step without its numbers has no gain."""
    found: list[Gain] = []
    onward: float | None = 1.0
    for step in reversed(steps):
        lost = step["left"]["preventable"]
        extra = None if lost is None or onward is None else lost / 2 * onward
        found.append(Gain(step["name"], step["label"], lost, onward, extra, extra * 1000 / n if extra is not None and n else None))
        passed = _passes(step)
        onward = None if onward is None or passed is None else onward * passed
    return found[::-1]


def _passes(step: Mapping[str, Any]) -> float | None:
    """The share that gets past a step: over those whose fate is known where no curve can be drawn (all had reached it before)."""
    rate = step["conversion"]
    if rate is not None and rate["value"] is not None:
        return float(rate["value"])
    counts = [step["reached"], step["completed"], *step["left"].values()]
    if None in counts:
        return None
    return step["reached"] / sum(counts) if sum(counts) else 1.0


def _says(found: Sequence[Gain], n: int | None) -> Iterator[str]:
    known = [gain for gain in found if gain.per_thousand]
    if not known:
        yield _("There is no gap whose numbers may be shown.")
        return
    best = max(known, key=lambda gain: gain.per_thousand or 0.0)
    yield _(
        "Halving the preventable loss before “%(step)s” would bring most: about %(more)s more patients treated of every %(thousand)s."
    ) % {"step": best.label, "more": f"{best.per_thousand:.0f}", "thousand": number(1000)}
    if n:
        yield _("In this cohort of %(n)s that is about %(more)s.") % {"n": n, "more": f"{best.extra:.0f}"}


def _table(found: Sequence[Gain], exact: bool) -> Table:
    columns = (
        Column("name", "step", Kind.WORDS, filed=True),
        Column("label", _("gap before"), Kind.WORDS),
        Column("lost", _("lost, preventable")),
        Column("onward", _("arrive from there"), Kind.SHARE),
        Column("extra", _("more treated in this cohort"), Kind.NUMBER),
        Column("per_thousand", _("more treated per 1,000"), Kind.NUMBER),
    )
    return Table("gains", _("Half of one gap"), columns, tuple(_line(gain, exact) for gain in found))


def _line(gain: Gain, exact: bool) -> tuple[Cell, ...]:
    def figure(value: float | None) -> Cell:
        return Cell(hidden=True) if value is None else Cell(round(value, 1))

    lost = told(gain.lost, f"{gain.name}/preventable" if exact else "")
    share = Cell(hidden=True) if gain.onward is None else Cell(gain.onward)
    return words(gain.name), words(gain.label), lost, share, figure(gain.extra), figure(gain.per_thousand)


def _drawn(found: Sequence[Gain]) -> Iterator[Drawing]:
    known = [gain for gain in found if gain.per_thousand is not None]
    if any(gain.per_thousand for gain in known):
        rows = tuple(
            {"name": gain.label, "value": round(gain.per_thousand or 0.0, 1), "said": f"+{gain.per_thousand:.1f}"} for gain in known
        )
        said = "; ".join(f"{row['name']} {row['said']}" for row in rows)
        yield Drawing(
            "bars", _("More treated per 1,000, if half of one gap's loss is prevented"), said, rows, {"x": _("more treated per 1,000")}
        )
