"""An item in somebody's hands: the lock, the version they saw, and the trace that every act leaves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from notifications.models import Act, WorkItem, WorkItemAct, WorkItemAlert
from notifications.outcomes import Refused
from patients.models import User


class Stale(Refused):
    """Somebody else changed the item since it was shown."""


class ReasonGone(Refused):
    """What the item was opened for has gone; it cannot be taken any more."""


def lock(item: WorkItem, revision: int) -> WorkItem:
    """The row under lock, if it is still as the person saw it."""
    locked = WorkItem.objects.select_for_update().get(pk=item.pk)
    if locked.shadow:
        raise Refused(_("This item is part of a trial run; nobody can act on it."))
    if locked.revision != revision:
        raise Stale(_("Somebody changed this item since you opened it."))
    return locked


def mine(item: WorkItem, by: User, revision: int) -> WorkItem:
    """As `lock`; what somebody else holds is refused."""
    locked = lock(item, revision)
    if locked.owner_id not in (None, by.pk):
        raise Stale(_("Somebody else has this item."))
    if locked.intended is not None:
        raise Stale(_("Its outcome was recorded just now; undo that first."))
    return locked


def reason_gone(item: WorkItem) -> bool:
    links = WorkItemAlert.objects.filter(item=item)
    return links.exists() and not links.filter(alert__withdrawn_at__isnull=True).exists()


def saved(
    item: WorkItem,
    act: Act,
    *,
    by: User | None,
    now: datetime,
    reason: str = "",
    to: User | None = None,
    details: dict[str, Any] | None = None,
) -> WorkItem:
    """Stores the item as its next version, with the act that made it so."""
    item.revision += 1
    item.save()
    WorkItemAct.objects.create(item=item, act=act, by=by, to=to, at=now, reason=reason[:200], details=details or {})
    return item
