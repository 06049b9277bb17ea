"""What must always hold of journeys, messages and alerts, checked on live data. Each check names the rows that break it, by id only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models.functions import Coalesce

from pathways.definitions.compile import digest_of
from pathways.definitions.reading import ordered_as_written
from pathways.definitions.registry import Published
from pathways.models import Journey, PathwayVersion
from pathways.replay import replay
from pathways.timeline import StayLine
from pathways.writing.house import House
from pathways.writing.load import load
from pathways.writing.settling import columns
from pathways.writing.state import JourneyState, PatientState, StayState
from pathways.writing.versions import first_definition, versions
from pathways.writing.wire import rows
from patients.violations import Violation

MOST = 100
"""Rows named per check: a broken invariant is a bug to fix, not a list to read."""
BATCH = 200


class Rule(NamedTuple):
    """`sql` names the rows of `table` that break the invariant, `detail` says how."""

    invariant: str
    table: str
    detail: str
    sql: str


def check(*, now: datetime, sample: int | None = None) -> list[Violation]:
    """All checks of this app; empty when everything holds. `sample` bounds how many patients are replayed (None: all)."""
    found = [violation for rule in RULES for violation in _broken(rule)]
    return found + list(definitions_unchanged()) + list(replay_agrees(now=now, sample=sample))


def definitions_unchanged() -> Iterator[Violation]:
    """A version's content is what its digest says: nobody changed it after it was stored."""
    for version in PathwayVersion.objects.order_by("pk").iterator():
        if digest_of(ordered_as_written(version.body)) != version.digest:
            yield Violation("a version never changes", f"pathways.pathwayversion {version.pk}", "its content does not match its digest")


def replay_agrees(*, now: datetime, sample: int | None = None) -> Iterator[Violation]:
    """Stays and columns of every journey are what replay makes of its definition, its bound events and its context."""
    ids = _patients(sample)
    house = House.load(now)
    named = 0
    for start in range(0, len(ids), BATCH):
        with transaction.atomic():
            patients = load(ids[start : start + BATCH])
        for patient in patients.values():
            for journey in patient.journeys:
                if wrong := _difference(house, patient, journey):
                    yield Violation("stays equal the replay of their events", f"pathways.journey {journey.id}", wrong)
                    named += 1
        if named >= MOST:
            return


