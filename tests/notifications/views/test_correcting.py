"""What a person writes down or takes back on a journey; what was believed stays visible."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.test import Client
from django.utils import timezone

from notifications.models import Message, SendSlot
from pathways.models import Event, Journey, Stay
from patients.models import User
from tests.people import phone_of, today_here

Enter = Callable[[User], Client]


def page_of(client: Client, journey: Journey) -> str:
    return re.sub(r"\s+", " ", client.get(f"/journeys/{journey.uid}/").content.decode())


def on(days_ago: int) -> str:
    return (today_here() - timedelta(days=days_ago)).isoformat()


def waiting(journey: Journey) -> str:
    return Stay.objects.open().get(journey=journey, track="main").stage.name


def test_what_happened_is_written_down_with_its_own_day_and_moves_the_journey(signed_in: Enter, dara: User, followed: Journey) -> None:
    client, address = signed_in(dara), f"/journeys/{followed.uid}/add"
    assert "Treatment decided" in client.get(f"{address}/").content.decode().partition("Something else")[0], "what is awaited stands first"
    said = {"on": on(3), "decision": "matched", "drug": "osimertinib", "evidence": "letter of Dr. Lund"}
    assert client.post(f"{address}/treatment_decided/", said | {"on": on(-1)}).status_code == 422
    assert client.post(f"{address}/treatment_decided/", said | {"evidence": ""}).status_code == 422
    assert waiting(followed) == "to_decide"
    client.post(f"{address}/treatment_decided/", said)
    event = Event.objects.get(patient=followed.patient, kind="treatment_decided")
    assert (event.by, event.grade, event.body["drugs"]) == (dara, 3, [{"text": "osimertinib"}])
    assert timezone.localdate(event.occurred_lo).isoformat() == on(3)
    assert event.received_at - event.occurred_lo > timedelta(days=2), "when it happened and when we heard are two times"
    assert waiting(followed) != "to_decide"


def test_what_no_programme_listens_to_or_another_page_takes_cannot_be_typed(signed_in: Enter, dara: User, followed: Journey) -> None:
    for kind in ("born", "result_final", "death", "nonsense"):
        assert signed_in(dara).post(f"/journeys/{followed.uid}/add/{kind}/", {"on": on(1), "evidence": "x", "text": "x"}).status_code == 404


def test_a_mistake_is_taken_back_and_stays_visible(signed_in: Enter, dara: User, followed: Journey) -> None:
    client, address = signed_in(dara), f"/journeys/{followed.uid}"
    client.post(f"{address}/add/treatment_decided/", {"on": on(3), "decision": "other", "drug": "docetaxel", "evidence": "phone"})
    said = Event.objects.get(patient=followed.patient, kind="treatment_decided")
    assert client.post(f"{address}/correct/", {"lineage": said.lineage, "reason": ""}).status_code == 422
    client.post(f"{address}/correct/", {"lineage": said.lineage, "reason": "wrong patient"})
    assert waiting(followed) == "to_decide"
    assert Event.objects.filter(lineage=said.lineage).count() == 2, "nothing is deleted"
    page = page_of(client, followed)
    assert "taken back by Dara Example: wrong patient" in page
    assert "moved by corrections" in page
    assert client.post(f"{address}/correct/", {"lineage": said.lineage, "reason": "wrong patient"}).status_code == 422


def test_an_end_that_was_a_mistake_is_as_if_it_had_never_been(signed_in: Enter, dara: User, followed: Journey) -> None:
    client, address = signed_in(dara), f"/journeys/{followed.uid}"
    client.post(f"{address}/exit/", {"reason": "declined_therapy"})
    ended = Event.objects.get(patient=followed.patient, kind="exited")
    client.post(f"{address}/correct/", {"lineage": ended.lineage, "reason": "did not happen"})
    assert (Journey.objects.get(pk=followed.pk).status, waiting(followed)) == ("active", "to_decide")


def test_a_fed_fact_is_parted_and_not_retracted(signed_in: Enter, dara: User, hal: User, followed: Journey) -> None:
    client, report = signed_in(dara), Event.objects.filter(patient=followed.patient, kind="result_final").latest("pk")
    assert signed_in(hal).post(f"/journeys/{followed.uid}/correct/", {"lineage": report.lineage}).status_code == 403
    client.post(f"/journeys/{followed.uid}/correct/", {"lineage": report.lineage})
    after = Journey.objects.get(pk=followed.pk)
    assert (after.phase, after.resulted_at) == ("sampled", None)
    assert not Event.objects.filter(lineage=report.lineage, retracted=True).exists()
    assert "parted from this journey by a person" in page_of(client, followed)


def test_what_a_rule_worked_out_is_corrected_at_its_source(signed_in: Enter, dara: User, followed: Journey) -> None:
    flag = Event.objects.get(patient=followed.patient, kind="flagged_actionable")
    answer = signed_in(dara).post(f"/journeys/{followed.uid}/correct/", {"lineage": flag.lineage, "reason": "typed wrongly"})
    assert answer.status_code == 422
    assert "parted" not in page_of(signed_in(dara), followed)


def test_a_visit_written_down_by_hand_says_when_it_will_be(signed_in: Enter, dara: User, followed: Journey) -> None:
    """Its own day counts, not the day on which it was booked: without it nobody is reminded."""
    client, address = signed_in(dara), f"/journeys/{followed.uid}/add/visit_booked/"
    assert client.post(address, {"on": on(1), "evidence": "phone"}).status_code == 422
    assert client.post(address, {"on": on(1), "start": f"{on(3)}T09:00", "evidence": "phone"}).status_code == 422
    for kind, days in (("visit_booked", -4), ("visit_moved", -9)):
        client.post(
            f"/journeys/{followed.uid}/add/{kind}/", {"on": on(0), "start": f"{on(days)}T09:00", "text": "Dr. Lund", "evidence": "phone"}
        )
        visit = Stay.objects.open().get(journey=followed, track="visit")
        assert visit.due_at is not None
        assert (visit.stage.name, timezone.localtime(visit.due_at, ZoneInfo("America/New_York")).date().isoformat()) == ("booked", on(days))


def test_the_page_costs_the_same_however_much_happened(
    signed_in: Enter, dara: User, followed: Journey, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    client = signed_in(dara)
    for n in range(6):
        client.post(f"/journeys/{followed.uid}/add/visit_booked/", {"on": on(n + 1), "start": f"{on(n)}T09:00", "evidence": "portal"})
    page_of(client, followed)
    with django_assert_max_num_queries(40):  # type: ignore[attr-defined]
        page_of(client, followed)


def test_the_patients_page_says_who_looked_and_what_is_left_of_the_texts(
    signed_in: Enter, dara: User, hal: User, followed: Journey
) -> None:
    for _ in range(2):
        page_of(signed_in(hal), followed)
    message = Message.objects.create(purpose="reminder", wording="visit", created_at=timezone.now(), not_before=timezone.now())
    SendSlot.objects.create(phone=phone_of(followed.patient), local_day=today_here(), message=message)
    page = signed_in(dara).get(f"/patients/{followed.patient.uid}/").content.decode()
    assert re.search(r"Hal Example</span>, lab liaison · Journey, 2 times", page)
    assert "1 of 3 in seven days, one of them today" in page
    assert "Dara Example</span>, nurse" not in page, "whoever looks now sees who looked before"
