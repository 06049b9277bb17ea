"""A work item on its own page, snoozed, ended, and refused where a detail is missing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from notifications import second_thoughts
from notifications.models import WorkItem
from pathways import signing
from patients.models import AccessLog, User
from tests.browser.morning import Morning
from tests.people import today_here

Enter = Callable[[User], Client]


def in_days(days: int) -> str:
    return (today_here() + timedelta(days=days)).isoformat()


def test_the_page_says_why_and_what_clears_it(signed_in: Enter, dara: User, today: Morning) -> None:
    page = signed_in(dara).get(f"/items/{today.critical.uid}/").content.decode()
    for words in ("Why am I seeing this", "Target: 7 days from", "oral anticancer drugs", "Matched therapy", "unless it is cleared"):
        assert words in page
    assert AccessLog.objects.filter(user=dara, patients=[today.critical.patient_id]).exists()


def test_a_local_target_is_signed_for_the_site_by_its_lead(signed_in: Enter, dara: User, lena: User, today: Morning) -> None:
    address = f"/items/{today.mine.uid}/"
    assert "not signed yet" in signed_in(dara).get(address).content.decode()
    signing.sign(site=today.journey.home_site, version=today.journey.version, by=lena, now=timezone.now())
    page = signed_in(dara).get(address).content.decode()
    assert "signed for North Valley Hospital by Lena Example" in page
    assert "not signed yet" not in page


def test_the_phone_is_on_the_page_and_never_in_the_address(signed_in: Enter, dara: User, today: Morning) -> None:
    page = signed_in(dara).get(f"/items/{today.critical.uid}/").content.decode()
    assert "+16175550200" in page
    assert 'href="tel' not in page


def test_snoozing_needs_a_day_and_a_reason(signed_in: Enter, dara: User, today: Morning) -> None:
    client, address = signed_in(dara), f"/items/{today.mine.uid}/snooze/"
    refused = client.post(address, {"revision": 0, "until": in_days(0), "reason": ""})
    assert refused.status_code == 422
    assert "Choose a day after today" in refused.content.decode()
    client.post(address, {"revision": 0, "until": in_days(3), "reason": "awaiting callback"})
    now_is = WorkItem.objects.get(pk=today.mine.pk)
    assert (now_is.state, now_is.parked_reason) == ("parked", "awaiting callback")
    page = client.get("/queue/?lane=snoozed").content.decode()
    assert str(today.mine.uid) in page


def test_a_late_save_never_overwrites(signed_in: Enter, dara: User, today: Morning) -> None:
    client, address = signed_in(dara), f"/items/{today.mine.uid}/snooze/"
    client.post(address, {"revision": 0, "until": in_days(3), "reason": "other"})
    second = client.post(address, {"revision": 0, "until": in_days(9), "reason": "other"})
    assert second.status_code == 422
    assert "changed this item since you opened it" in second.content.decode()


@pytest.mark.parametrize(
    ("outcome", "missing"),
    [("no_answer", "until"), ("already_happened", "evidence"), ("not_a_stall", "why_not"), ("waiting_on", "party"), ("exited", "reason")],
)
def test_an_outcome_asks_for_what_it_needs(signed_in: Enter, dara: User, today: Morning, outcome: str, missing: str) -> None:
    answer = signed_in(dara).post(f"/items/{today.mine.uid}/finish/", {"revision": 0, "outcome": outcome})
    assert answer.status_code == 422
    assert f'id="id_{missing}_error"' in answer.content.decode()


def test_a_refused_form_comes_back_into_the_dialog_it_came_from(signed_in: Enter, dara: User, today: Morning) -> None:
    answer = signed_in(dara).post(f"/items/{today.mine.uid}/finish/", {"revision": 0}, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (422, "#dialog")


def test_an_outcome_goes_to_the_verb_with_its_details(
    signed_in: Enter, dara: User, today: Morning, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(second_thoughts, "intend", lambda **said: given.update(said))
    answer = signed_in(dara).post(
        f"/items/{today.mine.uid}/finish/",
        {
            "revision": 0,
            "outcome": "already_happened",
            "what": "test_ordered",
            "on": in_days(-2),
            "evidence": "Dr. Lund",
            "note": "by phone",
        },
        headers={"HX-Request": "true", "HX-Current-URL": "http://x/queue/?lane=mine"},
    )
    assert answer.status_code == 200
    assert given["item"] == today.mine
    assert (given["outcome"], given["by"], given["note"]) == ("already_happened", dara, "by phone")
    assert set(given["details"]) == {"what", "on", "evidence"}
    assert "It had already happened" in answer.content.decode()


def test_the_end_of_a_journey_is_offered_only_where_there_is_one(signed_in: Enter, dara: User, today: Morning) -> None:
    journey = today.journey
    item = WorkItem.objects.create(
        cause_kind="reply",
        cause_key="0",
        site=journey.home_site,
        patient=journey.patient,
        problem="reply",
        audience="navigator",
        priority=3,
        opened_at=timezone.now(),
        due_at=timezone.now(),
    )
    page = signed_in(dara).get(f"/items/{item.uid}/finish/").content.decode()
    assert 'value="read"' in page
    assert 'value="exited"' not in page


def test_who_may_not_steer_may_not_end_a_journey_by_an_outcome(signed_in: Enter, hal: User, lena: User, today: Morning) -> None:
    address = f"/items/{today.critical.uid}/finish/"
    assert 'value="exited"' in signed_in(lena).get(address).content.decode()
    client = signed_in(hal)
    assert 'value="exited"' not in client.get(address).content.decode()
    assert client.post(address, {"revision": 0, "outcome": "exited", "reason": "cost"}).status_code == 422
