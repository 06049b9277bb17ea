"""Who stands behind a number of a cohort: the journeys that it counts, found by the number's name. They add up to it.

    n  open  lost                       all, under way, left for a preventable reason at any step
    STEP/entered  STEP/preventable ...  those who entered a step, and each of its cells
    STEP/measured  STEP/not_due ...     the figures beside the cells
    end/CLASS/REASON  ends/CLASS        one way of ending; all of a class
    matched/NAME  matched/not/WHY       actionable to drug
    of/NAME/count  of/NAME/of           which number of which

`STRATUM|` before a name asks for it within one stratum.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from pathways.models import Journey
from pathways.reports import denominators, matched
from pathways.reports.cohort import Cohort, Question, cohort
from pathways.reports.columns import ACTIVE, Ints
from pathways.reports.passages import CELLS, Mask, cells_of, passages, sides, timed_step
from pathways.reports.rows import Behind, Rows, UnknownNumber


def rows(question: Question, number: str) -> Rows:
    """Raises UnknownNumber."""
    stratum, _, name = number.rpartition("|")
    found = cohort(question)
    if stratum:
        found = within(found, stratum)
    try:
        chosen = behind(found, name)
    except (KeyError, ValueError):
        raise UnknownNumber(number) from None
    return Rows(Behind.JOURNEYS, uids(found.columns.id[chosen]))


def uids(ids: Ints) -> list[str]:
    """In the order in which the journeys began."""
    return [str(uid) for uid in Journey.objects.filter(pk__in=ids.tolist()).order_by("opened_at", "pk").values_list("uid", flat=True)]


def behind(found: Cohort, name: str) -> Mask | Ints:
    """Their places in the cohort. Raises KeyError or ValueError where there is no such number."""
    head, _, rest = name.partition("/")
    return OF[head](found, rest) if head in OF else _at_step(found, head, rest)


def within(found: Cohort, name: str) -> Cohort:
    """One stratum of it. Raises UnknownNumber."""
    part = found.strata().get(name) if found.question.by else None
    if part is None:
        raise UnknownNumber(name)
    return part


def _all(found: Cohort, _: str) -> Mask:
    return np.ones(found.n, dtype=bool)


def _open(found: Cohort, _: str) -> Mask:
    chosen: Mask = found.columns.status == ACTIVE
    return chosen


def _lost(found: Cohort, _: str) -> Mask:
    """Before they reached the last step; who got there and left afterwards is no loss of a step."""
    ways = passages(found.columns)
    chosen: Mask = (ways.at < len(found.steps)) & (ways.cell == CELLS.index("preventable"))
    return chosen


def _at_step(found: Cohort, step: str, cell: str) -> Mask | Ints:
    i = [one.name for one in found.steps].index(step)
    ways = passages(found.columns)
    here: Mask = ways.at >= i
    if cell in CELLS:
        here &= cells_of(found.columns, ways, i) == CELLS.index(cell)
    if cell in CELLS or cell == "entered":
        return here
    return sides(i, ways, timed_step(i, ways, found), found)[cell]


def _end(found: Cohort, name: str) -> Mask:
    kind, _, reason = name.partition("/")
    hashes = [one for one, text in found.reasons.items() if text == reason]
    ended: Mask = np.isin(found.columns.reason, hashes) & _ends(found, kind)
    return ended


def _ends(found: Cohort, kind: str) -> Mask:
    ended: Mask = (found.columns.status != ACTIVE) & (passages(found.columns).cell == CELLS.index(kind))
    return ended


def _matched(found: Cohort, name: str) -> Mask:
    return matched.chosen(found, matched.standing(found.question, found.columns.id))[name]


def _of(found: Cohort, name: str) -> Mask:
    one, _, side = name.partition("/")
    who = matched.chosen(found, matched.standing(found.question, found.columns.id))
    return denominators.chosen(found, who)[one][("count", "of").index(side)]


OF: Mapping[str, Callable[[Cohort, str], Mask]] = {
    "n": _all,
    "open": _open,
    "lost": _lost,
    "end": _end,
    "ends": _ends,
    "matched": _matched,
    "of": _of,
}
