"""A big house for the queue's benchmark: one true row of each kind, made by the product, and then many like it.

A new column needs no change here: a copy has what its original has, but for what is named.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from django.db import connection
from django.utils import timezone

from pathways.models import Rollout
from patients import sites
from patients.models import Role, Site, User
from tests.benchmarks import scratch
from tests.desk import DAY, Desk
from tests.people import nurse

SITES = 3
CLAIMED_BY_HER = 40
FIRST = 1_000  # ids of the copies begin after those of the originals
# Column by column what a copy `n` (1, 2, ...) has of its own, as SQL.
OWN = {
    "patients_person": {"family": "'Family' || x.n"},
    "patients_patient": {"uid": "gen_random_uuid()", "person_id": "x.id"},
    "patients_patientsite": {"patient_id": "x.id", "site_id": "x.site"},
    "patients_identifier": {"patient_id": "x.id", "value": "(1000000 + x.n)::text"},
    "pathways_journey": {"uid": "gen_random_uuid()", "patient_id": "x.id", "home_site_id": "x.site"},
    "pathways_stay": {"journey_id": "x.id"},
    "pathways_event": {"patient_id": "x.id", "lineage": "'bench|' || x.n", "kind": "'contact_attempted'"},
    "pathways_alert": {"stay_id": "x.id"},
    "notifications_workitem": {
        "uid": "gen_random_uuid()",
        "cause_key": "x.n || ':x'",
        "site_id": "x.site",
        "patient_id": "x.id",
        "journey_id": "x.id",
        "cause_kind": "CASE x.n % 5 WHEN 4 THEN 'reply' ELSE 'problem' END",
        "audience": "CASE WHEN x.n % 20 = 0 THEN 'lead' WHEN x.n % 20 = 1 THEN 'pharmacist' WHEN x.n % 20 < 5 THEN 'clinician' ELSE 'navigator' END",
        "also_for": "CASE WHEN x.n % 40 = 0 THEN '{navigator}' ELSE '{}' END::varchar[]",
        "priority": "CASE WHEN x.n % 97 = 0 THEN 1 ELSE 2 + x.n % 4 END",
        "due_at": "now() - interval '20 days' + (x.n * 7919 % 3456000) * interval '1 second'",
        "opened_at": "now() - interval '25 days' + (x.n * 7919 % 1728000) * interval '1 second'",
        "state": "CASE WHEN x.n % 10 < 6 THEN 'open' WHEN x.n % 10 < 8 THEN 'claimed' ELSE 'parked' END",
        "owner_id": "CASE x.n % 10 WHEN 6 THEN x.other WHEN 7 THEN x.other END",
        "parked_until": "CASE WHEN x.n % 10 > 7 THEN now() + (x.n % 1000) * interval '1 hour' END",
        "waiting_on": "CASE WHEN x.n % 10 = 9 THEN 'payer' ELSE '' END",
    },
    "notifications_workitemalert": {"alert_id": "x.id", "item_id": "x.id"},
}


def populate(count: int) -> None:
    """`count` patients with a journey, a wait, and an open item each, spread over three sites; and 7/3 as many items that are done."""
    _originals()
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # no history of made-up rows; the rows themselves are whole
    for table in OWN:
        scratch.tell(f"{count:,} rows of {table}")
        with _indexed_afterwards(table):
            _copy(table, count)
            if table == "notifications_workitem":
                scratch.tell(f"{count * 7 // 3:,} items that are done")
                _done(count)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = origin")
        cursor.execute(
            "UPDATE notifications_workitem SET state = 'claimed', owner_id = (SELECT id FROM patients_user WHERE username = 'dara') "
            "WHERE id IN (SELECT id FROM notifications_workitem WHERE state = 'claimed' ORDER BY id LIMIT %s)",
            [CLAIMED_BY_HER],
        )


def _originals() -> None:
    now = timezone.now()
    houses = [sites.add(code=f"site-{n}", name=f"Site {n}", time_zone="America/New_York", subdivision="MA") for n in range(SITES)]
    dara = nurse("dara", *houses)
    nurse("other", houses[0], role=Role.LEAD)
    desk = Desk(houses[0], now)
    desk.go_live(dara)
    for house in houses[1:]:
        Rollout.objects.create(site=house, pathway="nsclc-biomarker", mode="live", default_accountable=dara, texts_from=now)
    patient = desk.patient("Original", "Ann", date(1960, 1, 1))
    desk.item(desk.wait(desk.journey(patient, days=20, accountable=dara), "main.to_order", since=18, due=16))
    desk.event(desk.journey(patient, days=1, episode_no=2), "contact_attempted", now - DAY, {"channel": "phone", "outcome": "no_answer"})


def _copy(table: str, count: int) -> None:
    """Of the one original (of events the call) `count` copies, with the site and the colleague that some columns name."""
    key = "alert_id" if table == "notifications_workitemalert" else "id"
    own = ({"id": "x.id"} if key == "id" else {}) | OWN[table]
    only = "WHERE kind = 'contact_attempted'" if table == "pathways_event" else ""
    houses = list(Site.objects.order_by("pk").values_list("pk", flat=True))
    other = User.objects.get(username="other").pk
    _insert(
        table,
        own,
        f"""(SELECT * FROM {table} {only} ORDER BY {key} LIMIT 1) AS o
        CROSS JOIN (SELECT n, n + {FIRST} AS id, (ARRAY{houses})[(1 + n % {SITES})::int] AS site, {other} AS other
                    FROM generate_series(1::bigint, {count}) AS n) AS x""",
    )


def _done(count: int) -> None:
    """What was done over a year, of the same journeys."""
    other = User.objects.get(username="other").pk
    own = {
        "id": f"{10 * FIRST} + {count} + n",
        "uid": "gen_random_uuid()",
        "state": "'done'",
        "outcome": "'reached'",
        "cause_key": "'done:' || n",
        "owner_id": str(other),
        "parked_until": "NULL",
        "closed_at": f"now() - n * (365.0 * 86400 / {count * 7 // 3}) * interval '1 second'",
    }
    _insert(
        "notifications_workitem",
        own,
        f"generate_series(1::bigint, {count * 7 // 3}) AS n JOIN notifications_workitem o ON o.id = {FIRST} + 1 + n % {count}",
    )


def _insert(table: str, own: dict[str, str], source: str) -> None:
    """Rows of `source`, which names the original `o`: its columns, but for those in `own`."""
    with connection.cursor() as cursor:
        names = [column.name for column in connection.introspection.get_table_description(cursor, table)]
        values = ", ".join(own.get(name, f'o."{name}"') for name in names)
        columns = ", ".join(f'"{name}"' for name in names)
        cursor.execute(f"INSERT INTO {table} ({columns}) SELECT {values} FROM {source}")


@contextmanager
def _indexed_afterwards(table: str) -> Iterator[None]:
    """Indexes that hold no constraint are built once over all rows, not row by row."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
            "WHERE i.indrelid = %s::regclass AND NOT i.indisunique",
            [table],
        )
        found = cursor.fetchall()
        for name, _ in found:
            cursor.execute(f'DROP INDEX "{name}"')
        yield
        for _, definition in found:
            cursor.execute(definition)
