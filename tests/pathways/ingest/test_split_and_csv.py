"""Files told by their content, and rows of tables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathways.ingest import csv, split
from pathways.ingest.message import FeedProfile, ParsedMessage, Unreadable

from .messages import PATIENT, PID, SAMPLES, fhir, hl7


def reasons(body: bytes) -> list[str]:
    """Format of each message, or why it cannot be read."""
    found = []
    for piece in split.split(body):
        try:
            found.append(split.parse(piece, FeedProfile()).format)
        except Unreadable as trouble:
            found.append(trouble.reason)
    return found


def row(text: str) -> ParsedMessage:
    (piece,) = split.split(text.encode())
    return split.parse(piece, FeedProfile())


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (hl7(PID), ["hl7v2"]),
        (b"\xef\xbb\xbf\r\n" + hl7(PID), ["hl7v2"]),
        (hl7(PID) + b"\r" + hl7(PID, control="2"), ["hl7v2", "hl7v2"]),
        (b"FHS|^~\\&|x\rFTS|0", ["hl7_header"]),
        (fhir(PATIENT), ["fhir"]),
        (fhir(PATIENT) + b"\n" + fhir(PATIENT) + b"\n\n", ["fhir", "fhir"]),
        (fhir(PATIENT) + b'\n{"a":1,"a":2}\n', ["fhir", "json_duplicate_key"]),
        (fhir({"resourceType": "Bundle", "type": "batch", "entry": [{"resource": PATIENT}, {"resource": PATIENT}]}), ["fhir", "fhir"]),
        (fhir({"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": PATIENT}, {"resource": PATIENT}]}), ["fhir"]),
        (b'<Patient xmlns="http://hl7.org/fhir"/>', ["fhir"]),
        (b'<?xml version="1.0"?>\n<!-- exported --><Patient xmlns="http://hl7.org/fhir"/>', ["fhir"]),
        (b'<Patient xmlns="http://hl7.org/fhir"><id value="1"></Patient>', ["xml_syntax"]),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><Patient xmlns="http://hl7.org/fhir"><id value="&a;"/></Patient>', ["xml_doctype"]),
        (b'<ClinicalDocument xmlns="urn:hl7-org:v3"/>', ["not_recognised"]),
        (b"mrn,kind,date\n1,admitted,2026-03-01\n2,admitted,2026-03-02\n", ["csv", "csv"]),
        (b"name,colour\nx,y\n", ["csv_columns"]),
        (b"mrn\n", ["empty"]),
        (b"", ["empty"]),
        (b"%PDF-1.7 \x00\x01", ["not_recognised"]),
        (b"Dear colleague, please find enclosed", ["csv_columns"]),
        (b'{"transactionTime":"2026-01-01","output":[]}', ["bulk_manifest"]),
    ],
)
def test_content_tells_what_a_file_is(body: bytes, expected: list[str]) -> None:
    assert reasons(body) == expected


def test_a_row_of_our_own_columns() -> None:
    fact = row(
        "MRN;Kind;Date;Code;Code system;Text;Stage;Verification\n7;diagnosis;2026-03-01;C34.11;icd10;Lung cancer;IV;confirmed"
    ).facts[0]
    assert (fact.kind, fact.body["code"], fact.body["stage"], fact.body["verification"]) == ("diagnosis", "icd10|C34.11", "IV", "confirmed")


def test_a_result_row_carries_several_findings() -> None:
    fact = row('mrn,kind,date,filler,findings\n7,result_final,2026-03-01,F1,"EGFR p.L858R; ALK not detected"').facts[0]
    assert [(each["gene"], each["presence"]) for each in fact.body["findings"]] == [("EGFR", "present"), ("ALK", "absent")]
    assert fact.lineage == "command-line|result|F1"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("mrn,kind,date\n7,diagnosis,03/01/2026", "csv_date"),
        ("mrn,kind,date\n7,diagnosis,", "csv_date"),
        ("mrn,kind,date\n7,nonsense,2026-03-01", "csv_kind"),
        ("mrn,kind,date\n7,diagnosis,2026-03-01,more", "csv_columns"),
        ("mrn,date,date\n7,2026-03-01,2026-03-01", "csv_columns"),
    ],
)
def test_rows_that_stop_say_why(text: str, reason: str) -> None:
    with pytest.raises(Unreadable) as refused:
        row(text)
    assert refused.value.reason == reason


def test_people_are_read_from_either_spelling() -> None:
    person = row("mrn,familyName,givenName,dateOfBirth,gender,zip\n7,Doe,Jane,1960-02-14,female,02148").person
    assert person is not None
    assert (person.family, person.given, person.sex, person.postal_code) == ("Doe", "Jane", "female", "02148")


def test_mcode_tables_are_known() -> None:
    fact = row(
        "mrn,conditionId,codeSystem,code,displayName,dateOfDiagnosis,verificationStatus\n7,c1,http://hl7.org/fhir/sid/icd-10-cm,C34.11,Lung cancer,2026-03-01,confirmed"
    ).facts[0]
    assert (fact.kind, fact.body["code"]) == ("diagnosis", "icd10|C34.11")


@given(st.binary(max_size=300))
def test_any_bytes_are_at_least_one_message_and_never_a_crash(body: bytes) -> None:
    for start in (b"", b"MSH|^~\\&|", b"{", b"[", b"mrn,kind,date\n", b"<"):
        assert reasons(start + body)


SEEDS = [
    hl7(PID, "OBR|1|O|F|81247-9^x^LN|||20260101", "OBX|1|CWE|69548-6^x^LN|1|LA9633-4^P^LN||||||F"),
    fhir(PATIENT),
    b"mrn,kind,date\n1,admitted,2026-03-01",
]


@given(st.sampled_from(SEEDS), st.data())
def test_mutated_messages_are_read_or_refused(seed: bytes, data: st.DataObject) -> None:
    """Bytes flipped, dropped and doubled anywhere: every piece ends read or refused by name."""
    body = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(body) - 1))
        match data.draw(st.sampled_from(["flip", "drop", "double"])):
            case "flip":
                body[place] = data.draw(st.integers(0, 255))
            case "drop":
                del body[place : place + data.draw(st.integers(1, 8))]
            case _:
                body[place:place] = body[place : place + 8]
        body = body or bytearray(b"x")
    assert reasons(bytes(body))


@pytest.mark.samples
@pytest.mark.slow
@pytest.mark.skipif(not SAMPLES.exists(), reason="no samples beside the checkout")
def test_every_sample_is_read_or_refused_by_name() -> None:
    files = [path for path in SAMPLES.rglob("*") if path.is_file()]
    known = {"bulk_manifest", "not_fhir", "csv_columns", "csv_date", "not_recognised", "empty"}
    for path in files:
        found = set(reasons(path.read_bytes()))
        assert found <= known | {"hl7v2", "fhir", "csv"}, (path, found)


def test_a_row_is_kept_as_it_was_sent(tmp_path: Path) -> None:
    (kept,) = csv.rows("mrn,kind,date,text\n7,referral,2026-03-01,Jürgen’s “consult”".encode())
    assert json.loads(kept)["text"] == "Jürgen’s “consult”"
