"""The conversation with a patient, the yes or no that staff hear, and what somebody found out about a death."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client
from django.utils import timezone

from notifications import said
from notifications.models import Message, Reply, WorkItem
from notifications.said import Voice
from patients import consent
from patients.models import AccessLog, ConsentEntry, Patient, Phone, Site, User
from tests.people import ana, ben, phone_of, registered, stated

__all__ = ["ana", "ben"]
Enter = Callable[[User], Client]


@pytest.fixture
def now() -> object:
    return timezone.now()


@pytest.fixture
def asked(ana: Patient) -> WorkItem:
    """Ana wrote a moment ago."""
    site, phone = ana.sites.get().site, phone_of(ana)
    Reply.objects.create(
        provider_sid="SM1", phone=phone, to="+15550100000", body="Which <b>door</b>?", kind="text", patient=ana, received_at=timezone.now()
    )
    item = said.ask(Voice(phone, ana, None, site, {}, "x"), problem="reply", priority=4, now=timezone.now())
    assert item is not None
    return item


def test_the_thread_is_shown_and_answered_from(signed_in: Enter, dara: User, asked: WorkItem) -> None:
    client, address = signed_in(dara), f"/items/{asked.uid}/conversation/"
    page = client.get(address).content.decode()
    assert "Which &lt;b&gt;door&lt;/b&gt;?" in page
    assert AccessLog.objects.filter(what="conversation", patients=[asked.patient_id]).exists()
    refused = client.post(address, {"revision": asked.revision, "words": "Your biopsy is at the north door"})
    assert (refused.status_code, Message.objects.count()) == (422, 0)
    assert "may be read by others" in refused.content.decode()
    client.post(address, {"revision": asked.revision, "words": "The north door, please.", "then": "on"})
    assert Message.objects.get().body == "North Valley: The north door, please."
    asked.refresh_from_db()
    assert (asked.state, asked.outcome, Reply.objects.get().read_by) == ("done", "read", dara)


def test_another_site_sees_no_conversation(signed_in: Enter, eli: User, asked: WorkItem) -> None:
    assert signed_in(eli).get(f"/items/{asked.uid}/conversation/").status_code == 404


def test_who_shares_the_number_and_is_known_elsewhere_only_is_not_overheard(
    signed_in: Enter, dara: User, south: Site, asked: WorkItem, ana: Patient
) -> None:
    sister = registered(stated("9001", "Alvarez", "Bea", date(1960, 5, 1), authority="SOUTH-MRN"), site=south, now=timezone.now())
    for n, (patient, body) in enumerate([(sister, "About the clinic in the south"), (None, "Who is writing to me")]):
        Reply.objects.create(
            provider_sid=f"SM2{n}",
            phone=phone_of(ana),
            to="+15550100000",
            body=body,
            kind="text",
            patient=patient,
            received_at=timezone.now(),
        )
    page = signed_in(dara).get(f"/items/{asked.uid}/conversation/").content.decode()
    assert "Who is writing to me" in page
    assert "the south" not in page


def test_a_yes_needs_its_words_and_a_no_by_phone_is_a_stop(signed_in: Enter, dara: User, ana: Patient) -> None:
    client, address, phone = signed_in(dara), f"/patients/{ana.uid}/texts/", phone_of(ana)
    assert client.post(address, {"does": "agrees", "number": phone.pk, "how": "signed form"}).status_code == 422
    client.post(address, {"does": "stops", "number": phone.pk, "how": "verbal on the phone"})
    assert Phone.objects.get(pk=phone.pk).stopped_at is not None
    last = ConsentEntry.objects.latest("pk")
    assert (last.decision, last.how, last.by) == ("revoked", "verbal on the phone", dara)


def test_a_yes_at_a_visit_opens_a_number_that_was_stopped(signed_in: Enter, dara: User, ben: Patient) -> None:
    phone = phone_of(ben)
    form = {
        "does": "agrees",
        "number": phone.pk,
        "how": "signed form",
        "wording_version": "2026-11",
        "language": "es",
        "reference": "chart",
    }
    signed_in(dara).post(f"/patients/{ben.uid}/texts/", form)
    phone.refresh_from_db()
    assert consent.may_text(person=ben.person, patient=ben, phone=phone, programme="")
    last = ConsentEntry.objects.latest("pk")
    assert (last.wording_version, last.language, last.evidence, last.by) == ("2026-11", "es", "chart", dara)


def test_a_death_is_reported_settled_and_taken_back(signed_in: Enter, dara: User, ana: Patient) -> None:
    client, address = signed_in(dara), f"/patients/{ana.uid}/death/"
    client.post(address, {"source": "returned mail"})
    ana.refresh_from_db()
    assert ana.death_hold_since is not None
    assert "Every text about the patient rests" in client.get(address).content.decode()
    assert client.post(address, {"answer": "died"}).status_code == 422
    client.post(address, {"answer": "died", "told_by": "her daughter"})
    ana.refresh_from_db()
    assert ana.died_hi is not None
    client.post(address, {"why": "she called us"})
    ana.refresh_from_db()
    assert ana.died_hi is None
    assert not consent.may_text(person=ana.person, patient=ana, phone=phone_of(ana), programme="")
