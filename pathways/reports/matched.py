"""Matched over all clinician-confirmed actionable-now: the figure that is always shown. Only a void leaves its denominator.

What a rule flagged and what a clinician confirmed are two columns; received and start confirmed are two lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pathways.models.event import FINDINGS
from pathways.reports.cohort import EXIT_CLASSES, Cohort, Question
from pathways.reports.columns import ACTIVE, COMPLETED, Ints, arrays
from pathways.reports.estimators import Estimate, wilson
from pathways.reports.passages import Mask
from pathways.sql import load

HANDED_OVER = "handed over"
NOT = "not/"
CONFIRMED = 1
ATTACHED, RETRACTED, STARTED, KIND = 1, 2, 4, 3
"""What the flags of `report_findings` say; from bit KIND on, which finding it is."""
WHOLE = ", b.event_id, b.id, e.rank::int8, COALESCE(e.issued_at, e.message_at, '-infinity')"
"""What of a finding decides whether it holds, where it was told more than once."""
FEW = 50_000
"""Up to so many journeys the findings are looked up one by one; for more, all of the house are read, whosesoever they are."""
MIX = np.int64(0x9E3779B97F4A7C1)
"""Odd: rows that differ in either key seldom come out alike when one is multiplied by it."""
BIT = {kind: 1 << n for n, kind in enumerate(FINDINGS, 1)}
"""The findings of a journey travel as a sum of these; CONFIRMED: the start of its matched therapy is."""


@dataclass(frozen=True, slots=True)
class Matched:
    """`not_matched` gives the rest of `confirmed` by class or open state. `flagged` and `flagged_matched` are the rules' column.

    `cannot_say`, `later_line` and `not_actionable` count journeys that stand there: never among the not matched. `reopened` had ended
    before and went on: many of them beside many closures say that journeys are closed too easily.
    """

    confirmed: int
    received: int
    start_confirmed: int
    share: Estimate
    not_matched: Mapping[str, int]
    flagged: int
    flagged_matched: int
    flagged_share: Estimate
    cannot_say: int
    later_line: int
    not_actionable: int
    reopened: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What is found of the journeys of a programme by as-of: sums of BIT by journey, in the order of their ids."""

    id: Ints
    has: Ints

    def of(self, ids: Ints) -> Ints:
        if not len(self.id):
            return np.zeros(len(ids), dtype=np.int64)
        place = np.minimum(np.searchsorted(self.id, ids), len(self.id) - 1)
        return np.where(self.id[place] == ids, self.has[place], 0)


def standing(asked: Question, journeys: Ints) -> Standing:
    """What is found of a cohort's journeys, given by id, for any part of them. Of many only what is needed of a finding told once is read of all the
    house; whoever was told anything twice (corrected, bound anew) is looked at whole."""
    if len(journeys) <= FEW:
        return _standing(*_settled(asked, journeys))
    journey, lineage, flags = _found(asked, None)
    twice = np.unique(journey[_several(lineage, journey)])
    if len(twice) > FEW:
        return _standing(*_settled(asked, None))
    alone = ((flags & (ATTACHED | RETRACTED)) == ATTACHED) & ~np.isin(journey, twice)
    others, theirs = _settled(asked, twice)
    return _standing(np.concatenate((journey[alone], others)), np.concatenate((flags[alone], theirs)))


def _standing(journey: Ints, flags: Ints) -> Standing:
    """Of findings that hold, one row each."""
    order = np.argsort(journey)
    ids, first = np.unique(journey[order], return_index=True)
    flags = flags[order]
    has = (1 << (flags >> KIND)) | np.where(flags & STARTED, CONFIRMED, 0)
    return Standing(ids, np.bitwise_or.reduceat(has, first) if len(ids) else has)


def _found(asked: Question, journeys: Ints | None, also: str = "", kinds: str = "") -> Ints:
    """The findings bound to journeys (None: all of the house): journey, lineage, flags, and what `also` asks besides."""
    among = "" if journeys is None else "AND b.journey_id = ANY (%(ids)s::bigint[])"
    statement = load("pathways.sql", "report_findings").format(kinds=", ".join(f"'{kind}'" for kind in FINDINGS), also=also, among=among)
    parameters = {"kinds": list(FINDINGS), "as_of": asked.as_of, "hindsight": asked.hindsight}
    return arrays(statement, parameters if journeys is None else {**parameters, "ids": journeys.tolist()}, "nnn" + kinds)


