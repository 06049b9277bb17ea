"""Precision per rule, from what people found: a rule that is wrong more often than right is listed for review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from pathways.sql import load

JUDGED_AT_LEAST = 30
RIGHT_AT_LEAST = 0.5
"""Of at least thirty judged items fewer than half right: somebody looks at the rule (clinical rules, people who act)."""
LOOKS_BACK = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Rule:
    """One programme's problem: items judged, right ones, and what was wrong with the others."""

    pathway: str
    problem: str
    judged: int
    right: int
    rule_wrong: int
    not_eligible: int
    duplicate: int
    data_late: int

    @property
    def precision(self) -> float:
        return self.right / self.judged

    @property
    def to_review(self) -> bool:
        return self.judged >= JUDGED_AT_LEAST and self.precision < RIGHT_AT_LEAST


def precision(site_ids: Sequence[int], *, now: datetime) -> list[Rule]:
    """Rules of which something was judged in a year, the least precise first."""
    with connection.cursor() as cursor:
        cursor.execute(load("notifications.sql", "rule_precision"), {"sites": list(site_ids), "since": now - LOOKS_BACK})
        return [Rule(*row) for row in cursor.fetchall()]
