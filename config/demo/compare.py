"""Holds what the product noticed against what truly happened. Reads the product's rows; writes nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from pathways.definitions import registry
from pathways.models import Alert, PathwayVersion
from pathways.timeline import Calendar
from patients.calendars import calendar_for
from patients.models import Identifier, Site

from .course import Course
from .run import ticks
from .truth import Stall, stalls

ALLOWANCE = timedelta(days=1)  # the daily look comes up to a day after a wait ends


class Raised(msgspec.Struct, frozen=True):
    """A wait that the product called late. `left` is when it ended, as the product now knows."""

    mrn: str
    pathway: str
    stage: str
    due: datetime
    left: datetime | None
    rang: datetime


class Compared(msgspec.Struct, frozen=True):
    """Numbers of stalls, and by stage (true, found, false)."""

    true: int
    found: int
    missed: int
    false: int
    by_stage: dict[str, tuple[int, int, int]] = {}


def compare(courses: list[Course], *, today: datetime, days: int) -> Compared:
    """True stalls against raised ones, one to one, by patient and stage."""
    happened = stalls(courses, looks=ticks(today, days), calendars=_calendars())
    return match(happened, raised(until=today))


def match(happened: Iterable[Stall], noticed: Iterable[Raised]) -> Compared:
    left_over: defaultdict[tuple[str, str, str], list[Raised]] = defaultdict(list)
    for each in sorted(noticed, key=lambda one: one.rang):
        left_over[(each.mrn, each.pathway, each.stage)].append(each)
    true: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for stall in sorted(happened, key=lambda one: one.due):
        true[stall.stage] += 1
        mine = left_over[(stall.mrn, stall.pathway, stall.stage)]
        same = next((one for one in mine if _meets(stall, one)), None)
        if same is not None:
            mine.remove(same)
            found[stall.stage] += 1
    false = Counter(one.stage for rest in left_over.values() for one in rest)
    stages = {stage: (true[stage], found[stage], false[stage]) for stage in sorted(true | false)}
    return Compared(true.total(), found.total(), true.total() - found.total(), false.total(), stages)


def _meets(stall: Stall, one: Raised) -> bool:
    """The same wait: they overlap in time."""
    return (stall.left is None or one.rang <= stall.left + ALLOWANCE) and (one.left is None or one.left >= stall.due - ALLOWANCE)


def raised(*, until: datetime) -> list[Raised]:
    """Waits with an alert to staff, by then, that they are late. Watches and reminders before a deadline are no such thing."""
    early = _before_due()
    numbers = _numbers()
    first: dict[int, Raised] = {}
    rows = Alert.objects.filter(rang_at__lte=until, stay__isnull=False, stay__stage__watch=False, stay__due_at__isnull=False).exclude(
        rung__audience="patient"
    )
    fields = ("stay", "rung", "rang_at", "stay__due_at", "stay__left_at", "stay__track", "stay__stage__name", "stay__journey__pathway")
    for stay, rung, rang, due, left, track, stage, pathway, patient in rows.order_by("rang_at").values_list(
        *fields, "stay__journey__patient"
    ):
        if rung not in early and stay not in first and patient in numbers:
            first[stay] = Raised(numbers[patient], pathway, f"{track}.{stage}", due, left, rang)
    return list(first.values())


def _before_due() -> set[int]:
    """Rungs that ring ahead of a deadline."""
    from pathways.models import Rung

    found = set()
    for version in PathwayVersion.objects.all():
        definition = registry.load(version.pk).definition
        for rung in Rung.objects.filter(stage__version=version).select_related("stage"):
            ladder = definition.stages[f"{rung.stage.track}.{rung.stage.name}"].ladder if rung.stage else ()
            if ladder and ladder[rung.n].at.amount < 0:
                found.add(rung.pk)
    return found


def _numbers() -> dict[int, str]:
    """Hospital number by patient, merged records under their survivor's."""
    rows = Identifier.objects.exclude(type="FHIR").order_by("pk").values_list("patient_id", "patient__survivor_id", "value")
    own = {patient: value for patient, survivor, value in rows if survivor is None and not value.startswith("T")}
    return own | {patient: own[survivor] for patient, survivor, _value in rows if survivor in own}


def _calendars() -> dict[str, Calendar]:
    plain = {site.code: calendar_for(site) for site in Site.objects.all()}
    return {code: Calendar(zone=each.zone, holidays=each.holidays) for code, each in plain.items()}
