"""Reads the whole state of the patients of a batch in a handful of statements, locked in the order patient, journey."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from psycopg import Cursor

from pathways.facts import Fact, Moment
from pathways.writing.state import JourneyState, MatterState, PatientState, StayState, version_key
from pathways.writing.wire import ask, execute, one_trip, told

MEMBERS = "%(ids)s::bigint[] || ARRAY(SELECT p.id FROM patients_patient p WHERE p.survivor_id = ANY(%(ids)s))"
"""The records of those asked for and those merged into them, found by the server: so that nobody waits for the list."""
OF_THEM = f"ARRAY(SELECT j.id FROM pathways_journey j WHERE j.patient_id = ANY({MEMBERS}))"
"""Their journeys, as one list: a join would leave the server to guess how many there are, and it may read every wait there ever was."""
EVENTS = f"""
SELECT e.id, e.patient_id, e.kind, e.lineage, e.rank, e.issued_at, e.message_at, e.digest, e.retracted, e.grade, e.basis::text,
       e.occurred_lo, e.occurred_hi, e.assumed_zone, e.recorded_at, e.received_at, e.keys, e.body::text
FROM pathways_event e WHERE e.patient_id = ANY({MEMBERS})
"""
COLUMNS = (
    "phase, status, outcome, exit_reason, exit_class, ended_at, identified_at, ordered_at, sampled_at, resulted_at, decided_at, "
    "started_at, milestones, ball, balls, held_until, hold_reason, context_digest, anomalies"
)
COLUMN_NAMES = tuple(COLUMNS.split(", "))
JSON_COLUMNS = ("milestones", "balls", "anomalies")
READ = ", ".join(f"{name}::text" if name in JSON_COLUMNS else name for name in COLUMN_NAMES)
_decode = msgspec.json.Decoder().decode
JOURNEYS = f"""
SELECT j.id, j.patient_id, j.pathway, j.version_id, j.primary_group, j.episode_no, j.entry, j.home_site_id, j.opened_at, {READ}
FROM pathways_journey j WHERE j.patient_id = ANY({MEMBERS}) ORDER BY j.id FOR NO KEY UPDATE
"""
STAYS = f"""
SELECT s.journey_id, s.id, s.stage_id, s.track, g.name, s.occurrence, s.root_lineage, s.entered_at, s.due_at, s.left_at, s.left_by,
       s.rung_at, s.attention_at, s.rang_through, s.round, s.feed_id, s.gated, s.release
