"""Lets schedules speak when their time comes. What is due is found by an index, so cost follows what is due and not what is open."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction

from pathways import journeys
from pathways.models import Turn

BATCH = 200
DUE = """
SELECT t.journey_id, COALESCE(p.survivor_id, p.id)
FROM pathways_turn t JOIN pathways_journey j ON j.id = t.journey_id JOIN patients_patient p ON p.id = j.patient_id
WHERE t.at <= %s ORDER BY t.at LIMIT %s
"""


def take_turns(*, now: datetime, batch: int = BATCH) -> int:
    """Settles every journey whose schedule has something to say by `now`; how many. One that fails is set aside and delays no other."""
    done = 0
    before: list[tuple[int, int]] = []
    while (due := _due(now, batch)) and due != before:
        try:
            journeys.settle(sorted({patient_id for _, patient_id in due}), now=now)
        except Exception:  # one of them is poisoned: each is tried alone
            for journey_id, patient_id in due:
                _settle_alone(journey_id, patient_id, now)
        done += len(due)
        before = due
    return done


def _due(now: datetime, batch: int) -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(DUE, [now, batch])
        return [(journey_id, patient_id) for journey_id, patient_id in cursor.fetchall()]


def _settle_alone(journey_id: int, patient_id: int, now: datetime) -> None:
    try:
        journeys.settle([patient_id], now=now)
    except Exception as error:
        with transaction.atomic():
            for row in Turn.objects.select_for_update().filter(pk=journey_id):
                row.failures += 1
                row.at, row.set_aside = now + timedelta(hours=min(row.failures, 24)), type(error).__name__
                row.save()
