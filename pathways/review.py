"""The go-live review list: what was overdue when a programme began to act, released in daily shares, those at most risk first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection, transaction
from django.db.models import F, Q

from pathways import rollouts
from pathways.models import Matter, Rollout, RolloutChange, Stay
from pathways.sql import load
from patients.calendars import calendar_for_site
from patients.models import User

ACTIONABLE = ("flagged_actionable", "actionable_confirmed", "interaction_flagged")
SATURDAY = 5


class Waiting(msgspec.Struct, frozen=True):
    """One stay or matter on the list. `place` is its turn among those of the same accountable person (`who`), from 1."""

    what: str
    id: int
    journey_id: int | None
    patient_id: int | None
    who: int | None
    actionable: bool
    label: str
    due_at: datetime | None
    place: int


def waiting(rollout: Rollout, *, now: datetime) -> list[Waiting]:
    """The whole list in the order of release; nothing for a rollout that was never begun."""
    if rollout.pk is None:
        return []
    params: dict[str, Any] = {
        "site": rollout.site_id,
        "pathway": rollout.pathway,
        "accountable": rollout.default_accountable_id,
        "now": now,
        "kinds": list(ACTIONABLE),
        "unplaced": _lists_the_unplaced(rollout),
    }
    with connection.cursor() as cursor:
        cursor.execute(load("pathways.sql", "review_list"), params)
        return [Waiting(*row) for row in cursor.fetchall()]


def share(rollout: Rollout, found: Sequence[Waiting]) -> list[Waiting]:
    """What the next release takes: so many of each accountable person."""
    return [one for one in found if one.place <= rollout.release_per_day]


def release_daily(*, now: datetime) -> int:
    """Takes the day's share off each review list and lets the sweep ring it anew. Only on working days of the site.

    The day is a compare-and-set on the rollout, so that asking often or twice at once releases no more. Where no list has anything on
    it, as on most days, nothing is asked of any rollout.
    """
    if not any(model.objects.filter(release=True).exists() for model in (Stay, Matter)):
        return 0
    released = 0
    for rollout in Rollout.objects.acting().select_related("site"):
        today = now.astimezone(ZoneInfo(rollout.site.time_zone)).date()
        if today.weekday() >= SATURDAY or today in calendar_for_site(rollout.site_id).holidays:
            continue
        not_yet = Q(released_on__isnull=True) | Q(released_on__lt=today)
        with transaction.atomic():
            if Rollout.objects.filter(not_yet, pk=rollout.pk).update(released_on=today):
                released += _release(share(rollout, waiting(rollout, now=now)))
    return released


def release_now(*, rollout: Rollout, picks: Iterable[tuple[str, int]], by: User, now: datetime) -> int:
    """A person takes some off the list before their day."""
    wanted = set(picks)
    with transaction.atomic():
        found = [one for one in waiting(rollout, now=now) if (one.what, one.id) in wanted]
        released = _release(found)
        if released:
            after = f"{released} of {len(wanted)}"
            rollouts.note(rollout=rollout, what=RolloutChange.What.RELEASED, by=by, reason="released by hand", now=now, after=after)
    return released


def _release(found: Sequence[Waiting]) -> int:
    """A new round begins: staff may hear of it anew, a patient never twice of one rung."""
    anew = {"release": False, "round": F("round") + 1, "rang_through": None}
    stays = [one.id for one in found if one.what == "stay"]
    matters = [one.id for one in found if one.what == "matter"]
    return Stay.objects.filter(pk__in=stays, release=True).update(**anew) + Matter.objects.filter(pk__in=matters, release=True).update(
        **anew
    )


def _lists_the_unplaced(rollout: Rollout) -> bool:
    """Matters of no programme are listed once a site: with the first of its programmes that acts."""
    first = Rollout.objects.acting().filter(site=rollout.site_id).order_by("pk").values_list("pk", flat=True).first()
    return first == rollout.pk
