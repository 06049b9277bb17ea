"""One durable message, from bytes to commit, against hand-written statements that are given what it means."""

from __future__ import annotations

import json
import statistics
from datetime import timedelta
from importlib import resources
from typing import Any

from django.db import connection, transaction

from config.embedded.place import Place
from pathways.definitions import registry
from pathways.ingest import intake
from pathways.models import Event, Feed, Inbound, Journey, JourneyRevision, Stay
from tests.benchmarks import scratch
from tests.benchmarks.ingest_stream import BASE

COUNT = 200
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
    """Medians of single messages, the two interleaved in blocks on copies of one database."""
    scratch.clone(place, "base", ["seed"])
    scratch.use(place, "seed")
    registry.clear()
    feed = Feed.objects.create(name="bench", site_id=1, may_register=True, assigner="BENCH", system="ehr")
    _open_journeys(feed)
    connection.close()
    scratch.clone(place, "seed", ["one", "floor_one"])
    mine, given = _ours(place)
    theirs = _floor(place, given)
    again, _ = _ours(place, start=COUNT + 1)
    ours_ms = statistics.median(mine + again) * 1000
    floor_ms = statistics.median(theirs) * 1000
    return {"message_ms": round(ours_ms, 2), "message_floor_ms": round(floor_ms, 2), "message_ratio": round(ours_ms / floor_ms, 2)}


def _open_journeys(feed: Feed) -> None:
    """By the candidate's door or by rule, whichever the definition has for what was sent; every patient ends with a journey."""
    intake.receive([diagnosis(number) for number in range(1, 2 * COUNT + 1)], feed=feed, now=NOW - timedelta(days=3))
    if Journey.objects.count() < 2 * COUNT:
        from pathways import candidates
        from pathways.models import Matter
        from patients.models import User

        for matter in Matter.objects.filter(closed_at=None):
            candidates.accept(matter=matter, by=User.objects.get(pk=1), now=NOW - timedelta(days=2))


def _ours(place: Place, start: int = 1) -> tuple[list[float], list[dict[str, Any]]]:
    scratch.use(place, "one")
    registry.clear()
    feed = Feed.objects.get(name="bench")
    took = []
    for number in range(start, start + COUNT):
        body = order(number)
        took.append(scratch.timed(lambda raw=body: intake.receive([raw], feed=feed, now=NOW)))
    if Inbound.objects.filter(type__startswith="OML", outcome="applied").count() != start + COUNT - 1:
        raise RuntimeError("an order was not applied")
    return took, [_as_given(number) for number in range(start, start + COUNT)]


def _as_given(number: int) -> dict[str, Any]:
    """What the product wrote for one message, to be handed to the floor."""
    inbound = (
        Inbound.objects.get(control_id__startswith=f"O{number}@")
        if not Inbound.objects.filter(control_id=f"O{number}").exists()
        else Inbound.objects.get(control_id=f"O{number}")
    )
    event = Event.objects.get(inbound=inbound)
    journey = Journey.objects.get(patient_id=event.patient_id)
    said = JourneyRevision.objects.filter(journey=journey, field="*").latest("pk")
    left = Stay.objects.filter(journey=journey, left_by=event.lineage).first()
    begun = Stay.objects.filter(journey=journey, root_lineage=event.lineage).first()
    if left is None or begun is None:
        raise RuntimeError("the order moved nothing")
    return {
        "patient": event.patient_id,
        "feed": inbound.feed_id,
        "type": inbound.type,
        "control_id": inbound.control_id,
        "message_digest": inbound.digest,
        "at": event.issued_at,
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


def _floor(place: Place, given: list[dict[str, Any]]) -> list[float]:
    """Bytes come in, rows go out; the second statement is there because a track may have one open stay at any instant."""
    statement = resources.files("tests.benchmarks.floor").joinpath("message.sql").read_text()
    scratch.use(place, "floor_one")

    def write(values: dict[str, Any]) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
            cursor.execute(BEGUN, values)

    return [scratch.timed(lambda values=one: write(values)) for one in given]
