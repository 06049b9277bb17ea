"""Ten seconds to take an outcome back, and opening again what was done.

An outcome that a person records on a screen is kept on the item first (`intended`) and applied when its time has come, by the tick or by
whoever looks next: nothing that cannot be undone happens before. It is a row, so that no crash loses it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, transaction
from django.utils.translation import gettext as _
from django_fsm import TransitionNotAllowed

from notifications.holding import Stale, lock, mine, saved
from notifications.models import OPEN_STATES, Act, ItemState, WorkItem
from notifications.outcomes import OUTCOMES, Refused, Then, check, perform
from notifications.putting_off import in_time, latest
from notifications.worklist import end
from patients.models import User

UNDO_FOR = timedelta(seconds=10)
AT_ONCE = 50
TIMES = ("until", "on", "starts")
"""Details that are times; all others are texts."""
log = logging.getLogger(__name__)


def intend(
    *, item: WorkItem, outcome: str, by: User, revision: int, now: datetime, note: str = "", details: Mapping[str, Any] | None = None
) -> WorkItem:
    """Records an outcome that is applied in ten seconds; until then the item is out of every lane and `undo` brings it back.

    Raises:
        Refused: the outcome does not fit the item or lacks a detail. Stale: somebody was faster.
    """
    given = dict(details or {})
    check(item, outcome, given)
    with transaction.atomic():
        locked = mine(item, by, revision)
        if locked.state not in OPEN_STATES:
            raise Stale(_("This item is closed."))
        if OUTCOMES[outcome].then is Then.NEXT_DATE:
            in_time(locked, given["until"], latest(locked, now=now, tried=True), now)
        locked.intended = {
            "outcome": outcome, "note": note, "by": by.pk, "at": now.isoformat(), "details": _packed(given),
            "was": [locked.state, locked.owner_id],
        }  # fmt: skip
        locked.intended_until = now + UNDO_FOR
        if locked.state == ItemState.PARKED:
            locked.put_back()
        if locked.state == ItemState.OPEN:
            locked.claim()  # held, so that nobody takes it and nothing withdraws it in these seconds
        locked.owner, locked.claimed_at = by, locked.claimed_at or now
        locked.revision += 1
        locked.save()
        return locked


def undo(*, item: WorkItem, by: User, revision: int, now: datetime) -> WorkItem:
    """Takes an outcome back before it is applied: the item is as it was.

    Raises:
        Refused: the ten seconds are over; `reopen` with a reason is the way then.
    """
    with transaction.atomic():
        locked = lock(item, revision)
        if locked.intended is None or locked.owner_id != by.pk or (locked.intended_until and locked.intended_until <= now):
            raise Refused(_("Too late to undo: it is saved. Open it again with a reason."))
        outcome = locked.intended["outcome"]
        state, owner_id = locked.intended["was"]
        if state == ItemState.PARKED:
            locked.park()
        elif state == ItemState.OPEN:
            locked.put_back()
        locked.owner_id = owner_id
        locked.claimed_at = locked.claimed_at if state == ItemState.CLAIMED else None
        locked.intended = locked.intended_until = None
        return saved(locked, Act.UNDONE, by=by, now=now, reason=outcome)


def apply_due(*, now: datetime) -> int:
    """Applies the outcomes whose ten seconds are over, each in a transaction of its own. Returns how many."""
    due = WorkItem.objects.filter(intended_until__lte=now).select_related("journey__version", "patient", "matter", "site")
    return sum(_apply(item, now) for item in due.order_by("intended_until")[:AT_ONCE])


def _apply(item: WorkItem, now: datetime) -> bool:
    """One that cannot be applied comes back to who recorded it, with the reason; a database in trouble is tried again at the next tick."""
    assert item.intended is not None
    said = item.intended
    by = User.objects.get(pk=said["by"])
    try:
        with transaction.atomic():
            given = _unpacked(said["details"])
            perform(item, said["outcome"], given, note=said["note"], by=by, now=now, at=datetime.fromisoformat(said["at"]))
            locked = lock(item, item.revision)
            locked.intended = locked.intended_until = None
            end(locked, said["outcome"], given, note=said["note"], by=by, now=now)
        return True
    except (Stale, OperationalError):
        return False
    except Exception as error:
        if _give_back(item, by, now, str(error) if isinstance(error, Refused) else _("the journey has changed meanwhile")):
            log.exception("an outcome could not be applied", extra={"item": item.pk})
        return False


def _give_back(item: WorkItem, by: User, now: datetime, why: str) -> bool:
    """False where another process was faster: what it applied (an end of the journey, say) is why this one could not."""
    try:
        with transaction.atomic():
            locked = lock(item, item.revision)
            said, locked.intended, locked.intended_until = locked.intended, None, None
            saved(locked, Act.NOT_APPLIED, by=by, now=now, reason=why, details=said or {})
    except Stale:
        return False
    return True


def reopen(*, item: WorkItem, by: User, revision: int, reason: str, now: datetime) -> WorkItem:
    """Opens a finished item again, with a reason; what its outcome wrote stays on the journey and is corrected there.

    Raises:
        Refused: the journey has ended by it, or the same problem has an open item again.
    """
    if not reason.strip():
        raise Refused(_("Say why it is opened again."))
    with transaction.atomic():
        locked = lock(item, revision)
        if OUTCOMES.get(locked.outcome, OUTCOMES["reached"]).exits:
            raise Refused(_("This outcome ended the journey: reopen the journey instead."))
        if WorkItem.objects.open().filter(cause_kind=locked.cause_kind, cause_key=locked.cause_key, shadow=False).exists():
            raise Refused(_("The same problem is open again as another item."))
        try:
            locked.reopen()
        except TransitionNotAllowed:
            raise Refused(_("Only what is done can be opened again.")) from None
        locked.owner, locked.claimed_at, locked.closed_at, locked.outcome, locked.returned_at = by, now, None, "", now
        return saved(locked, Act.REOPENED, by=by, now=now, reason=reason)


def _packed(given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in given.items()}


def _unpacked(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {key: datetime.fromisoformat(value) if key in TIMES and value else value for key, value in stored.items()}
