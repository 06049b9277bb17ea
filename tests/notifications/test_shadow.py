"""A trial run against the navigators' own list: agreed, missed, false, and why we missed whom we missed."""

from __future__ import annotations

import pytest

from notifications import shadow
from notifications.models import ShadowNote, WorkItem
from notifications.plan import plan
from pathways.models import Journey, PathwayVersion, Stay
from pathways.sweep import ring
from pathways.uploads import Line, Unusable, read
from patients.models import Identifier, Patient
from tests.notifications.world import DAY, NOON, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    world = World(mode="shadow")
    world.rung(0)
    return world


def patient(world: World, mrn: str) -> Patient:
    found = world.patient()
    Identifier.objects.create(patient=found, authority="MAIN", value=mrn, since=NOON - DAY)
    return found


def would_ask(world: World, mrn: str) -> int:
    found = patient(world, mrn)
    stay = world.stay(found)
    Stay.objects.filter(pk=stay.pk).update(rung_at=[NOON], attention_at=NOON)
    ring(now=NOON)
    plan(now=NOON)
    return found.pk


def lists(world: World, *numbers: str) -> tuple[int, int]:
    lines = [Line(n, number, {}) for n, number in enumerate(numbers)]
    return shadow.put_on_list(site=world.site, pathway="lung", lines=lines, by=world.dara, now=NOON)


def judges(world: World, **said: str) -> None:
    for number, verdict in said.items():
        pk = Identifier.objects.get(value=number).patient_id
        listed = ShadowNote.objects.filter(patient=pk, listed=True).exists()
        shadow.judge(site=world.site, pathway="lung", said={pk: (listed, verdict, "")}, by=world.dara, now=NOON)


def test_each_patient_is_in_one_group(world: World) -> None:
    a, b, c, d = (would_ask(world, number) for number in ("A1", "B1", "C1", "D1"))
    missed = patient(world, "M1").pk
    assert lists(world, "A1", "M1", "NOBODY") == (2, 1)
    judges(world, B1="right", C1="false")
    found = shadow.compare(world.site, "lung")
    assert (found.agreed, found.alone, found.false, found.unjudged) == ([a], [b], [c], [d])
    assert (found.missed, found.unknown) == ([missed], ["NOBODY"])
    assert found.precision == pytest.approx(2 / 3)
    assert found.missed_share == pytest.approx(2 / 4)


def test_what_both_had_and_was_no_stall_is_false(world: World) -> None:
    pk = would_ask(world, "A1")
    lists(world, "A1")
    judges(world, A1="false")
    found = shadow.compare(world.site, "lung")
    assert (found.agreed, found.false) == ([], [pk])


def test_go_needs_every_criterion(world: World) -> None:
    would_ask(world, "A1")
    assert not any(one.met for one in shadow.criteria(shadow.compare(world.site, "lung"), signed=False))
    lists(world, "A1")
    assert all(one.met for one in shadow.criteria(shadow.compare(world.site, "lung"), signed=True))


def test_what_turned_out_wrong_does_not_count(world: World) -> None:
    would_ask(world, "A1")
    WorkItem.objects.update(outcome="corrected")
    assert shadow.compare(world.site, "lung").unjudged == []


def test_the_list_may_be_uploaded_again(world: World) -> None:
    would_ask(world, "A1")
    lists(world, "A1", "X")
    judges(world, A1="right")
    lists(world, "A1", "X")
    note = ShadowNote.objects.get(patient__isnull=False)
    assert (note.listed, note.verdict) == (True, "right")
    assert ShadowNote.objects.count() == 2


def test_a_number_that_two_have_names_nobody(world: World) -> None:
    would_ask(world, "A1")
    Identifier.objects.create(patient=world.patient(), authority="OTHER", value="A1", since=NOON)
    assert lists(world, "A1") == (0, 1)


def test_it_is_said_why_somebody_was_missed(world: World) -> None:
    unknown, ended, waits = (patient(world, number) for number in ("A1", "B1", "C1"))
    version = PathwayVersion.objects.get()
    world.journey(ended)
    gone = Journey.objects.get(patient=ended)
    assert gone.version == version
    gone.exit()
    gone.exit_reason = "declined"
    gone.save()
    stay = world.stay(waits)
    Stay.objects.filter(pk=stay.pk).update(due_at=NOON + 2 * DAY)
    why = shadow.why_missed([unknown.pk, ended.pk, waits.pk], world.rollout, now=NOON)
    assert why[unknown.pk].startswith("not on the programme here")
    assert why[ended.pk] == "the journey ended: declined"
    assert why[waits.pk] == "not due yet: Visit, due 12 Mar"


def test_tables_as_people_write_them() -> None:
    found = read("\ufeffMRN;Problem;Note\r\n 77 ;no order;called\r\n;;\r\n".encode())
    assert [(line.n, line.mrn, line.cells["problem"]) for line in found] == [(2, "77", "no order")]
    for body in (b"", b"name\nx\n", b"mrn\n\n"):
        with pytest.raises(Unusable):
            read(body)
    with pytest.raises(Unusable, match="diagnosisdate"):
        read(b"mrn\n1\n", needed=["diagnosisdate"])
