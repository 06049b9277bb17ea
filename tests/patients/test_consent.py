"""Who may be texted: permissions, STOP, START, and what comes late."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patients import consent, contacts, invariants, lapsing
from patients.consent import Evidence, Heard
from patients.contactable import Share, contactable, mailable, share
from patients.models import Authority, ConsentEntry, ConsentKind, Patient, Permission, Person, Phone, Site, User
from patients.registry import death_hint
from tests.people import ANAS_PHONE, FORM, consents, phone_of, registered, stated

pytestmark = pytest.mark.django_db
REPLY = Evidence("reply")


def may(patient: Patient, programme: str = "lung", person: Person | None = None, phone: Phone | None = None) -> bool:
    return consent.may_text(person=person or patient.person, patient=patient, phone=phone or phone_of(patient), programme=programme)


@pytest.fixture
def twin(ana: Patient, north: Site, now: datetime) -> Patient:
    """Ana's sister, on the same phone, with a permission of her own."""
    said = stated("1009", "Alvarez", "Inés", date(1958, 4, 2), phones=(ANAS_PHONE,))
    return consents(registered(said, site=north, now=now), now=now)


def test_nobody_is_texted_without_having_said_yes(ana: Patient, ben: Patient, north: Site, now: datetime) -> None:
    silent = registered(stated("1010", "Silent", "Sue", date(1970, 1, 1), phones=("+16175550120",)), site=north, now=now)
    assert may(ana)
    assert not may(ben)
    assert not may(silent)


def test_consents_do_not_mix(north: Site, now: datetime) -> None:
    patient = registered(stated("1010", "Silent", "Sue", date(1970, 1, 1), phones=("+16175550120",)), site=north, now=now)
    consent.record(decision="granted", kind="research", at=now, evidence=FORM, patient=patient)
    assert not may(patient)
    assert not Permission.objects.exists()


def test_a_consent_that_names_no_number_covers_the_numbers_of_now(ana: Patient, now: datetime) -> None:
    consent.revoke(person=ana.person, patient=ana, at=now + timedelta(hours=1), evidence=FORM)
    assert not may(ana)
    consent.record(decision="granted", at=now + timedelta(hours=2), evidence=FORM, patient=ana)
    assert may(ana)
    contacts.replace(person=ana.person, old=phone_of(ana), number="617-555-0177", now=now)
    assert not may(ana)


def test_one_programme_can_be_refused_and_a_later_yes_to_all_takes_it_back(ana: Patient, now: datetime) -> None:
    consent.revoke(person=ana.person, patient=ana, phone=phone_of(ana), at=now + timedelta(hours=1), evidence=FORM, programme="lung")
    assert (may(ana, "lung"), may(ana, "pgx")) == (False, True)
    consents(ana, now=now + timedelta(hours=2))
    assert (may(ana, "lung"), may(ana, "pgx")) == (True, True)


def test_a_yes_to_one_programme_after_a_no_to_all_is_a_yes_to_that_one(ana: Patient, now: datetime) -> None:
    consent.revoke(person=ana.person, patient=ana, at=now + timedelta(hours=1), evidence=FORM)
    consents(ana, now=now + timedelta(hours=2), programme="lung")
    assert (may(ana, "lung"), may(ana, "pgx")) == (True, False)


def test_the_newest_decision_holds_whatever_arrives_last(ana: Patient, now: datetime) -> None:
    consent.revoke(person=ana.person, patient=ana, phone=phone_of(ana), at=now - timedelta(days=30), evidence=Evidence("feed"))
    assert may(ana)
    consent.revoke(person=ana.person, patient=ana, phone=phone_of(ana), at=now + timedelta(days=1), evidence=FORM)
    consents(ana, now=now)
    assert not may(ana)
    assert ConsentEntry.objects.filter(patient=ana).count() == 4


def test_stop_silences_the_number_for_everybody_on_it(ana: Patient, twin: Patient, now: datetime) -> None:
    assert consent.stop(phone=phone_of(ana), now=now, evidence=REPLY)
    assert not consent.stop(phone=phone_of(ana), now=now, evidence=REPLY)
    assert not may(ana)
    assert not may(twin)


def test_start_of_one_of_two_asks_who_wrote_and_restores_only_them(ana: Patient, twin: Patient, now: datetime) -> None:
    consent.stop(phone=phone_of(ana), now=now, evidence=REPLY)
    asked = consent.start(phone=phone_of(ana), now=now, evidence=REPLY)
    assert (asked.outcome, set(asked.people)) == ("ambiguous", {ana.person_id, twin.person_id})
    assert not may(ana)
    assert consent.start(phone=phone_of(ana), now=now, evidence=REPLY, person=twin.person).outcome == "started"
    assert (may(ana), may(twin)) == (False, True)
    assert consent.start(phone=phone_of(ana), now=now, evidence=REPLY, person=ana.person).outcome == "started"
    assert (may(ana), may(twin)) == (True, True)


