"""Every page that somebody can open, by name, with a row for each: what axe reads, and what must fit a small window.

A new route that answers GET and stands neither here nor in `NOT_LOOKED_AT` fails `test_accessible.py`.
"""

from __future__ import annotations

from datetime import date, datetime
from itertools import count
from typing import Any

from django.urls import URLPattern, get_resolver

from config.reports import REPORTS
from notifications import incidents, notices, worklist
from notifications.models import Incident, Notice, WorkItem
from notifications.worklist import NewItem
from pathways import audits, team
from pathways.models import Event, Matter, MatterKind, Stay, TeamRole
from pathways.trackers import taking
from pathways.uploads import Line
from patients import access, drafts, practitioners
from patients.models import Identifier, Practitioner, Role, User
from tests.browser.morning import Morning
from tests.config.routes import DOORS as DOOR
from tests.config.routes import every_pattern
from tests.desk import DAY, PATHWAY, Desk
from tests.people import nurse, phone_of

QUEUE = {
    "queue, mine": "/queue/?lane=mine",
    "queue, team": "/queue/?lane=team",
    "queue, waiting": "/queue/?lane=waiting",
    "queue, withdrawn": "/queue/?lane=withdrawn",
    "queue, done": "/queue/?lane=done",
    "queue, snoozed": "/queue/?lane=snoozed",
    "queue, filtered": "/queue/?lane=team&urgency=critical",
    "lost": "/queue/lost/",
    "guided": "/queue/next/",
    "several at once": "/queue/bulk/",
    "find work": "/queue/find/",
    "capacity": "/queue/capacity/",
    "precision": "/queue/precision/",
    "candidates": "/queue/candidates/",
    "candidate": "/candidates/{candidate}/",
    "ask at the next visit": "/queue/ask/",
    "my desk": "/desk/",
    "palette": "/palette/",
    "keys": "/keys/",
    "downtime": "/downtime/",
}
ITEM = {
    "work item": "/items/{critical}/",
    "snooze": "/items/{mine}/snooze/",
    "finish": "/items/{mine}/finish/",
    "take over": "/items/{mine}/take-over/",
    "hand over": "/items/{critical}/hand-over/",
    "decline": "/items/{mine}/decline/",
    "open again": "/items/{mine}/reopen/",
    "work item as it was": "/items/{critical}/then/",
    "on paper": "/items/{critical}/paper/",
    "conversation": "/items/{reply}/conversation/",
    "letter": "/items/{critical}/letter/",
    "notices": "/notices/",
    "notice": "/notices/{notice}/",
}
JOURNEY = {
    "journey": "/journeys/{journey}/",
    "journey on hold": "/journeys/{held}/",
    "journey ended": "/journeys/{ended}/",
    "what happened": "/journeys/{journey}/add/",
    "one event": "/journeys/{journey}/add/treatment_decided/",
    "record": "/journeys/{journey}/record/",
    "report an incident": "/journeys/{journey}/incident/",
    "report by hand": "/journeys/{journey}/report/",
    "form on paper": "/journeys/{journey}/paper/",
    "incidents": "/incidents/",
    "incident": "/incidents/{incident}/",
    "second chances": "/second-chances/",
    "patient": "/patients/{patient}/",
    "search": "/patients/",
    "log a call": "/patients/{patient}/call/",
    "death": "/patients/{patient}/death/",
    "put on a programme": "/patients/{patient}/enrol/",
    "register": "/register/",
    "texts": "/texts/",
    "what stops texts": "/texts/stopped/",
    "newly actionable": "/newly-actionable/",
    "consents": "/consents/",
}
INTAKE = {
    "intake": "/intake/",
    "message": "/intake/{message}/",
    "whose": "/intake/{message}/whose/",
    "what came in": "/intake/received/",
    "feed": "/intake/feeds/north-lab/",
    "codes of a feed": "/intake/feeds/north-lab/codes/",
    "results to place": "/results-to-place/",
    "place a result": "/results-to-place/{unbound}/",
    "reports to read": "/reports-to-read/",
    "read a report": "/reports-to-read/{report}/",
    "trackers": "/trackers/",
    "tracker": "/trackers/{tracker}/",
    "tracker, columns": "/trackers/{tracker}/columns/",
    "tracker, preview": "/trackers/{tracker}/preview/",
    "registry audits": "/audits/",
    "registry audit": "/audits/{audit}/",
}
PATHWAYS = {
    "pathways": "/pathways/",
    "programme": f"/pathways/{PATHWAY}/",
    "programme on paper": f"/pathways/{PATHWAY}/paper/",
    "versions": f"/pathways/{PATHWAY}/history/",
    "version": f"/pathways/{PATHWAY}/{{version}}/",
    "what changed": f"/pathways/{PATHWAY}/{{version}}/changes/",
    "migrate": f"/pathways/{PATHWAY}/{{version}}/migrate/",
    "going live": "/rollout/",
    "rollout": f"/rollout/north/{PATHWAY}/",
    "review list": f"/rollout/north/{PATHWAY}/review/",
    "shadow": f"/rollout/north/{PATHWAY}/shadow/",
    "coverage of all": "/coverage/",
    "coverage": "/coverage/north/",
    "comparisons": "/comparisons/",
}
HOUSE = {
    "emergency": "/patients/emergency/",
    "oversight": "/oversight/",
    "account": "/account/",
    "drafts": "/drafts/",
    "second factor": "/accounts/2fa/",
    "password": "/accounts/password/change/",
    "administration": "/administration/",
    "people": "/administration/people/",
    "person": "/administration/people/{nurse}/",
    "sites": "/administration/sites/",
    "site": "/administration/sites/north/",
    "feeds": "/administration/feeds/",
    "feed's settings": "/administration/feeds/north-lab/",
    "nothing here": "/items/00000000-0000-0000-0000-000000000000/",
}
NUMBERS = {"reports": "/reports/", "digests": "/digests/", "methods": "/reports/methods/"} | {
    f"report: {name}": f"/reports/{name}/{PATHWAY}/" if one.one else f"/reports/{name}/" for name, one in REPORTS.items()
}
PAGES = QUEUE | ITEM | JOURNEY | INTAKE | PATHWAYS | HOUSE | NUMBERS
DOORS = {
    "sign in": "/accounts/login/?ended=kept",
    "reset": "/accounts/password/reset/",
    "single sign-on cancelled": "/accounts/3rdparty/login/cancelled/",
    "single sign-on failed": "/accounts/3rdparty/login/error/",
    "closed": "/accounts/signup/",
    "link that opened once": "/accounts/password/reset/key/1-x/",
    "door of the secure page": f"/a/{'x' * 22}",
}
CORE = (
    "queue, mine",
    "queue, team",
    "guided",
    "work item",
    "finish",
    "journey",
    "patient",
    "candidate",
    "report: drop-off",
    "report: monday",
)
"""Where people spend their day: looked at in every size and colour; all others once in light at a desk, once in dark on a phone."""

