"""E. Platform, data, security: stores that fail, hostile bytes, people who left, a log that somebody touched. Cases 101 to 118."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import InternalError, OperationalError, connection, migrations
from django.db.migrations.loader import MigrationLoader
from django.db.models import NOT_PROVIDED
from django.test import Client
from django.utils import timezone
from psycopg.errors import DeadlockDetected

from config.report_files import as_csv
from notifications import epoch, halts
from notifications.models import Epoch, Message
from notifications.plan import plan
from notifications.send import Sent, send_due
from pathways.ingest import feeds, intake, originals
from pathways.ingest.hl7 import door as hl7_door
from pathways.models import Alert, Feed, Inbound, Stay
from pathways.reports import hiding
from pathways.reports.sheet import Cell, Column, Kind, Sum, Table
from pathways.sweep import ring
from pathways.trackers.taking import harmless
from pathways.views import inbound
from patients import access, sessions, staff
from patients.models import AccessLog, Patient, Role, Site, User
from tests.browser.morning import Morning
from tests.config.test_production import production
from tests.notifications.carrier import Carrier
from tests.notifications.views.conftest import lena, signed_in, today
from tests.notifications.world import NOON, World
from tests.pathways.ingest.conftest import door
from tests.pathways.ingest.messages import PRESENT, gene, panel
from tests.people import PASSWORD, dara, north, nurse, south, today_here

__all__ = ["dara", "door", "lena", "north", "signed_in", "south", "today"]
pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]
RESULT = panel(*gene("2a", "EGFR", PRESENT))
LAYERS = ("patients", "pathways", "notifications", "config")


@pytest.mark.django_db(transaction=True)
def test_case_101_the_database_dies_in_the_middle_of_a_sweep() -> None:
    """The batch is undone, and found again by the next sweep, once."""
    world = World()
    stay, rung = world.stay(), world.rung()
    Stay.objects.filter(pk=stay.pk).update(attention_at=NOON, rung_at=[NOON])

    def cut(execute: Any, statement: Any, params: Any, many: bool, context: Any) -> Any:
        answer = execute(statement, params, many, context)
        if "pathways_alert" in str(statement):
            execute("SELECT pg_terminate_backend(pg_backend_pid())", None, False, context)
        return answer

    with pytest.raises(OperationalError), connection.execute_wrapper(cut):
        ring(now=NOON)
    connection.close()
    assert not Alert.objects.exists()
    ring(now=NOON)
    ring(now=NOON)
    assert [(alert.stay_id, alert.rung_id) for alert in Alert.objects.all()] == [(stay.pk, rung.pk)]


def read_only(on: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET default_transaction_read_only = {'on' if on else 'off'}")


@pytest.mark.django_db(transaction=True)
def test_case_102_a_database_that_takes_nothing_any_more(signed_in: Enter, dara: User, today: Morning) -> None:
    """A person gets 503 and when to come again; a sender hears that nothing was kept, and sends again."""
    client, token, before = signed_in(dara), feeds.issue_token(feed=Feed.objects.get()), Inbound.objects.count()
    read_only(True)
    try:
        answer = client.post(f"/items/{today.critical.uid}/claim/", {"revision": "0"})
        said = Client().post("/inbound/", RESULT, content_type="application/hl7-v2", headers={"Authorization": f"Bearer {token}"})
    finally:
        read_only(False)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert b"Nothing was changed" in answer.content
    assert (said.status_code, Inbound.objects.count()) == (503, before)


def test_case_103_a_deadlock_is_tried_again_and_leaves_no_double(door: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    real, tries = intake.process, []

    def deadlocks(*args: Any, **more: Any) -> Any:
        tries.append(1)
        done = real(*args, **more)
        if len(tries) == 1:
            raise OperationalError("deadlock detected") from DeadlockDetected()
        return done

    monkeypatch.setattr(intake, "process", deadlocks)
    [item] = intake.take([RESULT], feed=door, now=timezone.now())
    assert (len(tries), Inbound.objects.count()) == (2, 1)
    assert Inbound.objects.get().uid == item.uid


def test_case_104_no_connection_left(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The health page is red and says why; the process lives, so that nobody restarts it for nothing."""

    def exhausted(*_args: object, **_more: object) -> None:
        raise OperationalError("remaining connection slots are reserved")

    monkeypatch.setattr(connection, "cursor", exhausted)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "reserved" not in answer.content.decode()
    assert client.get("/livez").status_code == 200


