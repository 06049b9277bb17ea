"""D. Messages: claimed, handed over, found again. Cases 59, 60, 66, 69 to 75, 82 to 88, 91, 95, 96 and 99.

Where a process must die for real it does so in `tests/chaos/` and `tests/config/test_killing.py`; here each case is one story on rows,
with a provider that does what the case says and remembers what it took.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import Settings
from twilio.http.response import Response

from config.simulator.handler import ACCOUNT, SENDER, Provider
from config.simulator.ledger import Ledger
from config.simulator.server import TOKEN, Simulator
from notifications import endings, halts, inbox, outbox
from notifications.models import Message, SendSlot, WorkItem
from notifications.plan import plan
from notifications.reconcile import reconcile
from notifications.send import GUARD_SECONDS, LEASE, Sent, send_due
from notifications.tick import tick
from notifications.transports.base import Accepted, Answer, Declined, Seen, Text
from notifications.transports.twilio import Twilio
from pathways import alerts, journeys
from pathways.models import Alert, Rollout, Stay
from patients import consent
from patients.consent import Evidence
from patients.models import ConsentEntry, ContactPoint, Permission, Phone
from tests.notifications.carrier import Carrier
from tests.notifications.world import DAY, HOUR, NOON, World, in_another_connection

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def world(db: None) -> World:
    return World()


def reminder(world: World, **extra: Any) -> Message:
    """One more patient whose text is due."""
    world.text_alert(world.patient(), **extra)
    plan(now=NOON)
    return Message.objects.latest("pk")


def state(message: Message) -> str:
    return str(Message.objects.get(pk=message.pk).state)


def settled(world: World, carrier: Any, message: Message, *, since: datetime = NOON) -> tuple[str, int]:
    """Half an hour on, in which another patient's text goes through: how the text in doubt ended, and whether a person was asked."""
    reminder(world)
    for minute in range(1, 32, 5):
        now = since + minute * MINUTE
        send_due(now=now, transport=carrier)
        reconcile(now=now, transport=carrier)
    return state(message), WorkItem.objects.filter(cause_kind="unknown_send", cause_key=str(message.uid)).count()


def test_case_59_consent_withdrawn_between_planning_and_sending(world: World) -> None:
    """Not sent; the row says why."""
    message = reminder(world)
    granted = Permission.objects.get()
    consent.revoke(person=granted.person, patient=granted.patient, at=NOON, evidence=Evidence("form"))
    assert send_due(now=NOON, transport=Carrier()) == Sent(judged=1)
    message.refresh_from_db()
    assert (message.state, message.reason, message.attempt) == ("withdrawn", "no permission", 0)


class Interrupted(Carrier):
    """While the request is on its way the patient says STOP."""

    def send(self, text: Text) -> Answer:
        consent.stop(phone=Phone.objects.get(e164=text.to), now=NOON, evidence=Evidence("reply"))
        return super().send(text)


def test_case_60_a_stop_while_a_text_is_on_its_way(world: World) -> None:
    """That one may arrive, none after it."""
    patient = world.patient()
    world.text_alert(patient)
    plan(now=NOON)
    carrier = Interrupted()
    send_due(now=NOON, transport=carrier)
    world.alert(world.stay(patient), world.rung(1, "patient", wording="kit.reminder"))
    plan(now=NOON + DAY)
    send_due(now=NOON + DAY, transport=carrier)
    assert carrier.copies().total() == 1
    assert sorted(Message.objects.values_list("state", "reason")) == [("sent", ""), ("withdrawn", "stopped")]


def test_case_66_the_provider_knows_of_a_stop_that_we_do_not(world: World) -> None:
    """The number is stopped, the ledger says by whom, and somebody finds out why our consents were wrong."""
    message = reminder(world)
    send_due(now=NOON, transport=Carrier(["refuse:21610"]))
    assert state(message) == "failed"
    assert Phone.objects.get().stopped_at is not None
    assert ConsentEntry.objects.get().how == "provider"
    assert WorkItem.objects.get().problem == "stopped-at-provider"


