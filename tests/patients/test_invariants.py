"""Each check finds what it is for, and nothing in a sound house."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from patients import access, invariants
from patients.models import ContactPoint, Merge, Patient, Permission, Person, Phone, Site, User
from tests.people import registered, stated

pytestmark = pytest.mark.django_db


def found(now: datetime) -> set[tuple[str, str]]:
    return {(violation.invariant, violation.row) for violation in invariants.check(now=now)}


def test_a_sound_house_has_no_violation(ana: Patient, ben: Patient, chen: Patient, dara: User, now: datetime) -> None:
    access.saw(user=dara, action="list", what="queue", patients=[ana.pk], now=now)
    access.seal(now=now)
    assert found(now + timedelta(days=1)) == set()


def test_a_survivor_who_was_merged_itself(ana: Patient, ben: Patient, chen: Patient, now: datetime) -> None:
    Patient.objects.filter(pk=ana.pk).update(survivor=ben)
    Patient.objects.filter(pk=ben.pk).update(survivor=chen)
    for loser, survivor in ((ana, ben), (ben, chen)):
        Merge.objects.create(loser=loser, survivor=survivor, at=now, source="test")
    assert found(now) == {("a merged record names its last survivor", f"patients.patient {ana.pk}")}


def test_a_survivor_without_a_merge(ana: Patient, ben: Patient, now: datetime) -> None:
    Patient.objects.filter(pk=ana.pk).update(survivor=ben)
    assert found(now) == {("merged records agree with the ledger of merges", f"patients.patient {ana.pk}")}


def test_half_a_span(ana: Patient, ben: Patient, now: datetime) -> None:
    Patient.objects.filter(pk=ana.pk).update(died_hi=now)
    Person.objects.filter(pk=ben.person_id).update(birth_lo=date(1980, 1, 1))
    assert found(now) == {("birth and death are whole spans", f"patients.patient {each.pk}") for each in (ana, ben)}


def test_a_permission_out_of_nowhere_or_both_ways(ana: Patient, north: Site, now: datetime) -> None:
    silent = registered(stated("1010", "Silent", "Sue", date(1970, 1, 1)), site=north, now=now)
    phone = Phone.objects.get()
    unproved = Permission.objects.create(person=silent.person, patient=silent, phone=phone, granted_at=now)
    assert found(now) == {("a permission has its consent", f"patients.permission {unproved.pk}")}
    Permission.objects.filter(pk=unproved.pk).update(revoked_at=now - timedelta(days=1))
    assert found(now) == {("a permission is granted or refused", f"patients.permission {unproved.pk}")}


def test_a_stop_that_nobody_wrote_down(ana: Patient, now: datetime) -> None:
    Phone.objects.update(stopped_at=now)
    ContactPoint.objects.update(until=now - timedelta(days=1))
    assert {name for name, _ in found(now)} == {"a stopped number has its STOP", "spans run forwards"}


def test_a_changed_access_row(dara: User, now: datetime) -> None:
    row = access.saw(user=dara, action="view", what="journey", patients=[1], now=now)
    access.seal(now=now)
    type(row).objects.filter(pk=row.pk).update(patients=[2])
    assert found(now) == {("access log is complete and unchanged", f"patients.accesslog {row.pk}")}
