"""A reminder put off by lot: drawn once, in balanced blocks, never where it could harm, and never beyond due."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from django.db import connection

from notifications import comparing
from notifications.models import Allocation, Message, WorkItem
from notifications.plan import plan
from pathways import trials
from pathways.definitions.lots import lot
from pathways.models import Alert, Rung, Stay, Trial
from patients.models import Patient, Site
from tests.notifications.world import DAY, HOUR, NOON, World


def compared(world: World, *, held: int = 2, block: int = 4, **extra: object) -> Rung:
    """A reminder three days before due, of which the later half hears two days later."""
    trial = Trial.objects.create(
        pathway="lung", stage="main.visit", label="Visit", wording="visit.reminder", protocol="QI-1", terms="t", horizon_days=7,
        held=held, block=block, key="k" * 64, approved_by="Dr. Lund",
        **{"arm": "delay", "delay": 2 * DAY, "since": date(2026, 3, 1), "until": date(2026, 6, 1)} | extra,
    )  # fmt: skip
    return world.rung(0, "patient", trial=trial, expires_after=DAY)


def due(world: World, rung: Rung, patient: Patient | None = None, **extra: object) -> Alert:
    stay = world.stay(patient)
    Stay.objects.filter(pk=stay.pk).update(due_at=NOON + 3 * DAY)
    return world.alert(stay, rung, **extra)


def test_half_of_each_block_hears_later_and_is_texted_then(world: World) -> None:
    rung = compared(world)
    for _ in range(8):
        due(world, rung)
    plan(now=NOON)
    assert Allocation.objects.filter(waits=True).count() == 4
    for one in Allocation.objects.all():
        text = Message.objects.get(stay=one.stay)
        later = NOON + 2 * DAY if one.waits else NOON
        assert (text.not_before, text.expires_at, one.until) == (later, later + DAY, NOON + 2 * DAY if one.waits else None)
    assert Message.objects.filter(reason=comparing.PUT_OFF).count() == 4


def test_the_lots_are_those_that_the_key_gives_again(world: World) -> None:
    """Reproducible, also over several plans, and the same as the pure function."""
    rung = compared(world, held=1, block=5)
    for day in range(3):
        for _ in range(5):
            due(world, rung)
        plan(now=NOON + day * HOUR)
    drawn = list(Allocation.objects.order_by("position").values_list("position", "waits"))
    assert drawn == [(n, lot("k" * 64, "main", n, held=1, block=5)) for n in range(15)]


def test_each_site_is_balanced_for_itself(world: World) -> None:
    rung = compared(world)
    other = Site.objects.create(code="west", name="West", sender_name="Riverside Care", call_back="555-0101")
    type(world.rollout).objects.create(site=other, pathway="lung", mode="live", texts_from=NOON - 30 * DAY, default_accountable=world.dara)
    for n in range(16):
        alert = due(world, rung)
        assert alert.stay
        if n % 2:
            alert.stay.journey.home_site = other
            alert.stay.journey.save()
    plan(now=NOON)
    for site in (world.site, other):
        assert Allocation.objects.filter(site=site, waits=True).count() == 4


def test_positions_follow_each_other_through_batches(world: World) -> None:
    rung = compared(world)
    for _ in range(7):
        due(world, rung)
    plan(now=NOON, batch=2)
    positions = sorted(Allocation.objects.values_list("position", flat=True))
    assert all(later - earlier == 1 for earlier, later in pairwise(positions))
    assert len(positions) == 7


def test_a_patient_is_drawn_once_and_the_next_wait_is_reminded_in_time(world: World) -> None:
    rung = compared(world, held=4, block=4)
    ana = world.patient()
    due(world, rung, ana)
    plan(now=NOON)
    second = due(world, rung, ana)
    plan(now=NOON + HOUR)
    assert Allocation.objects.count() == 1
    assert Message.objects.get(stay=second.stay).not_before == NOON + HOUR


def test_nobody_waits_beyond_due(world: World) -> None:
    """A hold-out ends when the wait is due; so does a delay that would reach further."""
    rung = compared(world, held=4, block=4, arm="hold_out", delay=None)
    due(world, rung)
    plan(now=NOON)
    assert Message.objects.get().not_before == NOON + 3 * DAY
    soon = world.stay()
    Stay.objects.filter(pk=soon.pk).update(due_at=NOON + HOUR)
    Trial.objects.update(arm="delay", delay=2 * DAY)
    world.alert(soon, rung)
    plan(now=NOON)
    assert Message.objects.get(stay=soon).not_before == NOON + HOUR


def test_what_rings_when_due_already_is_not_drawn(world: World) -> None:
    world.alert(world.stay(), compared(world, held=4))
    plan(now=NOON)
    assert not Allocation.objects.exists()
    assert Message.objects.get().not_before == NOON


@pytest.mark.parametrize(
    "how", ["actionable", "no permission", "in hospital", "death to be verified", "not live", "ended", "stopped", "shadow"]
)
def test_who_is_not_drawn_is_reminded_at_once(world: World, how: str) -> None:
    rung = compared(world, held=4)
    patient = world.patient(consents=how != "no permission")
    alert = due(world, rung, patient, mode="shadow" if how == "shadow" else "live")
    assert alert.stay
    if how == "actionable":
        world.says(alert.stay.journey, "flagged_actionable")
    patient.admitted_since = NOON if how == "in hospital" else None
    patient.death_hold_since = NOON if how == "death to be verified" else None
    patient.save()
    if how == "not live":
        Alert.objects.update(mode="staff")
    Trial.objects.update(until=date(2026, 3, 9) if how == "ended" else date(2026, 6, 1), stopped_at=NOON if how == "stopped" else None)
    plan(now=NOON)
    assert not Allocation.objects.exists()
    assert not Message.objects.filter(not_before__gt=NOON).exists()


def test_staff_are_asked_in_time_whatever_the_lot_says(world: World) -> None:
    """The ladder goes on: only the reminder waits."""
    rung = compared(world, held=4)
    alert = due(world, rung)
    assert alert.stay
    plan(now=NOON)
    world.alert(alert.stay, world.rung(1, "navigator"), rang_at=NOON + HOUR)
    plan(now=NOON + HOUR)
    assert WorkItem.objects.get().opened_at == NOON + HOUR


def test_the_same_wait_rings_again_and_its_lot_stands(world: World) -> None:
    rung = compared(world, held=4)
    alert = due(world, rung)
    assert alert.stay
    plan(now=NOON)
    world.alert(alert.stay, rung, round=2, rang_at=NOON + DAY)
    plan(now=NOON + DAY)
    assert Allocation.objects.count() == 1
    assert Message.objects.get().not_before == NOON + 3 * DAY


def test_a_lead_ends_it_and_what_waits_goes(world: World) -> None:
    rung = compared(world, held=4)
    due(world, rung)
    plan(now=NOON)
    trial = Trial.objects.get()
    with pytest.raises(trials.Refused, match="say why"):
        comparing.stop(trial, by=world.fay, why=" ", now=NOON)
    assert comparing.stop(trial, by=world.fay, why="complaints", now=NOON + HOUR) == 1
    text = Message.objects.get()
    assert (text.not_before, text.reason) == (NOON + HOUR, "")
    with pytest.raises(trials.Refused, match="already"):
        comparing.stop(trial, by=world.fay, why="again", now=NOON + HOUR)


def test_what_the_lot_decided_is_never_rewritten(world: World) -> None:
    """The database says so: a patient once a comparison, a position once a site."""
    names = {constraint.name for constraint in Allocation._meta.constraints}
    with connection.cursor() as cursor:
        cursor.execute("SELECT conname FROM pg_constraint WHERE conrelid = 'notifications_allocation'::regclass")
        assert names <= {name for (name,) in cursor.fetchall()}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"waits": None}, "a lot is the one that its key gives"),
        ({"position": 40}, "a site's lots follow each other"),
    ],
)
def test_the_doctor_draws_the_lots_again(world: World, change: dict[str, object], found: str) -> None:
    rung = compared(world)
    for _ in range(6):
        due(world, rung)
    plan(now=NOON)
    assert list(comparing.misdrawn()) == []
    one = Allocation.objects.latest("position")
    changed = {name: not one.waits if value is None else value for name, value in change.items()}
    Allocation.objects.filter(pk=one.pk).update(**changed)
    assert found in {violation.invariant for violation in comparing.misdrawn()}
