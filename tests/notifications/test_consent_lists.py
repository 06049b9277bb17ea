"""Consents by the list: checked row by row, with the batch's evidence, never against a newer word, never of another kind."""

from __future__ import annotations

import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command

from notifications import consent_lists
from notifications.consent_lists import Batch, Unusable, check, take_in
from patients import consent
from patients.models import ConsentEntry, Identifier, Patient, Permission, Phone
from tests.notifications.world import DAY, NOON, World

BATCH = Batch("2026-02", "es", "box 12")


@pytest.fixture
def ana(world: World) -> Patient:
    return numbered(world, "A1", "Ana")


def numbered(world: World, mrn: str, given: str, *, consents: bool = False) -> Patient:
    patient = world.patient(given, consents=consents)
    Identifier.objects.create(patient=patient, authority="MAIN", value=mrn, since=NOON)
    return patient


def read(world: World, *rows: str, head: str = "MRN,Decision,Date,Kind,Programme") -> consent_lists.Checked:
    return check("\n".join([head, *rows]).encode(), site=world.site, now=NOON)


def test_a_list_is_written_with_the_evidence_of_its_batch_once(world: World, ana: Patient) -> None:
    checked = read(world, "A1,Yes,2026-03-01,,")
    assert take_in(checked, batch=BATCH, by=world.dara) == 1
    entry = ConsentEntry.objects.get()
    assert (entry.how, entry.wording_version, entry.language, entry.by) == ("batch import", "2026-02", "es", world.dara)
    assert entry.evidence == f"list {checked.digest} line 2; box 12"
    assert consent.may_text(person=ana.person, patient=ana, phone=Phone.objects.get(), programme="lung")
    again = read(world, "A1,Yes,2026-03-01,,")
    assert (again.heard, again.known) == ([], 1)


def test_rows_that_cannot_be_taken_are_named_by_line_and_never_by_patient(world: World, ana: Patient) -> None:
    rows = [
        "X9,yes,2026-03-01,,",
        "A1,perhaps,2026-03-01,,",
        "A1,yes,01/03/2026,,",
        "A1,yes,2026-03-11,,",
        "A1,yes,2026-03-01,dance,",
        "A1,yes,2026-03-01,,zoo",
    ]
    checked = read(world, *rows)
    assert checked.heard == []
    assert [one.line for one in checked.wrong] == [2, 3, 4, 5, 6, 7]
    assert not [one for one in checked.wrong if "A1" in one.why or "X9" in one.why]


def test_two_patients_of_one_number_are_nobody(world: World, ana: Patient) -> None:
    other = world.patient("Bea", consents=False)
    Identifier.objects.create(patient=other, authority="OLD", value="A1", since=NOON)
    assert read(world, "A1,yes,2026-03-01,,").wrong[0].why == "several patients have this number"


@pytest.mark.parametrize("kind", ["genetic_test", "research", "family_contact", "disclosure"])
def test_a_yes_of_another_kind_lets_no_text_out(world: World, ana: Patient, kind: str) -> None:
    take_in(read(world, f"A1,yes,2026-03-01,{kind},"), batch=BATCH, by=None)
    assert ConsentEntry.objects.get().kind == kind
    assert not Permission.objects.exists()


def test_an_old_list_overrules_no_newer_word_and_no_stop(world: World, ana: Patient) -> None:
    phone = Phone.objects.get()
    consent.revoke(person=ana.person, patient=ana, phone=phone, at=NOON - DAY, evidence=consent.Evidence("verbal"))
    take_in(read(world, "A1,yes,2026-03-01,,"), batch=BATCH, by=None)
    assert not consent.may_text(person=ana.person, patient=ana, phone=phone, programme="")
    consent.stop(phone=phone, now=NOON, evidence=consent.Evidence("reply"))
    phone.refresh_from_db()
    assert phone.stopped_at is not None
    assert not consent.may_text(person=ana.person, patient=ana, phone=phone, programme="")


@pytest.mark.parametrize("body", [b"", b"mrn,decision\nA1,yes", b"name,decision,date\nAna,yes,2026-03-01"])
def test_a_file_that_is_no_such_list_is_refused_whole(world: World, body: bytes) -> None:
    with pytest.raises(Unusable):
        check(body, site=world.site, now=NOON)


def test_the_command_checks_and_writes(world: World, ana: Patient, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "list.csv"
    path.write_text("mrn,decision,date\nA1,yes,2026-03-01\nX9,yes,2026-03-01\n")
    options = [str(path), "--site", "main", "--form-version", "2026-02", "--json"]
    call_command("consents", *options, "--check")
    assert json.loads(capsys.readouterr().out)["would_write"] == 1
    assert not ConsentEntry.objects.exists()
    call_command("consents", *options, "--by", "dara")
    said = json.loads(capsys.readouterr().out)
    assert (said["written"], said["wrong"][0]["line"]) == (1, 3)
    with pytest.raises(CommandError):
        call_command("consents", str(path), "--site", "nowhere", "--form-version", "1")


def test_a_number_that_the_patient_got_later_is_covered_by_the_yes_of_today_only(world: World, ana: Patient) -> None:
    take_in(read(world, "A1,yes,2026-03-01,,"), batch=BATCH, by=None)
    later = world.phone(ana.person, None)
    assert not consent.may_text(person=ana.person, patient=ana, phone=later, programme="")


def test_what_was_signed_this_morning_counts_from_now_and_tomorrow_never(world: World, ana: Patient) -> None:
    """The list is brought before noon of its own day, on the site's clock."""
    early = NOON.astimezone(ZoneInfo(world.site.time_zone)).replace(hour=8)
    body = f"MRN,Decision,Date\nA1,yes,{early:%Y-%m-%d}\nA1,yes,{early + DAY:%Y-%m-%d}\n".encode()
    checked = consent_lists.check(body, site=world.site, now=early)
    assert [heard.at for heard in checked.heard] == [early]
    assert [wrong.line for wrong in checked.wrong] == [3]
