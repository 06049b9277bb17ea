"""The rules of the navigators' queue: who may take an item, put it back, snooze it, and how it ends. With `hands` (from hand to hand)
and `second_thoughts` (undo and reopen) the only writer of items besides the statements that plan and settle.

Every verb on one item takes the `revision` that the person saw, and refuses with `Stale` when somebody was faster.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
from django.db import connection, transaction
from django.utils.translation import gettext

from notifications.holding import ReasonGone, Stale, lock, mine, reason_gone, saved
from notifications.models import Act, ItemState, WorkItem, WorkItemAct
from notifications.outcomes import OUTCOMES, Refused, Then, check, perform
from notifications.putting_off import clear, in_time, latest, put_off
from pathways.models import Rollout
from pathways.models.edges import edges
from pathways.sql import load, prepared
from patients.models import User

__all__ = [
    "OUTCOMES",
    "NewItem",
    "ReasonGone",
    "Refused",
    "Stale",
    "addressee",
    "answered_elsewhere",
    "claim",
    "escalate_overdue",
    "finish",
    "open",
    "open_items",
    "park",
    "put_back",
    "skip",
    "take_over",
    "wake_parked",
    "withdraw",
]


@dataclass(frozen=True)
class NewItem:
    """An item to open. Ids are primary keys; `audience` is a role; `priority` 1 is most urgent."""

    cause_kind: str
    cause_key: str
    site: int
    problem: str
    due_at: datetime
    audience: str = "navigator"
    priority: int = 5
    patient: int | None = None
    journey: int | None = None
    matter: int | None = None
    note: str = ""


# Whom an item goes to when it is not answered in time, and by how much its priority rises. Local defaults.
ESCALATIONS: dict[str, tuple[str, int]] = {
    "problem": ("lead", 1),
    "matter": ("lead", 1),
    "reply": ("lead", 2),
    "mail_answer": ("lead", 2),
    "link": ("lead", 0),
    "bad_number": ("lead", 0),
    "unknown_send": ("lead", 1),
    "no_text": ("lead", 0),
    "letter": ("lead", 0),
    "interpreter": ("lead", 1),
    "hand_over": ("lead", 1),
    "note": ("lead", 0),
    "call": ("lead", 1),
    "result_changed": ("lead", 0),
    "consent": ("lead", 0),
    "halt": ("administrator", 0),
    "notice": ("lead", 1),
    "incident": ("manager", 0),
}


def open_items(items: Iterable[NewItem], *, now: datetime) -> dict[tuple[str, str], int]:
    """Opens one item per cause; a cause that has an open item makes that one more urgent instead. Ids by (kind, key) of the cause."""
    rows = [asdict(item) for item in items]
    if not rows:
        return {}
    with connection.cursor() as cursor:
        params = {"rows": msgspec.json.encode(rows).decode(), "now": now, **item_edges()}
        cursor.execute(load("notifications.sql", "open_items"), params)
        return {(kind, key): item_id for item_id, kind, key in cursor.fetchall()}


def open(item: NewItem, *, now: datetime) -> WorkItem:  # noqa: A001 (read as worklist.open)
    """Opens one item, or returns the open one of the same cause, made more urgent."""
    (item_id,) = open_items([item], now=now).values()
    return WorkItem.objects.get(pk=item_id)


def claim(*, item: WorkItem, by: User, revision: int, now: datetime) -> WorkItem:
    """Takes an open item; refused when every alert that it stands for was withdrawn, even if nobody settled that yet."""
    with transaction.atomic():
        locked = lock(item, revision)
        if locked.state != ItemState.OPEN or locked.owner_id not in (None, by.pk):
            raise Stale(gettext("Somebody else has this item."))
        if reason_gone(locked):
            raise ReasonGone(gettext("What this was opened for has happened meanwhile."))
        locked.claim()
        locked.owner, locked.claimed_at = by, now
        return saved(locked, Act.CLAIMED, by=by, now=now)


def take_over(*, item: WorkItem, by: User, revision: int, reason: str, now: datetime) -> WorkItem:
    """Takes what a colleague holds, with a reason that stays on the item. An outcome they have just recorded is theirs."""
    if not reason.strip():
        raise Refused(gettext("Say why you take it over."))
    with transaction.atomic():
        locked = lock(item, revision)
        if locked.intended is not None:
            raise Stale(gettext("An outcome was recorded just now."))
        if locked.state == ItemState.PARKED:
            locked.put_back()
        if locked.state == ItemState.OPEN:
            locked.claim()
        held_by = locked.owner
        locked.owner, locked.claimed_at = by, now
        clear(locked)
        return saved(locked, Act.TAKEN_OVER, by=by, now=now, reason=reason, to=held_by)


def put_back(*, item: WorkItem, by: User, revision: int, now: datetime) -> WorkItem:
    """Back to the team."""
    with transaction.atomic():
        locked = mine(item, by, revision)
        back(locked, now=now)
        return saved(locked, Act.PUT_BACK, by=by, now=now)


def park(*, item: WorkItem, by: User, revision: int, until: datetime, reason: str, now: datetime, wakes_on: str = "") -> WorkItem:
    """Snoozes until a date, or until an event of kind `wakes_on` comes before it; a more urgent alert wakes it earlier.

    Raises:
        Refused: the time is past, or later than harm allows (`latest`). Stale: somebody was faster.
    """
    with transaction.atomic():
        locked = mine(item, by, revision)
        in_time(locked, until, latest(locked, now=now), now)
        put_off(locked, until=until, reason=reason, now=now, wakes_on=wakes_on)
        return saved(locked, Act.SNOOZED, by=by, now=now, reason=reason, details={"until": until.isoformat(), "wakes_on": wakes_on})


def finish(
    *, item: WorkItem, outcome: str, by: User, revision: int, now: datetime, note: str = "", details: Mapping[str, Any] | None = None
) -> WorkItem:
    """Ends an item at once with an outcome of `OUTCOMES`; some outcomes set a next date or hand it on instead of ending it.

    The act on the journey comes first and the item's lock last: everywhere the patient is locked before the item. What people do on a
    screen goes through `second_thoughts.intend`, which leaves them ten seconds to undo it.

    Raises:
        Refused: the outcome does not fit the item or lacks a detail. Stale: somebody was faster.
    """
    given = dict(details or {})
    check(item, outcome, given)
    with transaction.atomic():
        perform(item, outcome, given, note=note, by=by, now=now)
        return end(mine(item, by, revision), outcome, given, note=note, by=by, now=now)


def end(locked: WorkItem, outcome: str, given: Mapping[str, Any], *, note: str, by: User, now: datetime) -> WorkItem:
    """What the outcome makes of an item under lock."""
    match OUTCOMES[outcome].then:
        case Then.NEXT_DATE:
            in_time(locked, given["until"], latest(locked, now=now, tried=True), now)
            put_off(locked, until=given["until"], reason=OUTCOMES[outcome].label, now=now, waiting_on=str(given.get("party", "")))
        case Then.HAND_ON:
            _hand_on(locked, to=given["to"], now=now)
        case Then.DONE:
            locked.finish()
            locked.closed_at = now
    locked.outcome, locked.note = outcome, note
    said = {key: value.isoformat() if isinstance(value, datetime) else value for key, value in given.items()}
    return saved(locked, Act.FINISHED, by=by, now=now, reason=outcome, details=said)


def back(locked: WorkItem, *, now: datetime) -> None:
    """Nobody's again, from now on in the team's lane."""
    if locked.state != ItemState.OPEN:
        locked.put_back()
    locked.owner = locked.claimed_at = None
    locked.returned_at = now
    clear(locked)


def _hand_on(locked: WorkItem, *, to: str, now: datetime) -> None:
    """Another role's turn; who had it keeps seeing it."""
    locked.also_for = sorted({*locked.also_for, locked.audience} - {to})
    back(locked, now=now)
    locked.audience, locked.escalated_at = to, now


