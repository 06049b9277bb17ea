"""Shadow: what would have been asked and texted, beside what the navigators had on their own list. Nothing here asks anybody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from notifications.models import Message, ShadowNote, WorkItem
from pathways.alerts import CORRECTED
from pathways.models import Journey, Rollout, Stay
from pathways.uploads import Line
from patients.models import Identifier, Patient, Site, User
from patients.templatetags.finalmile import translated

LEAST_PRECISION, MOST_MISSED = 0.8, 0.1  # local defaults of the go/no-go; the people in the room decide


class Compared(msgspec.Struct, frozen=True):
    """Patients, by what both sides say. `alone` are ours that the list lacks and a person found to be stalls after all."""

    agreed: list[int]
    missed: list[int]
    false: list[int]
    alone: list[int]
    unjudged: list[int]
    unknown: list[str]

    @property
    def found(self) -> int:
        return len(self.agreed) + len(self.alone)

    @property
    def precision(self) -> float | None:
        """Of ours that were judged, the share that are stalls."""
        judged = self.found + len(self.false)
        return self.found / judged if judged else None

    @property
    def missed_share(self) -> float | None:
        """Of all stalls that either side knows, the share that we missed."""
        missed = len(self.missed) + len(self.unknown)
        return missed / (self.found + missed) if self.found + missed else None


class Criterion(msgspec.Struct, frozen=True):
    words: str
    value: str
    met: bool


def ours(site: Site, pathway: str) -> QuerySet[WorkItem]:
    """Would-be items since the trial began; those whose reason turned out wrong do not count."""
    about = Q(journey__pathway=pathway) | Q(journey=None, matter__detail__pathway=pathway)
    return WorkItem.objects.filter(about, site=site, shadow=True, patient__isnull=False).exclude(outcome=CORRECTED)


def texts(site: Site, pathway: str) -> QuerySet[Message]:
    """Would-be texts."""
    found = Message.objects.filter(shadow=True, journey__home_site=site, programme=pathway)
    return found.select_related("patient__person", "journey", "stay__stage").order_by("created_at", "pk")


def notes(site: Site, pathway: str) -> dict[int, ShadowNote]:
    """By patient."""
    found = ShadowNote.objects.filter(site=site, pathway=pathway, patient__isnull=False).select_related("by")
    return {note.patient_id: note for note in found if note.patient_id}


def compare(site: Site, pathway: str) -> Compared:
    """A stall that both have is agreed, unless a person says that it is none. What only we have counts once a person has judged it."""
    mine = set(ours(site, pathway).values_list("patient", flat=True))
    said = notes(site, pathway)
    listed = {patient for patient, note in said.items() if note.listed}
    verdict = {patient: note.verdict for patient, note in said.items()}
    false = {patient for patient in mine if verdict.get(patient) == ShadowNote.Verdict.FALSE}
    right = {patient for patient in mine if verdict.get(patient) == ShadowNote.Verdict.RIGHT}
    nobody = ShadowNote.objects.filter(site=site, pathway=pathway, patient=None, listed=True).order_by("number")
    return Compared(
        agreed=sorted((mine & listed) - false),
        missed=sorted(listed - mine),
        false=sorted(false),
        alone=sorted(right - listed),
        unjudged=sorted(mine - listed - false - right),
        unknown=list(nobody.values_list("number", flat=True)),
    )


def criteria(found: Compared, *, signed: bool) -> list[Criterion]:
    """What speaks for leaving shadow. The thresholds are local defaults."""
    precision, missed = found.precision, found.missed_share
    return [
        Criterion(
            _("at least %(LEAST_PRECISION)s of ours that were judged are stalls") % {"LEAST_PRECISION": f"{LEAST_PRECISION:.0%}"},
            _share(precision),
            (precision or 0) >= LEAST_PRECISION,
        ),
        Criterion(
            _("at most %(MOST_MISSED)s of all known stalls were missed") % {"MOST_MISSED": f"{MOST_MISSED:.0%}"},
            _share(missed),
            missed is not None and missed <= MOST_MISSED,
        ),
        Criterion(
            _("every one of ours was judged or is on the list"), _("%(n)s not judged") % {"n": len(found.unjudged)}, not found.unjudged
        ),
        Criterion(_("the local targets are signed"), "signed" if signed else _("not signed"), signed),
    ]


def put_on_list(*, site: Site, pathway: str, lines: Iterable[Line], by: User, now: datetime) -> tuple[int, int]:
    """The navigators' own list: how many are known here, and how many are not. What is listed already stays."""
    wanted = {line.mrn: line.cells.get("note", "") or line.cells.get("problem", "") for line in lines}
    known = patients_of(site, wanted)
    for number, note in wanted.items():
        _list(site, pathway, known.get(number), number, note, by, now)
    return len(known), len(wanted) - len(known)


