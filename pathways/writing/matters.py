"""Opens and closes the matters that facts and timelines call for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pathways.binding import Bindings
from pathways.deadlines import Duration, due
from pathways.facts import Fact
from pathways.ladders import LADDERS
from pathways.lineage import version_key
from pathways.models import MatterKind
from pathways.timeline import Calendar, Timeline
from pathways.writing.changes import NewMatter
from pathways.writing.state import JourneyState, MatterState, PatientState

if TYPE_CHECKING:
    from pathways.enrolment import Proposal
    from pathways.writing.desk import Desk

RESULT_KINDS = frozenset({"result_partial", "result_final", "result_failed"})
SILENT = ("off",)
PARKED = ("backfill",)
"""What is asked while history is loaded waits for the go-live review list."""


def ladder_times(kind: str, opened_at: datetime, calendar: Calendar) -> tuple[datetime, list[datetime]]:
    """When the matter's first answer is due, and when each rung of its kind is to ring."""
    rungs = LADDERS[MatterKind(kind)]
    times = [opened_at if rung.at == 0 else due(opened_at, Duration(rung.at, "working_days"), calendar) for rung in rungs]
    return due(opened_at, Duration(rungs[0].answer_within, "working_days"), calendar), times


def open_matter(
    desk: Desk,
    patient: PatientState,
    *,
    kind: str,
    subject: str,
    site_id: int,
    mode: str,
    detail: Mapping[str, Any],
    journey: JourneyState | None = None,
    at: datetime | None = None,
) -> None:
    """Opens a matter unless one of this kind and subject was ever opened: what a person settled stays settled."""
    if mode in SILENT or (kind, subject) in patient.matters:
        return
    opened_at = at or desk.house.now
    due_at, rung_at = ladder_times(kind, opened_at, desk.house.calendar(site_id)[0])
    patient.matters[(kind, subject)] = MatterState(0, kind, subject, journey.id if journey else None, True)
    desk.changes.matters.append(
        NewMatter(
            kind=kind,
            subject=subject,
            site_id=site_id,
            patient_id=patient.id,
            journey_id=journey.id if journey else None,
            mode=mode,
            detail=dict(detail),
            opened_at=opened_at,
            due_at=due_at,
            rung_at=rung_at,
            release=mode in PARKED or desk.house.lists(mode),
        )
    )


def candidate(desk: Desk, patient: PatientState, site_id: int, proposal: Proposal) -> None:
    """A person who may belong on a pathway: someone must accept or refuse."""
    kind = MatterKind.STAGE_MISSING if proposal.clock else MatterKind.CANDIDATE
    if proposal.to == "genetic_counselor":
        kind = MatterKind.GERMLINE_CANDIDATE
    open_matter(
        desk,
        patient,
        kind=kind.value,
        subject=f"{patient.id}:{proposal.pathway}:{proposal.primary_group}:{proposal.basis_lineage}",
        site_id=site_id,
        mode=desk.house.mode(site_id, proposal.pathway),
        detail={
            "pathway": proposal.pathway,
            "entry": proposal.entry,
            "primary_group": proposal.primary_group,
            "found_by": proposal.found_by,
            "opened_at": proposal.opened_at.isoformat(),
            "laterality": proposal.laterality,
            "basis": proposal.basis_lineage,
        },
    )


def raise_for_facts(desk: Desk, patient: PatientState, site_id: int, added: Sequence[Fact], bindings: Bindings) -> None:
    """What the new facts ask of a person apart from any stage: unbound results, hints of death."""
    _close_answered(desk, patient, bindings)
    mode = desk.house.site_mode(site_id)
    if mode in SILENT:
        return
    unbound, ambiguous = set(bindings.unbound), dict(bindings.ambiguous)
    for fact in added:
        if fact.body.get("wrong_patient"):
            _breached(desk, patient, fact, site_id, mode)
        if fact.retracted:
            if fact.kind == "death":
                detail = {"lineage": fact.lineage, "taken_back": True}
                subject = f"{patient.id}:{fact.digest[:12]}"
                open_matter(desk, patient, kind="death_hint", subject=subject, site_id=site_id, mode=mode, detail=detail)
            continue
        _ask_to_read_again(desk, patient, fact, site_id, mode)
        if fact.kind == "death_hint":
            detail = {"lineage": fact.lineage}
            open_matter(desk, patient, kind="death_hint", subject=str(patient.id), site_id=site_id, mode=mode, detail=detail)
        elif fact.lineage in ambiguous:
            candidates = {"lineage": fact.lineage, "journeys": list(ambiguous[fact.lineage])}
            open_matter(desk, patient, kind="ambiguous", subject=fact.lineage, site_id=site_id, mode=mode, detail=candidates)
        elif fact.lineage in unbound and _speaks_of_biomarkers(fact):
            detail = {"lineage": fact.lineage, "kind": fact.kind, "text": str(fact.body.get("text", ""))}
            open_matter(desk, patient, kind="unbound", subject=fact.lineage, site_id=site_id, mode=mode, detail=detail)


