"""The stream of the ingest benchmark: five facts a patient from diagnosis to a first report, some late, some sent twice."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from pathways.facts import Fact, Moment, Rank, content_digest
from pathways.journeys import Received

BASE = datetime(2026, 3, 2, 12, tzinfo=UTC)
PER_PATIENT = 5
RESENT, LATE = 0.05, 0.10


def stream(events: int, seed: int = 1) -> list[Received]:
    """`events` messages of one fact each over `events / 5` patients; 5 % are resends, 10 % come out of order."""
    chance = random.Random(seed)
    messages = [message for number in range(1, events // PER_PATIENT + 1) for message in _patient(number)]
    order = sorted(range(len(messages)), key=lambda i: i % PER_PATIENT * len(messages) + chance.random() * len(messages))
    for _ in range(int(LATE * len(order))):
        here, there = chance.randrange(len(order)), chance.randrange(len(order))
        order[here], order[there] = order[there], order[here]
    sent = [messages[i] for i in order]
    for at in sorted((chance.randrange(1, len(sent)) for _ in range(int(RESENT * len(sent)))), reverse=True):
        sent.insert(at, sent[chance.randrange(at)])
    return sent


def _patient(number: int) -> list[Received]:
    day = BASE - timedelta(days=30) + timedelta(minutes=number % 1440)
    order, specimen = f"placer:O{number}", f"specimen:S{number}"
    diagnosis = {
        "code": "icd10|C34.11",
        "role": "primary",
        "verification": "confirmed",
        "stage": "IV",
        "histology": "adenocarcinoma",
        "laterality": "",
    }
    facts = [
        _fact("diagnosis", f"ehr|diagnosis|D{number}", day, (), diagnosis),
        _fact("test_ordered", f"ehr|order|O{number}", day + timedelta(days=2), (order,), {"specimen_class": "tissue"}),
        _fact(
            "specimen_collected",
            f"lab|specimen_collected|S{number}",
            day + timedelta(days=3),
            (order, specimen),
            {"specimen_class": "tissue"},
        ),
        _fact(
            "specimen_received",
            f"lab|specimen_received|S{number}",
            day + timedelta(days=5),
            (order, specimen),
            {"specimen_class": "tissue"},
        ),
        _fact("result_partial", f"lab|result|R{number}", day + timedelta(days=12), (order, specimen), _report(), Rank.PRELIMINARY),
    ]
    return [Received(number, (fact,), 1 + number % 20) for fact in facts]


def _report() -> dict[str, Any]:
    finding = {"gene": "EGFR", "alteration": "", "presence": "absent", "type": "variant", "text": "not detected"}
    return {"specimen_class": "tissue", "document": False, "findings": [finding], "panel": {"EGFR": "absent"}}


def _fact(kind: str, lineage: str, at: datetime, keys: tuple[str, ...], body: dict[str, Any], rank: Rank = Rank.FINAL) -> Fact:
    moment = Moment(at, at)
    return Fact(kind, lineage, moment, content_digest(kind, moment, rank, False, keys, body), rank, at, at, at, keys=keys, body=body)
