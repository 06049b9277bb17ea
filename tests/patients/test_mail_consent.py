"""Who may be e-mailed: permissions of their own, which no text gives and no STOP takes."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from patients import consent, contacts
from patients.consent import Evidence, Heard
from patients.models import ConsentEntry, ConsentKind, Mailbox, MailPermission, Patient, Permission
from tests.people import FORM, phone_of

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def box(ana: Patient, now: datetime) -> Mailbox:
    point = contacts.add_email(person=ana.person, address=" Ana@Example.org", now=now)
    assert point.mailbox is not None
    return point.mailbox


def may(patient: Patient, box: Mailbox, programme: str = "lung") -> bool:
    return consent.may_mail(person=patient.person, patient=patient, mailbox=Mailbox.objects.get(pk=box.pk), programme=programme)


def agrees(patient: Patient, box: Mailbox, at: datetime) -> None:
    consent.record(decision="granted", kind=ConsentKind.EMAIL, at=at, evidence=FORM, patient=patient, mailbox=box)


def test_a_yes_to_texts_is_none_to_emails_and_the_other_way_round(ana: Patient, box: Mailbox, now: datetime) -> None:
    assert consent.may_text(person=ana.person, patient=ana, phone=phone_of(ana), programme="lung")
    assert not may(ana, box)
    agrees(ana, box, now)
    assert may(ana, box)
    consent.stop(phone=phone_of(ana), now=now + HOUR, evidence=Evidence("reply"))
    assert may(ana, box), "STOP by text is about the number"
    assert box.address == "ana@example.org"


def test_who_stops_an_address_stops_it_for_everybody_who_reads_it(ana: Patient, ben: Patient, box: Mailbox, now: datetime) -> None:
    contacts.add_email(person=ben.person, address=box.address, now=now)
    agrees(ana, box, now)
    agrees(ben, box, now)
    assert consent.stop_mail(mailbox=box, now=now + HOUR, evidence=Evidence("unsubscribe link"))
    assert not consent.stop_mail(mailbox=box, now=now + 2 * HOUR, evidence=Evidence("unsubscribe link"))
    assert (may(ana, box), may(ben, box)) == (False, False)
    assert ConsentEntry.objects.filter(mailbox=box, decision="revoked").count() == 1
    agrees(ana, box, now + 3 * HOUR)
    assert (may(ana, box), may(ben, box)) == (True, False), "only who agrees anew is written to again"
    assert Permission.objects.filter(revoked_at__isnull=False, patient=ana).count() == 0


def test_a_list_of_consents_reaches_the_addresses_of_now_and_opens_no_stopped_one(ana: Patient, box: Mailbox, now: datetime) -> None:
    def hear(decision: str, at: datetime) -> None:
        consent.record_all([Heard(ana.pk, decision, at, ConsentKind.EMAIL)], evidence=Evidence("batch import"))

    hear("granted", now)
    assert may(ana, box)
    consent.stop_mail(mailbox=box, now=now + HOUR, evidence=Evidence("unsubscribe link"))
    hear("granted", now + 2 * HOUR)
    assert not may(ana, box)
    hear("revoked", now + 3 * HOUR)
    assert MailPermission.objects.get().revoked_at == now + 3 * HOUR


def test_an_address_that_comes_back_is_nobodys_until_somebody_looked(ana: Patient, box: Mailbox, now: datetime) -> None:
    agrees(ana, box, now)
    assert contacts.mark_bounced(mailbox=box, reason="no such address", now=now)
    assert not may(ana, box)
    assert contacts.clear_bounced(mailbox=box)
    assert may(ana, box)
    with pytest.raises(contacts.Unreachable):
        contacts.add_email(person=ana.person, address="none@none.com", now=now)


def test_what_one_of_two_merged_records_refused_both_refuse(ana: Patient, ben: Patient, box: Mailbox, now: datetime) -> None:
    contacts.add_email(person=ben.person, address="ben@example.org", now=now)
    other = Mailbox.objects.get(address="ben@example.org")
    agrees(ana, box, now)
    consent.record(decision="revoked", kind=ConsentKind.EMAIL, at=now, evidence=FORM, patient=ben, mailbox=other)
    consent.become_strictest(ana.pk, ben.pk, now=now + HOUR)
    assert not may(ana, box)
