"""Snoozing: until when an item may rest, and what ends its rest. The limits are local defaults."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from notifications.models import ItemState, WorkItem
from notifications.outcomes import Refused

CRITICAL = 1
"""Items of this priority: harm if nobody acts today."""
LONGEST = timedelta(days=90)
LONGEST_OF: dict[int, timedelta] = {2: timedelta(days=7), 3: timedelta(days=14)}
TRY_AGAIN_WITHIN = timedelta(days=1)
"""A critical item whose answer is late may rest so long after somebody tried, and not at all without."""

TOO_LATE = gettext_noop("This is critical and its answer is late: it cannot be snoozed. Record what you did, or hand it on.")


def latest(item: WorkItem, *, now: datetime, tried: bool = False) -> datetime:
    """Until when the item may rest: a critical one until its answer is due, others by how urgent they are.

    `tried`: somebody acted (called, asked, waits for an answer), so a critical item may come back for another try within a day.
    """
    if item.priority > CRITICAL:
        return now + LONGEST_OF.get(item.priority, LONGEST)
    return max(item.due_at, now + TRY_AGAIN_WITHIN) if tried else item.due_at


def in_time(item: WorkItem, until: datetime, last: datetime, now: datetime) -> None:
    """Refuses a time that is past, or later than `last`."""
    if until <= now:
        raise Refused(_("Choose a time in the future."))
    if until <= last:
        return
    if item.priority > CRITICAL:
        raise Refused(_("At most %(days)s days ahead for an item of this urgency.") % {"days": (last - now).days})
    if last <= now:
        raise Refused(_(TOO_LATE))
    raise Refused(_("This is critical: it cannot rest longer than until its answer is due."))


def put_off(locked: WorkItem, *, until: datetime, reason: str, now: datetime, wakes_on: str = "", waiting_on: str = "") -> None:
    if locked.state == ItemState.PARKED:
        locked.put_back()
    locked.park()
    locked.parked_at, locked.parked_until, locked.parked_reason, locked.parked_priority = now, until, reason[:60], locked.priority
    locked.wakes_on, locked.waiting_on = wakes_on, waiting_on


def clear(locked: WorkItem) -> None:
    """What a snooze or an offer had written is over."""
    locked.parked_at = locked.parked_until = locked.parked_priority = None
    locked.offered_to = locked.offered_by = locked.offered_at = None
    locked.parked_reason = locked.wakes_on = locked.waiting_on = ""
