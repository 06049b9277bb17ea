"""FHIR that travels inside of an HL7 v2 report (OBX-5 of type ED): its Observations are lines of that report. Pure.

Whose report it is, its number, status and specimen stay those of the HL7 message. A PDF, what cannot be read, what holds no observation,
and what names somebody who was born on another day, stays a document for a person.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from pathways.ingest.fhir.decode import decode
from pathways.ingest.fhir.results import reading
from pathways.ingest.fhir.structs import Observation, read
from pathways.ingest.findings import Reading
from pathways.ingest.message import Unreadable

from .part import Part
from .tokens import Segment

STATUS = {"preliminary": "P", "registered": "I", "cancelled": "X", "amended": "C", "corrected": "C", "entered-in-error": "D"}
"""As OBX-11 says it; any other status leaves the word to OBX-11."""


def readings(part: Part, obx: Segment) -> list[tuple[Reading, str]]:
    """The readings of the resources in OBX-5 with the status of each; none where they are for a person to read."""
    value = _value([*part.message.components(obx, 5), "", "", "", "", ""])
    resources = list(_resources(value))
    if not _is_about(part, resources):
        part.statement.note("OBX-5 holds FHIR about somebody born on another day than PID-7 says: a person must read it")
        return []
    observations = [read(Observation, raw, part.statement.notes) for raw in resources if raw.get("resourceType") == "Observation"]
    return [
        (msgspec.structs.replace(each, group=f"{part.get(obx, 1)}.{place}"), STATUS.get(said.status, ""))
        for place, said in enumerate(observations)
        for each in (*map(reading, said.component), reading(said))  # the gene first: what follows is of it
    ]


def _value(components: list[str]) -> Any:
    encoding, data = components[3].strip().casefold(), components[4]
    try:
        body = base64.b64decode("".join(data.split()) + "=" * (-len(data) % 4)) if encoding == "base64" else data.encode("utf-8", "replace")
        return decode(body) if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"<") else None
    except (binascii.Error, ValueError, Unreadable):
        return None


def _resources(value: Any) -> Iterator[Mapping[str, Any]]:
    """The resource, those of a Bundle, and what they contain."""
    if not isinstance(value, Mapping):
        return
    yield value
    listed = value.get("entry")
    inside = [each.get("resource") for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []
    contained = value.get("contained")
    for each in (*inside, *(contained if isinstance(contained, list) else ())):
        yield from _resources(each)


def _is_about(part: Part, resources: list[Mapping[str, Any]]) -> bool:
    """Whether no Patient inside was born on another day than the patient of the message."""
    mine = part.get(part.one("PID"), 7)[:8]
    theirs = {
        str(each.get("birthDate")).replace("-", "") for each in resources if each.get("resourceType") == "Patient" and each.get("birthDate")
    }
    return len(mine) < 8 or all(each == mine for each in theirs if len(each) == 8)
