"""Two workers hear of the same newcomer at the same moment."""

from __future__ import annotations

from datetime import UTC, date, datetime
from threading import Barrier, Event, Thread
from time import sleep

import pytest
from django.db import connection, transaction

from patients import registry, sites
from patients.models import Identifier, Patient, Person
from tests.people import stated

NOW = datetime(2026, 3, 11, 14, 0, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_the_newcomer_is_registered_once() -> None:
    site = sites.add(code="north", name="North Valley Hospital", time_zone="America/New_York")
    start = Barrier(3)
    heard: list[set[tuple[int, int | None]]] = []

    def hear(first: int) -> None:
        numbers = range(first, first + 40)
        people = [stated(str(number), "Okafor", "Ann", date(1960, 5, 17), phones=("+16175550111",)) for number in numbers]
        start.wait()
        try:
            with transaction.atomic():
                found = registry.resolve(people, site=site, may_register=True, now=NOW, source="adt")
            heard.append({(number, each.patient_id) for number, each in zip(numbers, found, strict=True)})
        finally:
            connection.close()

    workers = [Thread(target=hear, args=(first,)) for first in (0, 20, 20)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(heard) == 3
    assert len(set().union(*heard)) == 60, "all three call one number the same patient"
    assert Patient.objects.count() == Person.objects.count() == Identifier.objects.count() == 60


@pytest.mark.django_db(transaction=True)
def test_who_waits_for_a_number_holds_no_patient() -> None:
    """One worker registers a newcomer and then speaks of Ann; another speaks of Ann and of the same newcomer: neither waits for ever."""
    site = sites.add(code="north", name="North Valley Hospital", time_zone="America/New_York")

    def say(*numbers: str) -> list[int | None]:
        people = [stated(number, "Okafor", "Ann", date(1960, 5, 17)) for number in numbers]
        return [one.patient_id for one in registry.resolve(people, site=site, may_register=True, now=NOW, source="adt")]

    ann, *_ = say("1")
    waiting, later = Event(), []

    def other() -> None:
        try:
            with transaction.atomic():
                waiting.set()
                later.extend(say("1", "2"))
        finally:
            connection.close()

    worker = Thread(target=other)
    with transaction.atomic():
        newcomer, *_ = say("2")
        worker.start()
        waiting.wait()
        while not _somebody_waits_for_a_number():
            sleep(0.01)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '500ms'")  # shorter than what a deadlock takes to be noticed
        assert say("1") == [ann]
    worker.join()
    assert later == [ann, newcomer]


def _somebody_waits_for_a_number() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return bool((cursor.fetchone() or (0,))[0])
