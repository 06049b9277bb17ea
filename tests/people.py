"""The cast. Named people make a permission test read itself; synthetic, every one of them.

Two sites: `north` (New York) and `south` (Chicago). Patients of the north: Ana consented to texts, Ben opted out, Chen has no phone.
Staff: Dara is nurse navigator of the north, Eli of the south, Fay manages the north, Hal is its lab liaison. Gus is an oncologist
without an account here.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from patients import consent, practitioners, registry, sites, staff
from patients.demographics import Demographics, StatedIdentifier
from patients.models import Patient, Phone, Practitioner, Role, Site, User

HOSPITAL = "NORTH-MRN"
PASSWORD = "correct horse battery staple"
ANAS_PHONE, BENS_PHONE = "+16175550101", "+16175550102"
FORM = consent.Evidence("form", wording_version="2026-01", language="en", reference="form in the chart")


def stated(number: str, family: str, given: str, born: date | None, *, authority: str = HOSPITAL, **more: Any) -> Demographics:
    """What a registration message would say of somebody."""
    numbers = (StatedIdentifier(authority, number),)
    return Demographics(identifiers=numbers, family=family, given=given, birth_lo=born, birth_hi=born, **more)


def registered(person: Demographics, *, site: Site, now: datetime) -> Patient:
    """A patient of `site`, through the registry as everybody else."""
    made = registry.register(person, site=site, now=now, source="test")
    assert made.patient_id is not None, made.explanation
    return Patient.objects.select_related("person").get(pk=made.patient_id)


def today_here() -> date:
    """The day that the pages of the north call today: for some hours of the night it is not that of UTC."""
    return datetime.now(ZoneInfo("America/New_York")).date()


def phone_of(patient: Patient) -> Phone:
    return Phone.objects.get(contact_points__person=patient.person, contact_points__until=None)


def consents(patient: Patient, *, now: datetime, programme: str = "") -> Patient:
    """The patient agrees to texts on the only number they have."""
    consent.grant(person=patient.person, patient=patient, phone=phone_of(patient), at=now, evidence=FORM, programme=programme)
    return patient


def nurse(username: str, *sites_of: Site, role: Role | str = Role.NAVIGATOR) -> User:
    """A staff member who holds `role` at each of the sites."""
    user = staff.add(username=username, first_name=username.title(), last_name="Example", password=PASSWORD)
    for site in sites_of:
        staff.join(user, site=site, role=role)
    return user


@pytest.fixture
def north(db: None) -> Site:
    return sites.add(
        code="north",
        name="North Valley Hospital",
        time_zone="America/New_York",
        subdivision="MA",
        sender_name="North Valley",
        call_back="+16175550190",
    )


@pytest.fixture
def south(db: None) -> Site:
    return sites.add(
        code="south",
        name="South Lake Clinic",
        time_zone="America/Chicago",
        subdivision="IL",
        sender_name="South Lake",
        call_back="+13125550190",
    )


@pytest.fixture
def ana(north: Site, now: datetime) -> Patient:
    said = stated("1001", "Alvarez", "Ana", date(1958, 4, 2), sex="female", language="en", phones=(ANAS_PHONE,))
    return consents(registered(said, site=north, now=now), now=now)


@pytest.fixture
def ben(north: Site, now: datetime) -> Patient:
    said = stated("1002", "Brandt", "Ben", date(1949, 11, 30), sex="male", language="en", phones=(BENS_PHONE,))
    patient = consents(registered(said, site=north, now=now), now=now)
    consent.stop(phone=phone_of(patient), now=now, evidence=consent.Evidence("reply"))
    return patient


@pytest.fixture
def chen(north: Site, now: datetime) -> Patient:
    return registered(stated("1003", "Chen", "Wei", date(1966, 7, 15), sex="male", language="zh"), site=north, now=now)


@pytest.fixture
def dara(north: Site) -> User:
    return nurse("dara", north)


@pytest.fixture
def eli(south: Site) -> User:
    return nurse("eli", south)


@pytest.fixture
def fay(north: Site) -> User:
    return nurse("fay", north, role=Role.MANAGER)


@pytest.fixture
def hal(north: Site) -> User:
    return nurse("hal", north, role=Role.LAB_LIAISON)


@pytest.fixture
def gus(db: None) -> Practitioner:
    found = practitioners.upsert(npi="1234567893", family="Gustafson", given="Gus", specialty="medical oncology", phone="+16175550195")
    assert found is not None
    return found
