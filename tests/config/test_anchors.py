"""The newest seal kept outside shows what the chain alone cannot: that its end is gone."""

from __future__ import annotations

import json
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection

from config import anchors
from patients import access
from patients.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def outside(settings: Any, tmp_path: Path) -> Path:
    settings.AUDIT_ANCHOR_FILE = str(tmp_path / "anchors")
    return tmp_path / "anchors"


def read(dara: User, now: datetime, times: int) -> None:
    for n in range(times):
        access.saw(user=dara, action="view", what="journey", patients=[n], now=now)


def verify(*words: str) -> tuple[int, dict[str, Any]]:
    out = StringIO()
    try:
        call_command("audit", "verify", "--json", *words, stdout=out)
    except SystemExit as end:
        return int(str(end.code)), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


def cut_off_all_but(kept: int) -> None:
    """As somebody with the owner's rights would, past the product."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM patients_accessseal WHERE id > (SELECT min(id) + %s - 1 FROM patients_accessseal)", [kept])
        cursor.execute("DELETE FROM patients_accesslog l WHERE NOT EXISTS (SELECT FROM patients_accessseal s WHERE s.entry_id = l.id)")


def test_a_cut_end_is_seen_by_the_file(outside: Path, dara: User, now: datetime) -> None:
    for _ in range(2):
        read(dara, now, 3)
        anchors.keep(now=now)
    assert [json.loads(line)["rows"] for line in outside.read_text().splitlines()] == [3, 6]
    assert verify() == (0, {"ok": True, "head": access.head(), "anchors": 2, "violations": []})
    cut_off_all_but(3)
    status, said = verify()
    assert (status, [each["row"] for each in said["violations"]]) == (1, ["patients.accesslog 0"])


def test_a_digest_may_also_be_named_on_the_command_line(dara: User, now: datetime) -> None:
    read(dara, now, 2)
    known = anchors.keep(now=now).head
    assert verify("--anchor", known)[0] == 0
    cut_off_all_but(1)
    assert verify()[0] == 0, "the chain alone is whole"
    assert verify("--anchor", known)[0] == 1


def test_an_anchor_is_mailed_and_says_nothing_of_anybody(settings: Any, dara: User, now: datetime) -> None:
    settings.AUDIT_ANCHOR_EMAIL = ["auditor@example.org"]
    read(dara, now, 1)
    kept = anchors.keep(now=now)
    assert kept.head in mail.outbox[0].body
    assert set(json.loads(str(mail.outbox[0].body))) == {"at", "rows", "head"}


def test_a_file_that_somebody_wrote_over_is_no_proof(outside: Path, dara: User, now: datetime) -> None:
    read(dara, now, 1)
    anchors.keep(now=now)
    outside.write_text("nothing to see here\n")
    assert verify()[0] == 1
