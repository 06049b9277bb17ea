"""One stalled patient through the real definition and the real writer: noticed, claimed, answered, settled."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import transaction

from notifications import inbox, worklist
from notifications.invariants import check
from notifications.models import Message, WorkItem
from notifications.send import send_due
from notifications.tick import tick
from notifications.wording import compiler
from pathways import journeys
from pathways.definitions import publish, registry
from pathways.definitions.publish import CATALOG
from pathways.journeys import Received
from pathways.ladders import publish_ladders
from pathways.models import Event, Journey, Rollout, Stay
from patients.models import Patient
from tests.notifications.carrier import Carrier
from tests.notifications.world import DAY, HOUR, NOON, World
from tests.pathways.said import LUNG, fact

START = NOON - 20 * DAY


@pytest.fixture
def house(world: World) -> Iterator[World]:
    """The shipped programme, live at the clinic."""
    registry.clear()
    publish.publish_catalogue(by=None, now=START)
    publish_ladders()
    Rollout.objects.create(site=world.site, pathway="nsclc-biomarker", mode="live", texts_from=START, default_accountable=world.dara)
    yield world
    registry.clear()


@pytest.fixture
def ana(house: World) -> Patient:
    """Advanced lung cancer three weeks ago, and nobody ordered a test."""
    patient = house.patient()
    with transaction.atomic():
        journeys.receive([Received(patient.pk, (fact("diagnosis", START, "D1", body=LUNG),), house.site.pk)], now=START)
    return patient


def days_pass(count: int, *, since: int = 0) -> None:
    for day in range(since, since + count):
        tick(now=START + day * DAY)


def problem_item() -> WorkItem:
    return WorkItem.objects.get(cause_kind="problem")


def test_nobody_ordered_and_somebody_finds_out_why(house: World, ana: Patient) -> None:
    days_pass(14)
    item = problem_item()
    assert (item.patient, item.site, item.state) == (ana, house.site, "open")
    item = worklist.claim(item=item, by=house.dara, revision=item.revision, now=START + 14 * DAY)
    ordered = {"what": "test_ordered", "on": START + 2 * DAY, "evidence": "seen in the chart"}
    worklist.finish(item=item, outcome="already_happened", by=house.dara, revision=item.revision, now=START + 14 * DAY, details=ordered)
    assert Event.objects.filter(kind="test_ordered", by=house.dara).exists()
    assert Journey.objects.get().ordered_at == START + 2 * DAY
    assert not Stay.objects.open().filter(stage__problem=item.problem).exists()
    assert tick(now=START + 14 * DAY + HOUR).settled.alerts > 0
    assert check(now=START + 15 * DAY) == []


@pytest.mark.parametrize("outcome", ["reached", "not_a_stall", "handled"])
def test_outcomes_reach_the_journey(house: World, ana: Patient, outcome: str) -> None:
    days_pass(14)
    item = problem_item()
    before = Event.objects.count()
    worklist.finish(
        item=item, outcome=outcome, by=house.dara, revision=item.revision, now=START + 14 * DAY, note="n", details={"why": "data late"}
    )
    assert Event.objects.count() == before + 1


def test_an_exit_ends_the_journey_and_what_hung_on_it(house: World, ana: Patient) -> None:
    days_pass(14)
    item = problem_item()
    reasons = list(registry.published()["nsclc-biomarker"].definition.exits)
    details = {"reason": reasons[0]}
    worklist.finish(item=item, outcome="exited", by=house.dara, revision=item.revision, now=START + 14 * DAY, details=details)
    assert Journey.objects.get().status == "exited"
    tick(now=START + 15 * DAY)
    assert check(now=START + 15 * DAY) == []


def test_a_missed_visit_is_texted_and_the_reply_is_told(house: World, ana: Patient) -> None:
    booked = START + 4 * DAY
    carrier = Carrier()
    with transaction.atomic():
        facts = (fact("visit_booked", START + DAY, "V1", family="visit", body={"start": booked.isoformat(), "service": "oncology"}),)
        journeys.receive([Received(ana.pk, facts, house.site.pk)], now=START + DAY)
    for day in range(20):
        tick(now=START + day * DAY)
        send_due(now=START + day * DAY, transport=carrier)
    for message in Message.objects.filter(state="sent"):
        assert not compiler.denied(message.body)
    phone = ana.person.contact_points.get().phone
    assert phone is not None
    inbox.receive(provider_sid="SM1", from_=phone.e164, to="", body="I will call you", now=NOON)
    assert Event.objects.filter(kind="patient_replied", patient=ana).count() == 1
    assert WorkItem.objects.filter(cause_kind="reply", patient=ana).exists()
    assert check(now=NOON + timedelta(minutes=1)) == []


def test_every_wording_that_a_pathway_names_exists_in_every_language() -> None:
    named = {key for path in CATALOG.rglob("*.yaml") for key in re.findall(r"\bwording:\s*([a-z.]+)", path.read_text())}
    assert named
    for code in compiler.LANGUAGES:
        assert named <= set(compiler.load(code))
