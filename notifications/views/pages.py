"""A page of a lane and the counts of all, one statement each whose plan the server keeps. What a lane lists stands in `sql/queue/<lane>.sql`, for its
rows and for its count alike; `lanes` says the same as questions of the ORM."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from notifications.models import WorkItem
from notifications.putting_off import CRITICAL
from notifications.views.filters import Wanted
from notifications.views.lanes import LOST_STAYS, deciding, for_lines, roles_by_site, seen_at
from notifications.views.lines import Facts, facts_in
from pathways.candidates import CANDIDATE_KINDS
from pathways.models import MatterKind
from pathways.sql import load, prepared
from patients.models import User

# Both stand in the statements as well, for the planner to know them.
PAGE = 25
COUNTED = 1001
"""More rows than this are not counted one by one: the lane says "1000+"."""
STATEMENTS = "notifications.sql.queue"
COLUMNS = ("mine", "team", "waiting", "snoozed", "withdrawn", "done", "lost", "candidates")


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: the sort key of its last row. It names no patient, so it may stand in a URL."""

    priority: int
    due_at: datetime
    id: int

    @classmethod
    def of(cls, item: WorkItem) -> Cursor:
        return cls(item.priority, item.due_at, item.pk)

    @classmethod
    def read(cls, text: str) -> Cursor | None:
        """None for a first page and for a cursor that somebody typed."""
        try:
            priority, due, pk = text.split("~")
            return cls(int(priority), datetime.fromisoformat(due), int(pk))
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.priority}~{self.due_at.isoformat()}~{self.id}"


@dataclass(frozen=True, slots=True)
class Page:
    """Up to PAGE items, most harm if delayed first, then longest due; what their lines say beside them; where the next page starts, if there is one."""

    items: list[WorkItem]
    facts: dict[int, Facts]
    next: Cursor | None


def page_of(lane: str, user: User, wanted: Wanted, after: Cursor | None, *, now: datetime) -> Page:
    cursor_at: dict[str, Any] = {"priority": after.priority, "due": after.due_at.isoformat(), "id": after.id} if after else FIRST
    with prepared() as cursor:
        cursor.execute(_page_statement(lane, wanted.of_items), {**_asked(user, wanted, now), **cursor_at})
        rows = cursor.fetchall()
    found = for_lines(WorkItem.objects.filter(pk__in=[row[0] for row in rows[:PAGE]])).in_bulk() if rows else {}
    items = [found[row[0]] for row in rows[:PAGE] if row[0] in found]
    return Page(items, {row[0]: facts_in(*row[3:]) for row in rows}, Cursor(*_key(rows[PAGE - 1])) if len(rows) > PAGE else None)


FIRST: dict[str, Any] = {"priority": -1, "due": "-infinity", "id": 0}


def _key(row: tuple[Any, ...]) -> tuple[int, datetime, int]:
    return row[1], row[2], row[0]


@cache
def _page_statement(lane: str, filtered: bool) -> str:
    return _with_filters("page", filtered).replace("-- lane\n", load(STATEMENTS, lane))


@cache
def _with_filters(name: str, filtered: bool) -> str:
    return load(STATEMENTS, name).replace("-- filters\n", load(STATEMENTS, "filters") if filtered else "")


def counts(user: User, here: str, wanted: Wanted, now: datetime) -> dict[str, int]:
    """How many rows each lane has, at most COUNTED; the filters hold for the lane `here` only."""
    decides, counsels = deciding(user)
    asked: dict[str, Any] = {
        "here": here, "own": user.site_ids(), "deciding": decides, "counselling": counsels,
        "lost_since": now - LOST_STAYS, "germline": MatterKind.GERMLINE_CANDIDATE.value,
    }  # fmt: skip
    with prepared() as cursor:
        cursor.execute(_with_filters("counts", wanted.of_items), {**_asked(user, wanted, now), **asked})
        return dict(zip(COLUMNS, cursor.fetchone() or (), strict=True))


def _asked(user: User, wanted: Wanted, now: datetime) -> dict[str, Any]:
    """The reader's sites with the roles seen there, as the filters narrow them and as they are; and the filters."""
    held, own = roles_by_site(user), user.site_ids()
    codes = {one.site_id: one.site.code for one in user.held()}
    narrow = [(site, seen_at(held[site], wanted.role), True) for site in own if wanted.site in ("", codes[site])]
    rows = narrow + [(site, seen_at(held[site], ""), False) for site in own]
    return {
        "user": user.pk, "now": now, "midnight": wanted.midnight, "critical": CRITICAL, "candidates": [kind.value for kind in CANDIDATE_KINDS],
        "sites": [site for site, _, _ in rows], "roles": [roles for _, roles, _ in rows], "filtered": [narrowed for _, _, narrowed in rows],
        "about": wanted.about, "urgency": wanted.urgency, "programme": wanted.programme, "ball": wanted.ball,
    }  # fmt: skip
