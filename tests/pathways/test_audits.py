"""A registry's list beside the journeys: who is missing and why, who is here and not on it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from pathways import audits, candidates
from pathways.audits import Verdict
from pathways.models import Journey, Matter, RegistryAudit, RegistryRow, Rollout
from pathways.uploads import Unusable, read
from patients.models import Identifier, Patient, Site, User
from tests.desk import PATHWAY, Desk
from tests.people import dara, north, south

__all__ = ["dara", "north", "south"]
pytestmark = pytest.mark.django_db
BORN = date(1950, 1, 2)


@pytest.fixture
def desk(north: Site, dara: User, now: datetime) -> Desk:
    desk = Desk(north, now)
    desk.go_live(dara)
    return desk


def number(patient: Patient) -> str:
    return Identifier.objects.get(patient=patient).value


def laid(desk: Desk, by: User, rows: str, primary: str = "C34") -> RegistryAudit:
    lines = read(f"MRN,Birth Date,Diagnosis Date,Primary\n{rows}\n".encode())
    return audits.audit(site=desk.site, pathway=PATHWAY, lines=lines, primary=primary, by=by, now=desk.now)


def told(audit: RegistryAudit) -> list[tuple[str, str]]:
    return [(row.verdict, row.reason) for row in audit.rows.order_by("n")]


def test_each_row_is_told_where_it_was_found(desk: Desk, dara: User, south: Site) -> None:
    followed, elsewhere, candidate, refused, known, heard = (desk.patient(f"P{n}", "X", BORN) for n in range(6))
    desk.journey(followed, days=30)
    Journey.objects.filter(pk=desk.journey(elsewhere, days=30).pk).update(home_site=south)
    for patient in (candidate, refused):
        matter = desk.candidate(patient)
        if patient == refused:
            candidates.refuse(matter=matter, reason="not_eligible", by=dara, now=desk.now)
    Matter.objects.create(kind="unbound", subject="other", site=desk.site, patient=known, opened_at=desk.now, due_at=desk.now)
    voided = desk.journey(heard, days=30)
    voided.void()
    voided.save()
    said = laid(
        desk,
        dara,
        "\n".join(
            [
                f"{number(followed)},1950-01-02,2026-02-01,C34.1",
                f"{number(elsewhere)},,2026-02-01,C34.1",
                f"{number(candidate)},1950-01-02,2026-02-01,C34.1",
                f"{number(refused)},1950-01-02,2026-02-01,C34.1",
                f"{number(known)},1950-01-02,2026-02-01,C34.1",
                f"{number(heard)},1950-01-02,2026-02-01,C34.1",
                f"{number(known)},1951-01-02,2026-02-01,C34.1",
                "nobody,1950-01-02,2026-02-01,C34.1",
                f"{number(known)},1950-01-02,2026-02-01,C50.9",
            ]
        ),
    )
    assert told(said) == [
        (Verdict.HERE, ""),
        (Verdict.HERE, "followed by South Lake Clinic"),
        (Verdict.MISSING, "waits as a candidate"),
        (Verdict.MISSING, "refused: not eligible"),
        (Verdict.MISSING, "known, but no fact that enrols was received"),
        (Verdict.MISSING, "the journey was voided"),
        (Verdict.MISSING, "the number is known with another birth date"),
        (Verdict.MISSING, "no patient of this site has this number"),
        (Verdict.OTHER, ""),
    ]
    assert (said.first_on, said.last_on) == (date(2026, 2, 1), date(2026, 2, 1))


def test_one_click_makes_a_candidate_whom_a_navigator_accepts(desk: Desk, dara: User) -> None:
    patient = desk.patient("Okafor", "Ann", BORN)
    audit = laid(desk, dara, f"{number(patient)},,2026-02-01,\nnobody,,,")
    assert audits.open_candidates(audit=audit, numbers=[2, 3], by=dara, now=desk.now) == 1
    assert audits.open_candidates(audit=audit, numbers=[2], by=dara, now=desk.now) == 0
    matter = Matter.objects.get()
    assert (matter.kind, matter.detail["found_by"], matter.mode) == ("candidate", "registry_audit", "live")
    journey = candidates.accept(matter=matter, by=dara, now=desk.now)
    assert (journey.found_by, journey.entry) == ("registry_audit", "suspected")
    assert journey.opened_at.date() == date(2026, 2, 1)
    again = laid(desk, dara, f"{number(patient)},,2026-02-01,")
    assert told(again) == [(Verdict.HERE, "")]


@pytest.mark.parametrize(("mode", "may"), [("off", False), ("backfill", False), ("shadow", True)])
def test_nothing_opens_where_the_programme_does_not_ring(desk: Desk, dara: User, mode: str, may: bool) -> None:
    Rollout.objects.update(mode=mode)
    patient = desk.patient("Okafor", "Ann", BORN)
    audit = laid(desk, dara, f"{number(patient)},,2026-02-01,")
    assert RegistryRow.objects.get().may_open == may
    assert audits.open_candidates(audit=audit, numbers=[2], by=dara, now=desk.now) == may


def test_here_and_not_in_the_registry_within_the_time_of_the_list(desk: Desk, dara: User) -> None:
    listed = desk.patient("Listed", "X", BORN)
    inside, outside, test = (desk.journey(desk.patient(name, "X", BORN), days=60) for name in ("In", "Out", "Test"))
    Journey.objects.filter(pk=outside.pk).update(opened_at=datetime(2024, 1, 1, tzinfo=UTC))
    Patient.objects.filter(pk=test.patient_id).update(is_test=True)
    desk.event(inside, "diagnosis", desk.now - timedelta(days=60), {"code": "icd10|C34.1"})
    rows = f"{number(listed)},,2025-10-01,\n{number(listed)},,2026-03-10,"
    found = audits.extras(laid(desk, dara, rows))
    assert {extra.journey.pk: extra.why for extra in found} == {inside.pk: "", test.pk: "a test record"}


def test_a_date_that_is_none_stops_the_list_and_keeps_nothing(desk: Desk, dara: User) -> None:
    for rows in ("1,1950-01-02,soon,", "1,long ago,2026-02-01,"):
        with pytest.raises(Unusable, match="Line 2"):
            laid(desk, dara, rows)
    assert not RegistryAudit.objects.exists()
