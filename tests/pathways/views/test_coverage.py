"""Coverage and expectations by screen: one's own sites, with a name behind every change."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.apps import apps
from django.test import Client

from pathways.models import Coverage, Expectation
from pathways.views.coverage import awaited_by
from patients.models import User
from tests.desk import Desk

Enter = Callable[[User], Client]


@pytest.fixture
def client(signed_in: Enter, hal: User, desk: Desk) -> Client:
    return signed_in(hal)


def test_the_kinds_that_a_programme_awaits_come_first(client: Client) -> None:
    page = client.get("/coverage/", follow=True).content.decode()
    assert page.index("how-result_final") < page.index("how-transferred_out")


def test_what_differs_is_written_with_its_name(client: Client, hal: User, desk: Desk) -> None:
    said = {
        "how-result_final": f"fed:{desk.feed.name}",
        "how-drug_dispensed": "by_hand",
        "how-pa_approved": "not_observable",
        "how-death": "",
    }
    client.post("/coverage/north/", said)
    rows = Coverage.objects.order_by("kind").values_list("kind", "how", "feed__name", "changed_by__username")
    assert list(rows) == [
        ("drug_dispensed", "by_hand", None, "hal"),
        ("pa_approved", "not_observable", None, "hal"),
        ("result_final", "fed", "north-lab", "hal"),
    ]
    client.post("/coverage/north/", {"how-drug_dispensed": ""})
    assert Coverage.objects.count() == 2
    assert apps.get_model("pathways", "CoverageHistory").objects.filter(kind="drug_dispensed").exists()


def test_all_that_nobody_spoke_of_is_said_at_once(client: Client, desk: Desk) -> None:
    """A site begins with dozens of kinds; what is said of one counts before what is said of all, and what nobody waits for stays open."""
    page = client.get("/coverage/north/")
    shown = re.findall(r'name="(how-[a-z_]+)"', page.content.decode())
    client.post("/coverage/north/", {**dict.fromkeys(shown, ""), "how-pa_approved": "not_observable", "rest": f"fed:{desk.feed.name}"})
    said = dict(Coverage.objects.values_list("kind", "how"))
    assert len(said) == page.context["unsaid"] == len(awaited_by())
    assert said.pop("pa_approved") == "not_observable"
    assert set(said.values()) == {"fed"}
    again = client.get("/coverage/north/")
    assert (again.context["unsaid"], [one.is_open for one in again.context["groups"]]) == (0, [False, False, False])


def test_a_feed_of_nowhere_changes_nothing(client: Client) -> None:
    page = client.post("/coverage/north/", {"how-result_final": "fed:elsewhere"}, follow=True).content.decode()
    assert "Nothing was changed" in page
    assert not Coverage.objects.exists()


def test_what_a_feed_owes_is_said_and_taken_back(client: Client, desk: Desk) -> None:
    asked = {"feed": desk.feed.pk, "kind": "result_final", "hours": "36", "opens": "07:00", "closes": "19:00", "working_days": "on"}
    client.post("/coverage/north/expect/", asked)
    row = Expectation.objects.get()
    assert (row.longest_silence, row.kind, row.working_days) == (timedelta(hours=36), "result_final", True)
    assert "07:00 to 19:00, working days" in client.get("/coverage/north/").content.decode()
    assert client.post("/coverage/north/expect/", {**asked, "closes": "06:00"}).status_code == 422
    client.post("/coverage/north/forget/", {"feed": desk.feed.name, "kind": "result_final"})
    assert not Expectation.objects.exists()


def test_other_sites_and_other_roles_find_nothing(client: Client, signed_in: Enter, dara: User) -> None:
    assert client.get("/coverage/south/").status_code == 404
    assert signed_in(dara).get("/coverage/north/").status_code == 403
