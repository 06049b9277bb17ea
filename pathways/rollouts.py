"""How far a programme has gone at a site. Every change is made by a named person with a reason."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q

from pathways import alerts
from pathways.models import PathwayVersion, Rollout, Stay
from patients.models import Site, User

RINGING = (Rollout.Mode.SHADOW, Rollout.Mode.STAFF, Rollout.Mode.LIVE)
ACTING = (Rollout.Mode.STAFF, Rollout.Mode.LIVE)


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
    release_per_day: int = 10,
) -> Rollout:
    """Changes the mode. Going to *staff* or *live* puts every stay that is already overdue on the release list instead of ringing it.

    Raises:
        ValueError: no reason given; *staff* or *live* without an accountable person, or out of *shadow* without a signed version.
    """
    if not reason.strip():
        raise ValueError("reason: a change of mode needs one")
    if mode in ACTING and (default_accountable is None or signed_version is None):
        raise ValueError(f"mode: {mode.value} needs an accountable person and a version whose targets a lead has signed")
    with transaction.atomic():
        before = Rollout.objects.select_for_update().filter(site=site, pathway=pathway).first()
        rollout, _ = Rollout.objects.update_or_create(
            site=site,
            pathway=pathway,
            defaults={
                "mode": mode,
                "texts_from": texts_from or (now if mode == Rollout.Mode.LIVE else None),
                "default_accountable": default_accountable,
                "signed_version": signed_version,
                "release_per_day": release_per_day,
                "changed_by": by,
                "changed_at": now,
                "reason": reason,
            },
        )
        _park_or_wake(rollout, before.mode if before else Rollout.Mode.OFF, now)
    return rollout


def _park_or_wake(rollout: Rollout, before: str, now: datetime) -> None:
    stays = Stay.objects.open().filter(journey__home_site=rollout.site, journey__pathway=rollout.pathway)
    if rollout.mode not in RINGING:
        stays.update(release=True)
        return
    if before in RINGING and (before in ACTING) == (rollout.mode in ACTING):
        return
    if before == Rollout.Mode.SHADOW:
        alerts.withdraw_of_stays(list(stays.values_list("pk", flat=True)), reason="shadow ended", now=now)
    stays.filter(attention_at__gt=now).update(release=False)
    overdue = rollout.mode in ACTING
    stays.filter(attention_at__lte=now).update(release=overdue)


def release_daily(*, now: datetime) -> int:
    """Takes the day's share off each release list, those with an actionable result first, and lets the sweep ring them anew.

    The day is a compare-and-set on the rollout, so that asking often or twice at once releases no more.
    """
    released = 0
    for rollout in Rollout.objects.filter(mode__in=ACTING):
        not_yet = Q(released_on__isnull=True) | Q(released_on__lt=now.date())
        with transaction.atomic():
            if Rollout.objects.filter(not_yet, pk=rollout.pk).update(released_on=now.date()):
                released += _release(rollout, now)
    return released


def _release(rollout: Rollout, now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            -- Materialized: as a plain subquery it may be run again for each row, and the limit would limit nothing.
            WITH share AS MATERIALIZED (
                  SELECT t.id FROM pathways_stay t JOIN pathways_journey j ON j.id = t.journey_id
                  WHERE t.release AND t.left_at IS NULL AND t.superseded = '' AND t.attention_at <= %s
                    AND j.home_site_id = %s AND j.pathway = %s AND j.status = 'active'
                  ORDER BY (j.phase = 'resulted') DESC, t.due_at, t.id LIMIT %s FOR UPDATE OF t SKIP LOCKED)
            UPDATE pathways_stay s SET release = false, round = s.round + 1, rang_through = NULL FROM share d WHERE s.id = d.id
            """,
            [now, rollout.site_id, rollout.pathway, rollout.release_per_day],
        )
        return int(cursor.rowcount)
