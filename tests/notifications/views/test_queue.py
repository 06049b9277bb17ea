"""The queue: whose line is where, in which order, and what one click does."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from notifications import notices
from notifications.models import WorkItem
from notifications.views.pages import PAGE
from pathways.models import Alert
from patients.models import AccessLog, Role, Site, User
from tests.browser.morning import Morning, noticed
from tests.desk import Desk
from tests.people import nurse, today_here

Enter = Callable[[User], Client]


def counts(page: str) -> dict[str, int]:
    return {name: int(n) for name, n in re.findall(r'lane=(\w+)"[^>]*>[^<]*<span class="count">(\d+)', page)}


def rows(page: str) -> list[str]:
    return re.findall(r'<tr role="row" id="item-([0-9a-f-]+)"', page)


def test_every_lane_lists_as_many_rows_as_it_counts(signed_in: Enter, dara: User, today: Morning) -> None:
    client = signed_in(dara)
    for lane in ("mine", "team", "snoozed"):
        page = client.get("/queue/", {"lane": lane}).content.decode()
        assert len(rows(page)) == counts(page)[lane] > 0


def test_most_harm_comes_first_then_what_is_due_longest(signed_in: Enter, dara: User, today: Morning) -> None:
    page = signed_in(dara).get("/queue/?lane=team").content.decode()
    order = [WorkItem.objects.get(uid=uid) for uid in rows(page)]
    assert [item.pk for item in order] == [item.pk for item in sorted(order, key=lambda item: (item.priority, item.due_at, item.pk))]
    assert order[0] == today.critical
    assert "Sorted by harm if delayed" in page


def test_a_line_says_who_what_how_late_and_who_has_the_ball(signed_in: Enter, dara: User, today: Morning) -> None:
    page = signed_in(dara).get("/queue/?lane=team").content.decode()
    for words in ("Critical", "Okafor, Ann", "Waiting for the drug", "working days", "Pharmacy", "nobody", "Claim"):
        assert words in page


def test_pages_follow_each_other_without_gap_or_repeat(signed_in: Enter, dara: User, desk: Desk) -> None:
    for n in range(PAGE + 7):
        patient = desk.patient("Page", f"Person {n}", today_here() - timedelta(days=20000))
        desk.item(desk.wait(desk.journey(patient, days=9), "main.to_order", since=9, due=5))
    client = signed_in(dara)
    first = client.get("/queue/?lane=team").content.decode()
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    second = client.get("/queue/" + following[1].replace("&amp;", "&")).content.decode()
    assert len(rows(first)) == PAGE
    assert len({*rows(first), *rows(second)}) == PAGE + 7 == counts(first)["team"]


def test_a_cursor_that_somebody_typed_is_the_first_page(signed_in: Enter, dara: User, today: Morning) -> None:
    page = signed_in(dara).get("/queue/?lane=team&after=1~nonsense~x").content.decode()
    assert rows(page)[0] == str(today.critical.uid)


def test_one_access_row_names_every_patient_listed(signed_in: Enter, dara: User, today: Morning) -> None:
    page = signed_in(dara).get("/queue/?lane=team").content.decode()
    logged = AccessLog.objects.get(user=dara)
    assert logged.patients == sorted(WorkItem.objects.filter(uid__in=rows(page)).values_list("patient", flat=True))


def test_a_nurse_of_another_site_sees_nothing_of_it(signed_in: Enter, eli: User, today: Morning) -> None:
    client = signed_in(eli)
    assert rows(client.get("/queue/?lane=team").content.decode()) == []
    assert client.get(f"/items/{today.critical.uid}/").status_code == 404
    assert client.post(f"/items/{today.critical.uid}/claim/", {"revision": 0}).status_code == 404


def test_each_role_sees_the_work_addressed_to_it_and_a_lead_sees_all(
    signed_in: Enter, hal: User, lena: User, dara: User, desk: Desk
) -> None:
    stay = desk.wait(desk.journey(desk.patient("Lab", "Lou", today_here()), days=9), "tissue.at_lab", since=9, due=2)
    item = desk.item(stay, audience="lab_liaison")
    seen = {user.username: rows(signed_in(user).get("/queue/?lane=team").content.decode()) for user in (hal, lena, dara)}
    assert seen == {"hal": [str(item.uid)], "lena": [str(item.uid)], "dara": []}
    assert rows(signed_in(lena).get("/queue/?lane=team&role=navigator").content.decode()) == []


def test_what_lost_its_reason_is_not_offered_even_before_it_is_settled(signed_in: Enter, dara: User, today: Morning) -> None:
    Alert.objects.filter(stay__journey=today.journey).update(withdrawn_at=timezone.now(), reason="progress")
    assert str(today.critical.uid) not in rows(signed_in(dara).get("/queue/?lane=team").content.decode())


def test_claiming_moves_the_item_to_its_claimer(signed_in: Enter, dara: User, today: Morning) -> None:
    client = signed_in(dara)
    said = client.post(
        f"/items/{today.critical.uid}/claim/",
        {"revision": 0},
        headers={"HX-Request": "true", "HX-Current-URL": "http://x/queue/?lane=team"},
    )
    now_is = WorkItem.objects.get(pk=today.critical.pk)
    assert now_is.owner == dara
    assert "Record outcome" in said.content.decode()
    assert counts(said.content.decode())["mine"] == 2
    assert today.critical.pk in WorkItem.objects.filter(uid__in=rows(client.get("/queue/").content.decode())).values_list("pk", flat=True)


def test_the_second_to_claim_is_told_and_takes_nothing(signed_in: Enter, dara: User, north: Site, today: Morning) -> None:
    nils = nurse("nils", north, role=Role.NAVIGATOR)
    signed_in(dara).post(f"/items/{today.critical.uid}/claim/", {"revision": 0})
    late = signed_in(nils).post(f"/items/{today.critical.uid}/claim/", {"revision": 0}, headers={"HX-Request": "true"})
    now_is = WorkItem.objects.get(pk=today.critical.pk)
    assert late.status_code == 409
    assert "Dara Example" in late.content.decode()
    assert now_is.owner == dara


def test_without_script_claiming_leads_to_the_item(signed_in: Enter, dara: User, today: Morning) -> None:
    answer = signed_in(dara).post(f"/items/{today.critical.uid}/claim/", {"revision": 0}, follow=True)
    assert answer.redirect_chain == [(f"/items/{today.critical.uid}/", 302)]
    assert "Yours now" in answer.content.decode()


def test_a_page_of_the_queue_takes_few_questions_however_many_rows(
    signed_in: Enter, dara: User, desk: Desk, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    for n in range(PAGE):
        patient = desk.patient("Many", f"Person {n}", today_here() - timedelta(days=20000))
        desk.item(desk.wait(desk.journey(patient, days=9), "main.to_order", since=9, due=5))
    client = signed_in(dara)
    client.get("/queue/?lane=team")
    with django_assert_max_num_queries(12):  # type: ignore[attr-defined]
        client.get("/queue/?lane=team")


@pytest.mark.parametrize(
    ("role", "page"),
    [
        (Role.NAVIGATOR, "/queue/"),
        (Role.LAB_LIAISON, "/queue/"),
        (Role.ADMINISTRATOR, "/administration/"),
        (Role.AUDITOR, "/oversight/"),
        (Role.MANAGER, "/drop-off/"),
        (Role.INTEGRATION, "/intake/"),
    ],
)
def test_everybody_lands_where_their_day_begins(signed_in: Enter, north: Site, role: Role, page: str) -> None:
    assert signed_in(nurse("newcomer", north, role=role)).get("/").headers["Location"] == page


def test_whoever_holds_nothing_lands_on_what_their_team_should_take(signed_in: Enter, north: Site, dara: User, today: Morning) -> None:
    assert signed_in(dara).get("/").headers["Location"] == "/queue/", "she holds an item"
    assert signed_in(nurse("newcomer", north)).get("/").headers["Location"] == "/queue/?lane=team"


def test_a_clinician_lands_on_the_notice_that_waits_for_them(signed_in: Enter, north: Site, dara: User, lena: User) -> None:
    Desk(north, timezone.now()).go_live(lena)
    notice = noticed(north, nurse_=dara, now=timezone.now())
    client = signed_in(User.objects.get(username="eva"))
    assert client.get("/").headers["Location"] == "/notices/"
    notices.not_appropriate(notice=notice, reason="patient_declined", by=User.objects.get(username="eva"), now=timezone.now())
    assert client.get("/").headers["Location"] != "/notices/"
