"""The short link in a text and the page behind it: a stranger learns nothing, a preview does nothing, the reader says it in one touch."""

from __future__ import annotations

import hashlib
import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from notifications import links, outbox
from notifications.models import AnswerLink, Message, WorkItem
from notifications.plan import plan
from notifications.wording import pages
from notifications.wording.compiler import LANGUAGES, denied
from pathways import journeys
from patients.models import AccessLog, ConsentEntry, Patient, Person, Phone, Site
from tests.notifications.world import DAY, NOON, World

RIGHT = {"month": "1", "day": "1", "year": "1960"}
WRONG = {"month": "2", "day": "3", "year": "1961"}


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    calls: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(journeys, "record", lambda **call: calls.append((call["kind"], call["body"])))
    return calls


@pytest.fixture
def ana(world: World, told: list[Any], monkeypatch: pytest.MonkeyPatch) -> Patient:
    """Ana, texted a moment ago about her visit."""
    monkeypatch.setattr(timezone, "now", lambda: NOON)
    patient = world.patient(born=date(1960, 1, 1))
    world.text_alert(patient)
    plan(now=NOON)
    return patient


@pytest.fixture
def address(ana: Patient) -> str:
    (claimed,) = outbox.claim(now=NOON).texts
    found = re.search(r"/a/[\w-]{22}", claimed.text.body)
    assert found
    return found.group()


def opened(client: Client, address: str) -> str:
    page = client.post(address, RIGHT).content.decode()
    found = re.search(r'name="proof" value="([^"]+)"', page)
    assert found, page
    return found.group(1)


def say(client: Client, address: str, choice: str) -> str:
    answer = client.post(address, {"proof": opened(client, address), "choice": choice})
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_token_leaves_with_the_text_and_is_kept_nowhere(address: str) -> None:
    token, message = address.removeprefix("/a/"), Message.objects.get()
    assert token not in message.body
    assert links.MASK in message.body
    assert AnswerLink.objects.get().digest == hashlib.sha256(token.encode()).hexdigest()
    assert links.masked(message.body.replace(links.MASK, token)) == message.body


@pytest.mark.parametrize("known", ["no birth date", "half a birth date", "a locked link"])
def test_who_cannot_prove_who_they_are_gets_no_link(world: World, ana: Patient, known: str) -> None:
    if known == "no birth date":
        Person.objects.update(birth_lo=None)
    elif known == "half a birth date":
        Person.objects.update(birth_lo=date(1959, 1, 1))
    else:
        WorkItem.objects.create(
            cause_kind="link", cause_key=str(ana.person_id), site=world.site, problem="link-locked", audience="navigator",
            priority=3, opened_at=NOON, due_at=NOON,
        )  # fmt: skip
    bodies = [claimed.text.body for claimed in outbox.claim(now=NOON).texts]
    assert all("/a/" not in body for body in bodies)


def test_a_preview_opens_nothing_and_every_link_looks_alike(client: Client, address: str, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        page = client.get(address)
    nowhere = client.get("/a/" + "y" * 22)
    assert page.content == nowhere.content
    assert not AnswerLink.objects.exclude(opened_at=None).exists()
    for word in ("Ana", "Riverside", "visit", "Main"):
        assert word not in page.content.decode()
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert "noindex" in page.headers["X-Robots-Tag"]
    assert "<script" not in page.content.decode()
    assert not page.cookies


def test_five_wrong_birth_dates_lock_it_and_a_person_looks(client: Client, address: str) -> None:
    left = [client.post(address, WRONG).status_code for _ in range(links.MOST_TRIES)]
    assert left == [422, 422, 422, 422, 410]
    assert client.post(address, RIGHT).status_code == 410
    item = WorkItem.objects.get()
    assert (item.cause_kind, item.problem) == ("link", "link-locked")
    assert not ConsentEntry.objects.exists()


def test_a_new_text_is_no_new_set_of_guesses(world: World, client: Client, ana: Patient, address: str) -> None:
    for _ in range(4):
        client.post(address, WRONG)
    world.alert(world.stay(ana), world.rung(1, "patient"))
    plan(now=NOON + DAY)
    (claimed,) = outbox.claim(now=NOON + DAY).texts
    second = "/a/" + claimed.text.body.partition("/a/")[2][:22]
    assert client.post(second, WRONG).status_code == 410


def test_a_link_ends_after_a_week_and_its_proof_after_a_quarter_of_an_hour(
    client: Client, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    proof = opened(client, address)
    monkeypatch.setattr("django.core.signing.time.time", lambda: 4_000_000_000)
    assert client.post(address, {"proof": proof, "choice": "call"}).status_code == 422
    monkeypatch.setattr(timezone, "now", lambda: NOON + links.LASTS)
    assert client.post(address, RIGHT).status_code == 410


def test_a_proof_opens_no_other_link(client: Client, address: str) -> None:
    proof = opened(client, address)
    assert client.post("/a/" + "y" * 22, {"proof": proof, "choice": "stop"}).status_code == 410
    assert client.post(address, {"proof": proof + "x", "choice": "stop"}).status_code == 422
    assert Phone.objects.get().stopped_at is None


def test_the_visit_is_confirmed(client: Client, address: str, told: list[tuple[str, dict[str, Any]]]) -> None:
    assert "Thank you. We got your answer." in say(client, address, "confirm")
    link = AnswerLink.objects.get()
    assert told == [("patient_said", {"link": str(link.uid), "topic": "confirm"})]
    assert not WorkItem.objects.exists()
    assert AccessLog.objects.filter(actor="reader of a link", patients=[Patient.objects.get().pk]).count() == 2


@pytest.mark.parametrize(
    ("choice", "problem"),
    [("call", "wants-a-call"), ("cost", "cost"), ("transport", "transport"), ("fear", "fear"), ("no_time", "no-time")],
)
def test_what_is_in_the_way_comes_to_a_person(client: Client, address: str, choice: str, problem: str) -> None:
    assert "555-0100" in say(client, address, choice)
    assert WorkItem.objects.get().problem == problem


def test_feeling_worse_is_offered_only_where_somebody_answers(client: Client, address: str) -> None:
    assert "I feel worse" not in client.post(address, RIGHT).content.decode()
    assert "Please choose one" in say(client, address, "worse")
    Site.objects.update(answers_worse="The nurse on call")
    page = say(client, address, "worse")
    assert "The nurse on call" in page
    assert "911" in page
    item = WorkItem.objects.get()
    assert (item.problem, item.priority, item.due_at) == ("feels-worse", 1, NOON + timedelta(minutes=15))


def test_stop_and_language(client: Client, address: str) -> None:
    page = say(client, address, "language:es")
    assert 'lang="es"' in page
    assert Person.objects.get().language == "es"
    assert "Ya no le mandaremos mensajes de texto" in say(client, address, "stop")
    assert Phone.objects.get().stopped_at == NOON
    entry = ConsentEntry.objects.get(decision="revoked")
    assert (entry.how, entry.language, entry.evidence) == ("secure page", "es", str(AnswerLink.objects.get().uid))


def test_the_page_speaks_every_language_and_names_nothing_clinical() -> None:
    spoken = pages.words()
    assert set(spoken) == set(LANGUAGES)
    assert len({frozenset(words) for words in spoken.values()}) == 1
    assert not [said for words in spoken.values() for said in words.values() if denied(said)]
