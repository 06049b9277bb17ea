"""Incidents: reported by anybody who works with patients, closed by a lead or manager with what was found and done. Their only writer."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from notifications import worklist
from notifications.models import Incident, Message, WorkItem
from notifications.worklist import NewItem
from pathways.models import Journey, Stage
from patients.models import Role, User

# How soon somebody must look, by what it did; then it goes up as any item that is late. Local defaults.
LOOK_WITHIN: dict[Incident.Harm, timedelta] = {
    Incident.Harm.PHYSICAL: timedelta(hours=2),
    Incident.Harm.DISTRESS: timedelta(days=1),
    Incident.Harm.DELAY: timedelta(days=1),
    Incident.Harm.UNKNOWN: timedelta(days=1),
    Incident.Harm.NONE: timedelta(days=3),
}


class Closed(Exception):
    """Somebody closed it first."""


def report(
    *,
    journey: Journey,
    kind: str,
    harm: str,
    what: str,
    happened_at: datetime,
    by: User,
    now: datetime,
    stage: Stage | None = None,
    rule: str = "",
    item: WorkItem | None = None,
    message: Message | None = None,
) -> Incident:
    """Writes it down and asks the leads of the home site to look into it."""
    with transaction.atomic():
        incident = Incident.objects.create(
            site=journey.home_site,
            kind=kind,
            harm=harm,
            journey=journey,
            stage=stage,
            rule=rule,
            item=item,
            message=message,
            happened_at=happened_at,
            what=what,
            reported_at=now,
            by=by,
        )
        worklist.open(
            NewItem(
                cause_kind="incident",
                cause_key=str(incident.uid),
                site=journey.home_site_id,
                patient=journey.patient_id,
                journey=journey.pk,
                problem="incident",
                audience=Role.LEAD,
                priority=1 if harm == Incident.Harm.PHYSICAL else 2,
                due_at=now + LOOK_WITHIN[Incident.Harm(harm)],
            ),
            now=now,
        )
        return incident


def close(*, incident: Incident, harm: str, finding: str, action: str, by: User, now: datetime) -> Incident:
    """What was found, what was done about it, and what harm it had done after all. Raises Closed."""
    with transaction.atomic():
        locked = Incident.objects.select_for_update().get(pk=incident.pk)
        if locked.closed_at is not None:
            raise Closed(_("Somebody closed this first."))
        locked.harm, locked.finding, locked.action, locked.closed_at, locked.closed_by = harm, finding, action, now, by
        locked.save(update_fields=["harm", "finding", "action", "closed_at", "closed_by"])
        for item in WorkItem.objects.open().filter(cause_kind="incident", cause_key=str(locked.uid)):
            worklist.answered_elsewhere(item=item, outcome="incident closed", by=by, now=now)
        return locked