def test_case_105_old_code_works_on_the_new_schema() -> None:
    """Expand, then contract: no migration takes from running code what it reads, or asks of it what it does not write."""
    taking = (migrations.RemoveField, migrations.RenameField, migrations.RenameModel, migrations.DeleteModel)
    wrong = []
    for (app, name), migration in MigrationLoader(None).disk_migrations.items():
        if app not in OURS or migration.initial:
            continue
        new = {step.name_lower for step in migration.operations if isinstance(step, migrations.CreateModel)}
        for step in migration.operations:
            if isinstance(step, taking):
                wrong.append(f"{app} {name}: {step.describe()}")
            if isinstance(step, migrations.AddField) and step.model_name_lower not in new and not _may_be_left_out(step):
                wrong.append(f"{app} {name}: {step.describe()} needs null or db_default")
    assert wrong == []


OURS = {"config", "notifications", "pathways", "patients"}


def _may_be_left_out(step: migrations.AddField) -> bool:
    """History is written by triggers, which come with the same migration."""
    field: Any = step.field
    return field.null or field.many_to_many or field.db_default is not NOT_PROVIDED or step.model_name_lower.endswith("history")


def test_case_106_a_restored_database_sends_nothing_until_it_asked_the_provider() -> None:
    """It knows itself by the cluster's mark; texts of the lost hour are on the provider's list only."""
    world, carrier = World(), Carrier()
    world.text_alert(world.patient("Ana"))
    plan(now=NOON)
    Epoch.objects.create(fingerprint="the cluster that burnt", since=NOON)
    assert send_due(now=NOON, transport=carrier) == Sent()
    assert [halt.key for halt in halts.standing()] == [halts.RESTORE]
    assert (Message.objects.get().state, carrier.took) == ("pending", [])
    assert epoch.fingerprint() != "the cluster that burnt"


def test_case_107_a_training_site_never_reaches_the_provider() -> None:
    """An address of the provider for invented people is refused at start, whoever's credentials stand beside it."""
    done = production("-c", "import config.settings", TRAINING_API_URL="https://api.twilio.com")
    assert done.returncode != 0
    assert "must be a simulator's address" in done.stderr


NOT_REAL = """
import django; django.setup()
from django.conf import settings
from notifications import transports
way = transports.current()
print(settings.TWILIO_API_URL, settings.DEBUG, settings.SESSION_COOKIE_SECURE, settings.EMAIL_BACKEND.split(".")[-2])
print([way.may_reach(number) for number in ("+16175551234", "+16175550123", "+15005550006")])
"""


def test_case_107b_staging_is_as_strict_as_production_and_reaches_nobody() -> None:
    """A copy of the database, the provider's own address and real credentials: only invented numbers, and no e-mail leaves."""
    done = production("-c", NOT_REAL, FINALMILE_ENV="staging", DJANGO_SETTINGS_MODULE="config.settings")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:2] == ["https://api.twilio.com False True console", "[False, True, True]"]


def post(body: bytes, token: str, kind: str = "application/json") -> Any:
    return Client().post("/inbound/", body, content_type=kind, headers={"Authorization": f"Bearer {token}"})


