"""The cohort as its feeds send it: bytes with the time they arrive, some of them late, twice, corrected or in the wrong order. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from . import fhir, hl7, sheets
from .course import Course, Step
from .findings import Report
from .people import SyntheticPerson

LATE, TWICE, CORRECTED, UNANNOUNCED, TWO_NUMBERS, HOUSEHOLD_TESTS = 0.03, 0.02, 0.03, 0.01, 0.01, 0.2
"""Shares: messages days late, messages sent again, results corrected later, people registered after their first message, people first
known under another number, and people with a potassium that no pathway asks for."""


class Delivery(msgspec.Struct, frozen=True):
    """One message as it reaches us. `feed` is the feed's name."""

    at: datetime
    feed: str
    body: bytes


def deliveries(courses: list[Course], seed: int, today: datetime) -> list[Delivery]:
    """All that arrives until `today`, in the order of arrival."""
    sent = [each for course in courses for each in map(_on_a_weekday, _of(course, seed)) if each.at <= today]
    return sorted(sent, key=lambda each: (each.at, each.feed, each.body))


def _on_a_weekday(post: Delivery) -> Delivery:
    """What a queue holds over a weekend goes out on Monday."""
    return msgspec.structs.replace(post, at=post.at + timedelta(days=7 - post.at.weekday())) if post.at.weekday() > 4 else post


def _of(course: Course, seed: int) -> Iterator[Delivery]:
    clerk = Clerk(course.person, random.Random(f"post {seed} {course.person.n}"))
    yield from clerk.registration(course.steps[0].at)
    for step in course.steps:
        if step.told == "message":
            yield from clerk.tell(step)


class Clerk:
    """Whoever types and sends what is known of one person."""

    def __init__(self, person: SyntheticPerson, dice: random.Random) -> None:
        self.person = person
        self.dice = dice
        self.count = 0

    def registration(self, first: datetime) -> Iterator[Delivery]:
        """The person, the consent to texts, and now and then a merge with the number of a first telephone call."""
        person = self.person
        at = first - timedelta(minutes=self.dice.randint(5, 240))
        if self.dice.random() < UNANNOUNCED:
            at = first + timedelta(hours=30)
        if person.site == "prairie":
            yield Delivery(at, "prairie-engine", fhir.register(person, at, self.control()))
        else:
            yield Delivery(at, "harbor-engine", hl7.register(person, at, self.control()).encode())
            yield from self._merge(at)
            yield from self._potassium(at)
        if person.consents:
            yield self._consent(at + timedelta(minutes=self.dice.randint(10, 3000)))

    def _merge(self, at: datetime) -> Iterator[Delivery]:
        if self.dice.random() < TWO_NUMBERS:
            caller = msgspec.structs.replace(self.person, mrn=f"T{self.person.mrn}")
            early, late = at - timedelta(days=2), at + timedelta(days=2)
            yield Delivery(early, "harbor-engine", hl7.register(caller, early, self.control()).encode())
            yield Delivery(late, "harbor-engine", hl7.merge(self.person, caller.mrn, late, self.control()).encode())

    def _potassium(self, at: datetime) -> Iterator[Delivery]:
        if self.dice.random() < HOUSEHOLD_TESTS:
            when = at + timedelta(days=self.dice.uniform(0.5, 60))
            yield Delivery(when, "harbor-engine", hl7.potassium(self.person, when, self.control()).encode())

    def _consent(self, at: datetime) -> Delivery:
        resources = [fhir.consent(self.person, at)]
        if self.person.site == "prairie":
            return Delivery(at, "prairie-engine", fhir.bundle(self.person, resources, at, self.control()))
        return Delivery(at, "harbor-engine", fhir.bundle(self.person, resources, at, self.control(), authority=hl7.HOSPITAL))

    def control(self) -> str:
        self.count += 1
        return f"{self.person.mrn}-{self.count:03d}"

    def tell(self, step: Step) -> Iterator[Delivery]:
        """The step's message, when it arrives; again where the sender repeats itself; first wrong where it is corrected later."""
        arrives = step.at + timedelta(minutes=self.dice.expovariate(1 / 25) + 1)
        if self.dice.random() < LATE:
            arrives += timedelta(days=self.dice.uniform(1.2, 6))
        if step.kind == "result_final" and "report" in step.data and self.dice.random() < CORRECTED:
            yield from self._first_wrong(step, arrives)
        elif made := self.write(step, arrives):
            yield made
            if self.dice.random() < TWICE:
                yield msgspec.structs.replace(made, at=arrives + timedelta(hours=self.dice.uniform(0.2, 50)))

    def _first_wrong(self, step: Step, arrives: datetime) -> Iterator[Delivery]:
        """A final report with another PD-L1 score, corrected two days later to the true one."""
        true: Report = step.data["report"]
        wrong = msgspec.structs.replace(true, tps=true.tps + 3 if true.tps else 0)
        right_at = arrives + timedelta(days=2)
        pair = (
            (msgspec.structs.replace(step, data={**step.data, "report": wrong}), arrives),
            (msgspec.structs.replace(step, kind="result_corrected", data={**step.data, "corrected_at": right_at}), right_at),
        )
        for version, at in pair:
            if made := self.write(version, at):
                yield made

    def write(self, step: Step, sent: datetime) -> Delivery | None:
        """The message of the system that would say this; None where no system does."""
        person, control = self.person, self.control()
        if step.kind in fhir.PAYER:
            own = fhir.AUTHORITY if person.site == "prairie" else hl7.HOSPITAL
            body = fhir.bundle(person, fhir.PAYER[step.kind](person, step), sent, control, authority=own)
            return Delivery(sent, f"{person.site}-engine", body)
        if step.kind in sheets.KINDS or step.data.get("sheet"):
            return Delivery(sent, f"{person.site}-engine", sheets.row(person, step))
        if person.site == "prairie":
            return self._fhir(step, sent, control)
        if step.kind not in hl7.WRITERS:
            return None
        return Delivery(sent, "harbor-engine", hl7.WRITERS[step.kind](person, step, control, sent).encode())

    def _fhir(self, step: Step, sent: datetime, control: str) -> Delivery | None:
        if step.kind == "death":
            return Delivery(sent, "prairie-engine", fhir.bundle(self.person, [], sent, control, died=step.at))
        if step.kind not in fhir.WRITERS or _is_plain_blood(step):
            return None
        return Delivery(sent, "prairie-engine", fhir.bundle(self.person, fhir.WRITERS[step.kind](self.person, step), sent, control))


def _is_plain_blood(step: Step) -> bool:
    """A tube of blood alone is every potassium in the house: this exchange sends it with its order or report, and not by itself."""
    return step.kind == "specimen_collected" and step.data.get("specimen_class") == "blood"