def skip(*, item: WorkItem, by: User, reason: str, now: datetime) -> None:
    """Leaves an item for later in guided mode; it stays where it is, with the reason."""
    if not reason.strip():
        raise Refused(gettext("Say why you skip it."))
    WorkItemAct.objects.create(item=item, act=Act.SKIPPED, by=by, at=now, reason=reason[:200])


def withdraw(*, item: WorkItem, reason: str, now: datetime) -> WorkItem:
    """Takes back an item nobody holds: what it was for has gone."""
    with transaction.atomic():
        locked = WorkItem.objects.select_for_update().get(pk=item.pk)
        locked.withdraw()
        locked.outcome, locked.closed_at = reason[:40], now
        locked.revision += 1
        locked.save()
        return locked


def escalate_overdue(*, now: datetime) -> int:
    """Items past their time go to the next role by `ESCALATIONS`, once. Returns how many went."""
    params = {
        "now": now,
        "causes": list(ESCALATIONS),
        "audiences": [to for to, _ in ESCALATIONS.values()],
        "steps": [step for _, step in ESCALATIONS.values()],
    }
    return _execute("escalate_overdue", params)


def wake_parked(*, now: datetime) -> int:
    """Snoozed items whose date has come are open again. Returns how many."""
    return _execute("wake_parked", {"now": now, **item_edges()})


def addressee(item: WorkItem) -> User | None:
    """The named person whom the item waits for: its holder, else the responsible clinician or the accountable navigator."""
    journey = item.journey
    if item.owner is not None or journey is None:
        return item.owner
    if item.audience == "clinician":
        return journey.responsible.user if journey.responsible else None
    if item.audience != "navigator" or journey.accountable is not None:
        return journey.accountable if item.audience == "navigator" else None
    rollout = Rollout.objects.filter(site=journey.home_site, pathway=journey.pathway).first()
    return rollout.default_accountable if rollout else None


@cache
def item_edges() -> dict[str, Any]:
    pairs = edges(WorkItem, "state")
    return {"sources": [source for source, _ in pairs], "targets": [target for _, target in pairs]}


def _execute(name: str, params: dict[str, Any]) -> int:
    with transaction.atomic(), prepared() as cursor:
        cursor.execute(load("notifications.sql", name), params)
        return int(cursor.rowcount)


def answered_elsewhere(*, item: WorkItem, outcome: str, by: User, now: datetime) -> None:
    """Ends an item because the person it asked answered on a page of their own, also where somebody else holds it meanwhile."""
    with transaction.atomic():
        locked = WorkItem.objects.select_for_update().get(pk=item.pk)
        if locked.state in (ItemState.DONE, ItemState.WITHDRAWN):
            return
        if locked.state == ItemState.PARKED:
            locked.put_back()
        locked.finish()
        locked.outcome, locked.closed_at, locked.owner = outcome, now, locked.owner or by
        locked.intended = locked.intended_until = None
        saved(locked, Act.FINISHED, by=by, now=now, reason=outcome)