def patients_of(site: Site, numbers: Iterable[str]) -> dict[str, int]:
    """Patients of the site by their number, merged records through their survivor; a number that two have names nobody."""
    rows = Identifier.objects.filter(value__in=list(numbers), until=None, patient__sites__site=site)
    found: dict[str, set[int]] = {}
    for value, patient, survivor in rows.values_list("value", "patient", "patient__survivor"):
        found.setdefault(value, set()).add(survivor or patient)
    return {value: next(iter(ids)) for value, ids in found.items() if len(ids) == 1}


def judge(*, site: Site, pathway: str, said: Mapping[int, tuple[bool, str, str]], by: User, now: datetime) -> int:
    """What a person ticked, by patient: on our own list, the verdict, a note. Only what differs is written; how many did."""
    changed = 0
    with transaction.atomic():
        present = {note.patient_id: note for note in ShadowNote.objects.select_for_update().filter(site=site, pathway=pathway)}
        for patient, (listed, verdict, note) in said.items():
            row = present.get(patient)
            if (row.listed, row.verdict, row.note) == (listed, verdict, note) if row else not (listed or verdict or note):
                continue
            stated = {"listed": listed, "verdict": verdict, "note": note[:500], "by": by, "at": now}
            ShadowNote.objects.update_or_create(site=site, pathway=pathway, patient_id=patient, number="", defaults=stated)
            changed += 1
    return changed


def why_missed(patient_ids: Sequence[int], rollout: Rollout, *, now: datetime) -> dict[int, str]:
    """Where the one on their list stands with us: the likeliest reason why nothing would have been asked."""
    journeys = Journey.objects.filter(patient__in=patient_ids, pathway=rollout.pathway).exclude(status="void").order_by("opened_at")
    latest = {journey.patient_id: journey for journey in journeys}
    waits: dict[int, list[Stay]] = {}
    for stay in Stay.objects.open().filter(journey__in=[one.pk for one in latest.values()]).select_related("stage", "feed"):
        waits.setdefault(stay.journey_id, []).append(stay)
    return {patient: _why(latest.get(patient), rollout, waits, now) for patient in patient_ids}


def _why(journey: Journey | None, rollout: Rollout, waits: Mapping[int, Sequence[Stay]], now: datetime) -> str:
    if journey is None:
        return _("not on the programme here: no fact that enrols was received")
    if journey.home_site_id != rollout.site_id:
        return _("followed by another site")
    if journey.status != "active":
        return (_("the journey ended: %(exit_reason)s") % {"exit_reason": journey.outcome or journey.exit_reason}).replace("_", " ")
    if journey.held_until:
        return _("on hold: %(hold_reason)s") % {"hold_reason": journey.hold_reason}
    open_waits = waits.get(journey.pk, [])
    if late := next((stay for stay in open_waits if stay.gated), None):
        return _("waits for a feed that is late: %(feed)s") % {"feed": late.feed}
    ahead = sorted((stay.due_at, translated(stay.stage.label)) for stay in open_waits if stay.due_at and stay.due_at > now)
    return (
        _("not due yet: %(ahead)s, due %(ahead2)s") % {"ahead": ahead[0][1], "ahead2": date_format(ahead[0][0], "d M")}
        if ahead
        else _("nothing that this programme waits for is missing")
    )


def _list(site: Site, pathway: str, patient: int | None, number: str, note: str, by: User, now: datetime) -> None:
    stated = {"listed": True, "by": by, "at": now, **({"note": note[:500]} if note else {})}
    who: dict[str, Any] = {"patient_id": patient, "number": "" if patient else number}
    ShadowNote.objects.update_or_create(site=site, pathway=pathway, **who, defaults=stated)


def _share(value: float | None) -> str:
    return _("nothing judged yet") if value is None else f"{value:.0%}"


def named(patient_ids: Iterable[int]) -> dict[int, Patient]:
    return Patient.objects.select_related("person").in_bulk(list(patient_ids))
