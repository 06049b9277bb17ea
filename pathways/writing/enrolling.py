"""Opens journeys and candidates that the definitions' enrol rules propose."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from pathways.enrolment import Proposal, propose
from pathways.facts import Fact, Grade
from pathways.models import MatterKind
from pathways.writing.acts import act
from pathways.writing.matters import candidate
from pathways.writing.state import JourneyState, PatientState

if TYPE_CHECKING:
    from pathways.writing.desk import Desk

BLANK = {
    "phase": "identified",
    "status": "active",
    "outcome": "",
    "exit_reason": "",
    "exit_class": "",
    "ended_at": None,
    "identified_at": None,
    "ordered_at": None,
    "sampled_at": None,
    "resulted_at": None,
    "decided_at": None,
    "started_at": None,
    "ball": "",
    "held_until": None,
    "hold_reason": "",
    "context_digest": "",
}


def open_journeys(desk: Desk, patient: PatientState, facts: Sequence[Fact], site_id: int, added: Sequence[Fact]) -> None:
    """Opens the journeys and candidates that rules propose now. Programmes that are off at the site are not asked; their facts are kept for the switch."""
    asked = desk.house.enrolling(site_id, frozenset(fact.kind for fact in added))
    if not asked:
        return
    existing = [(one.pathway, one.primary_group) for one in patient.journeys if one.counts]
    for proposal in propose(facts, asked, existing=existing):
        if proposal.then == "candidate":
            candidate(desk, patient, site_id, proposal)
        else:
            enrol(desk, patient, site_id, proposal, grade=Grade.RULE)


def enrol(desk: Desk, patient: PatientState, site_id: int, proposal: Proposal, *, grade: Grade, by_id: int | None = None) -> JourneyState:
    """Opens one journey with its `enrolled` event and settles the candidates that it answers."""
    published = desk.house.published[proposal.pathway]
    rollout = desk.house.rollouts.get((site_id, proposal.pathway))
    same = [
        journey for journey in patient.journeys if (journey.pathway, journey.primary_group) == (proposal.pathway, proposal.primary_group)
    ]
    journey = JourneyState(
        id=desk.journey_id(),
        patient_id=patient.records.get(proposal.basis_lineage, patient.id),
        pathway=proposal.pathway,
        version_id=published.version_id,
        primary_group=proposal.primary_group,
        episode_no=max((one.episode_no for one in same), default=0) + 1,
        entry=proposal.entry,
        home_site_id=site_id,
        opened_at=proposal.opened_at,
        columns={**BLANK, "milestones": {}, "balls": [], "anomalies": []},
        is_new=True,
        found_by=proposal.found_by,
        laterality=proposal.laterality,
        accountable_id=rollout.accountable_id if rollout else None,
        prevalent=rollout.is_prevalent(proposal.opened_at) if rollout else False,
        observed_from=proposal.observed_from,
    )
    patient.journeys.append(journey)
    desk.changes.new_journeys.append(journey)
    desk.append(patient, _enrolled(journey, proposal, proposal.opened_at, grade), by_id=by_id, record_id=journey.patient_id)
    _settle_candidates(desk, patient, proposal.pathway)
    return journey


def _enrolled(journey: JourneyState, proposal: Proposal, at: datetime, grade: Grade) -> Fact:
    body = {
        "entry": proposal.entry,
        "found_by": proposal.found_by,
        "pathway": proposal.pathway,
        "primary_group": proposal.primary_group,
        "episode_no": journey.episode_no,
        "episode_kind": "initial",
        "basis": proposal.basis_lineage,
    }
    return act(kind="enrolled", journey=journey, business_id=str(journey.id), occurred=at, body=body, grade=grade)


def _settle_candidates(desk: Desk, patient: PatientState, pathway: str) -> None:
    for matter in patient.matters.values():
        is_candidate = matter.kind in (MatterKind.CANDIDATE, MatterKind.STAGE_MISSING, MatterKind.GERMLINE_CANDIDATE)
        if matter.open and is_candidate and matter.subject.split(":")[1] == pathway:
            matter.open = False
            desk.changes.close("enrolled", matter.id)
