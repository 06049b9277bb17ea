"""A small clinic with one stage, one ladder and people, made of rows, so that each test says only what is special about it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import TypeVar

from django.db import connection

from notifications.models import Message
from pathways.models import Alert, Binding, Event, Journey, Matter, PathwayVersion, Rollout, Rung, Stage, Stay
from patients.models import Authority, ContactPoint, Membership, Patient, PatientSite, Permission, Person, Phone, Site, User

NOON = datetime(2026, 3, 10, 16, 0, tzinfo=UTC)  # a Tuesday, 12:00 in New York
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)

EXITS = {"declined_test": "patient_choice", "deceased": "competing", "transferred": "administrative", "cost": "preventable"}

T = TypeVar("T")


def in_another_connection(work: Callable[[], T]) -> T:
    """Runs `work` as another process would: in a thread with a database connection of its own."""

    def isolated() -> T:
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(isolated).result()


@dataclass
class World:
    """Site `main` is live since a month ago; Dara is its navigator, Fay its lead."""

    mode: str = "live"
    numbers: count[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.site = Site.objects.create(code="main", name="Main Clinic", sender_name="Riverside Care", call_back="555-0100")
        self.dara = self.staff("dara", "navigator")
        self.fay = self.staff("fay", "lead")
        self.version = PathwayVersion.objects.create(
            code="lung", number=1, title="Lung", digest="d", body={"exits": EXITS}, status="retired"
        )
        self.stage = Stage.objects.create(
            version=self.version, track="main", name="visit", problem="no-visit", label="Visit", ball="patient"
        )
        self.rollout = Rollout.objects.create(
            site=self.site, pathway="lung", mode=self.mode, texts_from=NOON - 30 * DAY, default_accountable=self.dara
        )

    def staff(self, name: str, role: str) -> User:
        user = User.objects.create_user(name, password=None)
        Membership.objects.create(user=user, site=self.site, role=role)
        return user

    def patient(
        self, given: str = "Ana", *, consents: bool = True, phone: bool = True, born: date | None = date(1960, 1, 1), language: str = ""
    ) -> Patient:
        person = Person.objects.create(given=given, family="Q", birth_lo=born, birth_hi=born, language=language)
        patient = Patient.objects.create(person=person, registered_at=NOON - 60 * DAY)
        PatientSite.objects.create(patient=patient, site=self.site, since=NOON - 60 * DAY)
        if phone:
            self.phone(person, patient if consents else None)
        return patient

    def phone(self, person: Person, patient: Patient | None, *, zone: str = "America/New_York", rank: int = 1) -> Phone:
        phone = Phone.objects.create(e164=f"+1555020{next(self.numbers):04d}", zone=zone)
        ContactPoint.objects.create(person=person, phone=phone, rank=rank, since=NOON - 60 * DAY)
        if patient:
            Permission.objects.create(person=person, patient=patient, phone=phone, granted_at=NOON - 60 * DAY)
        return phone

    def parent(self, patient: Patient, given: str = "Pia") -> Person:
        person = Person.objects.create(given=given, family="Q")
        Authority.objects.create(person=person, patient=patient, basis="parent", since=NOON - 60 * DAY)
        self.phone(person, patient)
        return person

    def journey(self, patient: Patient) -> Journey:
        return Journey.objects.create(
            patient=patient,
            pathway="lung",
            version=self.version,
            primary_group=f"lung{next(self.numbers)}",
            entry="advanced",
            found_by="rule",
            home_site=self.site,
            accountable=self.dara,
            opened_at=NOON - 30 * DAY,
        )

    def stay(self, patient: Patient | None = None) -> Stay:
        journey = self.journey(patient or self.patient())
        return Stay.objects.create(
            journey=journey, stage=self.stage, track="main", root_lineage="r", entered_at=NOON - 20 * DAY, due_at=NOON
        )

    def says(self, journey: Journey, kind: str) -> Event:
        """A fact filed with the journey."""
        number = next(self.numbers)
        event = Event.objects.create(
            patient=journey.patient, kind=kind, lineage=f"x|{kind}|{number}", rank=2, digest=f"{number:064d}", grade=4,
            occurred_lo=NOON, occurred_hi=NOON, received_at=NOON,
        )  # fmt: skip
        Binding.objects.create(event=event, journey=journey, how="order", at=NOON)
        return event

    def rung(self, n: int = 0, audience: str = "navigator", **extra: object) -> Rung:
        defaults = {"problem": "no-visit", "priority": 5, "wording": "visit.reminder", "answer_within": 2 * DAY} | extra
        return Rung.objects.update_or_create(stage=self.stage, n=n, defaults={"audience": audience, **defaults})[0]

    def alert(self, stay: Stay | Matter | None, rung: Rung, **extra: object) -> Alert:
        assert stay is not None
        about = {"stay": stay} if isinstance(stay, Stay) else {"matter": stay}
        defaults = {"round": 1, "due_at": NOON, "rang_at": NOON, "mode": self.mode, "audience": rung.audience} | extra
        return Alert.objects.create(**about, rung=rung, **defaults)

    def text_alert(self, patient: Patient | None = None, *, n: int = 0, **extra: object) -> Alert:
        return self.alert(self.stay(patient), self.rung(n, "patient"), **extra)

    def answer(self, phone: Phone, purpose: str) -> Message:
        return Message.objects.create(
            phone=phone, purpose=purpose, wording=purpose.replace("_", "."), priority=1, created_at=NOON, not_before=NOON
        )
