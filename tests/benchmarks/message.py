"""One durable message, from bytes to commit, against hand-written statements that are given what it means."""

from __future__ import annotations

import json
import statistics
from datetime import timedelta
from importlib import resources
from typing import Any

import psycopg
from django.db import connection

from config.embedded.place import Place
from pathways.definitions import registry
from pathways.ingest import intake
from pathways.models import CareTeam, Event, Feed, Inbound, Journey, JourneyRevision, Stay
from tests.benchmarks import scratch
from tests.benchmarks.ingest_stream import BASE

COUNT, WARM = 200, 20
SAME = {
    "inbound": "SELECT control_id, type, digest, message_at, received_at, body, outcome, no_effect, patient_id, applied_at "
    "FROM pathways_inbound",
    "event": "SELECT e.lineage, e.digest, e.rank, e.grade, e.patient_id, e.issued_at, e.message_at, e.occurred_lo, e.occurred_hi, e.recorded_at, "
    "e.received_at, e.keys, e.body::text, i.control_id FROM pathways_event e JOIN pathways_inbound i ON i.id = e.inbound_id",
    "binding": "SELECT e.lineage, b.journey_id, b.attached, b.how, b.at FROM pathways_binding b JOIN pathways_event e ON e.id = b.event_id",
    "journey": "SELECT id, phase, status, ordered_at, milestones::text, ball, balls::text, context_digest, responsible_id, replayed_at "
    "FROM pathways_journey",
    "revision": "SELECT journey_id, field, old::text, until_received FROM pathways_journeyrevision",
    "stay": "SELECT journey_id, stage_id, track, occurrence, root_lineage, entered_at, due_at, left_at, left_by, rung_at, attention_at, round "
    "FROM pathways_stay",
    "care team": "SELECT journey_id, role, practitioner_id, since, until, source, confirmed FROM pathways_careteam",
    "clinician": "SELECT id, npi FROM patients_practitioner",
    "patient": "SELECT id, said_at FROM patients_patient",
    "alert": "SELECT stay_id, round, nth, withdrawn_at, reason FROM pathways_alert",
    "matter": "SELECT kind, subject, closed_at, reason FROM pathways_matter",
    "feed": "SELECT id, heard_at, data_as_of FROM pathways_feed",
}
"""What both must have written, of every table that a message touches; ids of new rows and random names apart."""
NOW = BASE + timedelta(days=1)
BEGUN = """
INSERT INTO pathways_stay (journey_id, stage_id, track, occurrence, root_lineage, entered_at, due_at, left_by, rung_at, attention_at, round, gated,
    release, superseded, set_aside, failures)
VALUES (%(journey)s, %(stage)s, %(track)s, 1, %(lineage)s, %(lo)s, %(due)s, '', %(rungs)s, %(attention)s, 1, false, false, '', '', 0)
"""


def diagnosis(number: int) -> bytes:
    """A08 with a stage IV lung cancer: opens the journey, untimed."""
    lines = [
        f"MSH|^~\\&|EHR|HOSP|FM|FM|20260226090000-0500||ADT^A08^ADT_A01|D{number}|P|2.5.1",
        f"PID|1||M{number}^^^BENCH^MR||Family{number}^Given||19600101|F",
        "PV1|1|O",
        "DG1|1||C34.11^Malignant neoplasm of upper lobe, right^I10|stage IV|20260226|F",
    ]
    return "\r".join(lines).encode()


def order(number: int) -> bytes:
    """The timed message: a signed order for a panel."""
    lines = [
        f"MSH|^~\\&|EHR|HOSP|FM|FM|20260227100000-0500||OML^O21^OML_O21|O{number}|P|2.5.1",
        f"PID|1||M{number}^^^BENCH^MR||Family{number}^Given||19600101|F",
        f"ORC|NW|ORD{number}|||||||20260227095500-0500|||1234567893^WHO^DOC",
        f"OBR|1|ORD{number}||81247-9^Master HL7 genetic variant reporting panel^LN|||20260227095500-0500",
    ]
    return "\r".join(lines).encode()


def run(place: Place) -> dict[str, Any]:
    """Medians of single messages on copies of one database: each message by us, then the same rows by the floor, both connections warm."""
    scratch.clone(place, "base", ["seed"])
    scratch.use(place, "seed")
    registry.clear()
    feed = Feed.objects.create(name="bench", site_id=1, may_register=True, assigner="BENCH", system="ehr")
    _open_journeys(feed)
    connection.close()
    scratch.clone(place, "seed", ["one", "floor_one"])
    scratch.use(place, "one")
    registry.clear()
    scratch.assert_honest()
    mine, theirs = _interleaved(place, Feed.objects.get(name="bench"))
    ratios = sorted(one / other for one, other in zip(mine, theirs, strict=True))
    return {
        "message_ms": round(statistics.median(mine) * 1000, 2),
        "message_floor_ms": round(statistics.median(theirs) * 1000, 2),
        "message_ratio": round(statistics.median(ratios), 2),
        "messages_timed": len(mine),
    }


