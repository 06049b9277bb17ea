"""Reads the whole state of the patients of a batch in a handful of statements, locked in the order patient, journey."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from psycopg import Cursor

from pathways.facts import Fact, Moment
from pathways.writing.state import Held, JourneyState, MatterState, PatientState, StayState, version_key
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
_decode_team = msgspec.json.Decoder(list[Held]).decode
_decode_matters = msgspec.json.Decoder(list[MatterState]).decode
JOURNEYS = f"""
SELECT j.id, j.patient_id, j.pathway, j.version_id, j.primary_group, j.episode_no, j.entry, j.home_site_id, j.opened_at, {READ},
       latest.attached, latest.pinned, latest.banned,
       (SELECT json_agg(json_build_array(t.role, t.id, t.practitioner_id, t.confirmed, t.since, t.until IS NULL) ORDER BY t.id)
        FROM pathways_careteam t
        WHERE t.journey_id = j.id AND t.role IN ('orderer', 'responsible') AND (t.until IS NULL OR (NOT t.confirmed AND t.by_id IS NOT NULL)))::text
FROM pathways_journey j
CROSS JOIN LATERAL (
    SELECT array_agg(b.event_id) FILTER (WHERE b.attached) AS attached,
           array_agg(b.event_id) FILTER (WHERE b.attached AND b.by_person) AS pinned,
           array_agg(b.event_id) FILTER (WHERE NOT b.attached AND b.by_person) AS banned
    FROM (SELECT DISTINCT ON (b.event_id) b.event_id, b.attached, b.by_id IS NOT NULL AS by_person
          FROM pathways_binding b WHERE b.journey_id = j.id ORDER BY b.event_id, b.id DESC) b
) AS latest
WHERE j.patient_id = ANY({MEMBERS}) ORDER BY j.id FOR NO KEY UPDATE OF j
"""
"""With the events whose latest binding says that they belong to it, and those that a person attached or took away; and with who ordered."""
STAYS = f"""
SELECT s.journey_id, s.id, s.stage_id, s.track, g.name, s.occurrence, s.root_lineage, s.entered_at, s.due_at, s.left_at, s.left_by,
       s.rung_at, s.attention_at, s.rang_through, s.round, s.feed_id, s.gated, s.release
FROM pathways_stay s JOIN pathways_stage g ON g.id = s.stage_id
WHERE s.journey_id = ANY({OF_THEM}) AND s.superseded = '' ORDER BY s.id FOR NO KEY UPDATE OF s
"""
PATIENTS = f"""
SELECT p.id, COALESCE(p.survivor_id, p.id), h.birth_lo,
       (SELECT json_agg(json_build_array(m.id, m.kind, m.subject, m.journey_id, m.closed_at IS NULL))
        FROM pathways_matter m WHERE m.patient_id = p.id)::text
FROM patients_patient p JOIN patients_person h ON h.id = p.person_id
WHERE p.id = ANY({MEMBERS}) ORDER BY p.id
"""
LOCK = f"SELECT p.id FROM patients_patient p WHERE p.id = ANY({MEMBERS}) ORDER BY p.id FOR NO KEY UPDATE"


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
    ids = {"ids": "{" + ",".join(map(str, set(patient_ids))) + "}"}
    if lock:
        execute(LOCK, ids)
    return Asked(ask(PATIENTS, ids), [ask(_locking(sql, lock), ids) for sql in (EVENTS, JOURNEYS, STAYS)])


def read(asked: Asked) -> dict[int, PatientState]:
    """The state of those asked for."""
    patients: dict[int, PatientState] = {}
    survivor: dict[int, int] = {}
    for row_id, survivor_id, birth, matters in told(asked.patients):
        survivor[row_id] = survivor_id
        state = patients.setdefault(survivor_id, PatientState(survivor_id, None))
        state.members += (row_id,)
        if row_id == survivor_id:
            state.birth = birth
        if matters:
            _add_matters(state, matters)
    events, found, stays = map(told, asked.rest)
    for event in events:
        _add_fact(patients[survivor[event[1]]], event)
    journeys: dict[int, JourneyState] = {}
    for row in found:
        journey = journeys[row[0]] = _journey(row)
        patient = patients[survivor[journey.patient_id]]
        patient.journeys.append(journey)
        if row[-3] or row[-2]:
            _add_word_of_people(journey, patient, pinned=row[-3] or (), banned=row[-2] or ())
    for journey_id, *values in stays:
        journeys[journey_id].stays.append(StayState(*values))
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
    columns = dict(zip(COLUMN_NAMES, row[9:-4], strict=True))
    for name in JSON_COLUMNS:
        columns[name] = _decode(columns[name])
    row_id, patient_id, pathway, version_id, group, episode_no, entry, site_id, opened_at = row[:9]
    journey = JourneyState(row_id, patient_id, pathway, version_id, group, episode_no, entry, site_id, opened_at, columns)
    journey.attached = set(row[-4] or ())
    if row[-1]:
        journey.team = _decode_team(row[-1])
    return journey


def _add_word_of_people(journey: JourneyState, patient: PatientState, *, pinned: Collection[int], banned: Collection[int]) -> None:
    lineage = {fact.id: fact.lineage for fact in patient.facts}
    journey.pinned.update(lineage[event_id] for event_id in pinned if event_id in lineage)
    journey.banned.update(lineage[event_id] for event_id in banned if event_id in lineage)


def _add_matters(patient: PatientState, said: str) -> None:
    for matter in _decode_matters(said):
        if matter.open or (matter.kind, matter.subject) not in patient.matters:
            patient.matters[(matter.kind, matter.subject)] = matter