@pytest.fixture
def simulator(tmp_path: Path, settings: Settings) -> Iterator[Simulator]:
    """The provider over HTTP, on the cases' clock, and the official client before it."""
    server = Simulator(("127.0.0.1", 0), Provider(Ledger(tmp_path / "ledger.sqlite3")))
    server.clock.set(NOON)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    settings.TWILIO_API_URL = f"http://127.0.0.1:{server.server_address[1]}"
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, settings.TWILIO_FROM_NUMBER = ACCOUNT, TOKEN, SENDER
    yield server
    server.shutdown()
    server.server_close()


def struck(world: World, simulator: Simulator, why: str, **faults: float) -> tuple[str, int, int]:
    """A text meets the fault, then all is well: how it ended, whether a person was asked, how many copies the provider took."""
    message, way = reminder(world), Twilio()
    simulator.provider.faults.switch(faults)
    assert send_due(now=NOON, transport=way).not_accepted == 1
    assert (state(message), Message.objects.get(pk=message.pk).reason) == ("unknown", why)
    simulator.provider.faults.switch(dict.fromkeys(faults, 0))
    number = Message.objects.select_related("phone").get(pk=message.pk).phone
    ended, asked = settled(world, way, message)
    return ended, asked, simulator.provider.ledger.rows("SELECT count(*) FROM message WHERE recipient = ?", (str(number.e164),))[0][0]  # type: ignore[union-attr]


def test_case_69_a_server_error_before_it_was_taken(world: World, simulator: Simulator) -> None:
    """Shown to be absent, it goes once more."""
    assert struck(world, simulator, "provider in trouble", fail_before_accept=1) == ("sent", 0, 1)


def test_case_70_a_server_error_after_it_was_taken(world: World, simulator: Simulator) -> None:
    assert struck(world, simulator, "provider in trouble", fail_after_accept=1) == ("sent", 0, 1)


def test_case_71_a_time_out_after_it_was_taken(world: World, simulator: Simulator, settings: Settings) -> None:
    settings.TWILIO_TIMEOUT_SECONDS = 0.2
    assert struck(world, simulator, "ReadTimeout", hang=1, hang_seconds=0.6) == ("sent", 0, 1)


def test_case_72_a_connection_cut_after_it_was_taken(world: World, simulator: Simulator) -> None:
    assert struck(world, simulator, "ConnectionError", drop_after_accept=1) == ("sent", 0, 1)


def test_case_73_taken_half_a_minute_after_we_gave_up(world: World) -> None:
    """The quiet time is longer than the provider may work on a request; so it is on the list when we look."""
    message, carrier = reminder(world), Carrier(["vanish"])
    send_due(now=NOON, transport=carrier)
    claimed = Message.objects.select_related("phone").get(pk=message.pk)
    assert reconcile(now=NOON + MINUTE / 2, transport=carrier).put_back == 0
    assert claimed.phone is not None
    carrier.took.append(Seen("SM" + "9" * 32, claimed.phone.e164, claimed.body, "sent"))
    assert settled(world, carrier, message) == ("sent", 0)
    assert set(carrier.copies().values()) == {1}