def test_start_makes_no_permission_that_was_not_there(north: Site, now: datetime) -> None:
    patient = registered(stated("1010", "Silent", "Sue", date(1970, 1, 1), phones=("+16175550120",)), site=north, now=now)
    consent.stop(phone=phone_of(patient), now=now, evidence=REPLY)
    assert consent.start(phone=phone_of(patient), now=now, evidence=REPLY).outcome == "started"
    assert not may(patient)
    assert consent.start(phone=Phone.objects.create(e164="+16175550199"), now=now, evidence=REPLY).outcome == "unknown"


def test_a_list_of_consents_is_written_as_a_set_and_overrules_nothing_later(
    ana: Patient, ben: Patient, chen: Patient, now: datetime
) -> None:
    consent.revoke(person=ana.person, patient=ana, at=now + timedelta(days=2), evidence=FORM)
    heard = [Heard(patient.pk, "granted", now + timedelta(days=1)) for patient in (ana, ben, chen)]
    heard += [Heard(ben.pk, "revoked", now + timedelta(days=3), programme="lung"), Heard(ben.pk, "granted", now, kind="research")]
    with CaptureQueriesContext(connection) as queries:
        assert consent.record_all(heard, evidence=Evidence("feed", reference="batch 7")) == 5
    assert len(queries) <= 8
    assert not may(ana)
    assert dict(Permission.objects.filter(patient=ben).values_list("programme", "revoked_at")) == {
        "": None,
        "lung": now + timedelta(days=3),
    }
    assert ConsentEntry.objects.filter(evidence="batch 7").count() == 5


def test_a_no_to_all_ends_single_programmes_for_good(ana: Patient, now: datetime) -> None:
    hours = [now + timedelta(hours=n) for n in range(1, 4)]
    consents(ana, now=hours[0], programme="pgx")
    consent.revoke(person=ana.person, patient=ana, phone=phone_of(ana), at=hours[1], evidence=FORM)
    consents(ana, now=hours[2], programme="lung")
    assert (may(ana, "lung"), may(ana, "pgx")) == (True, False)


def test_who_said_what_in_which_words_is_kept(ana: Patient, dara: User, now: datetime) -> None:
    consent.revoke(person=ana.person, patient=ana, at=now, evidence=Evidence("verbal", "2026-01", "es", "call"), by=dara)
    last = ConsentEntry.objects.latest("pk")
    assert (last.decision, last.how, last.wording_version, last.language, last.by, last.at) == (
        "revoked",
        "verbal",
        "2026-01",
        "es",
        dara,
        now,
    )


class TestContactable:
    def test_share_by_stratum(self, ana: Patient, ben: Patient, chen: Patient, now: datetime) -> None:
        everybody = [ana.pk, ben.pk, chen.pk]
        assert contactable(everybody, programme="lung", on=now.date()) == {ana.pk}
        assert share(everybody, programme="lung", on=now.date(), by="language") == {"en": Share(1, 2), "zh": Share(0, 1)}
        assert share(everybody, programme="lung", on=now.date(), by="race") == {"unknown": Share(1, 3)}
        assert mailable(everybody, programme="lung", on=now.date()) == set()
        reader, texted = [Patient.objects.get(pk=pk) for pk in (next(pk for pk in everybody if pk != ana.pk), ana.pk)]
        for patient in (reader, texted):
            contacts.add_email(person=patient.person, address=f"p{patient.pk}@example.org", now=now)
            consent.record(decision="granted", kind=ConsentKind.EMAIL, at=now, evidence=Evidence("form"), patient=patient)
        assert mailable(everybody, programme="lung", on=now.date()) == {reader.pk, texted.pk}
        assert share(everybody, programme="lung", on=now.date(), by="race") == {"unknown": Share(1, 3, 1)}, (
            "who is texted is not counted twice"
        )

    def test_nobody_is_contactable_who_may_be_dead(self, ana: Patient, now: datetime) -> None:
        death_hint(patient_id=ana.pk, now=now, source="returned mail")
        assert contactable([ana.pk], programme="lung", on=now.date()) == set()

    def test_a_child_is_reached_through_a_parent(self, ana: Patient, north: Site, now: datetime) -> None:
        child = registered(stated("1011", "Alvarez", "Kid", date(2024, 1, 1)), site=north, now=now)
        Authority.objects.create(person=ana.person, patient=child, basis="parent", since=now)
        consent.grant(person=ana.person, patient=child, phone=phone_of(ana), at=now, evidence=FORM)
        assert contactable([child.pk], programme="nicu", on=now.date()) == {child.pk}
        Authority.objects.update(limits="court order: no contact")
        assert contactable([child.pk], programme="nicu", on=now.date()) == set()


