"""Hints of death by anybody: everything rests, a person settles it, and only a person takes a death back."""

from __future__ import annotations

from datetime import date

import pytest

from notifications import dying, outbox
from notifications.models import Message
from notifications.plan import plan
from pathways import journeys
from pathways.models import Matter
from patients import consent
from patients.models import ConsentEntry, Patient, Permission
from tests.notifications.world import DAY, HOUR, NOON, World


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    calls: list[str] = []
    monkeypatch.setattr(journeys, "record_for_patient", lambda **call: calls.append(call["kind"]))
    return calls


@pytest.fixture
def ana(world: World) -> Patient:
    patient = world.patient()
    world.text_alert(patient)
    plan(now=NOON)
    return patient


def report(world: World, ana: Patient) -> bool:
    return dying.report(patient=ana, source="returned mail", site=world.site, by=world.dara, now=NOON)


def settle(world: World, ana: Patient, *, alive: bool, died_on: date | None = None) -> bool:
    return dying.settle(patient=ana, alive=alive, died_on=died_on, told_by="her daughter", site=world.site, by=world.dara, now=NOON + HOUR)


def matter(world: World, ana: Patient) -> Matter:
    times = {"opened_at": NOON, "due_at": NOON + DAY, "rung_at": [NOON]}
    return Matter.objects.create(kind="death_hint", subject=str(ana.pk), site=world.site, patient=ana, mode="live", **times)


def test_returned_mail_holds_every_text_until_somebody_knows(world: World, ana: Patient, told: list[str]) -> None:
    assert report(world, ana)
    assert not report(world, ana)
    assert outbox.claim(now=NOON).texts == []
    assert Message.objects.get().reason == "death to be verified"
    assert told == ["death_hint"]


def test_alive_lets_texts_go_on_and_closes_the_question(world: World, ana: Patient, told: list[str]) -> None:
    report(world, ana)
    asked = matter(world, ana)
    outbox.claim(now=NOON)
    assert settle(world, ana, alive=True)
    assert not settle(world, ana, alive=True)
    asked.refresh_from_db()
    assert (asked.reason, asked.closed_by) == ("the patient lives", world.dara)
    assert len(outbox.claim(now=NOON + DAY).texts) == 1


def test_dead_is_a_fact_of_that_day_and_nothing_is_sent(world: World, ana: Patient, told: list[str]) -> None:
    report(world, ana)
    settle(world, ana, alive=False, died_on=date(2026, 3, 9))
    ana.refresh_from_db()
    assert ana.died_lo is not None
    assert ana.died_hi is not None
    assert (ana.died_hi - ana.died_lo, ana.death_source) == (DAY, "dara: her daughter")
    assert told == ["death_hint", "death"]
    outbox.claim(now=NOON + DAY)
    assert (Message.objects.get().state, Message.objects.get().reason) == ("withdrawn", "died")


def test_a_death_taken_back_asks_anew_before_any_text(world: World, ana: Patient, told: list[str]) -> None:
    report(world, ana)
    settle(world, ana, alive=False)
    outbox.claim(now=NOON + DAY)
    assert dying.reverse(patient=ana, why="she called", site=world.site, by=world.dara, now=NOON + DAY)
    assert not Permission.objects.filter(patient=ana, revoked_at=None).exists()
    assert ConsentEntry.objects.get(decision="revoked").evidence == "she called"
    world.alert(world.stay(ana), world.rung(1, "patient"))
    plan(now=NOON + DAY)
    assert outbox.claim(now=NOON + DAY).texts == []
    phone = Permission.objects.get().phone
    consent.grant(person=ana.person, patient=ana, phone=phone, at=NOON + DAY + HOUR, evidence=consent.Evidence("verbal"), by=world.dara)
    world.alert(world.stay(ana), world.rung(2, "patient"))
    plan(now=NOON + 2 * DAY)
    assert len(outbox.claim(now=NOON + 2 * DAY).texts) == 1
    assert Message.objects.get(rung__n=0).state == "withdrawn"  # what waited when she was thought dead is not revived