def _open_journeys(feed: Feed) -> None:
    """By the candidate's door or by rule, whichever the definition has for what was sent; every patient ends with a journey. The last one
    also with an order, so that its clinician is in the directory."""
    intake.receive([diagnosis(number) for number in range(1, COUNT + 2)], feed=feed, now=NOW - timedelta(days=3))
    if Journey.objects.count() < COUNT + 1:
        from pathways import candidates
        from pathways.models import Matter
        from patients.models import User

        for matter in Matter.objects.filter(closed_at=None):
            candidates.accept(matter=matter, by=User.objects.get(pk=1), now=NOW - timedelta(days=2))
    intake.receive([order(COUNT + 1)], feed=feed, now=NOW - timedelta(days=1))


def _interleaved(place: Place, feed: Feed) -> tuple[list[float], list[float]]:
    """Seconds of each message, ours and the floor's, without the first ones, which fill caches and plans."""
    statement = resources.files("tests.benchmarks.floor").joinpath("message.sql").read_text()
    mine, theirs = [], []
    with psycopg.connect(host=str(place.sockets), user="postgres", dbname="floor_one", autocommit=True) as other:
        for number in range(1, COUNT + 1):
            body = order(number)
            mine.append(scratch.timed(lambda raw=body: intake.receive([raw], feed=feed, now=NOW)))
            given = _as_given(number)
            theirs.append(scratch.timed(lambda values=given: _by_hand(other, statement, values)))
        _refuse_other_rows(other)
    if Inbound.objects.filter(type__startswith="OML", outcome="applied").count() != COUNT + 1:
        raise RuntimeError("an order was not applied")
    return mine[WARM:], theirs[WARM:]


def _refuse_other_rows(other: psycopg.Connection[Any]) -> None:
    """Raises unless both databases say the same, row by row."""
    for name, question in SAME.items():
        with connection.cursor() as cursor:
            cursor.execute(question)
            ours = sorted(map(repr, cursor.fetchall()))
        floors = sorted(map(repr, other.execute(question).fetchall()))
        if ours != floors:
            ours_only, floors_only = sorted(set(ours) - set(floors)), sorted(set(floors) - set(ours))
            raise RuntimeError(
                f"{name}: {len(ours_only)} rows only ours, {len(floors_only)} only the floor's: {ours_only[:1]} {floors_only[:1]}"
            )


def _as_given(number: int) -> dict[str, Any]:
    """What the product wrote for one message, to be handed to the floor."""
    inbound = Inbound.objects.get(control_id__regex=f"^O{number}(@|$)")
    event = Event.objects.get(inbound=inbound)
    journey = Journey.objects.get(patient_id=event.patient_id)
    said = JourneyRevision.objects.filter(journey=journey, field="*").latest("pk")
    left = Stay.objects.filter(journey=journey, left_by=event.lineage).first()
    begun = Stay.objects.filter(journey=journey, root_lineage=event.lineage).first()
    team = CareTeam.objects.filter(journey=journey, role="orderer").get()
    if left is None or begun is None:
        raise RuntimeError("the order moved nothing")
    return {
        "patient": event.patient_id,
        "said_at": event.patient.said_at,
        "practitioner": team.practitioner_id,
        "since": team.since,
        "source": team.source,
        "feed": inbound.feed_id,
        "type": inbound.type,
        "control_id": inbound.control_id,
        "message_digest": inbound.digest,
        "at": event.issued_at,
        "message_at": event.message_at,
        "now": NOW,
        "raw": bytes(inbound.body),
        "kind": event.kind,
        "lineage": event.lineage,
        "rank": event.rank,
        "digest": event.digest,
        "lo": event.occurred_lo,
        "hi": event.occurred_hi,
        "recorded": event.recorded_at,
        "keys": event.keys,
        "body": json.dumps(event.body),
        "how": "only_listener",
        "journey": journey.pk,
        "phase": journey.phase,
        "ordered_at": journey.ordered_at,
        "milestones": json.dumps(journey.milestones),
        "ball": journey.ball,
        "balls": json.dumps(journey.balls),
        "said": json.dumps(said.old),
        "context_digest": journey.context_digest,
        "left_stay": left.pk,
        "stage": begun.stage_id,
        "track": begun.track,
        "due": begun.due_at,
        "rungs": begun.rung_at,
        "attention": begun.attention_at,
    }


def _by_hand(other: psycopg.Connection[Any], statement: str, values: dict[str, Any]) -> None:
    """Rows go out by statements that the server keeps prepared; the second one is there because a track may have one open stay at any instant."""
    with other.transaction(), other.cursor() as cursor:
        cursor.execute(statement, values)
        cursor.execute(BEGUN, values)