FROM pathways_stay s JOIN pathways_stage g ON g.id = s.stage_id
WHERE s.journey_id = ANY({OF_THEM}) AND s.superseded = '' ORDER BY s.id FOR NO KEY UPDATE OF s
"""
BINDINGS = f"""
SELECT DISTINCT ON (b.journey_id, b.event_id) b.journey_id, b.event_id, b.attached, b.by_id IS NOT NULL
FROM pathways_binding b WHERE b.journey_id = ANY({OF_THEM}) ORDER BY b.journey_id, b.event_id, b.id DESC
"""
PATIENTS = f"""
SELECT p.id, COALESCE(p.survivor_id, p.id), h.birth_lo
FROM patients_patient p JOIN patients_person h ON h.id = p.person_id
WHERE p.id = ANY({MEMBERS}) ORDER BY p.id
"""
LOCK = f"SELECT p.id FROM patients_patient p WHERE p.id = ANY({MEMBERS}) ORDER BY p.id FOR NO KEY UPDATE"
MATTERS = f"""
SELECT m.id, m.kind, m.subject, m.journey_id, m.closed_at IS NULL, m.patient_id FROM pathways_matter m WHERE m.patient_id = ANY({MEMBERS})
"""


@dataclass(slots=True)
class Asked:
    """Questions on their way to the server."""

    patients: Cursor[Any]
    rest: list[Cursor[Any]]


def load(patient_ids: Sequence[int], *, lock: bool = True) -> dict[int, PatientState]:
    """State by survivor id of every patient named. Merged records answer under their survivor. Who only looks takes no lock."""
    with one_trip():
        return read(ask_for(patient_ids, lock=lock))


def ask_for(patient_ids: Sequence[int], *, lock: bool = True) -> Asked:
    """As `load`, the answer to be read later, by `read`. The lock comes first: what is read then stands still, and whoever was merged
    while we waited for the lock is seen."""
    ids = {"ids": list(set(patient_ids))}
    if lock:
        execute(LOCK, ids)
    return Asked(ask(PATIENTS, ids), [ask(_locking(sql, lock), ids) for sql in (EVENTS, JOURNEYS, STAYS, BINDINGS, MATTERS)])


def read(asked: Asked) -> dict[int, PatientState]:
    """The state of those asked for."""
    patients: dict[int, PatientState] = {}
    survivor: dict[int, int] = {}
    for row_id, survivor_id, birth in told(asked.patients):
        survivor[row_id] = survivor_id
        state = patients.setdefault(survivor_id, PatientState(survivor_id, None))
        state.members += (row_id,)
        if row_id == survivor_id:
            state.birth = birth
    events, found, stays, bindings, matters = map(told, asked.rest)
    for event in events:
        _add_fact(patients[survivor[event[1]]], event)
    journeys = {row[0]: _journey(row) for row in found}
    for journey in journeys.values():
        patients[survivor[journey.patient_id]].journeys.append(journey)
    for journey_id, *values in stays:
        journeys[journey_id].stays.append(StayState(*values))
    if bindings:
        _add_bindings(bindings, journeys, patients)
    for matter_id, kind, subject, journey_id, is_open, patient_id in matters:
        known = patients[survivor[patient_id]].matters
        if is_open or (kind, subject) not in known:
            known[(kind, subject)] = MatterState(matter_id, kind, subject, journey_id, is_open)
    return patients


def _locking(sql: str, lock: bool) -> str:
    return sql if lock else sql.partition(" FOR NO KEY UPDATE")[0]


def _add_fact(patient: PatientState, row: tuple[Any, ...]) -> None:
    fact = fact_of(row)
    patient.facts.append(fact)
    patient.versions.add(version_key(fact))
    if row[1] != patient.id:
        patient.records[fact.lineage] = row[1]


def fact_of(row: tuple[Any, ...]) -> Fact:
    """The fact of a row of `EVENTS`."""
    (
        row_id,
        _patient,
        kind,
        lineage,
        rank,
        issued,
        message,
        digest,
        retracted,
        grade,
        basis,
        lo,
        hi,
        assumed,
        recorded,
        received,
        keys,
        body,
    ) = row
    return Fact(
        kind,
        lineage,
        Moment(lo, hi, assumed),
        digest,
        rank,
        issued,
        message,
        recorded,
        retracted,
        grade,
        tuple(keys),
        _decode(body),
        None if basis is None else _decode(basis),
        received,
        row_id,
    )


def _journey(row: tuple[Any, ...]) -> JourneyState:
    columns = dict(zip(COLUMN_NAMES, row[9:], strict=True))
    for name in JSON_COLUMNS:
        columns[name] = _decode(columns[name])
    row_id, patient_id, pathway, version_id, group, episode_no, entry, site_id, opened_at = row[:9]
    return JourneyState(row_id, patient_id, pathway, version_id, group, episode_no, entry, site_id, opened_at, columns)


def _add_bindings(bindings: list[tuple[Any, ...]], journeys: dict[int, JourneyState], patients: dict[int, PatientState]) -> None:
    lineage = {fact.id: fact.lineage for patient in patients.values() for fact in patient.facts}
    for journey_id, event_id, attached, by_person in bindings:
        journey = journeys[journey_id]
        if attached:
            journey.attached.add(event_id)
        if by_person and event_id in lineage:
            (journey.pinned if attached else journey.banned).add(lineage[event_id])