NOT_LOOKED_AT = {
    "livez": "for machines",
    "readyz": "for machines",
    "metrics": "for machines",
    "draft": "data for a script",
    "home": "sends on to the first page of the reader's role",
    "drop_off": "sends on to the report",
    "drop_off_of": "sends on to the report of a programme",
    "report_export": "a file",
    "report_workbook": "a file",
    "tracker_errors": "a file",
    "original": "a document as it was sent",
    "newcomers": "a line of the queue's page",
    "dry_run": "of a version that is not in force yet: test_axe_finds_nothing_where_definitions_are_judged",
    "meaning": "needs a code that waits, and is a form of the page of a feed's codes",
    "stop_digest": "behind the signed link of an e-mail",
    "stop_mail": "behind the signed link of an e-mail",
    "report_rows": "opened from a number that has rows: tests/config/reports",
}


def open_to_get() -> set[str]:
    """Names of all routes that answer GET, but for the doors and Django's tables."""
    return {entry.name or "" for path, entry in every_pattern(get_resolver()) if not DOOR.match(path) and _answers_get(entry)}


def _answers_get(entry: URLPattern) -> bool:
    """What `require_http_methods` around the view lets through; everything where nobody asked."""
    view: Any = entry.callback
    while view is not None:
        names = getattr(getattr(view, "__code__", None), "co_freevars", ())
        if "request_method_list" in names:
            return "GET" in view.__closure__[names.index("request_method_list")].cell_contents
        view = getattr(view, "__wrapped__", None)
    return True


