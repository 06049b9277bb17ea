"""One act on many items: what is possible is done one by one, what is not says why. A critical item is never disposed of in bulk."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from notifications import second_thoughts, worklist
from notifications.models import ItemState, WorkItem
from notifications.outcomes import Refused
from notifications.putting_off import CRITICAL
from pathways.candidates import CANDIDATE_KINDS
from patients.models import User


@dataclass(frozen=True)
class BulkAct:
    """`disposes`: it puts the item off or out of the way, which nobody does to a critical one without looking at it."""

    label: str
    disposes: bool
    needs: tuple[str, ...] = ()


ACTS: dict[str, BulkAct] = {
    "claim": BulkAct(gettext_noop("Claim"), disposes=False),
    "put_back": BulkAct(gettext_noop("Put back"), disposes=False),
    "snooze": BulkAct(gettext_noop("Snooze"), disposes=True, needs=("until", "reason")),
    "waiting_on": BulkAct(gettext_noop("Waiting for somebody"), disposes=True, needs=("party", "until")),
    "escalated_to": BulkAct(gettext_noop("Hand on to another role"), disposes=True, needs=("to",)),
}


@dataclass(frozen=True)
class Verdict:
    """What becomes of one item: `why` is blank where the act is possible, or was done."""

    item: WorkItem
    why: str = ""


def preview(items: Iterable[WorkItem], act: str, *, by: User) -> list[Verdict]:
    """Which of the items the act would reach, and why not the others."""
    return [Verdict(item, excluded(item, act, by)) for item in items]


def excluded(item: WorkItem, act: str, by: User) -> str:
    """Why the act cannot be done to the item in bulk; blank if it can."""
    if ACTS[act].disposes and item.priority <= CRITICAL:
        return _("critical: looked at one by one")
    if item.matter and item.matter.kind in CANDIDATE_KINDS:
        return _("a candidate is decided one by one")
    if item.intended is not None or item.state not in (ItemState.OPEN, ItemState.CLAIMED, ItemState.PARKED):
        return _("has an outcome already")
    if item.owner_id not in (None, by.pk):
        return (
            _("%(owner)s has it") % {"owner": item.owner.get_full_name() or item.owner.username}
            if item.owner
            else _("somebody else has it")
        )
    if act == "claim" and item.state != ItemState.OPEN:
        return _("yours already") if item.owner_id == by.pk else _("snoozed")
    if act == "put_back" and item.owner_id != by.pk:
        return _("not yours")
    return ""


def carry_out(
    items: Iterable[WorkItem], act: str, *, by: User, revisions: dict[int, int], given: dict[str, Any], note: str, now: datetime
) -> list[Verdict]:
    """Does it, item by item, each in a transaction of its own; a result for every one."""
    verb = _verb(act, by=by, given=given, note=note, now=now)
    results = []
    for verdict in preview(items, act, by=by):
        if not verdict.why:
            try:
                verb(verdict.item, revisions[verdict.item.pk])
            except Refused as refusal:
                verdict = Verdict(verdict.item, str(refusal))
        results.append(verdict)
    return results


def _verb(act: str, *, by: User, given: dict[str, Any], note: str, now: datetime) -> Callable[[WorkItem, int], object]:
    match act:
        case "claim":
            return lambda item, revision: worklist.claim(item=item, by=by, revision=revision, now=now)
        case "put_back":
            return lambda item, revision: worklist.put_back(item=item, by=by, revision=revision, now=now)
        case "snooze":
            return lambda item, revision: worklist.park(
                item=item, by=by, revision=revision, until=given["until"], reason=given["reason"], now=now
            )
        case _:
            return lambda item, revision: second_thoughts.intend(
                item=item, outcome=act, by=by, revision=revision, now=now, note=note, details=given
            )
