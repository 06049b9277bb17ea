"""Replies: what happens at once, what a person gets, and what the journey learns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from notifications import inbox, outbox, worklist
from notifications.models import Message, Reply, WorkItem
from notifications.plan import plan
from pathways import journeys
from patients.models import ConsentEntry, ContactPoint, Patient, Phone
from tests.notifications.world import DAY, HOUR, NOON, World

NIGHT = NOON + 11 * HOUR


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What reaches the journey's writer; the writer has tests of its own."""
    calls: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(journeys, "record_for_patient", lambda **call: calls.append((call["kind"], call["body"])))
    monkeypatch.setattr(journeys, "record", lambda **call: calls.append((call["kind"], call["body"])))
    return calls


@pytest.fixture
def ana(world: World, told: list[Any]) -> Patient:
    """Ana, texted a moment ago about her visit."""
    patient = world.patient()
    world.text_alert(patient)
    plan(now=NOON)
    outbox.claim(now=NOON)
    return patient


def say(body: str, *, sid: str = "SM1", now: datetime = NOON, number: str = "") -> Reply:
    return inbox.receive(provider_sid=sid, from_=number or Phone.objects.order_by("pk").first().e164, to="+15550100000", body=body, now=now)  # type: ignore[union-attr]


def answers() -> list[str]:
    return list(Message.objects.exclude(purpose="reminder").order_by("pk").values_list("purpose", flat=True))


def test_stop_stops_in_the_same_breath_and_is_confirmed_once(ana: Patient) -> None:
    reply = say("Stop.")
    assert (reply.kind, reply.patient, reply.person) == ("stop", ana, ana.person)
    assert Phone.objects.get().stopped_at == NOON
    assert ConsentEntry.objects.get(decision="revoked").evidence == str(reply.uid)
    assert say("Stop.") == reply
    assert answers() == ["stop_confirmation"]
    assert not WorkItem.objects.exists()
    assert [claimed.text.body[:16] for claimed in outbox.claim(now=NOON).texts] == ["Riverside Care: "]


def test_stop_takes_what_waits_and_start_does_not_bring_it_back(world: World, ana: Patient) -> None:
    world.alert(world.stay(ana), world.rung(1, "patient"))
    plan(now=NOON)
    say("STOP")
    outbox.claim(now=NOON + DAY)
    say("START", sid="SM2", now=NOON + DAY)
    assert Phone.objects.get().stopped_at is None
    outbox.claim(now=NOON + 2 * DAY)
    assert Message.objects.get(rung__n=1).reason == "stopped"
    assert answers() == ["stop_confirmation", "start_confirmation"]


def test_start_from_a_shared_number_is_a_question(world: World, ana: Patient) -> None:
    other = world.patient("Ben", phone=False)
    phone = Phone.objects.get()
    phone.contact_points.create(person=other.person, since=NOON)
    say("STOP")
    say("START", sid="SM2")
    assert Phone.objects.get().stopped_at is not None
    assert WorkItem.objects.get().problem == "start-ambiguous"


def test_help_is_answered_even_when_stopped(ana: Patient) -> None:
    say("STOP")
    say("HELP", sid="SM2")
    assert len(outbox.claim(now=NOON).texts) == 2


@pytest.mark.parametrize(
    ("body", "problem", "priority"),
    [("please stop texting me", "wants-no-texts", 2), ("wrong number", "wrong-number", 2), ("he died in may", "verify", 1)],
)
def test_stop_in_their_own_words_silences_and_brings_a_person(ana: Patient, body: str, problem: str, priority: int) -> None:
    say(body)
    item = WorkItem.objects.get()
    assert Phone.objects.get().stopped_at == NOON
    assert (item.cause_kind, item.problem, item.priority, item.due_at) == ("reply", problem, priority, NOON + timedelta(minutes=15))
    assert (Phone.objects.get().bad_since is not None) == (problem == "wrong-number")


def test_a_hint_of_death_holds_and_is_told_closing_nothing(ana: Patient, told: list[tuple[str, dict[str, Any]]]) -> None:
    reply = say("he died in may")
    assert Patient.objects.get().death_hold_since == NOON
    assert told == [("patient_replied", {"reply": str(reply.uid)}), ("death_hint", {"reply": str(reply.uid)})]


def test_a_free_text_has_four_working_hours(ana: Patient, told: list[tuple[str, dict[str, Any]]]) -> None:
    reply = say("Can I come later?")
    item = WorkItem.objects.get()
    assert (item.problem, item.patient, item.audience) == ("reply", ana, "navigator")
    assert item.journey == Message.objects.get(purpose="reminder").journey
    assert item.due_at == NOON + 4 * HOUR
    assert told == [("patient_replied", {"reply": str(reply.uid)})]
    assert answers() == []


def test_at_night_nobody_pretends_to_read(ana: Patient) -> None:
    say("Can I come later?", now=NIGHT)
    assert WorkItem.objects.get().due_at == datetime(2026, 3, 11, 17, 0, tzinfo=UTC)
    say("Hello?", sid="SM2", now=NIGHT + HOUR)
    assert answers() == ["out_of_hours"]


def test_safety_words_come_at_once_with_the_emergency_number(ana: Patient) -> None:
    say("I can't breathe", now=NIGHT)
    assert (WorkItem.objects.get().priority, answers()) == (1, ["safety"])
    (claimed,) = outbox.claim(now=NIGHT).texts
    assert "911" in claimed.text.body


