"""The lanes of the queue as questions, so that the counts and the rows of a lane can never differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from notifications.models import ItemState, WorkItem
from notifications.models.work_item import WorkItemQuerySet
from pathways.candidates import CANDIDATE_KINDS
from pathways.models import Matter, MatterKind
from patients.models import Role, User
from patients.views.guard import STEERING

PAGE = 25


def team_of(user: User, role: str = "") -> Q:
    """Work addressed to the user's roles at the sites where they hold them; a lead navigator sees every role's.

    `role` narrows to one role's work.
    """
    team = Q(pk__in=[])
    for site_id, roles in roles_by_site(user).items():
        wanted = roles & {role} if role and Role.LEAD not in roles else {role} if role else roles
        addressed = Q(audience__in=wanted) | Q(also_for__overlap=sorted(wanted))
        team |= Q(site=site_id) & (addressed if role or Role.LEAD not in roles else Q())
    return team


def roles_by_site(user: User) -> dict[int, set[str]]:
    held: dict[int, set[str]] = {}
    for site_id, role in ((one.site_id, one.role) for one in user.held()):
        held.setdefault(site_id, set()).add(role)
    return held


def mine(user: User, role: str = "") -> WorkItemQuerySet:
    return WorkItem.objects.visible_to(user).filter(owner=user, state__in=[ItemState.OPEN, ItemState.CLAIMED])


def unclaimed(user: User, role: str = "") -> WorkItemQuerySet:
    """Candidates are decided in their own lane and not listed twice."""
    waiting = WorkItem.objects.visible_to(user).claimable().filter(team_of(user, role), owner__isnull=True)
    return waiting.exclude(matter__kind__in=CANDIDATE_KINDS)


def snoozed(user: User, role: str = "") -> WorkItemQuerySet:
    return WorkItem.objects.visible_to(user).filter(Q(owner=user) | team_of(user, role), state=ItemState.PARKED)


def candidates(user: User) -> QuerySet[Matter]:
    """People who may belong on a programme, at the sites where the user may decide it; not those on a go-live review list."""
    return decidable_by(user).filter(closed_at__isnull=True, release=False)


def decidable_by(user: User) -> QuerySet[Matter]:
    """Candidates of the sites where the user may decide; what may be inherited is shown to the genetic counselor only."""
    held = roles_by_site(user)
    sites = [site for site, roles in held.items() if roles & set(STEERING)]
    counsels = [site for site, roles in held.items() if Role.GENETIC_COUNSELOR in roles]
    germline = Q(kind=MatterKind.GERMLINE_CANDIDATE)
    return Matter.objects.filter(Q(site__in=sites) & ~germline | Q(site__in=counsels) & germline, kind__in=CANDIDATE_KINDS)


@dataclass(frozen=True, slots=True)
class Lane:
    name: str
    label: str
    nothing: str
    items: Callable[[User, str], WorkItemQuerySet]


LANES = (
    Lane("mine", "Mine", "Nothing is waiting for you. Claim something from your team's lane.", mine),
    Lane("team", "My team, unclaimed", "Nobody is waiting. Every item of your team has an owner.", unclaimed),
    Lane("snoozed", "Snoozed", "Nothing is snoozed.", snoozed),
)


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

    @property
    def after(self) -> Q:
        later_due = Q(due_at__gt=self.due_at) | Q(due_at=self.due_at, pk__gt=self.id)
        return Q(priority__gt=self.priority) | (Q(priority=self.priority) & later_due)


def page_of(items: WorkItemQuerySet, after: Cursor | None) -> tuple[list[WorkItem], Cursor | None]:
    """Up to PAGE items, most harm if delayed first, then longest due; and where the next page starts, if there is one."""
    rows = items.filter(after.after) if after else items
    wanted = rows.order_by("priority", "due_at", "pk").select_related("patient__person", "journey__version", "matter", "owner", "site")
    found = list(wanted[: PAGE + 1])
    return found[:PAGE], Cursor.of(found[PAGE - 1]) if len(found) > PAGE else None
