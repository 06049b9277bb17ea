"""A whole morning for the browser: every lane has something in it, every state of a row is on some screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count

from django.db import transaction

from notifications import mail, notices
from notifications.models import Notice, WorkItem
from pathways import journeys, team
from pathways.facts import Grade
from pathways.ingest import intake
from pathways.journeys import Received
from pathways.models import Inbound, Journey, Matter, Stay, TeamRole
from patients import practitioners
from patients.models import Patient, Role, Site, User
from tests.desk import DAY, Desk
from tests.pathways.ingest.messages import PRESENT, gene, hl7
from tests.pathways.said import LUNG, fact, result
from tests.people import nurse, phone_of

NAMES = (
    ("Okafor", "Ann", date(1951, 2, 3)),
    ("Lindqvist", "Maja", date(1944, 8, 21)),
    ("Reyes-Montgomery", "Bartholomew", date(1960, 12, 1)),
    ("Haddad", "Samir", date(1972, 5, 9)),
    ("Kowalski", "Jan", date(1949, 10, 30)),
    ("Nguyen", "Thu", date(1966, 1, 17)),
    ("Diaz", "Carmen", date(1958, 6, 6)),
)
FINDINGS = [
    {
        "gene": "EGFR",
        "alteration": "p.Leu858Arg",
        "presence": "present",
        "type": "variant",
        "significance": "pathogenic",
        "origin": "somatic",
    },
    {"gene": "ALK", "presence": "absent", "type": "fusion"},
    {"gene": "PD-L1", "presence": "present", "type": "expression", "value": 55, "unit": "%", "comparator": ""},
    {"gene": "MET", "presence": "failed", "type": "skipping"},
]


@dataclass
class Morning:
    """What the tests and the screenshots point at."""

    journey: Journey
    ended: Journey
    held: Journey
    critical: WorkItem
    mine: WorkItem
    candidate: Matter
    message: Inbound
    patient: Patient


def morning(
    site: Site,
    *,
    nurse: User,
    lead: User,
    now: datetime,
    names: Sequence[tuple[str, str, date]] = NAMES,
    phones: Iterable[int] = range(200, 300),
) -> Morning:
    desk = Desk(site, now)
    desk.go_live(lead)
    people = [desk.patient(family, given, born, phone=f"+1617555{n:04d}") for n, (family, given, born) in zip(phones, names, strict=False)]
    main = told(desk, people[0], nurse)
    critical = desk.item(desk.wait(main, "main.drug", since=29, due=15), priority=1)
    mine = desk.item(
        desk.wait(desk.journey(people[1], days=20, accountable=nurse), "main.to_order", since=18, due=16), owner=nurse, priority=4
    )
    desk.item(desk.wait(desk.journey(people[2], days=30, phase="sampled"), "tissue.at_lab", since=25, due=9), priority=3)
    desk.item(desk.wait(desk.journey(people[3], days=6), "main.to_order", since=5, due=0.1))
    held = desk.journey(people[4], days=50, phase="resulted", hold_reason="other illness first", held_until=now + 9 * DAY, accountable=lead)
    snoozed = desk.item(desk.wait(held, "main.drug", since=20, due=6), owner=nurse, state="parked")
    WorkItem.objects.filter(pk=snoozed.pk).update(parked_until=now + 3 * DAY, parked_reason="awaiting callback", parked_priority=5)
    ended = desk.journey(people[5], days=90, phase="resulted", accountable=nurse)
    Journey.objects.filter(pk=ended.pk).update(
        status="exited", exit_reason="lost_to_follow_up", exit_class="preventable", ended_at=now - DAY
    )
    candidate = desk.candidate(people[6], days=5)
    desk.candidate(people[5], days=1)
    message = desk.quarantined(
        reason="unknown_patient",
        explanation="PID-3 gives the number 88123 of North Lab; nobody at this site has it and this feed may not register people.",
    )
    desk.quarantined(reason="unreadable_date", explanation="OBR-7 is '2026-02-31'; there is no such day.")
    return Morning(main, ended, held, critical, mine, candidate, message, people[0])


def told(desk: Desk, patient: Patient, nurse: User) -> Journey:
    """A journey with all that its page can show: facts of every grade, a correction, waits, findings, texts."""
    journey = desk.journey(patient, days=44, phase="decided", accountable=nurse)
    now = desk.now
    desk.event(journey, "diagnosis", now - 44 * DAY, {"code": "icd10|C34.11", "text": "Adenocarcinoma, right upper lobe", "stage": "IV"})
    desk.event(journey, "test_ordered", now - 41 * DAY, {"text": "NSCLC comprehensive panel"})
    desk.event(journey, "specimen_received", now - 40 * DAY, {"specimen_class": "tissue"}, system="North Lab")
    desk.event(journey, "result_final", now - 33 * DAY, {"text": "NSCLC comprehensive panel", "findings": FINDINGS}, system="North Lab")
    desk.event(journey, "flagged_actionable", now - 33 * DAY, {"text": "EGFR L858R, first line"}, grade=Grade.RULE, system="finalmile")
    drug = {"drugs": [{"text": "osimertinib 80 MG Oral Tablet", "rxcui": "1721560"}]}
    desk.event(
        journey, "treatment_decided", now - 29 * DAY, {"decision": "matched", **drug}, grade=Grade.STAFF_ATTESTED, system="finalmile"
    )
    desk.wait(journey, "main.to_order", since=44, due=42, left=41)
    desk.wait(journey, "tissue.at_lab", since=40, due=26, left=33)
    desk.texts(journey, phone_of(patient))
    return journey


def stray_result(site: Site, *, now: datetime) -> Inbound:
    """Mr. Reyes's report, under a number that only the laboratory knows: it waits until a person says whose it is."""
    taken, said = ((now - days * DAY).strftime("%Y%m%d%H%M%S+0000") for days in (9, 1))
    body = hl7(
        "PID|1||NL-77^^^NORTHLAB^MR||Reyes-Montgomery^Bartholomew||19601201",
        f"OBR|1||F77|81247-9^Lung NGS panel^LN|||{taken}|||||||||||||||{said}||GE|F",
        *gene("1", "EGFR", PRESENT, protein="p.Leu858Arg"),
        control="STRAY1",
        at=said,
    )
    intake.receive([body], feed=Desk(site, now).feed, now=now)
    return Inbound.objects.quarantined().get(control_id__startswith="STRAY1")


