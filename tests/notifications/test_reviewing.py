"""A person of the house reads every word of a language and stands for it, these very words and no others."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from notifications import reviewing
from notifications.wording import compiler, written
from pathways import signing
from pathways.definitions.publish import CATALOG, publish
from pathways.models import PathwayVersion
from tests.notifications.world import NOON, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return World()


def approve(world: World, language: str = "es") -> int:
    seen = reviewing.digest_of(reviewing.of_language(language))
    return reviewing.approve(language=language, seen=seen, by=world.fay, now=NOON)


def test_a_language_is_reviewed_whole_by_name_and_once(world: World) -> None:
    everything = len(reviewing.of_language("es"))
    assert len(reviewing.unreviewed("es")) == everything
    assert (approve(world), approve(world)) == (everything, 0)
    assert reviewing.unreviewed("es") == []
    assert len(reviewing.unreviewed("en")) == len(reviewing.of_language("en")), "English was read by nobody"
    assert {one.by for one in reviewing.reviews().values()} == {"fay"}


def test_a_text_that_changes_loses_its_review_and_no_other_does(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    approve(world)
    old = dict(written.load("es"))
    monkeypatch.setattr(
        written, "load", lambda code: {**old, "call.us": written.Wording("Llame al {phone}.", "vendor default, 2026-11-24")}
    )
    assert [(one.kind, one.key) for one in reviewing.unreviewed("es")] == [("written", "call.us")]


def test_nobody_approves_what_they_did_not_see_or_may_not(world: World) -> None:
    with pytest.raises(reviewing.Refused, match="changed since"):
        reviewing.approve(language="es", seen="of yesterday", by=world.fay, now=NOON)
    with pytest.raises(reviewing.Refused, match="A lead"):
        reviewing.approve(language="es", seen=reviewing.digest_of(reviewing.of_language("es")), by=world.dara, now=NOON)
    with pytest.raises(reviewing.Refused, match="no words"):
        reviewing.approve(language="vi", seen="", by=world.fay, now=NOON)


def test_going_live_lists_the_texts_that_nobody_read_beside_the_targets(world: World) -> None:
    publish(path=CATALOG / "population-screening.yaml", by=None, now=NOON)
    version = PathwayVersion.objects.get(code="population-screening")
    texts = [one for one in signing.unsourced(version) if one.where == "text"]
    assert "Form reminder in Spanish (text message)" in {one.what for one in texts}
    assert {one.source for one in texts} == {"vendor default, not yet reviewed by this house"}
    for language in compiler.LANGUAGES:
        approve(world, language)
    assert [one for one in signing.unsourced(version) if one.where == "text"] == []
    assert signing.unsourced(version), "the targets are still to be signed"


def test_the_page_reviews_what_it_shows(world: World, client: Client) -> None:
    client.force_login(world.fay)
    shown = client.get(reverse("texts")).content.decode()
    assert "not yet reviewed by this house" in shown
    seen = reviewing.digest_of(reviewing.of_language("es"))
    assert seen in shown
    assert client.post(reverse("review_texts", args=["es"]), {"seen": seen}).status_code == 302
    assert reviewing.unreviewed("es") == []
    client.force_login(world.dara)
    assert client.post(reverse("review_texts", args=["en"]), {"seen": seen}).status_code == 403


def test_the_command_shows_and_reviews(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("wording", "review", "en", "--by", "fay")
    call_command("wording", "show")
    said = capsys.readouterr().out
    assert f"{len(reviewing.of_language('en'))} texts reviewed by fay" in said
    assert "en: " in said and " reviewed, 0 not" in said
