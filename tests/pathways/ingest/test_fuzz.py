"""Whatever arrives is read or set aside with a reason: never a crash, never a message lost. Messages of ours, torn in every way."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pathways.ingest import intake
from pathways.ingest.ledger import APPLIED, QUARANTINED, Item
from pathways.ingest.message import FeedProfile

from .messages import ABSENT, PATIENT, PID, PRESENT, fhir, gene, hl7, loinc, panel
from .test_fhir_xml import BUNDLE, as_xml

PROFILE = FeedProfile(received_at=datetime(2026, 3, 11, tzinfo=UTC))
AIS = "AIS|1|A|BX^Biopsy^L|20260312090000-0500"
HL7 = (
    panel(*gene("1a", "EGFR", PRESENT, protein="p.Leu858Arg"), *gene("1b", "ALK", ABSENT)),
    hl7("EVN|A01|20260310", PID, "PV1|1|I|W^1^1^HOSP|||||||||||||||||V1", "DG1|1||C34.11^Lung^I10", type_="ADT^A01^ADT_A01"),
    hl7(PID, "MRG|M99^^^HOSP^MR", type_="ADT^A40^ADT_A39"),
    hl7("SCH|P1|F1|||||||||^^^20260312090000|||||||||||||Booked", PID, AIS, type_="SIU^S12^SIU_S12"),
    hl7(PID, "ORC|NW|R1", "RXE|^^^20260301|1721560^osimertinib^RXNORM|80||mg", "RXR|PO^Oral^HL70162", type_="RDE^O11^RDE_O11"),
    hl7(PID, "ORC|RE|R1", "RXA|0|1|20260301|20260301|1721560^osimertinib^RXNORM|1|||||||||||||||CP", type_="RAS^O17^RAS_O17"),
    hl7(PID, "ORC|NW|O1", "OBR|1|O1||81247-9^NGS^LN|||20260301", "SPM|1|S1||TISS", type_="OML^O21^OML_O21"),
    hl7(PID, "TXA|1|PATH|TX|20260301||||||||D1", "OBX|1|ED|60568-3^Path^LN||^AP^PDF^Base64^JVBERi0=||||||F", type_="MDM^T02^MDM_T02"),
)
ODD = ["", '""', "^~&", "\\X0D\\", "\\X00\\", "\\E\\F", "99999999999999999999", "00000000", "99991231235959.9999+2500", "00010101", "-1", "é\u202e😀",
       "~" * 50, "^" * 200, "|" * 40, "x" * 5000, "=HYPERLINK(1)", "\x00", "NaN", "1e400", "20260230", "2026-02-30T25:61"]  # fmt: skip
JSON_ODD: list[Any] = [None, "", [], {}, [[]], [None], 0, -1, 1.5, True, "x" * 3000, "0001-01-01", "9999-12-31T23:59:59+14:00", "2026-02-30", {"value": {}},
                       [{"coding": "x"}], "urn:uuid:", "#", "Patient/", "Patient/p1/_history/2", 10**25, {"reference": {"reference": 1}}]  # fmt: skip


def taken(body: bytes) -> list[Item]:
    """Every message of the bytes, each with what became of it; what is set aside says why in a sentence."""
    items = list(intake.items_of(body, PROFILE))
    assert items
    for item in items:
        assert item.outcome in (APPLIED, QUARANTINED)
        assert item.reason != "unforeseen", item.explanation
        if item.outcome == QUARANTINED:
            assert item.reason and item.explanation.endswith((".", "…")) and len(item.explanation) > 15
        else:
            assert item.parsed is not None
            for subject in item.parsed.subjects:
                json.dumps([fact.body for fact in subject.facts], allow_nan=False)  # the store takes nothing else
    return items


@st.composite
def torn(draw: st.DrawFn) -> bytes:
    """A message with segments dropped, doubled, moved or cut, and fields that hold what nobody meant."""
    segments = draw(st.sampled_from(HL7)).decode().split("\r")
    for _ in range(draw(st.integers(1, 5))):
        place = draw(st.integers(0, len(segments) - 1))
        fields = segments[place].split("|")
        match draw(st.sampled_from(["drop", "double", "swap", "cut", "field", "field", "field", "glue"])):
            case "drop" if len(segments) > 1:
                del segments[place]
            case "double":
                segments.insert(place, segments[place])
            case "swap":
                segments[place], segments[-1] = segments[-1], segments[place]
            case "cut":
                segments[place] = segments[place][: draw(st.integers(0, len(segments[place])))]
            case "glue" if place + 1 < len(segments):
                segments[place] += segments.pop(place + 1)
            case _:
                fields[draw(st.integers(0, len(fields) - 1))] = draw(st.sampled_from(ODD) | st.text(max_size=8))
                segments[place] = "|".join(fields)
    return draw(st.sampled_from(["\r", "\n", "\r\n"])).join(segments).encode("utf-8", "surrogatepass")


@settings(max_examples=80)
@given(torn())
def test_a_torn_hl7_message_is_read_or_set_aside(body: bytes) -> None:
    taken(body)


RESOURCES: list[dict[str, Any]] = [
    BUNDLE,
    PATIENT | {"link": [{"type": "replaced-by", "other": {"reference": "Patient/p2"}}], "telecom": [{"system": "phone", "value": "1"}]},
    {"resourceType": "Appointment", "id": "a", "status": "booked", "start": "2026-03-01T09:00:00Z", "participant": [{"actor": {"reference": "Patient/p1"}}]},
    {"resourceType": "Condition", "id": "c", "code": {"text": "Lung cancer"}, "subject": {"reference": "Patient/p1"}, "stage": [{"summary": {"text": "IV"}}],
     "onsetDateTime": "2026", "bodySite": [{"text": "left"}], "contained": [PATIENT]},
    {"resourceType": "Claim", "id": "k", "use": "preauthorization", "status": "active", "patient": {"reference": "#p1"}, "contained": [PATIENT]},
]  # fmt: skip


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place inside of a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, each in inner for found in [(*path, key), *places(each, (*path, key))]]


@st.composite
def twisted(draw: st.DrawFn) -> dict[str, Any]:
    """A resource in which a few places hold something of another shape, are gone, or stand twice."""
    resource: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(RESOURCES)))
    for _ in range(draw(st.integers(1, 4))):
        found = places(resource)
        if not found:
            break
        *way, last = draw(st.sampled_from(found))
        holder: Any = resource
        for key in way:
            holder = holder[key]
        match draw(st.sampled_from(["odd", "odd", "odd", "drop", "list", "other"])):
            case "drop":
                del holder[last]
            case "list":
                holder[last] = [holder[last], copy.deepcopy(holder[last])]
            case "other":
                holder[last] = copy.deepcopy(draw(st.sampled_from(RESOURCES)))
            case _:
                holder[last] = copy.deepcopy(draw(st.sampled_from(JSON_ODD) | st.text(max_size=8)))
    return resource


@settings(max_examples=100)
@given(twisted())
def test_a_twisted_resource_is_read_or_set_aside(resource: dict[str, Any]) -> None:
    taken(json.dumps(resource).encode())


@settings(max_examples=30)
@given(st.data())
def test_torn_xml_is_read_or_set_aside(data: st.DataObject) -> None:
    body = as_xml(BUNDLE)
    start = data.draw(st.integers(0, len(body)))
    taken(body[:start] + data.draw(st.binary(max_size=6)) + body[start + data.draw(st.integers(0, 30)) :])


@pytest.mark.nightly
@settings(max_examples=5_000)
@given(torn() | st.builds(lambda each: json.dumps(each).encode(), twisted()))
def test_a_night_of_torn_messages(body: bytes) -> None:
    taken(body)


def test_circles_of_references_end() -> None:
    one = {"resourceType": "Observation", "id": "a", "status": "final", "code": loinc("55207-5"), "hasMember": [{"reference": "Observation/b"}],
           "derivedFrom": [{"reference": "Observation/a"}, {"reference": "Observation/b"}], "subject": {"reference": "Observation/a"}}  # fmt: skip
    other = one | {"id": "b", "hasMember": [{"reference": "Observation/a"}, {"reference": "Observation/b"}]}
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "code": loinc("81247-9"),
        "result": [{"reference": "Observation/a"}],
    }
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in (PATIENT, one, other, report)]}
    (item,) = taken(fhir(bundle))
    assert item.outcome == APPLIED


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"resourceType":"Patient","x":' + b"[" * 500 + b"]" * 500 + b"}", "json_depth"),
        (b'{"resourceType":"Patient","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "json_depth"),
        (b'{"resourceType":"Patient","x":NaN}', "json_number"),
        (b'{"resourceType":"Patient","x":1e999}', "json_number"),
        (b'{"resourceType":"Patient","x":' + b"9" * 5000 + b"}", "json_number"),
        (b'{"resourceType":"Patient","resourceType":"Bundle"}', "json_duplicate_key"),
        (b'{"resourceType":"Patient","x":"\\u0000"}', "nul_character"),
        (b'{"resourceType":"Patient","x":"\\ud800"}', "json_surrogate"),
        (b'{"resourceType":"Patient","x":"\xff\xfe"}', "json_encoding"),
        (hl7(PID).replace(b"DOE", b"D\x00E"), "nul_character"),
        (b"MSH|^~\\&", "hl7_type"),
        (b"MSH", "hl7_header"),
        (b'<Patient xmlns="http://hl7.org/fhir"><id value="&#0;"/></Patient>', "xml_syntax"),
        (b'<Patient xmlns="http://hl7.org/fhir">' + b"<contact>" * 90 + b"</contact>" * 90 + b"</Patient>", ""),
    ],
)  # fmt: skip
def test_what_no_record_can_mean_is_named(body: bytes, reason: str) -> None:
    (item,) = taken(body)
    assert item.reason == reason
