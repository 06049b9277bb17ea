"""The programmes on the screen: what is in force, where its targets come from, what another version changes, and who approved it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import escape

from pathways.definitions import lifecycle
from pathways.definitions.publish import publish
from pathways.definitions.reading import CATALOG, read_text
from pathways.models import PathwayVersion
from pathways.views.written import pathway_of
from patients.models import Role, Site, User
from tests.browser.morning import Morning
from tests.desk import PATHWAY, Desk
from tests.pathways.test_definitions import SMALL
from tests.people import nurse

Enter = Callable[[User], Client]
LATER = SMALL.replace("within: 5 working days", "within: 4 working days")


@pytest.fixture
def petra(north: Site) -> User:
    return nurse("petra", north, role=Role.CLINICIAN)


@pytest.fixture
def making(lena: User) -> PathwayVersion:
    """Version 1 is in force, version 2 waits for its review."""
    now = timezone.now()
    publish(text=SMALL, by=None, now=now)
    version = lifecycle.draft(read_text(LATER), by=lena, now=now, why="four days are enough")
    return lifecycle.submit(version, by=lena, now=now)


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]*>", " ", html.unescape(answer.content.decode())).split())


def test_every_stage_stands_with_its_target_and_source(signed_in: Enter, dara: User, desk: Desk) -> None:
    page = signed_in(dara).get(f"/pathways/{PATHWAY}/").content.decode()
    for track in pathway_of(desk.version).tracks.values():
        for stage in track.stages.values():
            assert escape(stage.label[1:]) in page
            if stage.source:
                assert escape(stage.source.text) in page


def test_every_track_is_drawn_and_told_in_words(signed_in: Enter, dara: User, desk: Desk) -> None:
    page = signed_in(dara).get(f"/pathways/{PATHWAY}/").content.decode()
    tracks = pathway_of(desk.version).tracks
    assert page.count('<svg role="img" aria-labelledby="f-') == len(tracks)
    assert page.count("<desc") == len(tracks)
    rows = sum(
        len(track.opens) + len(track.anywhere) + sum(len(stage.moves) for stage in track.stages.values()) for track in tracks.values()
    )
    table = page[page.index('class="table moves"') :]
    assert table[: table.index("</table>")].count('<th scope="row">') == rows


def test_the_list_says_how_far_each_programme_has_gone_here(signed_in: Enter, dara: User, eli: User, today: Morning) -> None:
    assert "North Valley Hospital: live" in signed_in(dara).get("/pathways/").content.decode()
    assert "Not begun at your sites" in signed_in(eli).get("/pathways/").content.decode()


def test_the_list_shows_what_is_being_made(signed_in: Enter, dara: User, making: PathwayVersion) -> None:
    page = text_of(signed_in(dara), "/pathways/")
    assert "In force version 1" in page
    assert "In review Version 2" in page


def test_what_a_version_changes_is_said_in_words(signed_in: Enter, dara: User, making: PathwayVersion) -> None:
    page = text_of(signed_in(dara), "/pathways/small/2/changes/")
    assert "compared with version 1 (in force)" in page
    assert "Main: not treated" in page
    assert "Deadline changed 5 working days 4 working days" in page
    assert "Both say the same" in text_of(signed_in(dara), "/pathways/small/2/changes/?from=2")


def test_history_says_who_did_what_when_and_why(signed_in: Enter, dara: User, making: PathwayVersion) -> None:
    page = text_of(signed_in(dara), "/pathways/small/history/")
    assert "Drafted Lena Example four days are enough" in page
    assert "Approved as of" in page
    assert "the product's release released with the product" in page


def test_a_clinician_approves_and_a_lead_puts_it_in_force(signed_in: Enter, lena: User, petra: User, making: PathwayVersion) -> None:
    address = "/pathways/small/2/"
    for user, step in ((petra, {"act": "approve", "why": "agreed in the board"}), (lena, {"act": "publish"})):
        client = signed_in(user)
        assert f'value="{step["act"]}"' in client.get(address).content.decode()
        assert client.post(f"{address}act/", step).status_code == 302
    assert list(PathwayVersion.objects.order_by("number").values_list("status", flat=True)) == ["retired", "published"]
    assert "Approved by Petra Example" in text_of(signed_in(lena), address)
    assert "agreed in the board" in text_of(signed_in(lena), address)


@pytest.mark.parametrize(
    ("who", "step"),
    [("lena", {"act": "approve", "why": "my own"}), ("petra", {"act": "discard", "why": "no"}), ("petra", {"act": "approve"}),
     ("lena", {"act": "publish"}), ("lena", {"act": "revive", "why": "?"}), ("dara", {"act": "approve", "why": "fine"})],
)  # fmt: skip
def test_what_is_not_theirs_or_not_yet_is_refused(
    signed_in: Enter, dara: User, lena: User, petra: User, making: PathwayVersion, who: str, step: dict[str, str]
) -> None:
    client = signed_in({"dara": dara, "lena": lena, "petra": petra}[who])
    client.post("/pathways/small/2/act/", step)
    making.refresh_from_db()
    assert making.status == "in_review"


def test_a_programme_out_of_force_is_still_shown(signed_in: Enter, dara: User, lena: User, now: datetime) -> None:
    version = publish(text=SMALL, by=None, now=now)
    lifecycle.retire(version, by=lena, why="pilot over", now=now)
    assert "Retired version 1" in text_of(signed_in(dara), "/pathways/")
    assert "Retired Version 1" in text_of(signed_in(dara), "/pathways/small/")


@pytest.mark.parametrize("address", ["/pathways/none/", "/pathways/none/history/", "/pathways/small/9/", "/pathways/small/x/", "/pathways/small/1/changes/?from=7"])  # fmt: skip
def test_what_is_not_there_is_not_found(signed_in: Enter, dara: User, now: datetime, address: str) -> None:
    publish(text=SMALL, by=None, now=now)
    assert signed_in(dara).get(address).status_code == 404


def test_the_catalogue_asks_a_handful_of_questions_however_many_versions_there_are(signed_in: Enter, dara: User, now: datetime) -> None:
    for path in sorted(CATALOG.glob("pgx-*.yaml")):
        publish(path=path, by=None, now=now)
    for n in range(1, 6):
        publish(text=SMALL.replace("title: A small", f"title: A {n} small"), by=None, now=now)
    client = signed_in(dara)
    client.get("/pathways/")
    with CaptureQueriesContext(connection) as asked:
        client.get("/pathways/")
    assert len(asked) <= 13
