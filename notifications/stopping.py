"""What people do about halts: stop all texts at once, let them go again, have one text tried. Each with a name and a reason."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from notifications import endings, halts, worklist
from notifications.models import OPEN_STATES, Halt, WorkItem
from patients.models import Site, User


class Refused(ValueError):
    """A sentence that says why not."""


def stop(*, reason: str, by: User | None, now: datetime) -> bool:
    """No text goes out any more; what was handed over already is outside. An item keeps it from being forgotten. Whether they went before."""
    with transaction.atomic():
        if not halts.trip(halts.STAFF, reason=reason, now=now):
            return False
        Halt.objects.filter(key=halts.STAFF, lifted_at=None).update(opened_by=by)
        site = Site.objects.filter(is_training=False).exclude(sender_name="").order_by("pk").values_list("pk", flat=True).first()
        endings.alarm(halts.STAFF, reason, site=site, now=now)
        return True


def release(*, key: str, reason: str, by: User, now: datetime) -> None:
    """Texts go again. What the provider refuses is only tried, and a restored database is no matter of opinion. Raises Refused."""
    if key == halts.RESTORE:
        raise Refused("A restored database is released by `manage.py texts reconcile`, and by nothing else.")
    with transaction.atomic():
        if key == halts.PROVIDER:
            done = bool(Halt.objects.filter(key=key, lifted_at=None).update(again_at=now))
        else:
            done = halts.lift(key, now=now, by=by, reason=reason)
            for item in WorkItem.objects.filter(cause_kind="halt", cause_key=key, state__in=OPEN_STATES):
                worklist.answered_elsewhere(item=item, outcome="released", by=by, now=now)
        if not done:
            raise Refused("Nothing is stopped by that name any more.")
