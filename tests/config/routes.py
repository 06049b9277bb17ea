"""Every route of the product, classified: whom it is for, and a row of the north to walk it with.

A new route is walked by itself when it is wrapped by `guard.page(...)` and its rows are among `ROWS`; else `test_routes.py` fails and says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from config.reports import REPORTS
from tests.browser.morning import Morning

# Machines: they name themselves by a token or a signature. What a stranger is told.
MACHINES = {"receive": 401, "sms-status": 403, "sms-inbound": 403, "mail-events": 401}
# Anybody: they show nothing of anybody.
PUBLIC = {"livez", "readyz", "metrics", "language", "answer_link", "stop_digest", "stop_mail"}
# The doors: signing in, one's own account (nothing of a site or a patient stands there), and Django's tables (test_admin.py).
DOORS = re.compile(r"(accounts|admin)/")

# What stands in the path, by its first part: a row of the north. Another site's member must get 404 for each.
ROWS: dict[str, Callable[[Morning], object]] = {
    "items": lambda today: today.critical.uid,
    "journeys": lambda today: today.journey.uid,
    "patients": lambda today: today.patient.uid,
    "candidates": lambda today: today.candidate.uid,
    "intake": lambda today: today.message.uid,
    "administration": lambda today: today.mine.owner and today.mine.owner.uid,
}
# Rows that the morning has none of: only strangers and other roles are tried, with an address that leads nowhere.
NOWHERE = "00000000-0000-0000-0000-000000000000"
WITHOUT_A_ROW = {
    "audits",
    "comparisons",
    "digests",
    "drafts",
    "incidents",
    "newly-actionable",
    "notices",
    "oversight",
    "reports-to-read",
    "results-to-place",
    "second-chances",
    "trackers",
}
# Open, but what the form or the query should name is not there: nothing to forget, a version in force to compare with itself.
NAMES_NOTHING = {
    "answer_hand_over",
    "clear_address",
    "conversation",
    "dry_run",
    "end_address",
    "forget_expectation",
    "leave_team",
    "report_rows",
}
# The page is for all staff, each report for those it names.
OF_A_REPORT = {"report", "report_rows", "report_export", "report_workbook"}
# Besides, only where the reader may open every row that a number counts.
ROWS_OF_A_REPORT = "report_rows"
# Names in a path that are no row: a programme, its version, a report.
NAMES = {
    "code": "nsclc-biomarker",
    "feed": "north-lab",
    "kind": "test_ordered",
    "language": "es",
    "name": "drop-off",
    "number": "1",
    "place": "0",
    "upload": NOWHERE,
}
SITE = "north"


@dataclass(frozen=True)
class Route:
    name: str
    path: str
    roles: frozenset[str] | None
    module: str

    @property
    def first(self) -> str:
        return self.path.partition("/")[0]

    @property
    def params(self) -> list[str]:
        return re.findall(r"<\w+:(\w+)>", self.path)

    @property
    def of_a_site(self) -> bool:
        """Whether the path names a row or a place that another site may not see."""
        return bool({"uid", "site", "feed"} & set(self.params))

    def address(self, today: Morning) -> str:
        row = ROWS[self.first](today) if self.first in ROWS else NOWHERE
        filled = {**NAMES, "site": SITE, "uid": row, "token": "x"}
        return "/" + re.sub(r"<\w+:(\w+)>", lambda found: str(filled.get(found[1], "x")), self.path)


def every_route() -> list[Route]:
    return [_route(path, entry) for path, entry in every_pattern(get_resolver()) if not DOORS.match(path)]


def doors() -> list[Route]:
    return [_route(path, entry) for path, entry in every_pattern(get_resolver()) if DOORS.match(path)]


def guarded() -> list[Route]:
    return [route for route in every_route() if route.roles is not None]


def every_pattern(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from every_pattern(entry, prefix + str(entry.pattern))
        else:
            yield prefix + str(entry.pattern), entry


def _route(path: str, entry: URLPattern) -> Route:
    view: Any = entry.callback
    while not hasattr(view, "roles") and hasattr(view, "__wrapped__"):
        view = view.__wrapped__
    roles = frozenset(map(str, REPORTS[NAMES["name"]].readers)) if entry.name in OF_A_REPORT else getattr(view, "roles", None)
    return Route(entry.name or "", path, roles, entry.callback.__module__)
