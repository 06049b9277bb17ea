"""What the writer must know beside the patients: published definitions, calendars, rollouts, coverage. Read once a batch."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import Any

from pathways import approvals
from pathways.definitions import registry
from pathways.definitions.compile import Definition
from pathways.facts import iso
from pathways.knowledge import Knowledge
from pathways.timeline import Calendar, Context
from pathways.writing.state import JourneyState, PatientState
from pathways.writing.wire import rows
from patients.calendars import SiteCalendar, calendar_for_site

HOUSE = """
SELECT 'rollout', site_id, pathway, mode, default_accountable_id, observed_from FROM pathways_rollout
UNION ALL SELECT 'coverage', site_id, kind, how, feed_id, NULL FROM pathways_coverage WHERE how = 'fed' AND feed_id IS NOT NULL
UNION ALL SELECT 'version', id, code, status, NULL, NULL FROM pathways_pathwayversion WHERE status = 'published'
UNION ALL SELECT 'approval', id, NULL, NULL, NULL, NULL FROM pathways_knowledgeapproval
"""


@dataclass(slots=True, frozen=True)
class RolloutState:
    mode: str
    accountable_id: int | None
    observed_from: datetime | None = None

    def is_prevalent(self, opened_at: datetime) -> bool:
        """Whether whoever entered then was under way before the site began to be observed."""
        return self.mode in ("off", "backfill") if self.observed_from is None else opened_at < self.observed_from


@dataclass
class House:
    """Look-ups shared by all patients of one batch. `catching_up`: history is put to the rules at a switch, and what it asks is listed."""

    now: datetime
    catching_up: bool = False
    rollouts: dict[tuple[int, str], RolloutState] = field(default_factory=dict)
    coverage: dict[tuple[int, str], int] = field(default_factory=dict)
    has_approvals: bool = False
    _calendars: dict[int, tuple[Calendar, str]] = field(default_factory=dict)
    _versions: dict[str, tuple[int, ...]] = field(default_factory=dict)
    _site_modes: dict[int, str] = field(default_factory=dict)
    _enrolling: dict[tuple[int, frozenset[str]], tuple[Definition, ...]] = field(default_factory=dict)
    supposed: dict[int, registry.Published] = field(default_factory=dict)
    """Versions that are not stored, for a look at what would be; their ids are below zero."""

    @classmethod
    def load(cls, now: datetime) -> House:
        house = cls(now)
        in_force: dict[str, int] = {}
        for table, number, name, mode, other, since in rows(HOUSE, None):
            if table == "rollout":
                house.rollouts[(number, name)] = RolloutState(mode, other, since)
            elif table == "coverage":
                house.coverage[(number, name)] = other
            elif table == "approval":
                house.has_approvals = True
            else:
                in_force[name] = number
        registry.refresh(in_force)
        return house

    @cached_property
    def published(self) -> dict[str, registry.Published]:
        return dict(registry.published())

    @cached_property
    def knowledge(self) -> Knowledge:
        return approvals.in_force(None if self.has_approvals else ())

    def version(self, version_id: int) -> registry.Published:
        return self.supposed.get(version_id) or registry.load(version_id)

    def definition(self, journey: JourneyState) -> Definition:
        return self.version(journey.version_id).definition

    def numbered(self, pathway: str, number: int) -> registry.Published:
        for one in self.supposed.values():
            if (one.definition.code, one.definition.number) == (pathway, number):
                return one
        return registry.numbered(pathway, number)

    def versions_of(self, pathway: str) -> tuple[int, ...]:
        """Ids of all versions of a programme; asked for journeys that were migrated."""
        if pathway not in self._versions:
            found = rows(
                "SELECT id FROM pathways_pathwayversion WHERE code = %s AND status IN ('published', 'retired') ORDER BY number", [pathway]
            )
            self._versions[pathway] = (*(version_id for (version_id,) in found), *self.supposed)
        return self._versions[pathway]

    def mode(self, site_id: int, pathway: str) -> str:
        rollout = self.rollouts.get((site_id, pathway))
        return rollout.mode if rollout else "off"

    def lists(self, mode: str) -> bool:
        """Whether what is asked now, and is overdue already, goes on the review list instead of ringing."""
        return self.catching_up and mode in ("staff", "live")

    def site_mode(self, site_id: int) -> str:
        """The furthest that any programme has gone at the site: what matters without a journey follow."""
        if site_id not in self._site_modes:
            modes = {rollout.mode for (site, _), rollout in self.rollouts.items() if site == site_id}
            self._site_modes[site_id] = next((mode for mode in ("live", "staff", "shadow", "backfill") if mode in modes), "off")
        return self._site_modes[site_id]

    def enrolling(self, site_id: int, kinds: frozenset[str]) -> tuple[Definition, ...]:
        """The programmes that a fact of one of `kinds` may open at the site. Those that are off there are not asked."""
        asked = self._enrolling.get((site_id, kinds))
        if asked is None:
            every = ((code, one.definition) for code, one in self.published.items() if not kinds.isdisjoint(one.definition.enrol_kinds))
            asked = self._enrolling[site_id, kinds] = tuple(one for code, one in every if self.mode(site_id, code) != "off")
        return asked

    def feed_for(self, site_id: int, kinds: Any) -> int | None:
        """The feed that would bring one of `kinds` at the site; None where people type it or nobody sees it."""
        return next((self.coverage[(site_id, kind)] for kind in kinds if (site_id, kind) in self.coverage), None)

    def calendar(self, site_id: int) -> tuple[Calendar, str]:
        """The site's calendar and its digest."""
        if site_id not in self._calendars:
            self._calendars[site_id] = _with_digest(calendar_for_site(site_id))
        return self._calendars[site_id]

    def context(self, patient: PatientState, journey: JourneyState) -> tuple[Context, str]:
        """The immutable value that replay may read beside definition and facts, with its digest."""
        calendar, digest = self.calendar(journey.home_site_id)
        return _context(calendar, digest, journey.version_id, journey.opened_at, journey.entry, patient.birth)


@lru_cache(maxsize=16_384)
def _context(calendar: Calendar, digest: str, version_id: int, opened_at: datetime, entry: str, birth: date | None) -> tuple[Context, str]:
    """A journey is told again whenever it has news: its context is as it was."""
    said = f"{digest}|{version_id}|{iso(opened_at)}|{entry}|{birth}"
    return Context(calendar=calendar, opened_at=opened_at, entry=entry, birth=birth), hashlib.sha256(said.encode()).hexdigest()


@lru_cache(maxsize=512)
def _with_digest(plain: SiteCalendar) -> tuple[Calendar, str]:
    calendar = Calendar(zone=plain.zone, holidays=frozenset(plain.holidays))
    said = f"{calendar.zone}|{sorted(calendar.holidays)}|{calendar.opens}|{calendar.closes}"
    return calendar, hashlib.sha256(said.encode()).hexdigest()
