"""Who is meant by a message: only patient numbers decide, and what decides is explained."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patients import contacts, registry
from patients.demographics import Demographics, StatedIdentifier
from patients.models import Identifier, MailPermission, Patient, PatientSite, Person, Site
from patients.registry import Resolution
from tests.people import HOSPITAL, stated

pytestmark = pytest.mark.django_db
BORN = date(1960, 5, 17)


def resolve(*people: Demographics, site: Site, now: datetime, may_register: bool = True, source: str = "adt") -> list[Resolution]:
    return registry.resolve(people, site=site, may_register=may_register, now=now, source=source)


def one(person: Demographics, *, site: Site, now: datetime, may_register: bool = True, source: str = "adt") -> Patient:
    [found] = resolve(person, site=site, now=now, may_register=may_register, source=source)
    assert found.patient_id is not None, found.explanation
    return Patient.objects.select_related("person").get(pk=found.patient_id)


def test_a_newcomer_is_registered_once_and_found_again(north: Site, now: datetime) -> None:
    first = one(stated("77", "Okafor", "Ann", BORN, sex="female", phones=("+16175550111",)), site=north, now=now)
    again = one(stated("77", "Okafor", "Ann", BORN), site=north, now=now)
    assert first.pk == again.pk
    assert (first.person.family, first.sex, first.registered_at) == ("Okafor", "female", now)
    assert list(first.person.contact_points.values_list("phone__e164", "phone__zone")) == [("+16175550111", "America/New_York")]
    assert PatientSite.objects.filter(patient=first, site=north).count() == 1


def test_a_feed_that_may_not_register_waits_for_the_patient(north: Site, now: datetime) -> None:
    [waiting] = resolve(stated("77", "Okafor", "Ann", BORN), site=north, now=now, may_register=False)
    assert (waiting.patient_id, waiting.reason) == (None, "unknown_patient")
    one(stated("77", "Okafor", "Ann", BORN), site=north, now=now)
    [found] = resolve(stated("77", "Okafor", "Ann", BORN), site=north, now=now, may_register=False)
    assert found.patient_id is not None


def test_a_batch_registers_its_newcomers_once(north: Site, now: datetime) -> None:
    ann, bo = stated("1", "Okafor", "Ann", BORN), stated("2", "Baker", "Bo", BORN)
    found = resolve(ann, bo, ann, bo, ann, site=north, now=now)
    assert found[0].patient_id == found[2].patient_id == found[4].patient_id != found[1].patient_id == found[3].patient_id
    assert [each.reason for each in found] == ["registered", "registered", "matched", "matched", "matched"]
    assert Patient.objects.count() == Person.objects.count() == Identifier.objects.count() == 2


def test_the_same_number_of_two_hospitals_is_two_people(north: Site, south: Site, now: datetime) -> None:
    here = one(stated("5", "Okafor", "Ann", BORN), site=north, now=now)
    there = one(stated("5", "Okafor", "Ann", BORN, authority="SOUTH-MRN"), site=south, now=now)
    assert here.pk != there.pk


def test_leading_zeros_make_another_number(north: Site, now: datetime) -> None:
    assert one(stated("0005", "A", "A", BORN), site=north, now=now).pk != one(stated("5", "A", "A", BORN), site=north, now=now).pk


def test_a_second_number_is_learned_beside_the_first(north: Site, now: datetime) -> None:
    both = Demographics(identifiers=(StatedIdentifier(HOSPITAL, "9"), StatedIdentifier("LAB", "L-9", "PI")), family="Okafor", given="Ann")
    patient = one(stated("9", "Okafor", "Ann", BORN), site=north, now=now)
    assert one(both, site=north, now=now, may_register=False).pk == patient.pk
    assert one(stated("L-9", "", "", None, authority="LAB"), site=north, now=now, may_register=False).pk == patient.pk


def test_numbers_of_two_people_in_one_message_decide_nothing(north: Site, now: datetime) -> None:
    ann, bo = (one(stated(number, name, "X", BORN), site=north, now=now) for number, name in (("1", "Okafor"), ("2", "Baker")))
    mixed = Demographics(identifiers=(StatedIdentifier(HOSPITAL, "1"), StatedIdentifier(HOSPITAL, "2")), family="Okafor")
    [found] = resolve(mixed, site=north, now=now)
    assert (found.patient_id, found.reason, found.candidates) == (None, "identifiers_disagree", (ann.pk, bo.pk))


def test_a_recycled_number_never_overwrites_anybody(north: Site, now: datetime) -> None:
    ann = one(stated("1", "Okafor", "Ann", BORN), site=north, now=now)
    [found] = resolve(stated("1", "Baker", "Bo", date(1999, 1, 8)), site=north, now=now)
    assert (found.patient_id, found.reason, found.candidates) == (None, "recycled_identifier", (ann.pk,))
    assert HOSPITAL in found.explanation
    assert "Okafor" not in found.explanation
    ann.person.refresh_from_db()
    assert (ann.person.family, ann.person.birth_lo) == ("Okafor", BORN)
    registry.retire_identifier(authority=HOSPITAL, value="1", now=now)
    assert one(stated("1", "Baker", "Bo", date(1999, 1, 8)), site=north, now=now).pk != ann.pk


@pytest.mark.parametrize(
    ("family", "first", "born"),
    [
        ("Married", "Ann", BORN),  # people marry
        ("Okafor", "Ann", date(1960, 5, 18)),  # clerks mistype
        ("OKAFOR", "A", date(1961, 5, 17)),
        ("", "", date(1990, 1, 1)),
        ("Somebody", "Else", None),
    ],
)
def test_one_difference_is_a_correction(north: Site, now: datetime, family: str, first: str, born: date | None) -> None:
    ann = one(stated("1", "Okafor", "Ann", BORN), site=north, now=now)
    assert one(stated("1", family, first, born), site=north, now=now).pk == ann.pk


def test_a_message_without_a_usable_number_is_explained(north: Site, now: datetime) -> None:
    [found] = resolve(Demographics(family="Okafor", given="Ann", birth_lo=BORN, birth_hi=BORN), site=north, now=now)
    assert (found.patient_id, found.reason) == (None, "no_identifier")
    assert "PID-3" in found.explanation


def test_a_form_changes_what_it_says_and_nothing_else(ana: Patient, now: datetime) -> None:
    said = Demographics(family="Alvarez", given="Ana", language="es", phones=("+16175550178",))
    assert registry.update(patient_id=ana.pk, said=said, now=now, source="form")
    assert not registry.update(patient_id=ana.pk, said=said, now=now, source="form")
    ana.person.refresh_from_db()
    assert (ana.person.language, ana.person.birth_lo) == ("es", date(1958, 4, 2))
    assert [str(point.phone) for point in ana.person.contact_points.filter(until=None)] == ["+16175550178"]


def test_a_form_without_a_number_makes_a_patient_too(north: Site, now: datetime) -> None:
    made = registry.register(Demographics(family="Okafor", given="Ann"), site=north, now=now, source="form")
    assert str(Patient.objects.get(pk=made.patient_id or 0)) == "Okafor, Ann"


def test_every_reason_is_explained() -> None:
    assert set(registry.REASONS) == {"no_identifier", "unknown_patient", "identifiers_disagree", "recycled_identifier"}
    assert all(len(words) > 80 for words in registry.REASONS.values())


def test_another_site_that_hears_of_a_patient_may_see_them(north: Site, south: Site, now: datetime) -> None:
    ann = one(stated("1", "Okafor", "Ann", BORN), site=north, now=now)
    one(stated("1", "", "", None), site=south, now=now, may_register=False)
    assert set(ann.sites.values_list("site__code", flat=True)) == {"north", "south"}


class TestWhatIsSaid:
    def test_only_what_is_said_changes(self, north: Site, now: datetime) -> None:
        one(stated("1", "Okafor", "Ann", BORN, sex="female", language="en"), site=north, now=now)
        ann = one(stated("1", "", "", None, language="es"), site=north, now=now)
        assert (ann.person.family, ann.sex, ann.person.language) == ("Okafor", "female", "es")

    def test_null_erases(self, north: Site, now: datetime) -> None:
        one(stated("1", "Okafor", "Ann", BORN, phones=("+16175550111",)), site=north, now=now)
        ann = one(stated("1", "", "", None, erase=("birth_lo", "birth_hi", "given", "phones")), site=north, now=now)
        assert (ann.person.family, ann.person.given, ann.person.birth_lo) == ("Okafor", "", None)
        assert not ann.person.contact_points.filter(until=None).exists()

    def test_a_vaguer_birth_date_leaves_the_exact_one(self, north: Site, now: datetime) -> None:
        one(stated("1", "Okafor", "Ann", BORN), site=north, now=now)
        vague = Demographics(identifiers=(StatedIdentifier(HOSPITAL, "1"),), birth_lo=date(1960, 1, 1), birth_hi=date(1960, 12, 31))
        assert one(vague, site=north, now=now).person.birth_lo == BORN

    def test_registration_gives_the_whole_phone_list_others_add(self, north: Site, now: datetime) -> None:
        one(stated("1", "Okafor", "Ann", BORN, phones=("+16175550111", "+16175550112")), site=north, now=now)
        one(stated("1", "", "", None, phones=("+16175550113",)), site=north, now=now, may_register=False)
        person = Person.objects.get()
        current = person.contact_points.filter(until=None).order_by("rank", "pk")
        assert [point.phone.e164 for point in current if point.phone] == ["+16175550111", "+16175550112", "+16175550113"]
        one(stated("1", "", "", None, phones=("+16175550114", "+16175550112")), site=north, now=now)
        assert [point.phone.e164 for point in current.all() if point.phone] == ["+16175550114", "+16175550112"]

    def test_the_old_version_is_kept(self, north: Site, now: datetime) -> None:
        one(stated("1", "Okafor", "Ann", BORN), site=north, now=now)
        ann = one(stated("1", "Married", "Ann", BORN), site=north, now=now)
        assert list(ann.person.history.values_list("family", flat=True)) == ["Okafor"]  # type: ignore[attr-defined]

    def test_test_patients_are_marked(self, north: Site, now: datetime) -> None:
        assert one(stated("1", "ZZTEST", "Ann", BORN), site=north, now=now).is_test


class TestDeath:
    def test_an_authoritative_death_is_kept_with_its_source(self, north: Site, now: datetime) -> None:
        day = datetime(2026, 3, 1, tzinfo=UTC)
        ann = one(stated("1", "Okafor", "Ann", BORN, died=True, died_lo=day, died_hi=day), site=north, now=now)
        assert (ann.died_lo, ann.died_hi, ann.death_source) == (day, day, "adt")

    def test_without_a_date_it_lies_between_registration_and_now(self, north: Site, now: datetime) -> None:
        one(stated("1", "Okafor", "Ann", BORN), site=north, now=now)
        ann = one(stated("1", "", "", None, died=True), site=north, now=now + timedelta(days=9))
        assert (ann.died_lo, ann.died_hi) == (now, now + timedelta(days=9))
        later = one(stated("1", "", "", None, died=True), site=north, now=now + timedelta(days=30))
        assert later.died_hi == now + timedelta(days=9)

    def test_a_hint_holds_until_it_is_settled_and_its_source_is_not_believed_again(self, north: Site, now: datetime) -> None:
        hint = stated("1", "Okafor", "Ann", BORN, death_hint=True)
        ann = one(hint, site=north, now=now, source="lab")
        assert ann.died_hi is None
        assert ann.death_hold_since == now
        registry.settle_death_hint(patient_id=ann.pk, alive=True, now=now, source="call")
        assert one(hint, site=north, now=now, source="lab").death_hold_since is None
        assert one(hint, site=north, now=now, source="other lab").death_hold_since == now

    def test_a_settled_death_is_a_death(self, north: Site, now: datetime) -> None:
        ann = one(stated("1", "Okafor", "Ann", BORN, death_hint=True), site=north, now=now)
        assert registry.settle_death_hint(patient_id=ann.pk, alive=False, now=now, source="family")
        ann.refresh_from_db()
        assert (ann.died_hi, ann.death_hold_since, ann.death_source) == (now, None, "family")
        assert registry.reverse_death(patient_id=ann.pk, now=now)

    def test_a_death_far_ahead_is_a_typing_error_to_look_at(self, north: Site, now: datetime) -> None:
        ahead = now + timedelta(days=300)
        ann = one(stated("1", "Okafor", "Ann", BORN, died=True, died_lo=ahead, died_hi=ahead), site=north, now=now)
        assert (ann.died_lo, ann.death_hold_since) == (None, now)


def test_admission_keeps_its_first_time_and_an_old_discharge_ends_nothing(ana: Patient, now: datetime) -> None:
    assert registry.admit(patient_id=ana.pk, at=now)
    assert not registry.admit(patient_id=ana.pk, at=now + timedelta(hours=1))
    assert not registry.discharge(patient_id=ana.pk, at=now - timedelta(days=1))
    assert registry.discharge(patient_id=ana.pk, at=now + timedelta(days=1))


def test_saying_nothing_new_writes_nothing_and_costs_two_statements(north: Site, now: datetime) -> None:
    people = [stated(str(number), f"Family{number}", "Ann", BORN, phones=(f"+1617555{number:04}",)) for number in range(100, 200)]
    resolve(*people, site=north, now=now)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        resolve(*people, site=north, now=now, may_register=False)
    asked = [query["sql"].lstrip("- ")[:15] for query in queries]
    assert len(asked) <= 2, asked


def test_a_thousand_newcomers_cost_a_handful_of_statements(north: Site, now: datetime) -> None:
    people = [stated(str(number), f"Family{number}", "Ann", BORN, phones=(f"+1617555{number:04}",)) for number in range(1_000, 2_000)]
    with CaptureQueriesContext(connection) as queries:
        found = resolve(*people, site=north, now=now)
    assert len({each.patient_id for each in found}) == 1_000
    assert len(queries) <= 10


def test_the_duplicate_check_of_a_form_shows_who_may_be_meant(ana: Patient, now: datetime) -> None:
    def why(**said: object) -> list[tuple[int, str]]:
        return [(each.patient_id, each.why) for each in registry.match(Demographics(**said))]  # type: ignore[arg-type]

    born = {"birth_lo": date(1958, 4, 2), "birth_hi": date(1958, 4, 2)}
    assert why(identifiers=(StatedIdentifier(HOSPITAL, "1001"),)) == [(ana.pk, "same patient number")]
    assert why(family="álvarez".replace("á", "a"), given="A", **born) == [(ana.pk, "same name and same birth date")]
    assert why(phones=("+16175550101",)) == [(ana.pk, "same name and same phone")] or why(phones=("+16175550101",)) == [
        (ana.pk, "same phone")
    ]
    assert why(family="Brandt", given="Ben") == []


SAYINGS = st.lists(
    st.tuples(
        st.sets(st.sampled_from(["a", "b", "c", "d"]), max_size=2), st.sampled_from(["Okafor", "Baker"]), st.sampled_from([1950, 1990])
    ),
    min_size=1,
    max_size=8,
)


def people_of(sayings: Sequence[tuple[set[str], str, int]]) -> list[Demographics]:
    return [
        Demographics(
            identifiers=tuple(StatedIdentifier(HOSPITAL, number) for number in sorted(numbers)),
            family=family,
            given="X",
            birth_lo=date(year, 1, 2),
            birth_hi=date(year, 1, 2),
        )
        for numbers, family, year in sayings
    ]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sayings=SAYINGS)
def test_a_batch_decides_what_its_messages_one_by_one_would(north: Site, now: datetime, sayings: list[tuple[set[str], str, int]]) -> None:
    """Numbers name the same people, in whatever batches the messages came."""
    people = people_of(sayings)
    outcomes = []
    for batches in ([people], [[person] for person in people]):
        Identifier.objects.all().delete()
        found = [each for batch in batches for each in resolve(*batch, site=north, now=now)]
        first: dict[int | None, int] = {}
        outcomes.append([(first.setdefault(each.patient_id, len(first)), each.reason) for each in found])
    assert outcomes[0] == outcomes[1]


def test_a_new_address_moves_the_clock_and_a_word_of_staff_stands_above_it(north: Site, now: datetime) -> None:
    def lives(zone: str, *, at: datetime, erase: tuple[str, ...] = ()) -> str:
        ann = msgspec.structs.replace(stated("77", "Okafor", "Ann", BORN), time_zone=zone, erase=erase, said_at=at)
        return one(ann, site=north, now=now).person.time_zone

    assert lives("America/New_York", at=now) == "America/New_York"
    assert lives("America/Denver", at=now + timedelta(days=1)) == "America/Denver"
    assert lives("America/New_York", at=now) == "America/Denver", "an older message changes nothing"
    assert lives("", at=now + timedelta(days=2)) == "America/Denver", "no address is no move"
    assert lives("", at=now + timedelta(days=3), erase=("time_zone",)) == "", "an address abroad is one that nobody can place"
    person = Person.objects.get()
    contacts.live_in(person=person, zone="Pacific/Honolulu")
    assert lives("America/Denver", at=now + timedelta(days=4)) == "Pacific/Honolulu"
    assert lives("", at=now + timedelta(days=5), erase=("time_zone",)) == "Pacific/Honolulu"
    contacts.live_in(person=person, zone="")
    assert lives("America/Denver", at=now + timedelta(days=6)) == "America/Denver"


def test_addresses_of_a_registering_feed_replace_those_before_and_nobody_may_be_written_to_by_it(north: Site, now: datetime) -> None:
    def reads(*emails: str, registers: bool = True) -> list[str]:
        ann = msgspec.structs.replace(stated("77", "Okafor", "Ann", BORN, phones=("+16175550111",)), emails=emails)
        person = one(ann, site=north, now=now, may_register=registers).person
        points = person.contact_points.filter(until=None, mailbox__isnull=False).order_by("rank")
        assert not any(points.values_list("verified_at", flat=True))
        return list(points.values_list("mailbox__address", flat=True))

    assert reads("ann@example.org", "ann@work.example") == ["ann@example.org", "ann@work.example"]
    assert reads("ann@work.example") == ["ann@work.example"]
    assert reads("new@example.org", registers=False) == ["ann@work.example", "new@example.org"]
    assert reads() == ["ann@work.example", "new@example.org"]
    assert Person.objects.get().contact_points.filter(until=None, phone__isnull=False).count() == 1
    assert not MailPermission.objects.exists()
