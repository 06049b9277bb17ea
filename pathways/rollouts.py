"""How far a programme has gone at a site. Every change is made by a named person with a reason, and stays on record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from pathways import alerts, signing
from pathways.models import PathwayVersion, Rollout, RolloutChange
from pathways.sql import load
from patients.models import Site, User

RINGING = (Rollout.Mode.SHADOW, Rollout.Mode.STAFF, Rollout.Mode.LIVE)
ACTING = (Rollout.Mode.STAFF, Rollout.Mode.LIVE)
LOADING = (Rollout.Mode.OFF, Rollout.Mode.BACKFILL)
FURTHEST = (Rollout.Mode.LIVE, Rollout.Mode.STAFF, Rollout.Mode.SHADOW, Rollout.Mode.BACKFILL)
RELEASE_PER_DAY = 10
SHADOW_ENDED = "shadow ended"
LONG_AGO = datetime(1900, 1, 1, tzinfo=UTC)


class Refused(ValueError):
    """The change would break a rule of going live; `field` names what is missing or wrong."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field, self.why = field, why


def switch(
    *,
    site: Site,
    pathway: str,
    mode: Rollout.Mode,
    by: User,
    reason: str,
    now: datetime,
    default_accountable: User | None = None,
    texts_from: datetime | None = None,
    signed_version: PathwayVersion | None = None,
    release_per_day: int | None = None,
) -> Rollout:
    """Changes the mode; what is not said stays as it was.

    Going to *staff* or *live* puts every stay and matter that is already overdue on the review list instead of ringing it, and leaving
    *shadow* withdraws its alerts, in the same transaction. Leaving *off* has the enrol rules look at what was kept (`pathways.catching_up`).

    Raises:
        Refused: no reason; *staff* or *live* without an accountable person of the site; out of shadow without the lead's signature; texts
            from a day before the switch.
    """
    if not reason.strip():
        raise Refused("reason", _("a change of mode needs one"))
    with transaction.atomic():
        rollout = locked(site, pathway)
        before = _words(rollout)
        was = Rollout.Mode(rollout.mode)
        rollout.default_accountable = default_accountable or rollout.default_accountable
        if mode in ACTING:
            _check_accountable(rollout)
            if was not in ACTING:
                rollout.signed_version = signing.must_be_signed(site=site, pathway=pathway, version=signed_version, now=now)
        rollout.texts_from = _texts_from(rollout, mode, texts_from, now)
        rollout.release_per_day = release_per_day or rollout.release_per_day
        rollout.mode, rollout.changed_by, rollout.changed_at, rollout.reason = mode, by, now, reason.strip()
        _begin_to_observe(rollout, was, now)
        rollout.save()
        _note(rollout, RolloutChange.What.MODE if was != mode else RolloutChange.What.SETTINGS, by, reason, now, before)
        _park_or_wake(rollout, was, now)
    return rollout


def pause(*, rollout: Rollout, by: User, reason: str, now: datetime) -> bool:
    """No text of this programme leaves this site until `resume`; work items go on. False: it was paused before."""
    return _set_pause(rollout, now, by, reason or "texts paused", now)


def resume(*, rollout: Rollout, by: User, reason: str, now: datetime) -> bool:
    """Texts go out again. What came due meanwhile and did not expire goes within a quarter of an hour."""
    return _set_pause(rollout, None, by, reason or "texts resumed", now)


def set_alert_budget(*, rollout: Rollout, budget: Mapping[str, int], by: User, reason: str, now: datetime) -> None:
    """How many work items a role of the site can answer a day; roles not named have the product's default. Dry runs measure against it."""
    with transaction.atomic():
        row = locked(rollout.site, rollout.pathway)
        row.alert_budget = dict(sorted(budget.items()))
        row.save(update_fields=["alert_budget"])
        said = ", ".join(f"{role} {number} a day" for role, number in row.alert_budget.items()) or "the default"
        note(rollout=row, what=RolloutChange.What.SETTINGS, by=by, reason=reason, now=now, after=f"alert budget: {said}")


def locked(site: Site, pathway: str) -> Rollout:
    """The row of a programme at a site under lock; it begins *off*."""
    Rollout.objects.get_or_create(site=site, pathway=pathway)
    return Rollout.objects.select_for_update(of=("self",)).select_related("default_accountable", "site").get(site=site, pathway=pathway)


def follow_log(*, site: Site, pathway: str, now: datetime) -> Rollout:
    """A programme at a site that only holds somebody's event log: history that never rings and is nobody's work, and nobody in it is prevalent."""
    with transaction.atomic():
        rollout = locked(site, pathway)
        if rollout.mode == Rollout.Mode.OFF:
            rollout.mode, rollout.observed_from, rollout.changed_at, rollout.reason = (
                Rollout.Mode.BACKFILL,
                LONG_AGO,
                now,
                "imported event log",
            )
            rollout.save()
    return rollout