def noticed(site: Site, *, nurse_: User, now: datetime) -> Notice:
    """Dr. Lund is responsible for Ms. Adeyemi, whose result is flagged and undecided: her notice was raised and mailed an hour ago."""
    desk = Desk(site, now, numbers=count(500))
    eva = nurse("eva", site, role=Role.CLINICIAN)
    User.objects.filter(pk=eva.pk).update(email="eva@north.example", last_name="Lund")
    clinician = practitioners.upsert(npi="1234567893", family="Lund", given="Eva")
    assert clinician is not None
    practitioners.give_account(clinician, eva)
    patient = desk.patient("Adeyemi", "Folake", date(1963, 4, 11), phone="+16175550299")
    said = [
        fact("diagnosis", now - 28 * DAY, "D1", body=LUNG),
        fact(
            "test_ordered",
            now - 27 * DAY,
            "O1",
            family="order",
            keys=("placer:O1",),
            body={"specimen_class": "tissue", "text": "NGS panel"},
        ),
        result(now - 14 * DAY, "EGFR"),
    ]
    with transaction.atomic():
        journeys.receive([Received(patient.pk, (one,), site.pk) for one in said], now=now)
    journey = Journey.objects.get(patient=patient)
    team.name(journey=journey, role=TeamRole.RESPONSIBLE, person=clinician, source="enrolment", now=now - 2 * DAY, by=nurse_)
    desk.item(Stay.objects.open().get(journey=journey, stage__name="to_decide"), audience="clinician", priority=2)
    notices.raise_notices(now=now - DAY / 12)
    mail.send_due(now=now - DAY / 24)
    return Notice.objects.get(practitioner=clinician)
