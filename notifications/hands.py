"""From hand to hand: an item is offered and accepted, and what somebody holds who is not here goes to somebody who is.

An inbox is never an owner: work of a role that nobody at the site holds goes to the accountable person, and where there is none an alarm
stands on everybody's queue until somebody is named.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from notifications.holding import Stale, lock, mine, saved
from notifications.models import Absence, Act, ItemState, WorkItem, WorkItemAct
from notifications.outcomes import Refused
from notifications.putting_off import clear
from notifications.worklist import back
from pathways.deadlines import due, parse
from pathways.models import Rollout
from pathways.timeline import Calendar
from patients.calendars import calendar_for_site
from patients.models import Membership, Role, Site, User
from patients.models.staff import CARE

ANSWER_WITHIN = parse("2 working days")
"""To accept a hand-over; then it is back with the sender, and the lead sees it."""
LAPSES_AFTER = timedelta(days=1)  # no two working days are over sooner
IDLE = timedelta(days=4)
"""A claimed item that nobody touched for so long goes back to the team (two working days, also over a weekend; local default)."""
AT_ONCE = 200
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Handed:
    """Items given to somebody who is here; offers that lapsed; idle items released; items that nobody at their site could take."""

    rehomed: int = 0
    lapsed: int = 0
    released: int = 0
    homeless: int = 0


class Here:
    """Who is at work, by site: an active account with a role there and no absence today (on the site's calendar)."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.roles: dict[tuple[int, int], set[str]] = {}
        self.people: dict[int, User] = {}
        away = {(one.user_id, one.first_day, one.last_day) for one in Absence.objects.filter(last_day__gte=now.date() - timedelta(days=1))}
        held = Membership.objects.filter(until__isnull=True, user__is_active=True, role__in=CARE).select_related("user", "site")
        for one in held.order_by("pk"):
            today = now.astimezone(ZoneInfo(one.site.time_zone)).date()
            if not any(user == one.user_id and first <= today <= last for user, first, last in away):
                self.roles.setdefault((one.site_id, one.user_id), set()).add(one.role)
                self.people[one.user_id] = one.user

    def works(self, user_id: int | None, site_id: int) -> bool:
        return (site_id, user_id) in self.roles

    def covered(self, site_id: int, role: str) -> bool:
        """Somebody at the site may take work of this role: who holds it, or a lead."""
        return any(site == site_id and held & {role, Role.LEAD} for (site, _), held in self.roles.items())

    def leads(self, site_id: int) -> list[User]:
        return [self.people[user] for (site, user), held in self.roles.items() if site == site_id and Role.LEAD in held]


def offer(*, item: WorkItem, to: User, by: User, revision: int, reason: str, now: datetime) -> WorkItem:
    """Hands an item over to a colleague; it stays with the sender until they accept.

    Raises:
        Refused: the colleague is not at this site now, or no reason is given. Stale: somebody was faster.
    """
    if not reason.strip():
        raise Refused(_("Say why you hand it over."))
    if to.pk == by.pk or not Here(now).works(to.pk, item.site_id):
        raise Refused(_("Choose a colleague who is at work at this site."))
    with transaction.atomic():
        locked = mine(item, by, revision)
        if locked.state == ItemState.OPEN:
            locked.claim()
            locked.owner, locked.claimed_at = by, now
        locked.offered_to, locked.offered_by, locked.offered_at = to, by, now
        return saved(locked, Act.OFFERED, by=by, to=to, now=now, reason=reason)


def accept(*, item: WorkItem, by: User, revision: int, now: datetime) -> WorkItem:
    with transaction.atomic():
        locked = _offered(item, by, revision)
        sender = locked.offered_by
        if locked.state == ItemState.PARKED:
            locked.put_back()
        if locked.state == ItemState.OPEN:
            locked.claim()
        locked.owner, locked.claimed_at = by, now
        clear(locked)
        return saved(locked, Act.ACCEPTED, by=by, to=sender, now=now)


def decline(*, item: WorkItem, by: User, revision: int, reason: str, now: datetime) -> WorkItem:
    """The item stays with the sender, who reads why."""
    if not reason.strip():
        raise Refused(_("Say why you do not take it."))
    with transaction.atomic():
        locked = _offered(item, by, revision)
        sender = locked.offered_by
        locked.offered_to = locked.offered_by = locked.offered_at = None
        return saved(locked, Act.DECLINED, by=by, to=sender, now=now, reason=reason)


def _offered(item: WorkItem, by: User, revision: int) -> WorkItem:
    locked = lock(item, revision)
    if locked.offered_to_id != by.pk:
        raise Stale(_("This is not offered to you any more."))
    return locked


def keep_in_hands(*, now: datetime) -> Handed:
    """All that time does to who holds what."""
    here = Here(now)
    moved, homeless = _rehome(here)
    return Handed(rehomed=moved, lapsed=_lapse(now), released=_release(now), homeless=homeless)


def _rehome(here: Here) -> tuple[int, int]:
    """Work of people who are away or left, and of roles that nobody holds, goes to a named person who is here."""
    moved, homeless = 0, 0
    for item in [*_left_behind(here), *_uncovered(here)]:
        to = _next_owner(item, here)
        if to is not None:
            moved += _give(item, to, here.now)
        else:
            moved += _give_to_team(item, here.now) if item.owner_id else 0
            homeless += 1
    if homeless:
        log.warning("work items with nobody who could take them", extra={"items": homeless})
    return moved, homeless


def _left_behind(here: Here) -> Iterator[WorkItem]:
    """What people hold who do not work at its site today."""
    left = Membership.objects.filter(Q(until__isnull=False) | Q(user__is_active=False)).values("user")
    away = Absence.objects.filter(last_day__gte=here.now.date() - timedelta(days=1)).values("user")
    held = _open().filter(Q(owner__in=left) | Q(owner__in=away), state__in=[ItemState.OPEN, ItemState.CLAIMED], intended_until__isnull=True)
    return (item for item in held[:AT_ONCE] if not here.works(item.owner_id, item.site_id))


def _uncovered(here: Here) -> Iterator[WorkItem]:
    """Unclaimed work of roles that nobody at the site could take."""
    sites = Site.objects.values_list("pk", flat=True)
    yield from _open().filter(_nobody(here, sites), state=ItemState.OPEN, owner__isnull=True)[:AT_ONCE]


def _nobody(here: Here, site_ids: Iterable[int]) -> Q:
    missing = Q(pk__in=[])
    for site_id in site_ids:
        roles = [role for role in CARE if not here.covered(site_id, role)]
        missing |= Q(site=site_id, audience__in=roles) if roles else Q(pk__in=[])
    return missing


def _open() -> QuerySet[WorkItem]:
    return WorkItem.objects.filter(shadow=False).select_related("journey", "owner").order_by("pk")


def _next_owner(item: WorkItem, here: Here) -> User | None:
    """The deputy, else who is accountable for the journey, else for the programme at this site, else a lead; only who is here."""
    today = here.now.date()
    deputies = Absence.objects.filter(user=item.owner_id, first_day__lte=today + timedelta(days=1), last_day__gte=today - timedelta(days=1))
    wanted: list[int | None] = list(deputies.order_by("-first_day").values_list("deputy", flat=True))
    if item.journey is not None:
        rollout = Rollout.objects.filter(site=item.site_id, pathway=item.journey.pathway).values_list("default_accountable", flat=True)
        wanted += [item.journey.accountable_id, *rollout]
    wanted += [lead.pk for lead in here.leads(item.site_id)]
    return next((here.people[one] for one in wanted if one is not None and here.works(one, item.site_id)), None)


def _give(item: WorkItem, to: User, now: datetime) -> int:
    with transaction.atomic():
        locked = _still(item)
        if locked is None:
            return 0
        held_by = locked.owner
        back(locked, now=now)
        locked.owner = to
        saved(
            locked,
            Act.REHOMED,
            by=None,
            to=to,
            now=now,
            reason=f"{held_by.get_username()} is away" if held_by else "nobody holds this role",
        )
    return 1


def _give_to_team(item: WorkItem, now: datetime) -> int:
    with transaction.atomic():
        locked = _still(item)
        if locked is None:
            return 0
        back(locked, now=now)
        saved(locked, Act.REHOMED, by=None, now=now, reason="nobody is here to take it")
    return 1


def _still(item: WorkItem) -> WorkItem | None:
    """The row under lock if nobody changed or holds it now; else the next tick looks again."""
    return WorkItem.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=item.pk, revision=item.revision).first()


