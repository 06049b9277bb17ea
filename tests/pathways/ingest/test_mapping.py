"""A sender's own codes: nobody understands them, a person says once what they mean, for that feed alone, and what waited is read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from pathways.ingest import intake, mapping, unreading, vocabulary
from pathways.ingest.fhir.read import read as read_fhir
from pathways.ingest.hl7.read import read as read_hl7
from pathways.ingest.message import FeedProfile
from pathways.ingest.vocabulary import Meanings
from pathways.models import CodeMap, Event, Feed, Inbound
from patients.models import Role, Site, User
from tests.desk import Desk
from tests.pathways.ingest.messages import PATIENT, PRESENT, concept, fhir, gene, hl7
from tests.people import dara, hal, north, nurse, south

__all__ = ["dara", "hal", "north", "south"]

PID = "PID|1||M100^^^HOSP^MR||Doe^Jane||19600214|F"
TEST, ANSWER = "L4711", "W7"
MINUTE = timedelta(minutes=1)


def report(control: str = "C1", code: str = f"{TEST}^Solid tumor assay^L", *lines: str) -> bytes:
    lines = lines or ("OBX|1|CWE|Q1^Answer of the assay^L||W7^Reactive^L||||||F",)
    return hl7(PID, f"OBR|1|ORD1|F{control}|{code}|||20260227|||||||||||||||20260310||LAB|F", *lines, control=control)


def reading(body: bytes, **of: str) -> list[dict[str, Any]]:
    meanings = Meanings({tuple(key.split("_", 1)): value for key, value in of.items()})  # type: ignore[misc]
    facts = read_hl7(body, FeedProfile(meanings=meanings)).facts
    return [finding for fact in facts for finding in fact.body.get("findings", ())]


def test_a_value_and_a_line_of_the_senders_own_read_as_what_they_mean() -> None:
    lines = ("OBX|1|CWE|48018-6^Gene studied^LN|1|HGNC:1^EGFR^HGNC||||||F", "OBX|2|CWE|V9^Call^L|1|W7^Reactive^L||||||F")
    body = report("C1", "81247-9^Panel^LN", *lines)
    assert [one["presence"] for one in reading(body) if one["gene"] == "EGFR"] != ["present"]
    assert [one["presence"] for one in reading(body, line_V9="loinc|69548-6", value_W7="loinc|LA9633-4")] == ["present"]


def test_a_status_of_the_senders_own_is_preliminary_until_somebody_says_that_it_is_final() -> None:
    body = report("C1", "81247-9^Panel^LN", *gene("1", "EGFR", PRESENT, status="ZF")).replace(b"LAB|F", b"LAB|ZF")
    kinds = [{fact.kind for fact in read_hl7(body, FeedProfile(meanings=Meanings(of))).facts} for of in ({}, {("status", "ZF"): "F"})]
    assert ("result_partial" in kinds[0], "result_final" in kinds[1]) == (True, True)


def test_fhir_resources_are_read_by_the_same_meanings() -> None:
    answer = {
        "resourceType": "Observation", "id": "o1", "status": "final", "code": concept("urn:lab", "V9", "Call"), "subject": {"reference": "Patient/p1"},
        "valueCodeableConcept": concept("urn:lab", "W7", "Reactive"),
        "component": [{"code": concept("urn:lab", "G1", "Symbol"), "valueCodeableConcept": {"text": "EGFR"}}],
    }  # fmt: skip
    said = {
        "resourceType": "DiagnosticReport", "id": "r1", "status": "final", "code": concept("urn:lab", TEST, "Solid tumor assay"),
        "subject": {"reference": "Patient/p1"}, "issued": "2026-03-10T10:00:00Z", "result": [{"reference": "Observation/o1"}],
    }  # fmt: skip
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in (PATIENT, said, answer)]}
    of = {
        ("test", TEST): "loinc|81247-9", ("line", "V9"): "loinc|69548-6", ("line", "G1"): "loinc|48018-6", ("value", "W7"): "loinc|LA9633-4",
    }  # fmt: skip
    assert read_fhir(fhir(bundle), FeedProfile()).facts == ()
    (fact,) = read_fhir(fhir(bundle), FeedProfile(meanings=Meanings(of))).facts
    assert [(one["gene"], one["presence"]) for one in fact.body["findings"]] == [("EGFR", "present")]


def test_the_likeliest_comes_first() -> None:
    assert vocabulary.candidates("test", "HER2 FISH breast")[0].code == "loinc|85318-4"
    assert vocabulary.candidates("value", "NEG not detected")[0].code == "loinc|LA9634-2"
    assert vocabulary.likeness("test", "Potassium serum") == 0


@pytest.fixture
def feed(north: Site, now: datetime) -> Iterator[Feed]:
    found = Desk(north, now).feed
    found.may_register = True
    found.save()
    yield found


@pytest.fixture
def iris(north: Site) -> User:
    return nurse("iris", north, role=Role.INTEGRATION)


@pytest.mark.django_db
def test_what_waited_is_read_once_the_code_has_a_meaning(feed: Feed, iris: User, now: datetime) -> None:
    counts = intake.receive([report("C1"), report("C2"), report("C3", "2823-3^Potassium^LN")], feed=feed, now=now)
    assert counts.no_effect == 3
    first, *rest = mapping.unknown(feed)
    assert (first.place, first.code, first.text, first.times) == ("test", TEST, "Solid tumor assay", 2)
    assert {one.code for one in rest} == {"Q1", ANSWER}, "what names a code system needs no meaning"
    assert mapping.preview(feed=feed, place="test", code=TEST, target="loinc|81247-9") == (2, 2)
    assert mapping.preview(feed=feed, place="value", code=ANSWER, target="loinc|LA9633-4") == (3, 0)
    assert Event.objects.count() == 0, "a preview changes nothing"

    said = mapping.say(feed=feed, place="test", code=TEST, text="x", target="loinc|81247-9", why="their catalogue", by=iris, now=now)
    assert said.let_in == 2
    assert Event.objects.filter(kind__startswith="result_").count() == 2
    assert Inbound.objects.filter(no_effect=True).count() == 1
    assert intake.receive([report("C4")], feed=feed, now=now).no_effect == 0, "the next one needs nobody"


@pytest.mark.django_db
def test_a_meaning_is_the_feeds_own_is_versioned_and_can_be_taken_back(feed: Feed, south: Site, iris: User, now: datetime) -> None:
    other = Desk(south, now).feed
    first = mapping.say(feed=feed, place="test", code=TEST, text="", target="loinc|60568-3", why="a guess", by=iris, now=now)
    second = mapping.say(feed=feed, place="test", code=TEST, text="", target="loinc|81247-9", why="they called", by=iris, now=now)
    first.refresh_from_db()
    assert (first.ended_at, first.ended_by) == (now, iris)
    assert intake.receive([report("C1")], feed=other, now=now).no_effect == 1, "another feed's codes are its own"
    with pytest.raises(mapping.Refused):
        mapping.take_back(meaning=second, why=" ", by=iris, now=now)
    mapping.take_back(meaning=second, why="their catalogue changed", by=iris, now=now)
    assert intake.receive([report("C2")], feed=feed, now=now).no_effect == 1
    with pytest.raises(mapping.Refused, match="already"):
        mapping.take_back(meaning=second, why="again", by=iris, now=now)
    with pytest.raises(mapping.Refused):
        mapping.say(feed=feed, place="test", code=TEST, text="", target="loinc|999", why="x", by=iris, now=now)


@pytest.mark.django_db
def test_the_screen_shows_the_code_beside_our_words_and_a_preview_before_anything_is_kept(
    feed: Feed, iris: User, hal: User, now: datetime
) -> None:
    intake.receive([report("C1")], feed=feed, now=now)
    client = Client()
    client.force_login(iris, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(f"/intake/feeds/{feed.name}/codes/").content.decode()
    assert TEST in page and "Solid tumor assay" in page
    address = f"/intake/feeds/{feed.name}/code/?place=test&code={TEST}"
    said = {"target": "loinc|81247-9", "why": "their catalogue"}
    assert client.post(address, {"target": "", "why": ""}).status_code == 422
    page = client.post(address, {**said, "preview": "1"}).content.decode()
    assert "1 of them would come to something" in page and not CodeMap.objects.exists()
    assert "Kept. 1 waiting" in client.post(address, said, follow=True).content.decode()
    one = CodeMap.objects.get()
    assert (one.by, one.why, one.let_in) == (iris, "their catalogue", 1)
    page = client.post(f"/intake/feeds/{feed.name}/codes/take-back/", {"meaning": one.pk, "why": "wrong"}, follow=True).content.decode()
    assert "Taken back" in page and "their catalogue" in page, "what was said stays readable"
    intake.receive([report("C2")], feed=feed, now=now)
    ada = nurse("ada", feed.site, role=Role.ADMINISTRATOR)
    client.force_login(ada, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(address, said).status_code in (403, 404), "an administrator looks, and gives no meanings"


def standing() -> dict[str, list[str]]:
    """Of each report or specimen that counts, its findings."""
    found: dict[str, Event] = {event.lineage.partition("|")[2]: event for event in Event.objects.order_by("rank", "issued_at", "pk")}
    return {name: [one["presence"] for one in event.body.get("findings", ())] for name, event in found.items() if not event.retracted}


@pytest.mark.django_db
def test_what_was_read_by_a_meaning_that_is_taken_back_is_read_again_without_it(feed: Feed, iris: User, now: datetime) -> None:
    """A guess took two reports for pathology, a third came since. Taken back, none of them says anything, and they wait for a meaning again;
    the right one then lets them in as results. A report that never held the code is left alone."""
    plain = report("C9", "81247-9^Panel^LN", *gene("1", "EGFR", PRESENT))
    intake.receive([report("C1"), report("C2"), plain], feed=feed, now=now)
    guess = mapping.say(feed=feed, place="test", code=TEST, text="x", target="loinc|60568-3", why="a guess", by=iris, now=now)
    intake.receive([report("C3")], feed=feed, now=now + MINUTE)
    own = {"specimen_collected|FC9": [], "result|FC9": ["present"]}
    assert standing().keys() - own.keys() == {f"{kind}|FC{n}" for kind in ("specimen_collected", "pathology_report") for n in (1, 2, 3)}
    mapping.take_back(meaning=guess, why="they called", by=iris, now=now + 2 * MINUTE)
    assert unreading.reread(now=now + 3 * MINUTE) == 3
    assert standing() == own
    assert Inbound.objects.filter(no_effect=True).count() == 3
    assert unreading.reread(now=now + 4 * MINUTE) == 0, "once"
    assert TEST in {one.code for one in mapping.unknown(feed)}

    said = mapping.say(
        feed=feed, place="test", code=TEST, text="x", target="loinc|81247-9", why="they called", by=iris, now=now + 5 * MINUTE
    )
    assert said.let_in == 3
    assert standing().keys() - own.keys() == {f"{kind}|FC{n}" for kind in ("specimen_collected", "result") for n in (1, 2, 3)}


@pytest.mark.django_db
def test_another_meaning_for_a_value_is_a_new_version_of_what_was_read_by_the_old_one(feed: Feed, iris: User, now: datetime) -> None:
    """*Reactive* was taken for present and means absent. What the laboratory corrected itself since is left as it says."""
    lines = ("OBX|1|CWE|48018-6^Gene studied^LN|1|HGNC:1^EGFR^HGNC||||||F", "OBX|2|CWE|69548-6^Call^LN|1|W7^Reactive^L||||||F")
    mapping.say(feed=feed, place="value", code=ANSWER, text="x", target="loinc|LA9633-4", why="a guess", by=iris, now=now)
    intake.receive([report("C1", "81247-9^Panel^LN", *lines), report("C2", "81247-9^Panel^LN", *lines)], feed=feed, now=now)
    corrected = (
        report("C2b", "81247-9^Panel^LN", *gene("1", "EGFR", PRESENT, status="C")).replace(b"FC2b", b"FC2").replace(b"LAB|F", b"LAB|C")
    )
    intake.receive([corrected], feed=feed, now=now + MINUTE)
    assert (standing()["result|FC1"], standing()["result|FC2"]) == (["present"], ["present"])
    mapping.say(feed=feed, place="value", code=ANSWER, text="x", target="loinc|LA9634-2", why="they called", by=iris, now=now + 2 * MINUTE)
    assert unreading.reread(now=now + 3 * MINUTE) == 2
    assert (standing()["result|FC1"], standing()["result|FC2"]) == (["absent"], ["present"])
