"""Two records that are one person; and when they are not."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patients import consent, contacts, invariants, registry
from patients.models import Merge, Patient, Permission, Site
from patients.registry import MergeRefused, MergeWaits, records_of
from tests.people import FORM, HOSPITAL, consents, phone_of, registered, stated

pytestmark = pytest.mark.django_db


@pytest.fixture
def trio(north: Site, now: datetime) -> tuple[Patient, Patient, Patient]:
    a, b, c = (
        registered(stated(name, "Okafor", name, None, phones=(f"+1617555011{i}",)), site=north, now=now) for i, name in enumerate("abc")
    )
    return a, b, c


def merge(loser: Patient, survivor: Patient, now: datetime) -> bool:
    return registry.merge(loser_id=loser.pk, survivor_id=survivor.pk, at=now, source="adt", now=now) is not None


def unmerge(loser: Patient, survivor: Patient, now: datetime) -> bool:
    return registry.unmerge(loser_id=loser.pk, survivor_id=survivor.pk, at=now, source="adt", now=now) is not None


def survivors() -> dict[str, str]:
    """Of each merged record the number of the one that is seen instead."""
    number = dict(Patient.objects.values_list("pk", "identifiers__value"))
    return {
        number[pk]: number[survivor] for pk, survivor in Patient.objects.exclude(survivor=None).values_list("pk", "survivor_id") if survivor
    }


def test_the_losers_number_finds_the_survivor(trio: tuple[Patient, ...], north: Site, now: datetime) -> None:
    a, b, _ = trio
    assert merge(a, b, now)
    [found] = registry.resolve([stated("a", "", "", None)], site=north, may_register=False, now=now, source="lab")
    assert found.patient_id == b.pk
    assert records_of([(HOSPITAL, "a")], [(HOSPITAL, "b")]) == (a.pk, b.pk)


def test_a_chain_ends_at_its_last_survivor_in_whatever_order_it_came(trio: tuple[Patient, ...], now: datetime) -> None:
    a, b, c = trio
    merge(a, b, now)
    merge(b, c, now)
    assert survivors() == {"a": "c", "b": "c"}


def test_a_chain_told_from_its_end(trio: tuple[Patient, ...], now: datetime) -> None:
    a, b, c = trio
    merge(b, c, now)
    merge(a, b, now)
    assert survivors() == {"a": "c", "b": "c"}


def test_a_replayed_merge_does_nothing(trio: tuple[Patient, ...], now: datetime) -> None:
    a, b, c = trio
    merge(a, b, now)
    assert not merge(a, b, now)
    merge(b, c, now)
    assert not merge(a, b, now)
    assert Merge.objects.count() == 2


def test_circles_and_contradictions_are_refused(trio: tuple[Patient, ...], now: datetime) -> None:
    a, b, c = trio
    merge(a, b, now)
    with pytest.raises(MergeRefused) as circle:
        merge(b, a, now)
    with pytest.raises(MergeRefused) as elsewhere:
        merge(a, c, now)
    assert (circle.value.reason, elsewhere.value.reason) == ("merge_loop", "merged_elsewhere")
    assert survivors() == {"a": "b"}


def test_a_merge_of_somebody_unknown_waits_for_their_number(trio: tuple[Patient, ...]) -> None:
    with pytest.raises(MergeWaits) as waits:
        records_of([(HOSPITAL, "nobody")], [(HOSPITAL, "b")])
    assert waits.value.missing == ((HOSPITAL, "nobody"),)


def test_unmerging_gives_everybody_back_whom_the_record_had_brought(trio: tuple[Patient, ...], now: datetime) -> None:
    a, b, c = trio
    merge(a, b, now)
    merge(b, c, now)
    assert unmerge(b, c, now)
    assert survivors() == {"a": "b"}
    assert not unmerge(b, c, now)
    assert unmerge(a, b, now)
    assert survivors() == {}
    with pytest.raises(MergeRefused):
        merge(a, b, now)
        unmerge(a, c, now)


def test_the_survivor_is_seen_at_both_sites(trio: tuple[Patient, ...], south: Site, now: datetime) -> None:
    a = registered(stated("s", "Okafor", "A", None, authority="SOUTH"), site=south, now=now)
    merge(a, trio[1], now)
    assert set(trio[1].sites.values_list("site__code", flat=True)) == {"north", "south"}


def test_permission_becomes_the_stricter(trio: tuple[Patient, ...], now: datetime) -> None:
    a, b, _ = trio
    consents(b, now=now)
    consent.revoke(person=a.person, patient=a, phone=phone_of(a), at=now, evidence=FORM, programme="lung")
    merge(a, b, now + timedelta(days=1))
    assert not consent.may_text(person=b.person, patient=b, phone=phone_of(b), programme="lung")
    assert consent.may_text(person=b.person, patient=b, phone=phone_of(b), programme="pgx")
    assert not Permission.objects.filter(patient=b, phone=phone_of(a), revoked_at=None).exists()


def test_a_death_on_either_record_holds_texts_until_somebody_knows(trio: tuple[Patient, ...], now: datetime) -> None:
    a, b, _ = trio
    registry.record_death(patient_id=a.pk, lo=now, hi=now, source="adt")
    merge(a, b, now)
    b.refresh_from_db()
    assert (b.died_hi, b.death_hold_since) == (None, now)


def test_texts_about_a_merged_record_go_to_the_survivor(ana: Patient, ben: Patient, now: datetime) -> None:
    merge(ben, ana, now)
    ben.refresh_from_db()
    assert [(each.person_id, each.patient_id) for each in contacts.recipients(ben, on=now.date())] == [(ana.person_id, ana.pk)]


MOVES = st.lists(st.tuples(st.booleans(), st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=10)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES)
def test_whatever_is_merged_and_parted_survivors_are_final_and_agree_with_the_ledger(
    north: Site, now: datetime, moves: list[tuple[bool, int, int]]
) -> None:
    records = [registered(stated(f"{len(moves)}-{i}-{Patient.objects.count()}", "X", "Y", None), site=north, now=now) for i in range(5)]
    for together, one, other in moves:
        try:
            (merge if together else unmerge)(records[one], records[other], now)
        except MergeRefused:
            continue
        assert list(invariants.survivors_are_final()) == []
        assert list(invariants.merges_agree()) == []
