"""The table of outcomes on a journey that the engine follows: each leaves an event behind, an end or a next date, and nobody in silence."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from notifications import worklist
from notifications.models import ItemState, WorkItem
from notifications.outcomes import OUTCOMES, Then
from pathways.invariants import RULES
from pathways.models import Event, Journey, Stay
from patients.models import User
from tests.desk import Desk
from tests.people import phone_of

CLOSES_ELSEWHERE = {"settled", "read", "number_updated", "released"}
"""They answer a matter, a reply, a number or a stop, and no wait."""


def details_of(outcome: str, journey: Journey, now: datetime) -> dict[str, Any]:
    """What a navigator would fill in."""
    soon = now + timedelta(days=2)
    known: dict[str, Any] = {
        "until": soon, "starts": soon, "on": now - timedelta(days=1), "number": phone_of(journey.patient).e164, "what": "drug_ordered",
        "evidence": "chart", "party": "payer", "barrier": "cost", "to": "lead", "clinician": "Dr. Lund", "sub_reason": "preference",
        "where": "South Lake", "declines": "declined_therapy", "source": "her daughter", "reason": "lost_to_follow_up",
    }  # fmt: skip
    if outcome == "not_a_stall":
        known["why"] = "rule wrong"
    return {name: known[name] for name in OUTCOMES[outcome].needs if name in known or name == "why"}


def silent() -> list[int]:
    """Journeys that no rung, review or person would ever bring up again, as `doctor` asks."""
    with connection.cursor() as cursor:
        cursor.execute(next(rule.sql for rule in RULES if rule.invariant == "nobody is silent"))
        return [row[0] for row in cursor.fetchall()]


def test_every_outcome_on_a_followed_journey_writes_ends_or_comes_back(desk: Desk, dara: User, followed: Journey) -> None:
    stay = Stay.objects.open().get(journey=followed, stage__name="to_decide")
    item = desk.item(stay, priority=3)
    left: dict[str, str] = {}
    assert silent() == []
    for outcome, rule in OUTCOMES.items():
        if outcome in CLOSES_ELSEWHERE or (rule.causes and item.cause_kind not in rule.causes):
            continue
        with transaction.atomic():
            before = set(Event.objects.values_list("pk", flat=True))
            given = details_of(outcome, followed, desk.now)
            worklist.finish(item=item, outcome=outcome, by=dara, revision=item.revision, now=desk.now, note="n", details=given)
            now_is, journey = WorkItem.objects.get(pk=item.pk), Journey.objects.get(pk=followed.pk)
            written = Event.objects.exclude(pk__in=before).filter(patient=followed.patient, by=dara)
            left[outcome] = ",".join(sorted({event.kind for event in written}))
            assert left[outcome], f"{outcome} left no event"
            match rule.then:
                case Then.NEXT_DATE:
                    assert (now_is.state, now_is.parked_until) == (ItemState.PARKED, given["until"]), outcome
                case Then.HAND_ON:
                    assert (now_is.state, now_is.audience, now_is.owner) == (ItemState.OPEN, given["to"], None), outcome
                case Then.DONE:
                    assert now_is.state == ItemState.DONE, outcome
            assert (journey.status != "active") == bool(rule.exits), outcome
            assert silent() == [], f"{outcome} leaves the journey with nothing to ring"
            transaction.set_rollback(True)
    assert left == {
        "reached": "contact_attempted", "left_message": "contact_attempted", "no_answer": "contact_attempted",
        "wrong_number": "contact_attempted", "appointment_made": "visit_booked", "already_happened": "drug_ordered",
        "not_a_stall": "work_outcome", "waiting_on": "work_outcome", "barrier": "work_outcome", "escalated_to": "work_outcome",
        "clinician_decided": "exited", "transferred": "exited", "declined": "exited", "deceased": "exited", "exited": "exited",
        "handled": "work_outcome",
    }  # fmt: skip
