"""A clinic that no system feeds: Dara registers who comes through the door, and nobody becomes two people."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from pathways.models import Journey
from patients import practitioners, sites, staff
from patients.models import AccessLog, ConsentEntry, Identifier, Patient, Permission, Practitioner, Role, User

from .letters import HOSPITAL
from .telling import LUNG, Hospital

pytestmark = pytest.mark.django_db
MARIA = {"family": "Okafor", "given": "María", "born": "1961-07-14", "sex": "female", "phone": "617 555 0142", "language": "es"}


def at_the_screen(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def registers(hospital: Hospital, who: User, **said: str) -> Any:
    """Posts the page as a browser without script does."""
    posted = {"site_field": str(hospital.site.pk), "number": "", "texts": "", "programme": "", "clinician": "", "began": ""}
    return at_the_screen(who).post("/register/", {**posted, **said})


def shown(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def uids(answer: Any) -> list[str]:
    return re.findall(r'name="looked_at" value="([0-9a-f-]{36})"', shown(answer))


def advanced(user: User) -> str:
    page = shown(at_the_screen(user).get("/register/"))
    found = re.search(rf'value="({LUNG}:advanced:[a-z]+)"', page)
    assert found, "the page offers the programme"
    return found[1]


def test_dara_registers_and_enrols_on_one_page(hospital: Hospital) -> None:
    """Name, number, phone, a yes to texts, the programme and Dr. Petra: one page, one click, and the journey is open."""
    petra = practitioners.upsert(npi="1932102134", family="Lund", given="Petra", specialty="Medical oncology")
    assert petra is not None
    practitioners.give_account(petra, hospital.petra)
    answer = registers(
        hospital, hospital.dara, **MARIA, number="77001", texts="verbal", programme=advanced(hospital.dara), clinician="Petra Lund"
    )
    journey = Journey.objects.get(pathway=LUNG)
    assert answer.status_code == 302
    assert answer["Location"] == f"/journeys/{journey.uid}/"
    maria = journey.patient
    assert (str(maria.person), maria.person.language, maria.sex) == ("Okafor, María", "es", "female")
    assert list(Identifier.objects.values_list("authority", "value")) == [(HOSPITAL, "77001")]
    assert Permission.objects.get(patient=maria).granted_at
    entry = ConsentEntry.objects.get(patient=maria)
    assert (entry.how, entry.by) == ("verbal", hospital.dara)
    assert (journey.entry, journey.found_by, journey.accountable, journey.responsible) == ("advanced", "by_hand", hospital.dara, petra)
    assert AccessLog.objects.filter(user=hospital.dara, patients__contains=[maria.pk]).exists()


def test_the_same_person_twice_is_shown_side_by_side_and_stays_one(hospital: Hospital) -> None:
    """Lena types María's name the next day. She sees her beside what she typed; nothing is written until she says who it is."""
    registers(hospital, hospital.dara, **MARIA)
    again = {**MARIA, "given": "Maria", "phone": "617 555 0177"}
    answer = registers(hospital, hospital.lena, **again)
    assert answer.status_code == 422
    assert "Is it one of these?" in shown(answer)
    assert "Same name and same birth date" in shown(answer)
    assert "+16175550142" in shown(answer)
    assert Patient.objects.count() == 1
    registers(hospital, hospital.lena, **again, same=uids(answer)[0])
    maria = Patient.objects.get()
    phones = [point.phone.e164 for point in maria.person.contact_points.order_by("rank") if point.phone]
    assert phones == ["+16175550142", "+16175550177"]
    assert AccessLog.objects.filter(what="duplicate check", patients=[maria.pk]).exists()


def test_a_namesake_is_somebody_else_when_a_person_says_so(hospital: Hospital) -> None:
    registers(hospital, hospital.dara, **MARIA)
    namesake = {**MARIA, "phone": ""}
    answer = registers(hospital, hospital.dara, **namesake)
    assert Patient.objects.count() == 1
    answer = registers(hospital, hospital.dara, **namesake, new="1", looked_at=uids(answer)[0])
    assert answer.status_code == 302
    assert Patient.objects.count() == 2


def test_two_clicks_and_a_forged_look_make_no_second_patient(hospital: Hospital) -> None:
    """`new` without having looked at everybody shows them once more; a number that is known is never registered twice."""
    registers(hospital, hospital.dara, **MARIA, number="77001")
    assert registers(hospital, hospital.dara, **MARIA, new="1").status_code == 422
    other = {"family": "Berg", "given": "Jon", "born": "1950-01-01"}
    answer = registers(hospital, hospital.dara, **other, number="77001")
    assert "This record number is known here" in shown(answer)
    assert registers(hospital, hospital.dara, **other, number="77001", new="1", looked_at=uids(answer)[0]).status_code == 422
    assert Patient.objects.count() == 1


def test_of_a_patient_of_another_hospital_only_that_is_shown(hospital: Hospital) -> None:
    """Somebody alike is known at South Lake: Dara learns where to ask, not who it is, and cannot take the record by a guess."""
    south = sites.add(code="south", name="South Lake", time_zone="America/Chicago", subdivision="IL")
    eli = staff.add(username="eli", first_name="Eli", last_name="Ward")
    staff.join(eli, site=south, role=Role.NAVIGATOR)
    at_the_screen(eli).post("/register/", {**MARIA, "site_field": str(south.pk), "number": "SL-1"})
    maria = Patient.objects.get()
    answer = registers(hospital, hospital.dara, **{**MARIA, "phone": ""})
    assert "a patient of South Lake" in shown(answer)
    assert "+16175550142" not in shown(answer)
    assert registers(hospital, hospital.dara, **MARIA, same=str(maria.uid)).status_code == 404


def test_whoever_is_on_the_programme_stays_on_the_journey_they_have(hospital: Hospital) -> None:
    programme = advanced(hospital.dara)
    registers(hospital, hospital.dara, **MARIA, programme=programme)
    maria = Patient.objects.get()
    client = at_the_screen(hospital.lena)
    assert client.get(f"/patients/{maria.uid}/enrol/").status_code == 200
    answer = client.post(f"/patients/{maria.uid}/enrol/", {"site_field": str(hospital.site.pk), "programme": programme})
    assert answer["Location"] == f"/journeys/{Journey.objects.get().uid}/"


def test_a_child_is_registered_and_their_own_yes_counts_for_nothing(hospital: Hospital) -> None:
    registers(hospital, hospital.dara, **{**MARIA, "born": "2020-01-01"}, texts="verbal")
    assert Patient.objects.count() == 1
    assert not Permission.objects.exists()


def test_what_a_registry_lists_of_a_stranger_is_typed_once(hospital: Hospital) -> None:
    """The row's button opens the page with number and birth date filled in; nothing stands in the address, nothing is written."""
    page = shown(at_the_screen(hospital.lena).post("/register/", {"begin": "1", "number": "77001", "born": "1961-07-14", "began": ""}))
    assert 'name="number" value="77001"' in page
    assert 'value="1961-07-14"' in page
    assert not Patient.objects.exists()


def test_only_who_steers_may_register(hospital: Hospital) -> None:
    assert at_the_screen(hospital.phil).get("/register/").status_code == 403
    assert not Practitioner.objects.exists()