def test_start_does_not_reach_behind_a_no_to_everything(ana: Patient, now: datetime) -> None:
    """Found by the model below: START had granted what the no to all covered, and the next yes to another programme let it through."""
    phone, minute = phone_of(ana), timedelta(minutes=1)
    Permission.objects.all().delete()
    consent.grant(person=ana.person, patient=ana, phone=phone, at=now, evidence=FORM, programme="lung")
    consent.revoke(person=ana.person, patient=ana, phone=phone, at=now + minute, evidence=FORM)
    consent.stop(phone=phone, now=now + 2 * minute, evidence=REPLY)
    consent.start(phone=phone, now=now + 3 * minute, evidence=REPLY, person=ana.person)
    consent.grant(person=ana.person, patient=ana, phone=phone, at=now + 4 * minute, evidence=FORM, programme="pgx")
    assert (may(ana, "lung"), may(ana, "pgx")) == (False, True)


ACTS = st.lists(
    st.tuples(st.sampled_from(["grant", "revoke", "stop", "start"]), st.sampled_from(["", "lung", "pgx"])), min_size=1, max_size=10
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_the_last_word_holds(ana: Patient, now: datetime, acts: list[tuple[str, str]]) -> None:
    """A model of one person on one number: after any acts the permission is what was said last about each programme."""
    phone, at = phone_of(ana), now
    Permission.objects.all().delete()
    Phone.objects.update(stopped_at=None)
    said: dict[str, bool] = {}
    ever: set[str] = set()
    stopped = False
    for act, programme in acts:
        at += timedelta(minutes=1)
        if act in ("grant", "revoke"):
            for each in ("lung", "pgx") if programme == "" else (programme,):
                said[each] = act == "grant"
            ever |= {programme} if act == "grant" else set()
            verb = consent.grant if act == "grant" else consent.revoke
            verb(person=ana.person, patient=ana, phone=phone, at=at, evidence=FORM, programme=programme)
        elif act == "stop":
            consent.stop(phone=phone, now=at, evidence=REPLY)
            stopped = True
        elif not stopped:
            continue
        else:
            before = {each: said.get(each, False) for each in ("lung", "pgx")}
            consent.start(phone=phone, now=at, evidence=REPLY, person=ana.person)
            stopped = False
            phone.refresh_from_db()
            for each, yes in before.items():
                assert not yes or may(ana, each, phone=phone), "START takes no permission away"
                said[each] = may(ana, each, phone=phone)
                assert not said[each] or {"", each} & ever, "START gives nothing that was never given"
        phone.refresh_from_db()
        for each in ("lung", "pgx"):
            assert may(ana, each, phone=phone) == (said.get(each, False) and not stopped)
        assert list(invariants.permissions_are_clear()) == []


def test_a_yes_that_was_given_for_a_time_ends_by_itself(ana: Patient, now: datetime) -> None:
    """Once, with an entry in the ledger as of that day; and a yes that came later stands."""
    end = now + timedelta(days=30)
    consent.record_all([Heard(ana.pk, "granted", now + timedelta(hours=1), until=end)], evidence=FORM)
    assert lapsing.lapse(now=end - timedelta(minutes=1)) == 0
    assert may(ana)
    assert lapsing.lapse(now=end + timedelta(minutes=1)) == 1
    assert not may(ana)
    ended = ConsentEntry.objects.latest("pk")
    assert (ended.decision, ended.how, ended.at) == ("revoked", "ended", end)
    assert lapsing.lapse(now=end + timedelta(days=1)) == 0
    consent.record_all([Heard(ana.pk, "granted", end + timedelta(days=2))], evidence=FORM)
    assert lapsing.lapse(now=end + timedelta(days=400)) == 0
    assert may(ana)
    assert invariants.check(now=end) == []


def test_a_no_before_the_end_stays_the_persons_own(ana: Patient, now: datetime) -> None:
    end = now + timedelta(days=30)
    consent.record_all([Heard(ana.pk, "granted", now + timedelta(hours=1), until=end)], evidence=FORM)
    consent.revoke(person=ana.person, patient=ana, at=now + timedelta(days=2), evidence=FORM)
    assert lapsing.lapse(now=end + timedelta(days=1)) == 0
    assert ConsentEntry.objects.latest("pk").at == now + timedelta(days=2)
