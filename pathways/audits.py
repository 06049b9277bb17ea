"""The completeness audit: a registry's list against the journeys. The never-ordered are found only this way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

import msgspec
from django.db import transaction
from django.utils.translation import gettext as _

from pathways import candidates
from pathways.definitions import registry
from pathways.ingest.cells import first
from pathways.ingest.when import moment
from pathways.models import Binding, Event, Journey, Matter, RegistryAudit, RegistryRow, Rollout
from pathways.uploads import Line, Unusable
from patients import spans
from patients.models import Identifier, Patient, Site, User

FOUND_BY = "registry_audit"
BORN = ("birthdate", "dateofbirth", "dob", "birth")
DIAGNOSED = ("diagnosisdate", "dateofdiagnosis", "diagnosedon", "datedx")
PRIMARY = ("primary", "primarysite", "site", "code", "icd10", "topography")
EDGE = timedelta(days=31)
Verdict = RegistryRow.Verdict


class Extra(msgspec.Struct, frozen=True):
    """A journey of the list's time whose patient is not on it; `why` where it is known."""

    journey: Journey
    why: str


def audit(*, site: Site, pathway: str, lines: Sequence[Line], primary: str, by: User, now: datetime) -> RegistryAudit:
    """Lays the list beside the journeys of the programme and keeps the rows with what became of each.

    Raises:
        Unusable: the programme is not in force, or a cell holds no date.
    """
    if pathway not in registry.published():
        raise Unusable(_("That programme is not in force."))
    stated = [_stated(line, site) for line in lines]
    days = sorted(row.diagnosed_on for row in stated if row.diagnosed_on)
    with transaction.atomic():
        span = {"first_on": days[0] if days else None, "last_on": days[-1] if days else None}
        made = RegistryAudit.objects.create(site=site, pathway=pathway, primary=primary.strip(), by=by, at=now, **span)
        known = _Known(site, pathway, [row.number for row in stated])
        for row in stated:
            row.audit = made
            known.place(row, _codes(primary))
        RegistryRow.objects.bulk_create(stated)
    return made


def open_candidates(*, audit: RegistryAudit, numbers: Iterable[int], by: User, now: datetime) -> int:
    """Rows (by line) become candidates in the queue; how many did. What cannot be opened, or was, is left."""
    opened = 0
    with transaction.atomic():
        rows = audit.rows.select_for_update(of=("self",)).select_related("patient").filter(n__in=list(numbers), may_open=True, matter=None)
        for row in rows.order_by("n"):
            assert row.patient is not None
            on = datetime.combine(row.diagnosed_on, datetime.min.time(), tzinfo=now.tzinfo) if row.diagnosed_on else now
            row.matter = candidates.propose(
                patient=row.patient, pathway=audit.pathway, site=audit.site, found_by=FOUND_BY, opened_at=min(on, now), by=by, now=now
            )
            row.may_open = False
            row.save(update_fields=["matter", "may_open"])
            opened += 1
    return opened


def extras(audit: RegistryAudit) -> list[Extra]:
    """Here, not in the registry: journeys of the programme that began in the time of the list."""
    if audit.first_on is None or audit.last_on is None:
        return []
    listed = audit.rows.filter(patient__isnull=False).values("patient")
    found = Journey.objects.filter(
        home_site=audit.site, pathway=audit.pathway, opened_at__date__gte=audit.first_on, opened_at__date__lte=audit.last_on
    )
    found = found.exclude(status="void").exclude(patient__in=listed).exclude(patient__survivor__in=listed)
    journeys = list(found.select_related("patient__person").order_by("opened_at", "pk"))
    diagnosed = _with_diagnosis(journeys)
    return [Extra(journey, _why_extra(journey, audit, diagnosed)) for journey in journeys]


def _with_diagnosis(journeys: Sequence[Journey]) -> set[int]:
    bound = Binding.objects.filter(journey__in=[one.pk for one in journeys], attached=True, event__kind="diagnosis")
    return set(bound.values_list("journey", flat=True))


def _why_extra(journey: Journey, audit: RegistryAudit, diagnosed: set[int]) -> str:
    if journey.patient.is_test:
        return "a test record"
    if journey.pk not in diagnosed:
        return f"no coded diagnosis was received; found by {journey.found_by}".replace("_", " ")
    assert audit.first_on is not None
    assert audit.last_on is not None
    on = journey.opened_at.date()
    return "near the edge of the list's time" if on < audit.first_on + EDGE or on > audit.last_on - EDGE else ""