def _settled(asked: Question, journeys: Ints | None) -> tuple[Ints, Ints]:
    """Journey and flags of each finding that holds: of an event and journey the latest binding counts, of a lineage the latest version."""
    journey, lineage, flags, event, binding, rank, issued = _found(asked, journeys, WHOLE, "nnnt")
    newest = _last(binding, event, journey)
    newest = newest[(flags[newest] & ATTACHED) != 0]
    told = newest[_last(event[newest], issued[newest], rank[newest], lineage[newest], journey[newest])]
    told = told[(flags[told] & RETRACTED) == 0]
    return journey[told], flags[told]


def _last(*keys: Ints) -> Ints:
    """The places of the greatest of each group: rows are alike by the last two keys, and of them the others decide, the later key
    before the earlier. Most groups are of one row: only the others are put in order."""
    several = _several(keys[-2], keys[-1])
    among = np.flatnonzero(several)
    order = among[np.lexsort([key[among] for key in keys])]
    ends = np.zeros(len(order), dtype=bool)
    ends[-1:] = True
    for key in keys[-2:]:
        ends[:-1] |= np.diff(key[order]) != 0
    return np.concatenate((np.flatnonzero(~several), order[ends]))


def _several(first: Ints, second: Ints) -> Mask:
    """Which rows may share both keys with another: all that do, and seldom one that does not."""
    mixed = second * MIX ^ first
    ordered = np.sort(mixed)
    return np.isin(mixed, ordered[1:][np.diff(ordered) == 0])


def chosen(found: Cohort, known: Standing) -> dict[str, Mask]:
    """Who stands behind each figure, by its name; `not/WHY` are the confirmed who are not matched, by class or open state."""
    has = known.of(found.columns.id)
    received = _has(has, "matched_therapy") | _is_reason(found, "completed_elsewhere")
    confirmed, flagged = _has(has, "actionable_confirmed"), _has(has, "flagged_actionable")
    started = ((has & CONFIRMED) != 0) | _has(has, "first_dose_attested") | _is_reason(found, "matched_therapy")
    later, nothing = _has(has, "later_line_actionable"), _has(has, "not_actionable")
    return {
        "confirmed": confirmed,
        "received": confirmed & received,
        "start_confirmed": confirmed & received & started,
        "flagged": flagged,
        "flagged_matched": flagged & received,
        "cannot_say": ~flagged & _has(has, "cannot_say") & ~nothing & ~later,
        "later_line": ~flagged & later & ~nothing,
        "not_actionable": ~flagged & nothing,
        "reopened": _has(has, "reopened"),
        **_why(found, confirmed & ~received),
    }


def counted(who: Mapping[str, Mask]) -> Matched:
    """The figures of `chosen`; of the not matched the commonest first."""
    counts = {name: int(np.count_nonzero(mask)) for name, mask in who.items()}
    why = {name.removeprefix(NOT): n for name, n in counts.items() if name.startswith(NOT) and n}
    return Matched(
        **{name: n for name, n in counts.items() if not name.startswith(NOT)},
        share=wilson(counts["received"], counts["confirmed"]),
        flagged_share=wilson(counts["flagged_matched"], counts["flagged"]),
        not_matched=dict(sorted(why.items(), key=lambda one: -one[1])),
    )


def _has(has: Ints, kind: str) -> Mask:
    found: Mask = (has & BIT[kind]) != 0
    return found


def _is_reason(found: Cohort, reason: str) -> Mask:
    """Journeys that ended so: received elsewhere is attested (where, what, when, told by whom)."""
    hashes = [kind for kind, text in found.reasons.items() if text == reason]
    matches: Mask = np.isin(found.columns.reason, hashes) & (found.columns.status != ACTIVE)
    return matches


def _why(found: Cohort, missing: Mask) -> dict[str, Mask]:
    """Those who are not matched, by class or open state."""
    columns = found.columns
    over = missing & (columns.status != ACTIVE)
    handed = over & (columns.status != COMPLETED) & _is_reason(found, "transferred")
    left = over & (columns.status != COMPLETED) & ~handed
    return {
        f"{NOT}open": missing & (columns.status == ACTIVE) & (columns.held == 0),
        f"{NOT}held": missing & (columns.status == ACTIVE) & (columns.held == 1),
        f"{NOT}completed otherwise": over & (columns.status == COMPLETED),
        f"{NOT}{HANDED_OVER}": handed,
        **{f"{NOT}{name}": left & (columns.exit_class == n) for n, name in enumerate(EXIT_CLASSES, 1)},
    }