def test_case_108_too_much_is_refused_and_active_content_is_handed_out_as_bytes(door: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    token = feeds.issue_token(feed=door)
    monkeypatch.setattr(inbound, "LARGEST", 1_000)
    assert post(b"x" * 1_001, token).status_code == 413
    assert not Inbound.objects.exists()
    types = {
        body: originals.type_of(body) for body in (b"<html><script>alert(1)</script>", b"PK\x03\x04\x00", b"%PDF-1.7\n/JS (app.alert)")
    }
    assert "html" not in " ".join(types.values())
    assert [originals.Original(kind, b"").shown for kind in types.values()] == [True, False, True]


HOSTILE_JSON = {
    "deep": b"[" * 100_000,
    "endless number": b'{"resourceType": "Patient", "n": ' + b"9" * 5_000 + b"}",
    "no number": b'{"resourceType": "Patient", "n": NaN}',
    "too great": b'{"resourceType": "Patient", "n": 1e999}',
    "key twice": b'{"resourceType": "Patient", "id": "a", "id": "b"}',
    "half a pair": b'{"resourceType": "Patient", "id": "\\ud800"}',
    "nothing": b'{"resourceType": "Patient", "id": "a\\u0000b"}',
}


@pytest.mark.parametrize("body", HOSTILE_JSON.values(), ids=HOSTILE_JSON.keys())
def test_case_109_hostile_json_is_kept_aside_and_breaks_nothing(door: Feed, body: bytes) -> None:
    answer = post(body, feeds.issue_token(feed=door))
    assert answer.status_code in {200, 400}
    said = json.loads(answer.content)
    assert said.get("applied", 0) == 0 or Patient.objects.count() <= 1
    assert Inbound.objects.count() == said.get("received", 0)


HOSTILE_HL7 = {
    "a segment of a megabyte": RESULT + b"\rOBX|9|ST|x||" + b"A" * 1_000_000,
    "separators of its own": b"MSH#$%&@#LAB#NORTH####ORU$R01#C1#P#2.5.1\rPID###1",
    "escape without end": RESULT + b"\rNTE|1||" + b"\\" * 5_000,
    "mixed letters": RESULT + b"\rNTE|1||\xff\xfe\xe9 \xc3\xa9",
    "no control id": re.sub(rb"\|C1\|", b"||", RESULT),
    "line feeds": RESULT.replace(b"\r", b"\r\n"),
    "cut off": RESULT[: len(RESULT) // 2],
}


@pytest.mark.parametrize("body", HOSTILE_HL7.values(), ids=HOSTILE_HL7.keys())
def test_case_110_hostile_hl7_is_answered_after_it_was_stored(door: Feed, body: bytes) -> None:
    answer, kept = hl7_door.answer(body, feed=door, clock=timezone.now)
    assert kept
    assert re.search(r"MSA.A[AER]", answer if isinstance(answer, str) else answer.decode())
    assert Inbound.objects.exists()


def test_case_111_guessing_ids_finds_nothing(signed_in: Enter, south: Site, today: Morning) -> None:
    """Of another site's row, and of none, the answer is the same: who asks learns nothing."""
    client = signed_in(nurse("stranger", south, role=Role.LEAD))
    nowhere = "00000000-0000-0000-0000-000000000000"
    for noun, row in (("items", today.critical), ("journeys", today.journey), ("patients", today.patient), ("intake", today.message)):
        theirs, none = client.get(f"/{noun}/{row.uid}/"), client.get(f"/{noun}/{nowhere}/")
        assert (theirs.status_code, none.status_code, len(theirs.content)) == (404, 404, len(none.content)), noun


def test_case_112_whoever_is_removed_is_out_with_the_next_request(dara: User, today: Morning) -> None:
    client = Client()
    client.post("/accounts/login/", {"login": "dara", "password": PASSWORD})
    assert client.get(f"/journeys/{today.journey.uid}/").status_code == 200
    staff.disable(dara, on=today_here())
    assert sessions.end_all(dara, now=timezone.now()) == 1
    assert client.get(f"/journeys/{today.journey.uid}/").status_code == 302
    assert client.get("/reports/drop-off/nsclc-biomarker.csv").status_code == 302


def test_case_113_whoever_moves_loses_the_old_site_at_once(signed_in: Enter, dara: User, north: Site, south: Site, today: Morning) -> None:
    client = signed_in(dara)
    staff.leave(dara, site=north, on=today_here())
    staff.join(dara, site=south, role=Role.NAVIGATOR)
    assert client.get(f"/journeys/{today.journey.uid}/").status_code == 404
    assert client.get(f"/items/{today.mine.uid}/").status_code == 404


@pytest.mark.parametrize("words", ["=HYPERLINK(1)", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1"])
def test_case_114_words_of_an_export_start_no_formula(words: str) -> None:
    table = Table("t", "T", (Column("a", "A", Kind.WORDS),), ((Cell(words),),))
    sheet: Any = SimpleNamespace(tables=(table,), table=lambda _name: table)
    assert f"'{words}" in as_csv(sheet)
    assert harmless(words) == f"'{words}"


def test_case_115_what_cannot_be_logged_is_not_shown(signed_in: Enter, dara: User, today: Morning, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(**_more: object) -> None:
        raise InternalError("could not extend file: no space left on device")

    client = signed_in(dara)
    monkeypatch.setattr(AccessLog.objects, "create", refused)
    answer = client.get(f"/patients/{today.patient.uid}/")
    assert answer.status_code == 503
    assert "Okafor" not in answer.content.decode()


@pytest.mark.parametrize("column", ["patients = '{99}'", "at = at - interval '1 minute'", "actor = 'somebody else'"])
def test_case_116_a_row_edited_in_psql_is_named(dara: User, column: str) -> None:
    now = timezone.now()
    rows = [access.saw(user=dara, action="view", what="journey", patients=[n], now=now) for n in range(3)]
    access.seal(now=now)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE patients_accesslog SET {column} WHERE id = %s", [rows[1].pk])
    assert [found.row for found in access.verify(now=now)] == [f"patients.accesslog {rows[1].pk}"]


def test_case_118_a_small_number_cannot_be_worked_out_from_its_sums() -> None:
    """Five of a row of which the total is known: its neighbour goes with it."""
    known = [Sum("total", ("a", "b", "c"))]
    assert hiding.determined({"a"}, known) == {"a"}
    assert hiding.determined({"a", "b"}, known) == set()
