"""D. Messages: what patients write back, and death. Cases 61 to 68 but for 66, and 97, 98."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from notifications import dying, inbox, transports
from notifications.models import Message, Reply, WorkItem
from pathways.models import Journey
from patients import consent
from patients.models import ConsentEntry, Permission, Phone
from tests.notifications.carrier import Carrier
from tests.stories.letters import Chart
from tests.stories.telling import Hospital, day

pytestmark = pytest.mark.django_db

STOPS = ("STOP", "Stop.", " stop! ", "S T O P", "STOP STOP", "stop 🙏", "“Stop”", "ＳＴＯＰ", "opt out", "ALTO", "no más", "Cancelar")


def reminded(hospital: Hospital) -> Chart:
    """Ana, texted about her visit of Thursday."""
    ana = hospital.knows("Ana")
    hospital.at(0)
    hospital.hears(ana.has_lung_cancer(), ana.visit(day(3)))
    hospital.live_until(1)
    assert len(hospital.texts_to(ana)) == 1
    hospital.at(1, 16)
    return ana


def writes(hospital: Hospital, ana: Chart, words: str, n: int) -> Reply:
    """As the provider passes it on, every time another message."""
    return inbox.receive(provider_sid=f"SM-case-{n}", from_=ana.phone, to="+15550100000", body=words, now=hospital.now)


def phone_of(ana: Chart) -> Phone:
    return Phone.objects.get(e164=ana.phone)


def test_case_61_stop_however_it_is_written(hospital: Hospital) -> None:
    ana = reminded(hospital)
    for n, words in enumerate(STOPS):
        Phone.objects.update(stopped_at=None)
        writes(hospital, ana, words, n)
        assert phone_of(ana).stopped_at == hospital.now, words
    assert ConsentEntry.objects.filter(phone=phone_of(ana), decision="revoked", how="reply").count() == len(STOPS)


def test_case_62_stop_in_their_own_words_holds_at_once_and_brings_a_person(hospital: Hospital) -> None:
    ana = reminded(hospital)
    for n, words in enumerate(("Please stop writing to me", "You have the wrong number", "she passed away", "ya no quiero textos")):
        Phone.objects.update(stopped_at=None)
        writes(hospital, ana, words, n)
        assert phone_of(ana).stopped_at == hospital.now, words
        item = WorkItem.objects.get(cause_kind="reply")
        assert item.priority <= 2, words
        assert item.due_at <= hospital.now + timedelta(minutes=15)


def test_case_63_stop_said_to_the_navigator_is_the_same_stop(hospital: Hospital) -> None:
    ana = reminded(hospital)
    evidence = consent.Evidence("verbal on the phone", language="en")
    consent.stop(phone=phone_of(ana), now=hospital.now, evidence=evidence, by=hospital.dara)
    entry = ConsentEntry.objects.filter(phone=phone_of(ana)).latest("pk")
    assert (entry.decision, entry.how, entry.by) == ("revoked", "verbal on the phone", hospital.dara)
    hospital.hears(ana.visit(day(8), name="SECOND"))
    hospital.live_until(8)
    assert len(hospital.texts_to(ana)) == 1


def test_case_64_start_is_a_new_consent_and_revives_nothing(hospital: Hospital) -> None:
    ana = reminded(hospital)
    hospital.replies(ana, "STOP")
    hospital.hears(ana.visit(day(8), name="SECOND"))
    hospital.live_until(7)
    taken = set(Message.objects.filter(purpose="reminder", state="withdrawn").values_list("pk", flat=True))
    hospital.replies(ana, "UNSTOP")
    hospital.live_until(9)
    assert ConsentEntry.objects.filter(phone=phone_of(ana)).latest("pk").decision == "granted"
    assert taken
    assert not Message.objects.filter(pk__in=taken).exclude(state="withdrawn").exists()


def test_case_65_help_while_stopped_answers_help_and_nothing_else(hospital: Hospital) -> None:
    ana = reminded(hospital)
    hospital.replies(ana, "STOP")
    hospital.send()
    hospital.replies(ana, "HELP")
    hospital.send()
    help_ = Message.objects.get(purpose="help")
    assert (help_.attempt, help_.body.startswith("North Valley: For help call")) == (1, True)
    assert phone_of(ana).stopped_at is not None
    assert len(hospital.texts_to(ana)) == 2  # the provider keeps even this from a number that it heard say STOP


def test_case_67_a_death_takes_what_waits_and_nothing_comes_after(hospital: Hospital) -> None:
    ana = reminded(hospital)
    hospital.hears(ana.visit(day(9), name="SECOND"))
    hospital.live_until(2)
    hospital.at(2, 16)
    hospital.hears(ana.died())
    hospital.live_until(10)
    assert len(hospital.texts_to(ana)) == 1
    assert not Message.objects.filter(state="pending", patient=hospital.patient(ana), shadow=False).exists()


def test_case_68_a_death_taken_back_lets_nothing_go_by_itself(hospital: Hospital) -> None:
    ana = reminded(hospital)
    patient = hospital.patient(ana)
    dying.report(patient=patient, source="told on the phone", site=hospital.site, by=hospital.dara, now=hospital.now)
    dying.settle(patient=patient, alive=False, died_on=None, told_by="a neighbour", site=hospital.site, by=hospital.dara, now=hospital.now)
    assert Journey.objects.get().status == "exited"
    hospital.at(4)
    patient.refresh_from_db()
    dying.reverse(patient=patient, why="she came to the clinic", site=hospital.site, by=hospital.dara, now=hospital.now)
    assert not Permission.objects.filter(patient=patient, granted_at__isnull=False, revoked_at=None).exists()
    hospital.hears(ana.visit(day(8), name="SECOND"))
    hospital.live_until(8)
    assert len(hospital.texts_to(ana)) == 1


def test_case_97_a_picture_and_a_novel_are_kept_and_harm_nobody(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the provider posts them, signed."""
    ana = reminded(hospital)
    monkeypatch.setattr(transports, "current", Carrier)
    monkeypatch.setattr(timezone, "now", lambda: hospital.now)
    emoji = "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")
    for n, (words, pictures) in enumerate((("", "1"), ("\x00\x01\ufffd" * 400, "0"), ("ж" * 100_000, "10"), (emoji, "many"))):
        fields = {"MessageSid": f"MM{n}", "From": ana.phone, "To": "+15550100000", "Body": words, "NumMedia": pictures}
        assert Client().post(reverse("sms-inbound"), fields, headers={"X-Twilio-Signature": "good"}).status_code == 200
    kept = list(Reply.objects.order_by("pk").values_list("body", flat=True))
    assert [body[:1] for body in kept] == [inbox.CLIP, "\x01", "ж", emoji]
    assert all(len(body) <= inbox.LONGEST_BODY and "\x00" not in body for body in kept)
    assert WorkItem.objects.filter(cause_kind="reply").count() == 1


def test_case_98_words_of_danger_bring_a_person_and_the_emergency_number(hospital: Hospital) -> None:
    ana = reminded(hospital)
    hospital.at(1, 23)
    for n, words in enumerate(("I want to die", "911", "tengo dolor de pecho", "there is bleeding, a lot")):
        WorkItem.objects.filter(cause_kind="reply").delete()
        writes(hospital, ana, words, n)
        item = WorkItem.objects.get(cause_kind="reply")
        assert (item.problem, item.priority, item.due_at) == ("safety", 1, hospital.now + timedelta(minutes=15)), words
    hospital.send()
    assert "911" in hospital.texts_to(ana)[-1]
