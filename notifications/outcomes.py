"""How a work item can end, as data; and what each end says to the journey.

Every outcome writes an event, ends the journey, or sets a next date: none leaves a patient without one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from notifications import halts
from notifications.models import Reply, WorkItem
from pathways import journeys, matters
from pathways.facts import Grade
from pathways.kinds import FED
from patients.models import Role, User


class Refused(Exception):
    """The act is not possible; the message says why, in words for the person who tried."""


class Then(Enum):
    """What becomes of the item."""

    DONE = "done"
    NEXT_DATE = "next date"
    HAND_ON = "hand on"


@dataclass(frozen=True)
class Outcome:
    """`needs` are the details that must be given; `causes` the kinds of cause it fits (empty: all)."""

    label: str
    then: Then
    needs: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()


OUTCOMES: dict[str, Outcome] = {
    "reached": Outcome("Spoke with the patient", Then.DONE),
    "no_answer": Outcome("No answer, try again", Then.NEXT_DATE, ("until",)),
    "already_happened": Outcome("It had already happened", Then.DONE, ("what", "on", "evidence"), ("problem", "no_text", "unknown_send")),
    "not_a_stall": Outcome("Not a stall", Then.DONE, ("why",), ("problem", "matter")),
    "waiting_on": Outcome("Waiting for somebody", Then.NEXT_DATE, ("party", "until")),
    "escalated_to": Outcome("Handed on", Then.HAND_ON, ("to",)),
    "exited": Outcome("The journey ends", Then.DONE, ("reason",), ("problem", "reply", "matter")),
    "settled": Outcome("Settled", Then.DONE, ("why",), ("matter", "result_changed")),
    "read": Outcome("Read and answered", Then.DONE, (), ("reply",)),
    "number_updated": Outcome("Number updated", Then.DONE, (), ("bad_number", "no_text")),
    "released": Outcome("Looked at, texts may go again", Then.DONE, (), ("halt",)),
    "handled": Outcome("Handled", Then.DONE, ("note",)),
}
NOT_A_STALL = ("rule wrong", "not eligible", "duplicate", "data late")


def check(item: WorkItem, outcome: str, details: Mapping[str, Any]) -> Outcome:
    """The outcome's rule, if it fits the item and has what it needs; else `Refused`."""
    rule = OUTCOMES.get(outcome)
    if rule is None or (rule.causes and item.cause_kind not in rule.causes):
        raise Refused("This outcome does not fit this item.")
    missing = [name for name in rule.needs if name != "note" and not details.get(name)]
    if missing:
        raise Refused(f"Please give: {', '.join(missing)}.")
    if outcome == "not_a_stall" and details["why"] not in NOT_A_STALL:
        raise Refused(f"Choose one of: {', '.join(NOT_A_STALL)}.")
    if outcome == "already_happened" and details["what"] not in FED:
        raise Refused("Choose what had happened.")
    if outcome == "escalated_to" and details["to"] not in Role.values:
        raise Refused("Choose a role.")
    if outcome == "exited" and item.journey is None:
        raise Refused("There is no journey to end.")
    return rule


def perform(item: WorkItem, outcome: str, details: Mapping[str, Any], *, note: str, by: User, now: datetime) -> None:
    """What the outcome says to the journey. The caller holds the transaction, and no lock on the item yet."""
    match outcome:
        case "reached" | "no_answer":
            _record(item, "contact_attempted", {"channel": details.get("channel", "phone"), "outcome": outcome}, by=by, now=now)
        case "already_happened":
            body = {"evidence": details["evidence"], "note": note}
            _record(item, details["what"], body, by=by, now=now, occurred=details["on"])
        case "exited":
            assert item.journey is not None
            journeys.exit(journey=item.journey, reason=details["reason"], now=now, by=by, note=note)
        case "read":
            _mark_read(item, by=by, now=now)
        case "released":
            release(item, by=by, now=now)
        case _:
            if outcome == "settled" and item.matter is not None:
                matters.close(matter=item.matter, reason=str(details["why"])[:60], by=by, now=now)
            said = {key: value for key, value in details.items() if isinstance(value, str)}
            _record(item, "work_outcome", {"outcome": outcome, "problem": item.problem, "note": note, **said}, by=by, now=now)


def release(item: WorkItem, *, by: User, now: datetime) -> None:
    """The wording goes out again. What the provider refuses ends by itself, and a restored database is no matter of opinion."""
    if not item.cause_key.startswith(halts.WORDING):
        raise Refused("This ends by itself as soon as it works again; a restored database needs `manage.py texts reconcile`.")
    halts.lift(item.cause_key, now=now, by=by)


def _mark_read(item: WorkItem, *, by: User, now: datetime) -> None:
    unread = Reply.objects.filter(phone=int(item.cause_key), read_at__isnull=True).order_by("received_at")
    for reply in unread:
        _record(item, "reply_read", {"reply": str(reply.uid)}, by=by, now=now)
    unread.update(read_at=now, read_by=by)


def _record(item: WorkItem, kind: str, body: dict[str, Any], *, by: User, now: datetime, occurred: datetime | None = None) -> None:
    """On the journey where there is one, else on the patient; an item about nobody we know keeps its outcome to itself."""
    if item.journey is not None:
        journeys.record(journey=item.journey, kind=kind, body=body, occurred=occurred or now, now=now, by=by)
    elif item.patient is not None:
        journeys.record_for_patient(
            patient=item.patient,
            kind=kind,
            body=body,
            occurred=occurred or now,
            now=now,
            by=by,
            grade=Grade.STAFF_ATTESTED,
            business_id=f"{item.uid}-{item.revision}-{kind}",
            site=item.site,
        )
