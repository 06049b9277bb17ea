"""Two workers hear of the same newcomer at the same moment."""

from __future__ import annotations

from datetime import UTC, date, datetime
from threading import Barrier, Thread

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