def note(*, rollout: Rollout, what: RolloutChange.What, by: User, reason: str, now: datetime, after: str = "") -> None:
    """Puts an act on the record of the rollout."""
    RolloutChange.objects.create(rollout=rollout, at=now, by=by, what=what, after=after[:200], reason=reason.strip())


def _set_pause(rollout: Rollout, at: datetime | None, by: User, reason: str, now: datetime) -> bool:
    with transaction.atomic():
        row = locked(rollout.site, rollout.pathway)
        if (row.paused_at is None) == (at is None):
            return False
        row.paused_at = at
        row.save(update_fields=["paused_at"])
        note(rollout=row, what=RolloutChange.What.PAUSED if at else RolloutChange.What.RESUMED, by=by, reason=reason, now=now)
    return True


def _check_accountable(rollout: Rollout) -> None:
    person = rollout.default_accountable
    if person is None:
        raise Refused("default_accountable", _("staff and live need an accountable person, for whoever has none of their own"))
    if rollout.site_id not in person.site_ids():
        raise Refused("default_accountable", _("the accountable person has no role at this site"))


def _texts_from(rollout: Rollout, mode: Rollout.Mode, said: datetime | None, now: datetime) -> datetime | None:
    """From when on texts are due: never before the switch, for what was due earlier is history."""
    if mode != Rollout.Mode.LIVE:
        return None
    earliest = rollout.texts_from if rollout.mode == Rollout.Mode.LIVE and rollout.texts_from else now
    if said is not None and said < earliest:
        raise Refused("texts_from", _("texts cannot be due before the programme went live"))
    return said or earliest


def _begin_to_observe(rollout: Rollout, was: Rollout.Mode, now: datetime) -> None:
    if rollout.mode in RINGING and rollout.observed_from is None:
        zone = ZoneInfo(rollout.site.time_zone)
        rollout.observed_from = datetime.combine(now.astimezone(zone).date(), time(), tzinfo=zone)
    if was == Rollout.Mode.OFF and rollout.mode != Rollout.Mode.OFF:
        rollout.enrolling_after = 0


def _park_or_wake(rollout: Rollout, was: Rollout.Mode, now: datetime) -> None:
    mode = Rollout.Mode(rollout.mode)
    stays = [] if _same_for_staff(was, mode) else _ids("switch_stays", {"now": now, **_of(rollout), **_effect(was, mode)})
    matters = _ids("switch_matters", {"now": now, "mode": mode, **_of(rollout), **_effect(was, mode)})
    others = set(Rollout.objects.filter(site=rollout.site_id).exclude(pk=rollout.pk).values_list("mode", flat=True))
    before, after = _furthest(others | {was}), _furthest(others | {mode})
    if before != after:  # matters that belong to no programme follow the furthest that any has gone
        matters += _ids("switch_matters", {"now": now, "mode": after, **_of(rollout), "pathway": None, **_effect(before, after)})
    if was == Rollout.Mode.SHADOW and mode != was:
        alerts.withdraw_shadow(stays=stays, matters=matters, reason=SHADOW_ENDED, now=now)


def _of(rollout: Rollout) -> dict[str, Any]:
    return {"site": rollout.site_id, "pathway": rollout.pathway}


def _same_for_staff(was: Rollout.Mode, mode: Rollout.Mode) -> bool:
    """Neither starts nor stops the ringing of staff: nothing is parked, woken or listed."""
    return was == mode or (was in ACTING and mode in ACTING)


def _effect(was: Rollout.Mode, mode: Rollout.Mode) -> dict[str, bool]:
    return {"keeps": _same_for_staff(was, mode), "parks": mode not in RINGING, "lists": mode in ACTING}


def _furthest(modes: set[Any]) -> Rollout.Mode:
    return next((mode for mode in FURTHEST if mode in modes), Rollout.Mode.OFF)


def _ids(name: str, params: dict[str, Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(load("pathways.sql", name), params)
        row = cursor.fetchone()
    return list(row[0]) if row else []


def _words(rollout: Rollout) -> str:
    parts = [_in_english(Rollout.Mode(rollout.mode)), f"{rollout.release_per_day} a day"]
    if rollout.default_accountable:
        parts.append(f"accountable {rollout.default_accountable.get_username()}")
    if rollout.texts_from:
        parts.append(f"texts from {rollout.texts_from:%Y-%m-%d %H:%M %Z}")
    return ", ".join(parts)


def _in_english(mode: Rollout.Mode) -> str:
    """The record says it alike for everybody, whatever language whoever changed it reads."""
    with override("en"):
        return str(mode.label)


def _note(rollout: Rollout, what: RolloutChange.What, by: User, reason: str, now: datetime, before: str) -> None:
    RolloutChange.objects.create(
        rollout=rollout, at=now, by=by, what=what, before=before[:200], after=_words(rollout)[:200], reason=reason.strip()
    )
