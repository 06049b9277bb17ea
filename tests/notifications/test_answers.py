"""What staff may write back, when, how often, and in which words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from notifications import answers, inbox, outbox
from notifications.models import Message, Reply
from notifications.outcomes import Refused
from notifications.plan import plan
from pathways import journeys
from patients import consent, contacts, registry
from patients.models import Phone
from tests.notifications.world import DAY, HOUR, NOON, World


@pytest.fixture
def reply(world: World, monkeypatch: pytest.MonkeyPatch) -> Reply:
    """Ana was texted, and asks."""
    monkeypatch.setattr(journeys, "record_for_patient", lambda **_: None)  # the writer has tests of its own
    world.text_alert(world.patient())
    plan(now=NOON)
    outbox.claim(now=NOON)
    return inbox.receive(provider_sid="SM1", from_=Phone.objects.get().e164, to="+15550100000", body="Which door?", now=NOON)


def answer(world: World, reply: Reply, words: str = "Please use the north door.", *, after: timedelta = HOUR) -> Message:
    return answers.answer(reply=reply, words=words, site=world.site, by=world.dara, now=NOON + after)


def test_an_answer_is_signed_kept_with_its_writer_and_outside_the_cap(world: World, reply: Reply) -> None:
    message = answer(world, reply)
    assert (message.body, message.by) == ("Riverside Care: Please use the north door.", world.dara)
    (claimed,) = outbox.claim(now=NOON + HOUR).texts  # Ana had her reminder of the day already
    assert claimed.text.body == message.body


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("Your biopsy is at nine.", "biops"),
        ("Su resultado llego.", "result"),
        ("See www.example.org", "address"),
        ("x" * 400, "texts"),
        ("   ", "empty"),
        ("Come at nine " + "—" * 130, "three times as long"),
    ],
)
def test_an_answer_says_no_more_than_a_text_may(world: World, reply: Reply, words: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        answer(world, reply, words)
    assert not Message.objects.filter(purpose="answer").exists()


def test_a_day_after_the_patient_wrote_somebody_must_call(world: World, reply: Reply) -> None:
    answer(world, reply, after=DAY)
    with pytest.raises(Refused, match="more than a day ago"):
        answer(world, reply, after=DAY + HOUR)


def test_ten_answers_a_day(world: World, reply: Reply) -> None:
    for _ in range(answers.MOST_A_DAY):
        answer(world, reply)
    with pytest.raises(Refused, match="10 answers"):
        answer(world, reply)


def test_nobody_is_answered_who_stopped_whose_number_is_not_theirs_or_who_may_have_died(world: World, reply: Reply) -> None:
    contacts.mark_bad(phone=reply.phone, reason="wrong number", now=NOON)
    with pytest.raises(Refused, match="does not work"):
        answer(world, reply)
    consent.stop(phone=reply.phone, now=NOON, evidence=consent.Evidence("verbal"))
    with pytest.raises(Refused, match="STOP"):
        answer(world, reply)
    Phone.objects.update(stopped_at=None, bad_since=None)
    assert reply.patient is not None
    registry.death_hint(patient_id=reply.patient.pk, now=NOON, source="returned mail")
    reply.patient.refresh_from_db()
    with pytest.raises(Refused, match="may have died"):
        answer(world, reply)


def test_an_answer_that_lies_a_day_is_not_sent(world: World, reply: Reply) -> None:
    answer(world, reply)
    assert outbox.claim(now=NOON + 2 * DAY).texts == []
    assert Message.objects.get(purpose="answer").reason == "too late"