class _Known:
    """What is known here of the numbers on a list, read in a few statements."""

    def __init__(self, site: Site, pathway: str, numbers: Sequence[str]) -> None:
        self.site, self.pathway = site, pathway
        self.patients = self._patients(numbers)
        ids = {patient.pk for found in self.patients.values() for patient in found}
        of_these = Journey.objects.filter(patient__in=ids, pathway=pathway).select_related("home_site").order_by("opened_at")
        self.journeys = {journey.patient_id: journey for journey in of_these}
        asked = Matter.objects.filter(patient__in=ids, kind__in=candidates.CANDIDATE_KINDS, detail__pathway=pathway).order_by("pk")
        self.matters = {matter.patient_id: matter for matter in asked}
        kinds = registry.published()[pathway].definition.enrol_kinds
        self.heard = set(Event.objects.filter(patient__in=ids, kind__in=kinds).values_list("patient", flat=True))
        rollout = Rollout.objects.filter(site=site, pathway=pathway).first()
        self.mode = rollout.mode if rollout else Rollout.Mode.OFF

    def _patients(self, numbers: Sequence[str]) -> dict[str, list[Patient]]:
        rows = Identifier.objects.filter(value__in=numbers, until=None, patient__sites__site=self.site).order_by("pk")
        found: dict[str, list[Patient]] = {}
        for row in rows.select_related("patient__person", "patient__survivor__person").distinct():
            patient = row.patient.survivor or row.patient
            if patient not in found.setdefault(row.value, []):
                found[row.value].append(patient)
        return found

    def place(self, row: RegistryRow, codes: Sequence[str]) -> None:
        """Says of a row where it was found, or why not."""
        if codes and row.primary and not row.primary.upper().replace(".", "").startswith(tuple(codes)):
            row.verdict = Verdict.OTHER
            return
        row.verdict = Verdict.MISSING
        found = self.patients.get(row.number, [])
        if len(found) != 1:
            row.reason = "two patients have this number" if found else "no patient of this site has this number"
            return
        row.patient = found[0]
        if row.born_on and not _born(found[0], row.born_on):
            row.reason = "the number is known with another birth date"
            return
        self._follow(row, found[0])

    def _follow(self, row: RegistryRow, patient: Patient) -> None:
        journey, matter = self.journeys.get(patient.pk), self.matters.get(patient.pk)
        if journey is not None and journey.status != "void":
            row.journey, row.verdict = journey, Verdict.HERE
            row.reason = "" if journey.home_site_id == self.site.pk else f"followed by {journey.home_site}"[:120]
            return
        if matter is not None and matter.closed_at is None:
            row.reason = "waits as a candidate"
            return
        row.may_open = self.mode not in (Rollout.Mode.OFF, Rollout.Mode.BACKFILL)
        row.reason = self._why(journey, matter, patient)[:120]

    def _why(self, journey: Journey | None, matter: Matter | None, patient: Patient) -> str:
        if self.mode == Rollout.Mode.OFF:
            return "the programme is off at this site"
        if journey is not None:
            return "the journey was voided"
        if matter is not None:
            return matter.reason.replace("_", " ")
        return "known, but no rule enrolled" if patient.pk in self.heard else "known, but no fact that enrols was received"


def _stated(line: Line, site: Site) -> RegistryRow:
    born = first(line.cells, *BORN)
    on = first(line.cells, *DIAGNOSED)
    return RegistryRow(
        n=line.n,
        number=line.mrn,
        born_on=_birth(born, line.n) if born else None,
        diagnosed_on=_day(on, site, line.n) if on else None,
        primary=first(line.cells, *PRIMARY)[:60],
    )


def _birth(text: str, n: int) -> date | None:
    found = spans.birth(text)
    if found is None:
        raise Unusable(_("Line %(n)s: the birth date is no date as 1958-04-02.") % {"n": n})
    return found[0] if found[0] == found[1] else None


def _day(text: str, site: Site, n: int) -> date:
    found = moment(text, site.time_zone)
    if found is None:
        raise Unusable(_("Line %(n)s: the date of diagnosis is no date as 2026-03-20.") % {"n": n})
    return found.lo.date()


def _born(patient: Patient, on: date) -> bool:
    person = patient.person
    return person.birth_lo is None or person.birth_hi is None or person.birth_lo <= on <= person.birth_hi


def _codes(primary: str) -> list[str]:
    return [code.upper().replace(".", "") for code in primary.replace(",", " ").split()]
