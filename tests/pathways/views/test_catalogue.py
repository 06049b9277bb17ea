"""The catalogue shows every target with where it comes from."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client
from django.utils.html import escape

from pathways.views.written import pathway_of
from patients.models import User
from tests.browser.morning import Morning
from tests.desk import PATHWAY, Desk

Enter = Callable[[User], Client]


def test_every_stage_stands_with_its_target_and_source(signed_in: Enter, dara: User, desk: Desk) -> None:
    page = signed_in(dara).get(f"/pathways/{PATHWAY}/").content.decode()
    for track in pathway_of(desk.version).tracks.values():
        for stage in track.stages.values():
            assert escape(stage.label[1:]) in page
            if stage.source:
                assert escape(stage.source.text) in page


def test_the_list_says_how_far_each_programme_has_gone_here(signed_in: Enter, dara: User, eli: User, today: Morning) -> None:
    assert "North Valley Hospital: live" in signed_in(dara).get("/pathways/").content.decode()
    assert "Not begun at your sites" in signed_in(eli).get("/pathways/").content.decode()
