"""Many patients with one reminder due now each: rows made as sets, so that a run is spent on sending and not on admitting."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Field, Model

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
    zone, long_ago, due = zone_where_it_is_forenoon(now), now - timedelta(days=60), now - timedelta(minutes=1)
    world.rung(0, "patient", expires_after=timedelta(days=3))
    person = Person.objects.create(given="Ana", family="Q0", birth_lo=BORN, birth_hi=BORN, language="en")
    phone = Phone.objects.create(e164=f"+{NUMBER}", zone=zone)
    patient = Patient.objects.create(person=person, registered_at=long_ago)
    journey = Journey.objects.create(
        pathway="lung", version=world.version, primary_group="g0", entry="advanced", found_by="rule", patient=patient,
        home_site=world.site, accountable=world.dara, opened_at=long_ago,
    )  # fmt: skip
    rows: list[Model] = [
        person, phone, patient, journey,
        PatientSite.objects.create(patient=patient, site=world.site, since=long_ago),
        ContactPoint.objects.create(person=person, phone=phone, rank=1, since=long_ago),
        Permission.objects.create(person=person, patient=patient, phone=phone, granted_at=long_ago),
        Stay.objects.create(
            journey=journey, stage=world.stage, track="main", root_lineage="r0", entered_at=now - timedelta(days=20), due_at=due,
            rung_at=[due], attention_at=due,
        ),
    ]  # fmt: skip
    for row in rows:
        _multiply(row, count)


OWN = {
    "e164": f"'+' || ({NUMBER} + n)",
    "family": "'Q' || n",
    "primary_group": "'g' || n",
    "root_lineage": "'r' || n",
    "uid": "gen_random_uuid()",
}
"""What is each row's own; whoever it points to of the first person's rows is the one as far away as itself."""


def _multiply(row: Model, count: int) -> None:
    """As many rows like this one, by one statement."""
    table, columns = row._meta.db_table, {str(field.column): _value(field) for field in row._meta.concrete_fields}
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(columns.values())} "
            f"FROM {table} AS t CROSS JOIN generate_series(1, %s) AS n WHERE t.id = %s",
            [count - 1, row.pk],
        )
        cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), %s)", [row.pk + count])


def _value(field: Field[Any, Any]) -> str:
    if field.primary_key or field.related_model in (Person, Phone, Patient, Journey):
        return f"t.{field.column} + n"
    return OWN.get(str(field.column), f"t.{field.column}")
