"""The rest of the desk: filters and views, search, newcomers, several at once, guided mode, capacity, precision, the palette."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from notifications import capacity, worklist
from notifications.models import Absence, SavedView, WorkItem, WorkItemAct
from notifications.reports.precision import Rule
from patients.calendars import SiteCalendar
from patients.models import AccessLog, Site, User
from tests.browser.morning import Morning
from tests.notifications.views.test_queue import counts, rows
from tests.people import today_here

Enter = Callable[[User], Client]


def test_what_waits_for_others_was_lost_or_withdrawn_has_a_lane(signed_in: Enter, dara: User, today: Morning) -> None:
    now = timezone.now()
    due = {"party": "payer", "until": now + timedelta(days=2)}
    WorkItem.objects.filter(pk=today.mine.pk).update(journey=None, patient=None)
    mine = WorkItem.objects.get(pk=today.mine.pk)
    worklist.finish(item=mine, outcome="waiting_on", by=dara, revision=0, now=now, details=due)
    gone = WorkItem.objects.filter(owner__isnull=True, state="open").exclude(pk=today.critical.pk).first()
    assert gone is not None
    worklist.withdraw(item=gone, reason="progress", now=now)
    client = signed_in(dara)
    for lane in ("mine", "team", "waiting", "snoozed", "withdrawn", "done"):
        page = client.get("/queue/", {"lane": lane}).content.decode()
        assert len(rows(page)) == counts(page)[lane], lane
    assert counts(client.get("/queue/?lane=waiting").content.decode())["waiting"] == 1
    assert "Progress" in client.get("/queue/?lane=withdrawn").content.decode()
    lost = client.get("/queue/lost/").content.decode()
    assert "Lost to follow-up" in lost
    assert re.search(r'/queue/lost/"[^>]*>[^<]*<span class="count">1<', lost)


def test_filters_narrow_the_rows_and_their_count_alike(signed_in: Enter, dara: User, today: Morning) -> None:
    client = signed_in(dara)
    page = client.get("/queue/?lane=team&urgency=critical").content.decode()
    assert rows(page) == [str(today.critical.uid)]
    assert counts(page)["team"] == 1
    assert rows(client.get("/queue/?lane=team&programme=nothing").content.decode()) == []
    assert rows(client.get("/queue/?lane=team&ball=pharmacy").content.decode()) == [str(today.critical.uid)]


def test_a_view_is_kept_shared_and_forgotten_by_its_owner_only(signed_in: Enter, dara: User, lena: User, eli: User, today: Morning) -> None:
    signed_in(dara).post("/queue/views/", {"name": "Burning", "lane": "team", "urgency": "critical", "share": "north"})
    kept = SavedView.objects.get()
    assert (kept.filters, kept.site and kept.site.code) == ({"urgency": "critical"}, "north")
    assert "Burning" in signed_in(lena).get("/queue/").content.decode()
    assert "Burning" not in signed_in(eli).get("/queue/").content.decode()
    signed_in(lena).post("/queue/views/forget/", {"view": kept.pk})
    assert SavedView.objects.exists()
    signed_in(dara).post("/queue/views/forget/", {"view": kept.pk})
    assert not SavedView.objects.exists()


def test_work_is_found_by_name_record_number_or_phone_which_are_posted(signed_in: Enter, dara: User, eli: User, today: Morning) -> None:
    client = signed_in(dara)
    for typed in ("okafor", "4001", "+1 617 555 0200"):
        assert rows(client.post("/queue/find/", {"text": typed}).content.decode()) == [str(today.critical.uid)], typed
    assert client.get("/queue/find/?text=okafor").content.decode().count("item-") == 0
    assert rows(signed_in(eli).post("/queue/find/", {"text": "okafor"}).content.decode()) == []
    assert AccessLog.objects.filter(user=dara, what="queue search", patients=[today.critical.patient_id]).count() == 3


def test_newcomers_are_counted_and_not_inserted(signed_in: Enter, dara: User, today: Morning) -> None:
    client = signed_in(dara)
    asked = {"lane": "team", "since": timezone.now().isoformat()}
    assert "new" not in client.get("/queue/new/", asked).content.decode()
    worklist.put_back(item=today.mine, by=dara, revision=0, now=timezone.now())
    assert "1 new" in client.get("/queue/new/", asked).content.decode()


def test_bulk_shows_what_is_left_out_and_why_then_tells_of_each(signed_in: Enter, dara: User, today: Morning) -> None:
    client = signed_in(dara)
    chosen = [f"{item.uid}:{item.revision}" for item in WorkItem.objects.filter(owner__isnull=True, state="open")]
    before = client.post("/queue/bulk/", {"act": "snooze", "item": chosen}).content.decode()
    assert "critical: looked at one by one" in before
    assert f"{len(chosen) - 1} of {len(chosen)} possible" in before
    assert WorkItem.objects.filter(state="parked").count() == 1
    until = (today_here() + timedelta(days=2)).isoformat()
    given = {"act": "snooze", "item": chosen, "confirm": "1", "until": until, "reason": "other"}
    after = client.post("/queue/bulk/", given).content.decode()
    assert f"{len(chosen) - 1} done, 1 not" in after
    assert WorkItem.objects.get(pk=today.critical.pk).state == "open"
    again = client.post("/queue/bulk/", given).content.decode()
    assert "0 done" in again
    assert "Somebody changed this item" in again


def test_guided_mode_goes_by_harm_and_a_skip_needs_a_reason(signed_in: Enter, dara: User, today: Morning) -> None:
    client = signed_in(dara)
    first = client.get("/queue/next/", follow=True)
    assert first.redirect_chain == [(f"/items/{today.critical.uid}/", 302)]
    assert "Leave it for later because" in first.content.decode()
    refused = client.post(f"/items/{today.critical.uid}/skip/", {"reason": ""}, follow=True)
    assert refused.redirect_chain[-1][0] == f"/items/{today.critical.uid}/"
    skipped = client.post(f"/items/{today.critical.uid}/skip/", {"reason": "other"}, follow=True)
    second = skipped.redirect_chain[-1][0]
    assert second not in ("/queue/", f"/items/{today.critical.uid}/")
    assert WorkItemAct.objects.get(act="skipped").reason == "other"
    uid = second.split("/")[2]
    item = WorkItem.objects.get(uid=uid)
    third = client.post(f"{second}finish/", {"revision": item.revision, "outcome": "reached"}, follow=True)
    assert third.redirect_chain[0][0] == "/queue/next/"


@pytest.fixture
def closed_days(monkeypatch: pytest.MonkeyPatch) -> set[date]:
    """Days without work at every site; the real calendar would have a say in what day the test runs."""
    days: set[date] = set()
    monkeypatch.setattr(capacity, "calendar_for_site", lambda site: SiteCalendar("America/New_York", frozenset(days)))
    return days


def test_capacity_says_what_falls_below_the_line_and_who_owns_that(
    signed_in: Enter, dara: User, lena: User, today: Morning, closed_days: set[date]
) -> None:
    client = signed_in(dara)
    for user in (dara, lena):
        minutes = {f"day{n}": 0 for n in range(7)}
        signed_in(user).post("/desk/", {"site": "north", **minutes})
    page = client.get("/queue/capacity/").content.decode()
    assert "not reached today, 1 critical" in page
    assert "Lena Example" in page
    minutes = {f"day{n}": 600 for n in range(7)}
    client.post("/desk/", {"site": "north", **minutes})
    assert "all reached" in client.get("/queue/capacity/").content.decode()
    closed_days |= {today_here() - timedelta(days=1), today_here(), today_here() + timedelta(days=1)}
    assert "all reached" not in client.get("/queue/capacity/").content.decode(), "nobody's minutes count on a holiday"
    closed_days.clear()
    Absence.objects.create(user=dara, first_day=today_here(), last_day=today_here())
    assert "all reached" not in client.get("/queue/capacity/").content.decode()


def test_what_somebody_holds_takes_their_own_minutes(dara: User, lena: User, north: Site, today: Morning, closed_days: set[date]) -> None:
    """An item that went up to the lead is in the way of who took it, not of the lead."""
    WorkItem.objects.filter(state="open").update(audience="lead")
    now = timezone.now()
    before = {line.role: line.items for line in capacity.lines([north], now=now)}
    worklist.claim(item=WorkItem.objects.get(pk=today.critical.pk), by=dara, revision=0, now=now)
    after = {line.role: line.items for line in capacity.lines([north], now=now)}
    assert after["lead"] == before["lead"] - 1
    assert after["navigator"] == before.get("navigator", 0) + 1
    assert sum(after.values()) == sum(before.values())


def test_days_away_are_kept_and_taken_back(signed_in: Enter, dara: User, lena: User) -> None:
    today = today_here()
    client = signed_in(dara)
    wrong = {"first_day": today.isoformat(), "last_day": (today - timedelta(days=1)).isoformat()}
    assert client.post("/desk/away/", wrong).status_code == 422
    client.post("/desk/away/", {"first_day": today.isoformat(), "last_day": (today + timedelta(days=3)).isoformat(), "deputy": lena.pk})
    absence = Absence.objects.get()
    assert absence.deputy == lena
    client.post("/desk/back/", {"absence": absence.pk})
    assert not Absence.objects.exists()


def test_precision_lists_a_rule_that_is_wrong_more_often_than_right(signed_in: Enter, dara: User, today: Morning, north: Site) -> None:
    now = timezone.now()
    item = WorkItem.objects.get(pk=today.critical.pk)
    for n in range(30):
        closed = WorkItem.objects.create(
            cause_kind="problem", cause_key=f"x{n}", site=north, patient=item.patient, journey=item.journey, problem="no-order",
            audience="navigator", priority=5, state="done", outcome="not_a_stall" if n < 16 else "reached",
            opened_at=now, due_at=now, closed_at=now,
        )  # fmt: skip
        WorkItemAct.objects.create(item=closed, act="finished", by=dara, at=now, details={"why": "rule wrong"} if n < 16 else {})
    page = signed_in(dara).get("/queue/precision/").content.decode()
    assert "14 of 30 right" in page
    assert "Somebody looks at this rule" in page


def test_a_rule_is_reviewed_under_half_over_thirty() -> None:
    def rule(judged: int, right: int) -> bool:
        return Rule("p", "x", judged, right, 0, 0, 0, 0).to_review

    assert [rule(29, 0), rule(30, 14), rule(30, 15)] == [False, True, False]


def test_single_keys_are_off_until_switched_on(signed_in: Enter, dara: User) -> None:
    client = signed_in(dara)
    assert "when single-key shortcuts are on" in client.get("/keys/").content.decode()
    client.post("/desk/", {"keys": "on", "density": "compact"})
    assert client.cookies["keys"].value == "on"
    assert '<body class="compact"' in client.get("/desk/").content.decode()
    client.post("/desk/", {})
    assert client.cookies["keys"].value == ""


def test_the_palette_lists_lanes_pages_and_kept_views(signed_in: Enter, dara: User) -> None:
    SavedView.objects.create(owner=dara, name="Burning", lane="team", filters={"urgency": "critical"})
    page = signed_in(dara).get("/palette/").content.decode()
    assert 'href="/queue/?lane=team&amp;urgency=critical">View: Burning' in page
    assert "Queue: Waiting on others" in page
