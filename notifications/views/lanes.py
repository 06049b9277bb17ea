"""The lanes of the queue as questions. `pages` asks them of the database as statements; a test holds both to list the same items."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop

from notifications.models import OPEN_STATES, ItemState, WorkItem
from notifications.models.work_item import WorkItemQuerySet
from notifications.views.filters import Wanted
from pathways.candidates import CANDIDATE_KINDS
from pathways.models import Journey, Matter, MatterKind
from pathways.models.journey import ExitClass, Status
from patients.models import Role, User
from patients.views.guard import STEERING

LOST_STAYS = timedelta(days=90)
BULKY = ("journey__version__body", "journey__milestones", "journey__context", "journey__anomalies", "intended")
"""What a line does not show."""
FEW_HAVE = ("matter", "owner", "offered_by", "patient__survivor__person")


def team_of(user: User, role: str = "") -> Q:
    """Work addressed to the user's roles at the sites where they hold them; a lead navigator sees every role's.

    `role` narrows to one role's work.
    """
    alike: dict[frozenset[str], list[int]] = {}
    for site_id, roles in roles_by_site(user).items():
        alike.setdefault(frozenset(roles), []).append(site_id)
    team = Q(pk__in=[])
    for held, sites in alike.items():
        wanted = held & {role} if role and Role.LEAD not in held else {role} if role else held
        addressed = Q(audience__in=wanted) | Q(also_for__overlap=sorted(wanted))
        team |= Q(site__in=sites) & (addressed if role or Role.LEAD not in held else Q())
    return team


def seen_at(held: set[str], role: str) -> str:
    """The roles whose work is seen where these are held, with commas, narrowed to `role`; `*` for a lead, who sees all. As `team_of` has it."""
    if Role.LEAD in held:
        return role or "*"
    return ",".join(sorted(held & {role} if role else held))


def roles_by_site(user: User) -> dict[int, set[str]]:
    held: dict[int, set[str]] = {}
    for site_id, role in ((one.site_id, one.role) for one in user.held()):
        held.setdefault(site_id, set()).add(role)
    return held


def shown(user: User) -> WorkItemQuerySet:
    """Items of the user's sites, without those whose outcome was recorded a moment ago and can still be undone."""
    return WorkItem.objects.worked_by(user).filter(intended_until__isnull=True)


def mine(user: User, wanted: Wanted) -> WorkItemQuerySet:
    """What the user holds or was given, and what a colleague offers them."""
    held = Q(owner=user, state__in=[ItemState.OPEN, ItemState.CLAIMED])
    return shown(user).filter(held | Q(offered_to=user, state__in=OPEN_STATES)).filter(wanted.q)


def unclaimed(user: User, wanted: Wanted) -> WorkItemQuerySet:
    """Candidates are decided in their own lane and not listed twice."""
    waiting = shown(user).claimable().filter(team_of(user, wanted.role), owner__isnull=True).filter(wanted.q)
    return waiting.exclude(matter__kind__in=CANDIDATE_KINDS)


def waiting(user: User, wanted: Wanted) -> WorkItemQuerySet:
    """Put off because it is somebody else's turn: the payer, the laboratory, the patient."""
    return _parked(user, wanted).exclude(waiting_on="")


def snoozed(user: User, wanted: Wanted) -> WorkItemQuerySet:
    return _parked(user, wanted).filter(waiting_on="")


def _parked(user: User, wanted: Wanted) -> WorkItemQuerySet:
    return shown(user).filter(Q(owner=user) | team_of(user, wanted.role), state=ItemState.PARKED).filter(wanted.q)


def withdrawn(user: User, wanted: Wanted) -> WorkItemQuerySet:
    """What lost its reason since midnight, so that nobody wonders where it went."""
    return shown(user).filter(team_of(user, wanted.role), state=ItemState.WITHDRAWN, closed_at__gte=wanted.midnight).filter(wanted.q)


def done(user: User, wanted: Wanted) -> WorkItemQuerySet:
    """What the user ended since midnight; from here it can be opened again."""
    return shown(user).filter(owner=user, state=ItemState.DONE, closed_at__gte=wanted.midnight).filter(wanted.q)


def lost(user: User, now: datetime) -> QuerySet[Journey]:
    """Journeys that ended for a reason that could have been prevented, these three months: they stay in sight, with it."""
    ended = Journey.objects.visible_to(user).filter(status=Status.EXITED, exit_class=ExitClass.PREVENTABLE)
    return ended.filter(ended_at__gte=now - LOST_STAYS)


def candidates(user: User) -> QuerySet[Matter]:
    """People who may belong on a programme, at the sites where the user may decide it; not those on a go-live review list."""
    return decidable_by(user).filter(closed_at__isnull=True, release=False)


def decidable_by(user: User) -> QuerySet[Matter]:
    """Candidates of the sites where the user may decide; what may be inherited is shown to the genetic counselor only."""
    sites, counsels = deciding(user)
    germline = Q(kind=MatterKind.GERMLINE_CANDIDATE)
    return Matter.objects.filter(Q(site__in=sites) & ~germline | Q(site__in=counsels) & germline, kind__in=CANDIDATE_KINDS)


def deciding(user: User) -> tuple[list[int], list[int]]:
    """Sites where the user decides candidates, and those where they counsel on what may be inherited."""
    held = roles_by_site(user)
    sites = [site for site, roles in held.items() if roles & set(STEERING)]
    return sites, [site for site, roles in held.items() if Role.GENETIC_COUNSELOR in roles]


@dataclass(frozen=True, slots=True)
class Lane:
    name: str
    label: str
    nothing: str
    items: Callable[[User, Wanted], WorkItemQuerySet]
    picks: bool = True  # whether several lines can be chosen for one act


LANES = (
    Lane("mine", gettext_noop("Mine"), gettext_noop("Nothing is waiting for you. Claim something from your team's lane."), mine),
    Lane(
        "team",
        gettext_noop("My team, unclaimed"),
        gettext_noop("Nobody is waiting. Every item of your team has an owner."),
        unclaimed,
    ),
    Lane("waiting", gettext_noop("Waiting on others"), gettext_noop("Nothing waits for anybody else."), waiting),
    Lane("snoozed", gettext_noop("Snoozed"), gettext_noop("Nothing is snoozed."), snoozed),
    Lane("withdrawn", gettext_noop("Withdrawn today"), gettext_noop("Nothing lost its reason today."), withdrawn, picks=False),
    Lane("done", gettext_noop("Done today"), gettext_noop("You have not ended anything today yet."), done, picks=False),
)


def lane_named(name: str) -> Lane:
    return next((lane for lane in LANES if lane.name == name), LANES[0])


def for_lines(items: WorkItemQuerySet) -> WorkItemQuerySet:
    """With what their lines show. What most lines have comes along; what few have is asked for where some has it."""
    return items.select_related("site", "patient__person", "journey__version").prefetch_related(*FEW_HAVE).defer(*BULKY)
