"""Many patients with one reminder due now each: rows made as sets, so that a run is spent on sending and not on admitting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Model

from pathways.models import Journey, Stay
from patients.models import ContactPoint, Patient, PatientSite, Permission, Person, Phone
from tests.notifications.world import World

BORN = date(1960, 1, 1)
NUMBER = 16_172_000_000


def zone_where_it_is_forenoon(now: datetime) -> str:
    """A fixed zone in which it is ten o'clock now: the run keeps the wall clock, and its patients the decent hours."""
    hours = (now.hour - 10 + 12) % 24 - 12
    return f"Etc/GMT{hours:+d}" if hours else "Etc/GMT"


def admit(world: World, count: int, *, now: datetime) -> None:
    """`count` adults who agreed to texts, each waiting for a visit whose reminder is due now."""
    zone, long_ago = zone_where_it_is_forenoon(now), now - timedelta(days=60)
    world.rung(0, "patient", expires_after=timedelta(days=3))
    people = _made(Person, count, lambda n: {"given": "Ana", "family": f"Q{n}", "birth_lo": BORN, "birth_hi": BORN, "language": "en"})
    phones = _made(Phone, count, lambda n: {"e164": f"+{NUMBER + n}", "zone": zone})
    patients = _made(Patient, count, lambda n: {"person": people[n], "registered_at": long_ago})
    _made(PatientSite, count, lambda n: {"patient": patients[n], "site": world.site, "since": long_ago})
    _made(ContactPoint, count, lambda n: {"person": people[n], "phone": phones[n], "rank": 1, "since": long_ago})
    _made(Permission, count, lambda n: {"person": people[n], "patient": patients[n], "phone": phones[n], "granted_at": long_ago})
    journeys = _made(Journey, count, lambda n: _journey(world, patients[n], long_ago, n))
    _made(Stay, count, lambda n: _stay(world, journeys[n], now, n))


def _journey(world: World, patient: Patient, opened: datetime, n: int) -> dict[str, Any]:
    known = {"pathway": "lung", "version": world.version, "primary_group": f"g{n}", "entry": "advanced", "found_by": "rule"}
    return known | {"patient": patient, "home_site": world.site, "accountable": world.dara, "opened_at": opened}


def _stay(world: World, journey: Journey, now: datetime, n: int) -> dict[str, Any]:
    due = now - timedelta(minutes=1)
    wait = {"journey": journey, "stage": world.stage, "track": "main", "root_lineage": f"r{n}"}
    return wait | {"entered_at": now - timedelta(days=20), "due_at": due, "rung_at": [due], "attention_at": due}


def _made(model: type[Model], count: int, fields: Callable[[int], dict[str, Any]]) -> list[Any]:
    def rows() -> Iterator[Model]:
        for n in range(count):
            yield model(**fields(n))

    return list(model._default_manager.bulk_create(rows(), batch_size=2000))