def test_things_that_changed_rest_the_texts_until_verified(world: World, ana: Patient) -> None:
    say("I already started")
    world.alert(world.stay(ana), world.rung(1, "patient"))
    plan(now=NOON)
    outbox.claim(now=NOON + DAY)
    assert Message.objects.get(rung__n=1).reason == "reply to be verified"
    assert Phone.objects.get().stopped_at is None


def test_several_replies_are_one_item_read_together(world: World, ana: Patient, told: list[tuple[str, dict[str, Any]]]) -> None:
    say("Can I come later?")
    say("I have chest pain", sid="SM2")
    item = WorkItem.objects.get()
    assert (item.priority, item.problem) == (1, "safety")
    worklist.finish(item=item, outcome="read", by=world.dara, revision=item.revision, now=NOON + HOUR)
    assert set(Reply.objects.values_list("read_by", "read_at")) == {(world.dara.pk, NOON + HOUR)}
    assert [kind for kind, _ in told].count("reply_read") == 2


def test_a_number_confirms_the_visit_that_was_asked_about(ana: Patient, told: list[tuple[str, dict[str, Any]]]) -> None:
    reply = say("1")
    assert told == [("patient_replied", {"reply": str(reply.uid)}), ("patient_said", {"reply": str(reply.uid), "topic": "confirm"})]
    assert (Reply.objects.get().read_at, answers()) == (NOON, ["acknowledgement"])
    assert not WorkItem.objects.exists()


@pytest.mark.parametrize(("body", "problem"), [("2", "wants-another-time"), ("3", "wants-a-call"), ("cost", "cost"), ("ride", "transport")])
def test_an_answer_that_needs_somebody_is_an_item_and_a_fact(
    ana: Patient, told: list[tuple[str, dict[str, Any]]], body: str, problem: str
) -> None:
    say(body)
    item = WorkItem.objects.get()
    assert (item.problem, item.audience, item.due_at) == (problem, "navigator", NOON + 4 * HOUR)
    assert [kind for kind, _ in told] == ["patient_replied", "patient_said"]
    assert answers() == ["acknowledgement"]


def test_money_goes_to_the_financial_counselor_where_there_is_one(world: World, ana: Patient) -> None:
    world.staff("fin", "financial_counselor")
    say("cost")
    assert WorkItem.objects.get().audience == "financial_counselor"


def test_a_guess_is_an_item_and_no_fact(ana: Patient, told: list[tuple[str, dict[str, Any]]]) -> None:
    say("I can't come on Thursday")
    assert WorkItem.objects.get().problem == "wants-another-time"
    assert [kind for kind, _ in told] == ["patient_replied"]
    assert answers() == []


def test_a_number_long_after_the_text_means_nothing(ana: Patient) -> None:
    say("1", now=NOON + 20 * DAY)
    assert WorkItem.objects.get().problem == "reply"


def test_yes_is_no_opt_in(world: World, ana: Patient) -> None:
    say("STOP")
    say("YES", sid="SM2")
    assert Phone.objects.get().stopped_at is not None


def test_a_number_nobody_knows(world: World) -> None:
    reply = say("hello", number="+16175550123")
    assert (reply.person, reply.patient) == (None, None)
    assert WorkItem.objects.get().site == world.site


def test_rubbish_is_kept_not_feared(world: World) -> None:
    reply = say("\x00" + "x" * 100_000, number="+16175550123")
    assert len(reply.body) == inbox.LONGEST_BODY


def test_a_death_told_in_a_cry_for_help_is_heard(ana: Patient, told: list[tuple[str, dict[str, Any]]]) -> None:
    """Texts end at once, the death is told, one item names the danger, and the emergency number goes out to the stopped number all the same."""
    reply = say("My mother passed away last night. There was bleeding")
    ana.refresh_from_db()
    assert (reply.kind, Phone.objects.get().stopped_at) == ("stop_intent", NOON)
    assert ana.death_hold_since is not None
    assert "death_hint" in [kind for kind, _ in told]
    assert WorkItem.objects.get().problem == "safety"
    assert ["911" in claimed.text.body for claimed in outbox.claim(now=NOON).texts] == [True]


def test_a_picture_without_words_is_seen_to_have_come(ana: Patient) -> None:
    inbox.receive(provider_sid="SM9", from_=Phone.objects.get().e164, to="+15550100000", body="", now=NOON, attached=2)
    assert Reply.objects.get().body == f"{inbox.CLIP} 2"
    assert WorkItem.objects.get().cause_kind == "reply"


def test_a_hundred_cries_for_help_are_answered_ten_times(ana: Patient) -> None:
    """A machine at the other end, or somebody's joke."""
    for n in range(12):
        say("HELP", sid=f"SM{n}")
    assert len(answers()) == inbox.MOST_ANSWERS
    say("HELP", sid="SM-later", now=NOON + DAY + HOUR)
    assert len(answers()) == inbox.MOST_ANSWERS + 1


def test_one_number_of_two_patients_one_of_whom_dies(world: World, ana: Patient) -> None:
    """A death of one silences the number until a person has looked; it holds the texts about her alone, and his are not hers."""
    ben = world.patient("Ben", phone=False)
    ContactPoint.objects.create(person=ben.person, phone=Phone.objects.get(), since=NOON, rank=1)
    say("she died on Sunday")
    ana.refresh_from_db()
    ben.refresh_from_db()
    assert (ana.death_hold_since is not None, ben.death_hold_since) == (True, None)
    assert Phone.objects.get().stopped_at == NOON
    assert WorkItem.objects.get().problem == "verify"
