"""What the team tells each other, and what patients say when they call: kept, handed to a person by name, and never an end by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from notifications import calls, notes
from notifications.models import Call, Note, WorkItem
from pathways.models import Event
from patients.consent import may_text
from patients.models import AccessLog, Phone, User

from .letters import Chart
from .telling import Hospital

pytestmark = pytest.mark.django_db


def at_the_screen(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def calls_in(hospital: Hospital, chart: Chart, what: str, words: str = "") -> Call:
    return calls.log(
        patient=hospital.patient(chart), site=hospital.site, caller="her daughter", called_at=hospital.now - timedelta(hours=1), what=what,
        words=words, by=hospital.dara, now=hospital.now, journey=hospital.journey(chart),
    )  # fmt: skip


def test_a_note_hands_work_to_the_colleague_whom_it_names(hospital: Hospital) -> None:
    """Dara writes to Gwen and Lars on Ana's page: each has it in their own queue, and a name that is nobody's keeps nothing."""
    ana = hospital.in_the_laboratory("Ana")
    page, dara = f"/journeys/{hospital.journey(ana).uid}/", at_the_screen(hospital.dara)
    assert (
        dara.post(f"{page}notes/", {"text": "@gwen the mother had breast cancer; @Lars. please call the lab, mail a@b.org"}).status_code
        == 302
    )
    note = Note.objects.get()
    assert (note.by, note.journey) == (hospital.dara, hospital.journey(ana))
    asked = {item.owner: item for item in WorkItem.objects.filter(cause_kind="note")}
    assert set(asked) == {hospital.gwen, hospital.lars}
    assert "the mother had breast cancer" in asked[hospital.gwen].note
    assert asked[hospital.gwen] in hospital.queue_of(hospital.gwen)
    shown = dara.get(page).content.decode()
    assert "the mother had breast cancer" in shown
    dara.post(f"{page}notes/", {"text": "@nobody look at this"})
    assert Note.objects.count() == 1
    with pytest.raises(notes.Unknown):
        notes.mentioned("ask @petra and @nobody", hospital.site)
    item = asked[hospital.lars]
    assert at_the_screen(hospital.lars).post(f"/items/{item.uid}/notes/", {"text": "done, they answer tomorrow"}).status_code == 302
    assert "they answer tomorrow" in at_the_screen(hospital.lars).get(f"/items/{item.uid}/").content.decode()
    assert AccessLog.objects.filter(user=hospital.lars).exists()


def test_what_a_caller_says_is_kept_and_closes_nothing(hospital: Hospital) -> None:
    ana = hospital.in_the_laboratory("Ana")
    hospital.at(7)
    before = hospital.where(ana)
    started = calls_in(hospital, ana, Call.Said.STARTED, "took the first tablet on Monday")
    assert started.item is not None
    assert (started.item.problem, started.item.journey) == ("verify", hospital.journey(ana))
    assert hospital.where(ana) == before  # nothing is closed by what somebody says
    assert Event.objects.get(kind="contact_attempted").body["outcome"] == "called_us"
    assert "Monday" not in str(list(Event.objects.values_list("body", flat=True)))  # the words stay in the call
    worse = calls_in(hospital, ana, Call.Said.WORSE)
    assert worse.item is not None
    assert worse.item.priority == 1
    assert calls_in(hospital, ana, Call.Said.COMING).item is None
    other = calls_in(hospital, ana, Call.Said.OTHER, "asks for Dr. Petra's address")
    assert other.item is not None
    assert "address" in other.item.note
    calls_in(hospital, ana, Call.Said.STOP)
    patient = hospital.patient(ana)
    assert not may_text(person=patient.person, patient=patient, phone=Phone.objects.get(e164=ana.phone), programme="")
    calls_in(hospital, ana, Call.Said.DIED)
    patient.refresh_from_db()
    assert patient.death_hold_since is not None
    assert hospital.matters(ana).filter(kind="death_hint").exists()
    assert hospital.where(ana).status == "active"


def test_a_call_is_logged_from_the_patients_page(hospital: Hospital) -> None:
    ana = hospital.in_the_laboratory("Ana")
    patient, dara = hospital.patient(ana), at_the_screen(hospital.dara)
    address = f"/patients/{patient.uid}/call/"
    assert "Somebody called" in dara.get(address).content.decode()
    said = {"caller": "the patient", "called_at": "2026-03-05T09:30", "said": "call_back", "words": "after three", "about": ""}
    assert dara.post(address, {**said, "called_at": "2126-03-05T09:30"}).status_code == 422
    assert dara.post(address, said)["Location"] == f"/patients/{patient.uid}/"
    page = dara.get(f"/patients/{patient.uid}/").content.decode()
    assert "The patient called: asks to be called back" in page
    assert WorkItem.objects.get(cause_kind="call").problem == "wants-a-call"