def _patients(sample: int | None) -> list[int]:
    """Every patient with a journey, or evenly spread ones of them."""
    person = Coalesce("patient__survivor", "patient")
    ids = list(Journey.objects.exclude(status="void").order_by(person).values_list(person, flat=True).distinct())
    return ids if sample is None or sample >= len(ids) else ids[:: max(len(ids) // sample, 1)][:sample]


def _difference(house: House, patient: PatientState, journey: JourneyState) -> str:
    """What differs, in names of columns and stages; blank where nothing does."""
    attached = [fact for fact in patient.facts if fact.id in journey.attached]
    definition, migrated = first_definition(house, journey, attached)
    context, digest = house.context(patient, journey)
    timeline = replay(definition, attached, context, versions=versions(house, journey.pathway))
    in_force = house.numbered(journey.pathway, timeline.version) if migrated else house.version(journey.version_id)
    wanted = columns(in_force.definition, timeline, digest)
    wrong = sorted(name for name, value in wanted.items() if journey.columns.get(name) != value)
    wrong += ["version"] if journey.version_id != in_force.version_id else []
    stored = {_stored(stay) for stay in journey.stays}
    lines = {_line(line, house.numbered(journey.pathway, line.version)) for line in timeline.stays}
    wrong += sorted({f"{track}.{stage}" for track, stage, *_ in stored ^ lines})
    return f"differs in {', '.join(wrong)}" if wrong else ""


def _stored(stay: StayState) -> tuple[Any, ...]:
    return (
        stay.track, stay.stage, stay.occurrence, stay.root_lineage, stay.entered_at, stay.due_at, stay.left_at, stay.left_by,
        tuple(stay.rung_at), stay.stage_id
    )  # fmt: skip


def _line(line: StayLine, published: Published) -> tuple[Any, ...]:
    return (
        line.track, line.stage, line.occurrence, line.root_lineage, line.entered_at, line.due_at, line.left_at, line.left_by,
        tuple(line.rung_at), published.stage_ids[(line.track, line.stage)]
    )  # fmt: skip


def _broken(rule: Rule) -> Iterator[Violation]:
    for (row_id,) in rows(f"{rule.sql} ORDER BY 1 LIMIT {MOST}", None):
        yield Violation(rule.invariant, f"{rule.table} {row_id}", rule.detail)


RULES = (
    Rule(
        "every message is applied, duplicate or quarantined",
        "pathways.inbound",
        "applied without a time, quarantined without a reason, or none of the three",
        """SELECT id FROM pathways_inbound
           WHERE outcome NOT IN ('applied', 'duplicate', 'quarantined')
              OR (outcome = 'applied' AND applied_at IS NULL) OR (outcome = 'quarantined' AND reason = '')""",
    ),
    Rule(
        "only applied messages have events",
        "pathways.event",
        "its message was not applied",
        "SELECT e.id FROM pathways_event e JOIN pathways_inbound i ON i.id = e.inbound_id WHERE i.outcome <> 'applied'",
    ),
    Rule(
        "what is or was in force was approved",
        "pathways.pathwayversion",
        "no day, no reason, or neither a person nor the product's release stands for it",
        """SELECT id FROM pathways_pathwayversion
           WHERE status IN ('approved', 'published', 'retired')
             AND (approved_on IS NULL OR approved_note = '' OR (approved_by_id IS NULL AND NOT shipped))""",
    ),
    Rule(
        "one open stay per track",
        "pathways.journey",
        "two stays of one track are open",
        """SELECT journey_id FROM pathways_stay
           WHERE left_at IS NULL AND superseded = '' GROUP BY journey_id, track HAVING count(*) > 1""",
    ),
    Rule(
        "an active journey waits somewhere on its main track, an ended one nowhere",
        "pathways.journey",
        "its open stays and its status contradict each other",
        """SELECT j.id FROM pathways_journey j
           WHERE j.status <> 'void' AND (j.status = 'active') <> EXISTS (
               SELECT FROM pathways_stay s
               WHERE s.journey_id = j.id AND s.left_at IS NULL AND s.superseded = '' AND s.track = 'main')""",
    ),
    Rule(
        "an ended journey has the time and manner of its end",
        "pathways.journey",
        "status, outcome, exit reason and end contradict each other",
        """SELECT id FROM pathways_journey
           WHERE (status = 'active' AND (ended_at IS NOT NULL OR outcome <> '' OR exit_reason <> ''))
              OR (status = 'completed' AND (ended_at IS NULL OR outcome = ''))
              OR (status = 'exited' AND (ended_at IS NULL OR exit_reason = ''))""",
    ),
    Rule(
        "one alert per wait, rung, round and repetition",
        "pathways.alert",
        "another alert says the same",
        "SELECT max(id) FROM pathways_alert GROUP BY stay_id, matter_id, rung_id, round, nth HAVING count(*) > 1",
    ),
    Rule(
        "the alerts of a wait that is over are withdrawn",
        "pathways.alert",
        "its stay was left or superseded, or its matter closed, and it still stands",
        """SELECT a.id FROM pathways_alert a
           LEFT JOIN pathways_stay s ON s.id = a.stay_id LEFT JOIN pathways_matter m ON m.id = a.matter_id
           WHERE a.withdrawn_at IS NULL AND (s.left_at IS NOT NULL OR s.superseded <> '' OR m.closed_at IS NOT NULL)""",
    ),
    Rule(
        "one open matter per kind and subject",
        "pathways.matter",
        "another one is open",
        "SELECT max(id) FROM pathways_matter WHERE closed_at IS NULL GROUP BY kind, subject HAVING count(*) > 1",
    ),
    Rule(
        "one active journey per patient, pathway, primary and episode",
        "pathways.journey",
        "another one is active",
        """SELECT max(id) FROM pathways_journey
           WHERE status = 'active' GROUP BY patient_id, pathway, primary_group, episode_no HAVING count(*) > 1""",
    ),
    Rule(
        "nobody is silent",
        "pathways.journey",
        "its programme acts, but nothing is to ring, no review is set, or nobody is accountable",
        """SELECT j.id FROM pathways_journey j JOIN pathways_rollout r ON r.site_id = j.home_site_id AND r.pathway = j.pathway
           WHERE j.status = 'active' AND r.mode IN ('staff', 'live')
             AND (COALESCE(j.accountable_id, r.default_accountable_id) IS NULL
                  OR (j.held_until IS NULL AND NOT EXISTS (
                      SELECT FROM pathways_stay s
                      WHERE s.journey_id = j.id AND s.left_at IS NULL AND s.superseded = ''
                        AND (s.attention_at IS NOT NULL OR s.gated OR s.release))))""",
    ),
)
