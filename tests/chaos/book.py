"""The ledger of a run: what patients were to get, what the provider took, what the rows say, and what stopped whom when."""

from __future__ import annotations

import sqlite3
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import msgspec
from django.db import transaction
from django.utils import timezone

from notifications.models import OPEN_STATES, Message, WorkItem
from notifications.reconcile import WITH_A_PERSON
from pathways import alerts
from pathways.models import Alert, Stay
from patients import consent
from patients.models import Patient, Phone

IN_FLIGHT_SECONDS = 35.0


class Stopped(msgspec.Struct, frozen=True):
    """Why texts for a patient ended; the tries that had been claimed when it was committed, by message."""

    patient: int
    why: str
    at: datetime
    claimed: dict[int, int]


def stop(patient: int, why: str) -> Stopped:
    """STOP, death or progress, through the product's own verbs. Under the locks that a claim needs the tries so far are read: whatever
    has one more afterwards was claimed after this was committed."""
    with transaction.atomic():
        now = timezone.now()
        match why:
            case "stop":
                phone = Phone.objects.select_for_update().get(contact_points__person__patient=patient)
                consent.stop(phone=phone, now=now, evidence=consent.Evidence("reply"))
            case "death":
                Patient.objects.filter(pk=patient).update(died_lo=now, died_hi=now)
            case _:
                stay = Stay.objects.select_for_update().get(journey__patient=patient)
                Stay.objects.filter(pk=stay.pk).update(left_at=now, attention_at=None)
                alerts.withdraw_of_stays([stay.pk], reason="progress", now=now)
        claimed = dict(Message.objects.filter(patient=patient).values_list("pk", "attempt"))
    return Stopped(patient, why, timezone.now(), claimed)


def under_way() -> list[int]:
    """Patients whose text is with the provider, or about to be, at this moment: the worst of all to say STOP in."""
    return list(
        Message.objects.filter(state="sending", patient__isnull=False).order_by("-claimed_at").values_list("patient", flat=True)[:50]
    )


def pick(dice: Random, patients: list[int], count: int) -> list[tuple[int, str]]:
    return [(patient, dice.choice(("stop", "death", "progress"))) for patient in dice.sample(patients, count)]


def accepted(ledger: Path) -> dict[str, list[datetime]]:
    """When each of our messages was taken, by the id that its callback carries."""
    with sqlite3.connect(ledger) as book:
        rows = book.execute("SELECT callback, created FROM message WHERE direction LIKE 'outbound%' ORDER BY n").fetchall()
    book.close()
    found: dict[str, list[datetime]] = {}
    for callback, created in rows:
        found.setdefault(callback.rstrip("/").split("/")[-2], []).append(datetime.fromtimestamp(created, UTC))
    return found


class Left(msgspec.Struct, frozen=True):
    """What is not at its end yet: waits that have not rung or been planned, texts that nobody has tried, that came back, that are on their way, that nobody
    saw end."""

    due: int = 0
    untried: int = 0
    again: int = 0
    sending: int = 0
    unknown: int = 0


def left() -> Left:
    """Nothing: all is quiet. What a person looks into is at its end."""
    texts = Counter(Message.objects.filter(state="pending").values_list("attempt", flat=True))
    unknown = Message.objects.filter(state="unknown").exclude(reason=WITH_A_PERSON).count()
    due = Stay.objects.filter(attention_at__lte=timezone.now(), gated=False, release=False).count()
    due += Alert.objects.filter(planned_at=None).count()
    untried = texts.pop(0, 0)
    return Left(due, untried, texts.total(), Message.objects.filter(state="sending").count(), unknown)


def close(*, ledger: Path, journeys: int, stopped: list[Stopped]) -> dict[str, Any]:
    """The figures of a run. `silent` are patients who got nothing, for whom nobody was asked, and whom nothing had stopped."""
    taken, halted = accepted(ledger), {each.patient: each for each in stopped}
    asked = set(WorkItem.objects.filter(state__in=OPEN_STATES).values_list("patient", flat=True))
    with_a_person = set(WorkItem.objects.filter(cause_kind="unknown_send", state__in=OPEN_STATES).values_list("cause_key", flat=True))
    messages = list(Message.objects.all())
    reached = {message.patient_id for message in messages if str(message.uid) in taken}
    everybody = set(Patient.objects.values_list("pk", flat=True))
    unknown = [m for m in messages if m.state in ("sending", "unknown") and str(m.uid) not in with_a_person]
    after = [m for m in messages if (s := halted.get(m.patient_id or 0)) and m.attempt > s.claimed.get(m.pk, 0)]
    late = [_flight(m, halted, taken) for m in messages if m.patient_id in halted]
    flights = [seconds for seconds in late if seconds is not None]
    return {
        "journeys": journeys,
        "messages": len(messages),
        "accepted": sum(len(copies) for copies in taken.values()),
        "duplicates": sum(len(copies) > 1 for copies in taken.values()),
        "worst_copies": max((len(copies) for copies in taken.values()), default=0),
        "silent": len(everybody - reached - asked - set(halted)),
        "after_stop": len(after),
        "unknown": len(unknown),
        "in_flight": len(flights),
        "in_flight_s": sorted((round(seconds, 1) for seconds in flights), reverse=True),
        "in_flight_too_long": sum(seconds > IN_FLIGHT_SECONDS for seconds in flights),
        "with_a_person": len(with_a_person),
        "sent_but_not_taken": sum(m.state in ("sent", "delivered") and str(m.uid) not in taken for m in messages),
        "stopped": dict(Counter(each.why for each in stopped)),
        "states": dict(Counter(str(m.state) for m in messages)),
        "waiting_for": dict(Counter(m.reason or "its turn" for m in messages if m.state == "pending")),
    }


def _flight(message: Message, halted: dict[int, Stopped], taken: dict[str, list[datetime]]) -> float | None:
    """Seconds from claim to acceptance of a text that was under way when its patient was stopped."""
    at = taken.get(str(message.uid), [None])[-1]
    if at is None or message.claimed_at is None or at <= halted[message.patient_id or 0].at:
        return None
    return (at - message.claimed_at).total_seconds()