@pytest.mark.parametrize("answer", ['{"status": "queued"}', "<html>", ""])
def test_case_74_taken_but_the_answer_names_nothing(
    world: World, simulator: Simulator, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    """Created, says the status; what was created, says nobody."""
    message, way = reminder(world), Twilio()
    through = way.client.http_client.request

    def garbled(method: str, *args: Any, **options: Any) -> Response:
        said = through(method, *args, **options)
        return Response(201, answer) if method == "POST" else said

    with monkeypatch.context() as broken:
        broken.setattr(way.client.http_client, "request", garbled)
        send_due(now=NOON, transport=way)
    assert state(message) == "unknown"
    assert settled(world, way, message) == ("sent", 0)
    assert simulator.provider.ledger.rows("SELECT count(*) FROM message GROUP BY recipient")[0][0] == 1


def test_case_75_ten_minutes_of_too_many_requests(world: World) -> None:
    """All are sent once in the end, and none has lost its second try."""
    for _ in range(4):
        reminder(world)
    busy = Carrier(["refuse:20429"] * 10_000)
    for minute in range(10):
        send_due(now=NOON + minute * MINUTE, transport=busy)
    calm = Carrier()
    for minute in range(10, 90, 5):
        send_due(now=NOON + minute * MINUTE, transport=calm)
    assert sorted(calm.copies().values()) == [1] * 4
    assert set(Message.objects.values_list("state", "second_tries")) == {("sent", 0)}


def test_case_82_killed_between_the_post_and_its_record(world: World) -> None:
    """The provider has it and we do not know: it is found, not sent again."""
    message, carrier = reminder(world), Carrier()
    (claimed,) = outbox.claim(now=NOON).texts
    carrier.send(claimed.text)
    assert settled(world, carrier, message) == ("sent", 0)
    assert set(carrier.copies().values()) == {1}


def test_case_83_killed_between_the_claim_and_the_post(world: World) -> None:
    """The lease runs out, the list does not show it: one send."""
    message, carrier = reminder(world), Carrier()
    outbox.claim(now=NOON)
    reconcile(now=NOON + LEASE - MINUTE, transport=carrier)
    assert state(message) == "sending"
    assert settled(world, carrier, message) == ("sent", 0)
    assert set(carrier.copies().values()) == {1}


def test_case_84_frozen_for_ten_minutes_and_thawed(world: World) -> None:
    """It posts nothing any more, and what it records of its own try changes nothing of the next one."""
    message, carrier = reminder(world), Carrier()
    (zombie,) = outbox.claim(now=NOON).texts
    other, passed = reminder(world), [0.0]

    def stopwatch() -> float:
        """Stands still from the claim of the other text on."""
        if state(other) == "sending":
            passed[0] = GUARD_SECONDS + 600
        return passed[0]

    assert send_due(now=NOON, transport=carrier, seconds=1, stopwatch=stopwatch).given_back == 1
    assert (carrier.calls, state(other)) == (0, "pending")
    assert settled(world, carrier, message) == ("sent", 0)
    for late in (Declined(21610), Declined(20429, 429), Accepted("SM" + "8" * 32)):
        endings.record(claimed=zombie, answer=late, now=NOON + HOUR)
    again = Message.objects.get(pk=message.pk)
    assert (again.state, again.attempt, again.provider_sid == "SM" + "8" * 32) == ("sent", 2, False)
    assert set(carrier.copies().values()) == {1}


@pytest.mark.django_db(transaction=True)
def test_case_85_two_beats_and_three_sweepers() -> None:
    """One stall, one item, one text."""
    world = World()
    world.rung(0, "patient")
    world.rung(1)
    stay = world.stay()
    Stay.objects.filter(pk=stay.pk).update(rung_at=[NOON, NOON], attention_at=NOON)
    for _ in range(3):
        in_another_connection(lambda: tick(now=NOON))
    racers = [Thread(target=in_another_connection, args=(lambda: tick(now=NOON + MINUTE),)) for _ in range(3)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert (Alert.objects.count(), WorkItem.objects.count(), Message.objects.count()) == (2, 1, 1)


def test_case_86_an_hour_without_the_broker(world: World, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing stood in it: the first sweep afterwards, or one from cron meanwhile, finds all that is due."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    world.rung(0)
    stay = world.stay()
    Stay.objects.filter(pk=stay.pk).update(rung_at=[NOON], attention_at=NOON)
    call_command("sweep", "--now", (NOON + HOUR).isoformat(), "--json")
    assert (Alert.objects.get().rang_at, WorkItem.objects.count()) == (NOON + HOUR, 1)


def test_case_87_credentials_revoked(world: World) -> None:
    """The circuit opens: nothing failed, one alarm, the backlog kept; it closes with the first text that goes through."""
    for _ in range(4):
        reminder(world)
    refused = Carrier(["refuse:20003"] * 1_000)
    for minute in range(0, 120, 5):
        send_due(now=NOON + minute * MINUTE, transport=refused)
    assert set(Message.objects.values_list("state", flat=True)) == {"pending"}
    assert [item.problem for item in WorkItem.objects.all()] == ["texts-stopped"]
    assert refused.calls < 10
    assert send_due(now=NOON + 4 * HOUR, transport=Carrier()).accepted == 4
    assert halts.standing() == []


def test_case_88_a_backlog_of_three_days_is_judged_anew(world: World) -> None:
    """What has happened meanwhile, what is too late, who has stopped: none of it goes; of the rest one a day per number."""
    done, late, stopped, patient = reminder(world), reminder(world), reminder(world), world.patient()
    for n, wording in enumerate(("visit.reminder", "kit.reminder", "form.reminder")):
        world.alert(world.stay(patient), world.rung(n + 1, "patient", wording=wording, priority=4 + n))
    plan(now=NOON)
    outage = NOON + 3 * DAY
    alerts.withdraw_of_stays([done.stay_id or 0], reason="progress", now=outage)
    Message.objects.filter(pk=late.pk).update(expires_at=NOON + DAY)
    number = ContactPoint.objects.get(person=stopped.recipient).phone
    assert number is not None
    consent.stop(phone=number, now=outage, evidence=Evidence("reply"))
    carrier = Carrier()
    assert send_due(now=outage, transport=carrier).accepted == 1
    assert {state(done), state(late), state(stopped)} == {"withdrawn"}
    assert sorted(Message.objects.filter(patient=patient).values_list("state", flat=True)) == ["pending", "pending", "sent"]
    assert WorkItem.objects.get().note == "No text could be sent: too late."


def test_case_91_the_cap_holds_over_all_programmes(world: World) -> None:
    """Two programmes want to text the same number today: the more urgent does, the other tomorrow."""
    patient = world.patient()
    Rollout.objects.create(site=world.site, pathway="pgx", mode="live", texts_from=NOON - DAY, default_accountable=world.dara)
    world.alert(world.stay(patient), world.rung(0, "patient", priority=5))
    other = world.stay(patient)
    other.journey.__class__.objects.filter(pk=other.journey_id).update(pathway="pgx")
    world.alert(other, world.rung(1, "patient", priority=3, wording="kit.reminder"))
    plan(now=NOON)
    send_due(now=NOON, transport=Carrier())
    assert list(Message.objects.order_by("priority").values_list("programme", "state", "reason")) == [
        ("pgx", "sent", ""), ("lung", "pending", "one a day"),
    ]  # fmt: skip
    assert SendSlot.objects.count() == 1
    assert send_due(now=NOON + DAY, transport=Carrier()).accepted == 1


@pytest.mark.parametrize("code", [21614, 21635, 30006])
def test_case_95_a_landline(world: World, code: int) -> None:
    """Refused at once or reported later: the number is bad for everybody, a person asks for a better one. (An internet number that takes
    texts is like any other.)"""
    reminder(world)
    send_due(now=NOON, transport=Carrier([f"refuse:{code}"]))
    assert Phone.objects.get().bad_since is not None
    assert (Message.objects.get().state, WorkItem.objects.get().cause_kind) == ("failed", "bad_number")


def test_case_96_a_number_that_is_somebody_elses_now(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stranger says so: nothing goes there any more, to whomever it was meant, and a person looks for the right number. Who takes the
    number on with a record of their own inherits no permission."""
    monkeypatch.setattr(journeys, "record_for_patient", lambda **_: None)  # the journey's writer has cases of its own
    message = reminder(world)
    send_due(now=NOON, transport=Carrier())
    phone = Phone.objects.get()
    inbox.receive(provider_sid="SM5", from_=phone.e164, to=SENDER, body="wrong number", now=NOON)
    stranger = world.patient("Sam", phone=False)
    ContactPoint.objects.create(person=stranger.person, phone=phone, since=NOON)
    world.text_alert(stranger)
    plan(now=NOON)
    send_due(now=NOON + DAY, transport=Carrier())
    assert (state(message), Message.objects.latest("pk").reason) == ("sent", "bad number")
    assert WorkItem.objects.get(cause_kind="reply").problem == "wrong-number"
    assert not Permission.objects.filter(person=stranger.person).exists()


def test_case_99_two_stalls_of_one_patient_in_one_minute(world: World) -> None:
    """The same words: one text for both. Other words: spaced by the cap."""
    patient, carrier = world.patient(), Carrier()
    for _ in range(2):
        world.text_alert(patient)
    world.alert(world.stay(patient), world.rung(1, "patient", wording="kit.reminder", priority=6))
    plan(now=NOON)
    send_due(now=NOON, transport=carrier)
    said = Message.objects.order_by("state", "pk").values_list("state", "reason")
    assert list(said) == [("pending", "one a day"), ("sent", ""), ("withdrawn", "combined")]
    assert Message.objects.get(state="sent").alerts.count() == 2
    send_due(now=NOON + DAY, transport=carrier)
    assert carrier.copies().total() == 2
