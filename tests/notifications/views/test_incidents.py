"""Incidents, and the one print that tells who knew what, when, and did what."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.test import Client

from notifications.models import Incident, WorkItem
from pathways.models import Journey, Stage
from patients.models import AccessLog, Role, Site, User
from tests.desk import Desk
from tests.people import nurse, phone_of, today_here

Enter = Callable[[User], Client]


def test_an_incident_names_its_journey_and_rule_and_asks_the_lead(
    signed_in: Enter, dara: User, lena: User, eli: User, hal: User, followed: Journey
) -> None:
    stage = Stage.objects.get(version=followed.version, track="main", name="to_decide")
    said = {
        "kind": "missed_stall",
        "on": today_here().isoformat(),
        "stage": stage.pk,
        "harm": "delay",
        "what": "Nobody was told for a week.",
    }
    client = signed_in(dara)
    assert client.post(f"/journeys/{followed.uid}/incident/", said | {"what": ""}).status_code == 422
    client.post(f"/journeys/{followed.uid}/incident/", said)
    incident = Incident.objects.get()
    assert (incident.journey, incident.stage, incident.by) == (followed, stage, dara)
    item = WorkItem.objects.get(cause_kind="incident")
    assert (item.audience, item.priority) == ("lead", 2)
    address = f"/incidents/{incident.uid}/"
    seen = {user.username: signed_in(user).get(address).status_code for user in (dara, lena, hal, eli)}
    assert seen == {"dara": 200, "lena": 200, "hal": 403, "eli": 404}, "who reported it, who looks into it, and nobody else"
    done = {"harm": "delay", "finding": "the feed was silent", "action": "a heartbeat is expected now"}
    client.post(address, done)
    assert Incident.objects.get().closed_at is None, "who reported it does not close it"
    signed_in(lena).post(address, done)
    closed = Incident.objects.get()
    assert (closed.closed_by, closed.finding) == (lena, "the feed was silent")
    assert WorkItem.objects.get(pk=item.pk).outcome == "incident closed"
    assert "Nobody was told" not in signed_in(lena).get("/incidents/").content.decode()


def test_harm_by_a_text_names_the_text(signed_in: Enter, desk: Desk, dara: User, followed: Journey) -> None:
    desk.texts(followed, phone_of(followed.patient))
    said = {"kind": "text_harm", "on": today_here().isoformat(), "harm": "distress", "what": "Her daughter read it."}
    assert signed_in(dara).post(f"/journeys/{followed.uid}/incident/", said).status_code == 422


def test_one_print_tells_who_knew_what_when_and_did_what(
    signed_in: Enter, desk: Desk, dara: User, fay: User, followed: Journey, north: Site
) -> None:
    desk.texts(followed, phone_of(followed.patient))
    client = signed_in(dara)
    client.get(f"/journeys/{followed.uid}/")
    client.post(
        f"/journeys/{followed.uid}/add/treatment_decided/",
        {"on": "2026-01-05", "decision": "other", "drug": "docetaxel", "evidence": "phone"},
    )
    page = re.sub(r"\s+", " ", signed_in(fay).get(f"/journeys/{followed.uid}/record/").content.decode())
    rows = re.findall(
        r'<span class="tag">(\w+)</span></td><td role="cell" data-label="Who"><bdi>([^<]*)</bdi></td><td role="cell">([^<]*)<', page
    )
    assert ("read", "Dara Example", "Journey") in rows
    assert any(what == "did" and who == "Dara Example" and "docetaxel" in said for what, who, said in rows)
    assert any(what == "told" and "please call us" in said for what, _, said in rows)
    assert any(what == "learnt" and "I can come on Thursday" in said for what, _, said in rows)
    assert any((what == "learnt" and "EGFR" in said) or "panel" in said.lower() for what, _, said in rows)
    assert AccessLog.objects.filter(user=fay, what="journey record", patients=[followed.patient_id]).exists()
    assert signed_in(nurse("ivo", north, role=Role.INTEGRATION)).get(f"/journeys/{followed.uid}/record/").status_code == 403
