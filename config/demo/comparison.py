"""The demo's comparison: of the patients with a visit booked by lot half are reminded two days ahead, half one day ahead.

The invented people come or stay away as their course was written, before any text: what is true here is that it makes no difference, and
the report is right when it cannot tell one.
"""

from __future__ import annotations

import copy
from datetime import datetime, timedelta

from pathways.definitions import lifecycle
from pathways.definitions.reading import CATALOG, Source, read_path
from pathways.models import PathwayVersion
from patients.models import User

PATHWAY = "nsclc-biomarker"
PROTOCOL = "QI-DEMO-1"
TRUE_DIFFERENCE = 0.0
RUNS = timedelta(days=730)


def declare(*, approved_by: User, since: datetime) -> PathwayVersion:
    """The lung programme with the comparison, drafted here and approved by the demo's clinician; safe to repeat."""
    shipped = read_path(CATALOG / f"{PATHWAY}.yaml")
    body = copy.deepcopy(shipped.body)
    (rung,) = [one for one in body["tracks"]["visit"]["stages"]["booked"]["ladder"] if one["to"] == "patient"]
    rung["trial"] = {
        "protocol": PROTOCOL,
        "arm": "delay",
        "share": 0.5,
        "delay": "1 day",
        "seed": "demo",
        "from": since.date().isoformat(),
        "until": (since + RUNS).date().isoformat(),
        "horizon": "7 days",
        "approved_by": approved_by.get_full_name(),
        "reason": "Does a text two days before a visit keep it more often than one the day before? (Invented people: here it makes no difference.)",
    }
    version = lifecycle.draft(Source(f"{PATHWAY} with a comparison", body, {}), by=None, now=since, why="Demonstration of a comparison.")
    if version.status == PathwayVersion.Status.DRAFT:
        version = lifecycle.submit(version, by=None, now=since)
        version = lifecycle.approve(version, by=approved_by, on=since.date(), why="Demonstration with invented people.", now=since)
        version = lifecycle.publish(version, by=approved_by, now=since)
    return version
