"""The journeys of a programme as an event log for process-mining tools: XES (IEEE 1849-2016) and OCEL 2.0 (JSON).

Cases are journeys by their `uid`; nobody's name, number or birth date is in it, and no result. The times are real, so a log is still about
patients: it is written by the command line only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple
from xml.sax.saxutils import quoteattr

from django.db import connection

from pathways.sql import load

OBJECTS = {"placer": "order", "specimen": "specimen", "auth": "authorization"}
"""Keys that name a thing of its own; in OCEL an event is about its journey and these."""
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<log xes.version="1849-2016" xes.features="nested-attributes" xmlns="http://www.xes-standard.org/">\n'
    '<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>\n'
    '<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>\n'
    '<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>\n'
    '<classifier name="Activity" keys="concept:name"/>\n'
)


class Line(NamedTuple):
    journey: str
    entry: str
    status: str
    ended: str
    site: str
    event: int
    kind: str
    activity: str
    at: datetime
    source: str
    grade: int
    keys: list[str]


def lines(pathway: str, *, as_of: datetime) -> list[Line]:
    """Journey by journey, in the order of time."""
    with connection.cursor() as cursor:
        cursor.execute(load("pathways.sql", "event_log"), {"pathway": pathway, "as_of": as_of, "sites": None})
        return [Line(*row) for row in cursor.fetchall()]


def as_xes(found: list[Line]) -> Iterator[str]:
    yield HEAD
    for journey, events in groupby(found, key=lambda line: line.journey):
        told = list(events)
        first = told[0]
        yield f"<trace>{_string('concept:name', journey)}{_string('entry', first.entry)}{_string('status', first.status)}{_string('end', first.ended)}\n"
        for line in told:
            yield (
                f'<event>{_string("concept:name", line.activity)}<date key="time:timestamp" value={quoteattr(line.at.isoformat())}/>'
                f"{_string('org:resource', line.source)}{_string('org:group', line.site)}</event>\n"
            )
        yield "</trace>\n"
    yield "</log>\n"


def _string(key: str, value: str) -> str:
    return f'<string key="{key}" value={quoteattr(value or "")}/>'


def as_ocel(found: list[Line]) -> str:
    """Events with the journey, order, specimen and authorization that they are about."""
    objects: dict[str, dict[str, Any]] = {}
    events = []
    for line in found:
        about = [(f"journey:{line.journey}", "journey"), *_things(line)]
        for name, kind in about:
            objects.setdefault(name, {"id": name, "type": kind, "attributes": []})
        related = [{"objectId": name, "qualifier": kind} for name, kind in about]
        said = [{"name": "source", "value": line.source}, {"name": "site", "value": line.site}]
        event = {"id": f"event:{line.event}:{line.journey}", "type": line.activity, "time": line.at.isoformat()}
        events.append({**event, "attributes": said, "relationships": related})
    kinds = [{"name": kind, "attributes": []} for kind in sorted({one["type"] for one in objects.values()})]
    attributes = [{"name": "source", "type": "string"}, {"name": "site", "type": "string"}]
    types = [{"name": name, "attributes": attributes} for name in sorted({line.activity for line in found})]
    log: Mapping[str, Any] = {"objectTypes": kinds, "eventTypes": types, "objects": list(objects.values()), "events": events}
    return json.dumps(log)


def _things(line: Line) -> Iterator[tuple[str, str]]:
    """Named by a digest that holds within the journey: the hospital's own numbers stay where they are."""
    for key in sorted(line.keys):
        if kind := OBJECTS.get(key.partition(":")[0]):
            yield f"{kind}:{hashlib.sha256(f'{line.journey}|{key}'.encode()).hexdigest()[:16]}", kind