def _breached(desk: Desk, patient: PatientState, fact: Fact, site_id: int, mode: str) -> None:
    """Somebody else's result was filed here: it is taken back, and whoever read it meanwhile read what was not theirs. Asked once a report,
    and only where we had it."""
    if any(one.lineage == fact.lineage and not one.body.get("wrong_patient") for one in patient.facts):
        detail = {"lineage": fact.lineage, "text": "The laboratory says that this result is another patient's. It was taken back here."}
        subject = f"{patient.id}:{fact.lineage}"
        open_matter(desk, patient, kind="privacy_incident", subject=subject, site_id=site_id, mode=mode, detail=detail)


def _ask_to_read_again(desk: Desk, patient: PatientState, fact: Fact, site_id: int, mode: str) -> None:
    """Another version of a document came after somebody had read it: what they wrote down is of the old one."""
    if fact.kind != "result_document":
        return
    read = [one.body["abstracted"] for one in patient.facts if one.body.get("abstracted")]
    if any(one["document"] == fact.lineage and one["version"] != fact.digest for one in read):
        journey = next(
            (one for one in patient.journeys if any(e.lineage == fact.lineage and e.id in one.attached for e in patient.facts)), None
        )
        detail = {"lineage": fact.lineage, "journey": journey.id if journey else None, "why": "the laboratory sent another version"}
        subject = f"{fact.lineage}:{fact.digest[:12]}"
        open_matter(desk, patient, kind="abstraction", subject=subject, site_id=site_id, mode=mode, detail=detail)


def _speaks_of_biomarkers(fact: Fact) -> bool:
    """A live result feed is every potassium in the house: only a report with findings, or one to be read, asks for a person."""
    return fact.kind == "result_document" or (fact.kind in RESULT_KINDS and bool(fact.body.get("findings")))


def _close_answered(desk: Desk, patient: PatientState, bindings: Bindings) -> None:
    """A matter of binding closes itself when a later key decides."""
    open_binding = [m for m in patient.matters.values() if m.open and m.id and m.kind in ("unbound", "ambiguous")]
    if not open_binding:
        return
    bound = {one.lineage for one in bindings.bound}
    for matter in open_binding:
        if matter.subject in bound:
            matter.open = False
            desk.changes.close("decided by a later key", matter.id)


def _reviews(journey: JourneyState, timeline: Timeline) -> dict[tuple[str, str], datetime | None]:
    """A hold stops every rung of its journey, so its review date must ring itself: nobody is silent."""
    held = (hold for hold in timeline.holds if hold.until is None and hold.review_at is not None)
    return {(MatterKind.HOLD_REVIEW.value, f"{journey.key}:{hold.since.isoformat()}"): hold.review_at for hold in held}


def _without_basis(patient: PatientState, journey: JourneyState) -> dict[tuple[str, str], datetime | None]:
    """What brought the journey about was entered in error: no rule closes it, a person looks whether the patient belongs here."""
    if journey.columns["status"] != "active" or not any(fact.retracted for fact in patient.facts):
        return {}
    enrolled = next((fact for fact in patient.facts if fact.kind == "enrolled" and journey.key in fact.keys), None)
    basis = str(enrolled.body.get("basis") or "") if enrolled else ""
    versions = [fact for fact in patient.facts if basis and fact.lineage == basis]
    if not versions or not max(versions, key=version_key).retracted:
        return {}
    return {(MatterKind.ANOMALY.value, f"{journey.key}:basis:{basis}"): None}


def settle_for_journey(desk: Desk, patient: PatientState, journey: JourneyState, timeline: Timeline) -> None:
    """Opens what replay asks for and closes what it no longer asks for."""
    mode = desk.house.mode(journey.home_site_id, journey.pathway)
    wanted: dict[tuple[str, str], datetime | None] = {(kind, f"{journey.key}:{subject}"): None for kind, subject in timeline.matters}
    wanted.update(_reviews(journey, timeline))
    wanted.update(_without_basis(patient, journey))
    for (kind, subject), at in sorted(wanted.items(), key=lambda one: one[0]):
        detail = {"subject": subject.partition(":")[2].partition(":")[2]}
        open_matter(
            desk, patient, kind=kind, subject=subject, site_id=journey.home_site_id, mode=mode, detail=detail, journey=journey, at=at
        )
    for matter in patient.matters.values():
        ours = matter.open and matter.id and matter.journey_id == journey.id and matter.subject.startswith(f"{journey.key}:")
        if ours and (matter.kind, matter.subject) not in wanted:
            matter.open = False
            desk.changes.close("answered", matter.id)
