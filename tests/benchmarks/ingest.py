"""Ingest from parsed rows in batches of 1,000 against hand-written SQL that is given every resulting row; parsing and one durable
message are measured apart."""

from __future__ import annotations

import hashlib
import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib import resources
from typing import Any

import msgspec
from django.core.management import call_command
from django.db import connection, transaction

from config.embedded.place import Place
from pathways import journeys
from pathways.definitions import registry
from pathways.definitions.publish import publish_catalogue
from pathways.journeys import Received
from pathways.knowledge import load as load_knowledge
from pathways.ladders import publish_ladders
from pathways.writing import store as storing
from pathways.writing.changes import Changes, NewEvent
from pathways.writing.rows import event
from pathways.writing.state import PHASE_TIMES, JourneyState, StayState
from tests.benchmarks import message, parse_oru, scratch
from tests.benchmarks.ingest_stream import BASE, PER_PATIENT, stream

BATCH = 1_000
NOW = BASE + timedelta(days=1)
Rows = dict[str, list[tuple[Any, ...]]]
KEYS = {
    "event": "SELECT lineage, rank, digest, patient_id FROM pathways_event",
    "binding": "SELECT e.lineage, e.digest, j.patient_id, j.pathway, b.attached FROM pathways_binding b "
    "JOIN pathways_event e ON e.id = b.event_id JOIN pathways_journey j ON j.id = b.journey_id",
    "journey": "SELECT patient_id, pathway, phase, status, identified_at, ordered_at, sampled_at, resulted_at, milestones FROM pathways_journey",
    "stay": "SELECT j.patient_id, s.track, s.occurrence, s.entered_at, s.due_at, s.left_at, s.attention_at, s.superseded FROM pathways_stay s "
    "JOIN pathways_journey j ON j.id = s.journey_id",
    "matter": "SELECT kind, site_id, patient_id FROM pathways_matter",
}