def _lapse(now: datetime) -> int:
    """Offers that nobody answered are back with the sender, and the lead sees the item."""
    lapsed = 0
    for item in WorkItem.objects.filter(offered_to__isnull=False, offered_at__lt=now - LAPSES_AFTER):
        plain = calendar_for_site(item.site_id)
        assert item.offered_at is not None
        if due(item.offered_at, ANSWER_WITHIN, Calendar(zone=plain.zone, holidays=frozenset(plain.holidays))) > now:
            continue
        with transaction.atomic():
            locked = _still(item)
            if locked is not None:
                asked = locked.offered_to
                locked.offered_to = locked.offered_by = locked.offered_at = None
                locked.also_for = sorted({*locked.also_for, Role.LEAD.value} - {locked.audience})
                saved(locked, Act.LAPSED, by=None, to=asked, now=now)
                lapsed += 1
    return lapsed


def _release(now: datetime) -> int:
    """Claimed items that nobody touched are the team's again."""
    touched = WorkItemAct.objects.filter(item=OuterRef("pk"), at__gt=now - IDLE)
    idle = WorkItem.objects.filter(state=ItemState.CLAIMED, shadow=False, claimed_at__lt=now - IDLE, intended_until__isnull=True)
    released = 0
    for item in idle.filter(~Exists(touched))[:AT_ONCE]:
        with transaction.atomic():
            locked = _still(item)
            if locked is not None:
                held_by = locked.owner
                back(locked, now=now)
                saved(locked, Act.RELEASED, by=None, to=held_by, now=now)
                released += 1
    return released


def nobody_for(site_ids: Iterable[int], *, now: datetime) -> int:
    """How many open items of these sites have nobody who could take them: the alarm on the queue."""
    unowned = WorkItem.objects.filter(site__in=site_ids, state=ItemState.OPEN, shadow=False, owner__isnull=True)
    return unowned.filter(_nobody(Here(now), site_ids)).count()