def fill(today: Morning, everybody: User, now: datetime) -> dict[str, str]:
    """What the addresses name, row by row: those of the morning, and one of each that the morning lacks."""
    journey, site = today.journey, today.journey.home_site
    desk = Desk(site, now, count(50))
    nosy = nurse("nosy", site, role=Role.PHARMACIST)
    access.saw(user=nosy, action="view", what="patient", patients=[today.patient.pk], now=now)
    drafts.keep(user=everybody, page="/queue/", action="/items/x/", fields={"note": ["She asked"]}, now=now)
    result = Event.objects.get(patient=today.patient, kind="result_final")
    unbound = Matter.objects.create(
        kind=MatterKind.UNBOUND, subject=result.lineage, site=site, patient=today.patient, opened_at=now - DAY, due_at=now
    )
    report = Matter.objects.create(
        kind=MatterKind.ABSTRACTION, subject=f"read:{result.lineage}", site=site, patient=today.patient, journey=journey,
        detail={"subject": result.lineage}, opened_at=now - DAY, due_at=now,
    )  # fmt: skip
    number = Identifier.objects.filter(patient=today.patient).values_list("value", flat=True)[0]
    audit = audits.audit(
        site=site, pathway=PATHWAY, primary="C34", by=everybody, now=now, lines=[Line(2, number, {}), Line(3, "no such number", {})]
    )
    incident = incidents.report(
        journey=journey, kind="missed_stall", harm=Incident.Harm.DELAY, what="Nobody was told.", happened_at=now, by=everybody, now=now
    )
    rows: dict[str, Any] = {
        **{name: getattr(today, name) for name in ("journey", "ended", "held", "critical", "mine", "candidate", "message", "patient")},
        "nurse": today.mine.owner,
        "unbound": unbound,
        "report": report,
        "audit": audit,
        "incident": incident,
        "tracker": _tracker(desk, everybody),
        "reply": _reply(today, now),
        "notice": _notice(desk, today, everybody),
    }
    return {name: str(row.uid) for name, row in rows.items()} | {"version": str(journey.version.number)}


def _tracker(desk: Desk, by: User) -> Any:
    """A spreadsheet of the nurse's own, with an upload that waits to be looked at."""
    body = b"MRN;Last name;First name;DOB;Dx date\n7001;Novak;Eva;2/3/1958;3/2/2026"
    tracker = taking.make(name="Lung", site=desk.site, body=body, by=by, now=desk.now)
    taking.map_columns(tracker=tracker, columns=tracker.columns, order="mdy", programme="", sample="tissue", by=by, now=desk.now)
    taking.upload(tracker=tracker, body=body, by=by, now=desk.now)
    return tracker


def _reply(today: Morning, now: datetime) -> WorkItem:
    """What the patient wrote, not read yet."""
    new = NewItem(
        cause_kind="reply", cause_key=str(phone_of(today.patient).pk), site=today.critical.site_id, problem="reply", due_at=now,
        patient=today.patient.pk, journey=today.journey.pk, priority=2,
    )  # fmt: skip
    return worklist.open(new, now=now)


def _notice(desk: Desk, today: Morning, reader: User) -> Notice:
    """The clinician who is responsible is asked to decide; the reader opens it in her place."""
    doctor = practitioners.upsert(npi="1234567893", family="Lund", given="Eva")
    assert isinstance(doctor, Practitioner)
    practitioners.give_account(doctor, reader)
    born = desk.patient("Novak", "Petra", date(1961, 3, 3))
    journey = desk.journey(born, days=30, phase="resulted")
    team.name(journey=journey, role=TeamRole.RESPONSIBLE, person=doctor, source="enrolment", now=desk.now, by=reader)
    desk.item(Stay.objects.open().get(journey=journey, track="main"), audience="clinician", priority=2)
    notices.raise_notices(now=desk.now)
    return Notice.objects.get(practitioner=doctor, journey=journey)