def run(*, events: int = 50_000, rounds: int = 5) -> dict[str, Any]:
    """Medians over interleaved rounds, each on fresh copies of one populated database."""
    messages = stream(events)
    batches = [messages[i : i + BATCH] for i in range(0, len(messages), BATCH)]
    with scratch.cluster() as place:
        populate(place, "base", events // PER_PATIENT)
        scratch.clone(place, "base", ["record"])
        given = record(place, batches)
        answer = _rounds(place, batches, given, rounds)
        answer.update(_parsing())
        answer.update(message.run(place))
    return {"name": "ingest", "events": events, "messages": len(messages), "batch": BATCH, **answer}


def populate(place: Place, database: str, patients: int) -> None:
    """A database with the catalogue published, 20 live sites and `patients` registered people without a journey."""
    scratch.admin(place, f'CREATE DATABASE "{database}"')
    scratch.use(place, database)
    call_command("migrate", database="default", verbosity=0)
    publish_catalogue(by=None, now=BASE)
    publish_ladders()
    statements = resources.files("tests.benchmarks.floor").joinpath("populate_ingest.sql").read_text()
    with connection.cursor() as cursor:
        for statement in statements.split(";\n"):
            if statement.strip():
                cursor.execute(statement, {"patients": patients, "base": BASE})
        cursor.execute("VACUUM ANALYZE")
    connection.close()


def ours(batches: Sequence[Sequence[Received]]) -> None:
    """The path that intake takes once a batch is parsed and its people are known."""
    for batch in batches:
        with transaction.atomic():
            journeys.receive(batch, now=NOW)


def record(place: Place, batches: Sequence[Sequence[Received]]) -> list[Rows]:
    """Runs the product once, untimed, and keeps the rows that it wrote for each batch: the floor is given these."""
    scratch.use(place, "record")
    registry.clear()
    given: list[Rows] = []
    with _overheard(given):
        for batch in batches:
            given.append({})
            ours([batch])
            given[-1].setdefault("event", []).extend(_resends(batch))
    return given


@contextmanager
def _overheard(given: list[Rows]) -> Iterator[None]:
    genuine = storing.store

    def listen(changes: Changes, *, now: datetime, **beside: Any) -> None:
        for name, values in _rows(changes, now).items():
            given[-1].setdefault(name, []).extend(values)
        genuine(changes, now=now, **beside)

    setattr(journeys, "store", listen)  # noqa: B010 (the name that the writer calls)
    try:
        yield
    finally:
        setattr(journeys, "store", genuine)  # noqa: B010


STAGES = ("event", "journey", "binding", "stay", "matter")
JSON = ("basis", "body", "milestones", "balls", "context", "anomalies", "detail", "old")


def _rows(changes: Changes, now: datetime) -> Rows:
    made = storing.new_rows(changes, now=now)
    return {
        **{name: [_values(row) for row in made[f"pathways_{name}"]] for name in STAGES},
        "moved": [_moved(journey, now) for journey in changes.journeys.values() if not journey.is_new],
        "superseded": list(changes.superseded),
        "stay_moved": [_stay_moved(stay) for stay in changes.stays],
        "withdrawn": [(stay, reason, now) for reason, stays in changes.withdrawn_stays.items() for stay in stays],
        "stay_revision": [_values(row) for row in made["pathways_stayrevision"]],
        "journey_revision": [_values(row) for row in made["pathways_journeyrevision"]],
    }


def _values(row: msgspec.Struct) -> tuple[Any, ...]:
    """In the order of the columns, as COPY takes them."""
    values = ((name, getattr(row, name)) for name in row.__struct_fields__)
    return tuple(_json(one) if name in JSON and one is not None else list(one) if isinstance(one, tuple) else one for name, one in values)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _moved(journey: JourneyState, now: datetime) -> tuple[Any, ...]:
    c = journey.columns
    plain = ("phase", "status", "outcome", "exit_reason", "exit_class", "ended_at", *PHASE_TIMES)
    texts = (
        _json(c["milestones"]),
        c["ball"],
        _json(c["balls"]),
        c["held_until"],
        c["hold_reason"],
        c["context_digest"],
        _json(c["anomalies"]),
    )
    return (journey.id, *(c[name] for name in plain), *texts, now)


def _stay_moved(stay: StayState) -> tuple[Any, ...]:
    return tuple(getattr(stay, name) for name in StayState.__struct_fields__ if name not in ("stage_id", "track", "stage"))


def _resends(batch: Sequence[Received]) -> list[tuple[Any, ...]]:
    """The floor must refuse resends by the unique key as we do; each comes with an id of its own that is never used."""
    seen: set[str] = set()
    found: list[tuple[Any, ...]] = []
    for sent in batch:
        fact = sent.facts[0]
        if fact.digest in seen:
            again = msgspec.structs.replace(fact, id=-len(found) - 1)
            found.append(_values(event(NewEvent(sent.patient_id, again, None, None), NOW)))
        seen.add(fact.digest)
    return found


def floor(given: Sequence[Rows]) -> None:
    texts = {
        name: resources.files("tests.benchmarks.floor").joinpath(f"{name}.sql").read_text() for name in ("stages", "ingest", "ingest_stays")
    }
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute(texts["stages"])
    for rows in given:
        with transaction.atomic(), connection.cursor() as cursor:
            patients = sorted({row[1] for row in rows.get("event", [])})
            cursor.execute(
                "SELECT count(*) FROM (SELECT id FROM patients_patient WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE) AS l", [patients]
            )
            cursor.execute(
                "SELECT count(*) FROM (SELECT id FROM pathways_journey WHERE patient_id = ANY(%s) ORDER BY id FOR NO KEY UPDATE) AS l",
                [patients],
            )
            for name, values in rows.items():
                if values:
                    with connection.connection.cursor().copy(f"COPY stage_{name} FROM STDIN") as copy:
                        for row in values:
                            copy.write_row(row)
            cursor.execute(texts["ingest"])
            for statement in texts["ingest_stays"].split(";\n"):
                cursor.execute(statement)


def _rounds(place: Place, batches: Sequence[Sequence[Received]], given: list[Rows], rounds: int) -> dict[str, Any]:
    seconds: dict[str, list[float]] = {"ours": [], "floor": []}
    for number in range(rounds):
        scratch.clone(place, "base", ["ours", "floor"])
        for name in ("ours", "floor") if number % 2 else ("floor", "ours"):
            scratch.use(place, name)
            registry.clear()
            registry.published()
            load_knowledge()
            scratch.assert_honest()
            scratch.checkpoint()
            seconds[name].append(scratch.timed((lambda: ours(batches)) if name == "ours" else (lambda: floor(given))))
        _same_rows(place)
    ratios = [mine / his for mine, his in zip(seconds["ours"], seconds["floor"], strict=True)]
    mine = statistics.median(seconds["ours"])
    return {
        "ours_s": round(mine, 3),
        "floor_s": round(statistics.median(seconds["floor"]), 3),
        "ratio": round(statistics.median(ratios), 3),
        "ratio_min_max": [round(min(ratios), 3), round(max(ratios), 3)],
        "messages_per_s": round(sum(len(batch) for batch in batches) / mine),
        "load": round(scratch.load_average(), 1),
    }


def _same_rows(place: Place) -> None:
    seen = {}
    for name in ("ours", "floor"):
        scratch.use(place, name)
        seen[name] = {key: _digest(query) for key, query in KEYS.items()}
    if seen["ours"] != seen["floor"]:
        raise RuntimeError(f"the floor made other rows: {seen}")


def _digest(query: str) -> tuple[int, str]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*), md5(string_agg(r, '~' ORDER BY r)) FROM (SELECT t::text AS r FROM ({query}) AS t) AS s")
        count, digest = cursor.fetchone() or (0, "")
    return count, hashlib.md5(str(digest).encode(), usedforsecurity=False).hexdigest()


def _parsing() -> dict[str, Any]:
    return {"parsing": parse_oru.run()}
