"""Who has what: two nurses on one item, hand-over, undo, opening again, and the rows that say so."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from notifications import second_thoughts, worklist
from notifications.models import WorkItem
from patients.models import Role, Site, User
from tests.browser.morning import Morning
from tests.people import nurse

Enter = Callable[[User], Client]
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://x/queue/?lane=mine"}


@pytest.fixture
def nils(north: Site) -> User:
    return nurse("nils", north, role=Role.NAVIGATOR)


def revision(item: WorkItem) -> int:
    return WorkItem.objects.get(pk=item.pk).revision


def test_the_second_nurse_sees_who_has_it_and_since_when_and_takes_over_with_a_reason(
    signed_in: Enter, dara: User, nils: User, today: Morning
) -> None:
    signed_in(dara).get(f"/items/{today.mine.uid}/finish/")
    client = signed_in(nils)
    page = client.get(f"/items/{today.mine.uid}/").content.decode()
    assert "Dara Example has this item since" in page
    assert "is writing an outcome here" in page
    address = f"/items/{today.mine.uid}/take-over/"
    assert client.post(address, {"revision": revision(today.mine), "reason": ""}).status_code == 422
    client.post(address, {"revision": revision(today.mine), "reason": "Dara is in clinic"})
    assert WorkItem.objects.get(pk=today.mine.pk).owner == nils
    assert "Dara is in clinic" in client.get(f"/items/{today.mine.uid}/").content.decode()


def test_a_late_save_never_overwrites(signed_in: Enter, dara: User, nils: User, today: Morning) -> None:
    seen = revision(today.mine)
    worklist.take_over(item=today.mine, by=nils, revision=seen, reason="urgent", now=timezone.now())
    late = signed_in(dara).post(f"/items/{today.mine.uid}/finish/", {"revision": seen, "outcome": "reached"})
    assert (late.status_code, WorkItem.objects.get(pk=today.mine.pk).intended) == (422, None)
    page = late.content.decode()
    assert "Nils Example" in page, "who was faster"
    assert "aken over" in page, "and with what"
    assert f'href="/items/{today.mine.uid}/">See the item as it stands now' in page


def test_a_late_save_after_an_outcome_is_told_which_one(signed_in: Enter, dara: User, nils: User, today: Morning) -> None:
    seen = revision(today.critical)
    second_thoughts.intend(item=today.critical, outcome="reached", by=nils, revision=seen, now=timezone.now())
    late = signed_in(dara).post(f"/items/{today.critical.uid}/finish/", {"revision": seen, "outcome": "reached"})
    assert late.status_code == 422
    assert "Nils Example" in late.content.decode()
    assert "Spoke with the patient." in late.content.decode()


def test_a_hand_over_stands_in_the_colleagues_lane_until_accepted(signed_in: Enter, dara: User, nils: User, today: Morning) -> None:
    form = {"revision": revision(today.mine), "to": nils.pk, "reason": "speaks Swedish"}
    assert signed_in(dara).post(f"/items/{today.mine.uid}/hand-over/", form).status_code == 302
    client = signed_in(nils)
    lane = client.get("/queue/?lane=mine").content.decode()
    assert "offered by Dara Example" in lane
    assert "speaks Swedish" in client.get(f"/items/{today.mine.uid}/").content.decode()
    client.post(f"/items/{today.mine.uid}/accept/", {"revision": revision(today.mine)}, headers=HTMX)
    assert WorkItem.objects.get(pk=today.mine.pk).owner == nils


def test_an_outcome_can_be_undone_from_its_row(signed_in: Enter, dara: User, today: Morning) -> None:
    client = signed_in(dara)
    said = client.post(f"/items/{today.mine.uid}/finish/", {"revision": 0, "outcome": "reached"}, headers=HTMX).content.decode()
    assert "Undo" in said
    assert str(today.mine.uid) not in client.get("/queue/?lane=mine").content.decode()
    client.post(f"/items/{today.mine.uid}/undo/", {"revision": revision(today.mine)}, headers=HTMX)
    now_is = WorkItem.objects.get(pk=today.mine.pk)
    assert (now_is.state, now_is.owner, now_is.intended) == ("claimed", dara, None)


def test_without_script_the_next_page_carries_the_undo(signed_in: Enter, dara: User, today: Morning) -> None:
    client = signed_in(dara)
    page = client.post(f"/items/{today.mine.uid}/finish/", {"revision": 0, "outcome": "reached"}, follow=True).content.decode()
    assert "Recorded: Spoke with the patient" in page
    action = re.search(r'class="note good undo" method="post" action="([^"]+)"', page)
    assert action
    client.post(action[1], {"revision": revision(today.mine)})
    assert WorkItem.objects.get(pk=today.mine.pk).intended is None


def test_what_is_done_is_opened_again_from_todays_lane_with_a_reason(signed_in: Enter, dara: User, today: Morning) -> None:
    now = timezone.now()
    second_thoughts.intend(item=today.mine, outcome="handled", by=dara, revision=0, now=now - timedelta(minutes=1), note="by fax")
    WorkItem.objects.filter(pk=today.mine.pk).update(journey=None, patient=None)  # nothing to write to: the lane is the point here
    client = signed_in(dara)
    lane = client.get("/queue/?lane=done").content.decode()
    assert f"/items/{today.mine.uid}/reopen/" in lane
    client.post(f"/items/{today.mine.uid}/reopen/", {"revision": revision(today.mine), "reason": "wrong line"})
    assert WorkItem.objects.get(pk=today.mine.pk).state == "claimed"
