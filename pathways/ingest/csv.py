"""CSV rows, each a message of its own. Columns are named in docs/integration.md; oncology extracts in mCODE's columns are known too. Pure."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from pathways.facts import Moment, Rank
from pathways.kinds import FED
from patients import codes as people
from patients import spans
from patients.demographics import Demographics, StatedIdentifier

from . import codes, diseases, molecular
from .codes import Coded
from .fhir.care import TRIALS, VISITS
from .findings import Reading, findings
from .message import FeedProfile, ParsedMessage, Unreadable
from .statement import Statement, clean
from .when import instant, moment

Row = Mapping[str, str]

NUMBER = ("mrn", "patientid", "patientmrn", "medicalrecordnumber")
WHEN = (
    "date",
    "occurred",
    "occurredat",
    "dateofdiagnosis",
    "effectivedate",
    "authoredon",
    "startdate",
    "start",
    "dateofobservation",
    "daterecorded",
    "recordeddate",
)
MAX_COLUMNS, MAX_FIELD = 300, 64 * 1024


def plain(name: str) -> str:
    """Column names compare without case, blanks and punctuation: `Birth Date`, `birth_date` and `birthDate` are one."""
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def rows(body: bytes) -> list[bytes]:
    """Each row with its header, as a small JSON object: the message that is stored, shown and replayed.

    Raises:
        Unreadable: no column that names the patient, or no table at all.
    """
    text = decode(body)
    try:
        dialect: Any = csv.Sniffer().sniff(text[:4096].split("\n", 1)[0], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=dialect.delimiter))
    except csv.Error as error:
        raise Unreadable("csv_syntax", f"The table cannot be read: {error}.") from error
    if not table or not any(plain(name) in NUMBER for name in table[0]):
        raise Unreadable("csv_columns", "The first line names no column `mrn` (the patient's number), so no row can be about anybody.")
    names = [plain(name) for name in table[0]]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise Unreadable("csv_columns", f"The first line names the column “{twice[0]}” twice, so nobody can say which holds.")
    return [_row(names, cells) for cells in table[1:] if any(cell.strip() for cell in cells)]


def _row(names: list[str], cells: list[str]) -> bytes:
    said = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if name and cell.strip()}
    return json.dumps(said | ({"": "more cells than columns"} if len(cells) > len(names) else {}), ensure_ascii=False).encode(
        "utf-8", "replace"
    )


def decode(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def read(body: bytes, profile: FeedProfile, name: str = "row") -> ParsedMessage:
    """Reads one row as `rows` made it.

    Raises:
        Unreadable: a cell outside of what can be kept, an unknown kind, a date that is none.
    """
    try:
        stated = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable("csv_syntax", "The row is not kept as a row any more.") from error
    row = {plain(key): value.strip() for key, value in stated.items() if isinstance(key, str) and isinstance(value, str)}
    if "" in stated:
        raise Unreadable(
            "csv_columns", "The row has more cells than the first line has columns: a separator inside of a cell is not quoted."
        )
    if any("\x00" in value or len(value) > MAX_FIELD for value in row.values()) or len(row) > MAX_COLUMNS:
        raise Unreadable("csv_syntax", "The row holds a NUL character, an endless cell or hundreds of columns.")
    message_at = instant(row.get("extractedat", ""), profile.time_zone)
    statement = Statement(profile, message_at)
    shape = next((reader for column, reader in SHAPES if column in row), None)
    if "kind" in row:
        _event(row, statement)
    elif shape:
        shape(row, statement)
    return ParsedMessage(
        format="csv",
        type=f"{name} {row.get('kind', '')}".strip()[:60],
        control_id="",
        digest=hashlib.sha256(body).hexdigest(),
        body=body,
        message_at=message_at,
        person=_person(row, profile),
        facts=tuple(statement.facts),
        notes=tuple(statement.notes),
        about_person="kind" not in row
        and shape is None
        and any(column in row for column in ("family", "familyname", "dateofbirth", "birthdate")),
        undated=tuple(statement.undated),
    )


def _person(row: Row, profile: FeedProfile) -> Demographics:
    number = next((row[name] for name in NUMBER if name in row), "")
    is_number = people.is_id(number, profile.sentinel_ids)
    born = spans.birth(first(row, "birthdate", "dateofbirth", "dob")) or (None, None)
    phones = [e164 for text in (row.get("phone", ""), row.get("mobile", "")) if text and (e164 := people.phone(text))]
    return Demographics(
        identifiers=(StatedIdentifier(row.get("assigner", "") or profile.assigner, number[:120]),) if is_number else (),
        family=people.name(first(row, "family", "familyname", "lastname")),
        given=people.name(first(row, "given", "givenname", "firstname")),
        birth_lo=born[0],
        birth_hi=born[1],
        sex=people.sex(first(row, "sex", "gender", "birthsex")),
        language=people.language(row.get("language", "")),
        race=people.race([row.get("race", "")]),
        ethnicity=people.ethnicity([row.get("ethnicity", "")]),
        payer=row.get("payer", "")[:60],
        postal_code=first(row, "postalcode", "zip")[:10],
        phones=tuple(dict.fromkeys(phones)),
    )


def first(row: Row, *names: str) -> str:
    return next((row[name] for name in names if row.get(name)), "")


def _when(row: Row, statement: Statement, *names: str) -> Moment | None:
    """The first of the columns that is filled. A date that cannot be read stops the row: a guess would start or end a clock."""
    for name in names or WHEN:
        if text := row.get(name, ""):
            found = moment(text, statement.profile.time_zone)
            if found is None:
                raise Unreadable(
                    "csv_date",
                    f"The column {name} holds no date as 2026-03-20 or 2026-03-20T14:05-05:00 (months and years alone are fine).",
                )
            return found
    return None


def _coded(row: Row, code: str = "code", system: str = "codesystem", text: str = "text") -> Coded:
    words = first(row, text, "displayname", "displaytext", "description")
    written = row.get(code, "")
    named, _, bare = written.rpartition("|")
    return Coded(((codes.system(named or row.get(system, "")), bare, words),) if bare else (), words)


def _event(row: Row, statement: Statement) -> None:
    """A row of our own columns: `kind` says what it states."""
    kind = row["kind"].casefold()
    if kind not in FED:
        raise Unreadable(
            "csv_kind", f"The column kind says “{clean(row['kind'], 40)}”, which is no kind of event (docs/integration.md lists them)."
        )
    when = _when(row, statement)
    rank = {"preliminary": Rank.PRELIMINARY, "corrected": Rank.CORRECTED}.get(row.get("status", "").casefold(), Rank.FINAL)
    coded = _coded(row)
    business_id = statement.id(first(row, "id", "filler", "order", "visit", "reference", "specimen"))
    keys = statement.keys(
        placer=first(row, "order", "placer"), filler=row.get("filler", ""), accession=row.get("accession", ""), specimen=row.get("specimen", ""),
        auth=row.get("reference", "") if kind.startswith("pa_") else "", visit=first(row, "visit") or (business_id if kind.startswith("visit_") else ""),
    )  # fmt: skip
    name = business_id or f"{coded.body()['code'] or clean(coded.text, 60)}@{when.lo.isoformat() if when else ''}"
    issued = instant(row.get("issued", ""), statement.profile.time_zone)
    retracted = row.get("status", "").casefold() in ("entered-in-error", "retracted", "deleted")
    statement.say(
        "death" if kind == "death" else kind,
        "patient" if kind == "death" else name,
        when,
        _body(kind, row, coded),
        keys=keys,
        rank=rank,
        issued_at=issued,
        retracted=retracted,
    )


def _body(kind: str, row: Row, coded: Coded) -> dict[str, Any]:
    if kind == "diagnosis":
        return diseases.body(
            coded, coded.text, row.get("verification", "") or "unconfirmed", role=row.get("role", ""), stage=codes.stage(row.get("stage", "")),
            histology=diseases.kind_of_cancer(row.get("histology", "")) or row.get("histology", ""), side=row.get("laterality", "").casefold(),
        )  # fmt: skip
    if kind == "stage_recorded":
        return {"stage": codes.stage(row.get("stage", "") or coded.text), "system": row.get("system", "")}
    if kind.startswith("drug_") or kind == "first_dose_attested":
        drug = {name: row[name] for name in ("rxcui", "ndc") if row.get(name)} | {"text": first(row, "drug", "text")}
        more = (
            {"handed_over": _yes(row.get("handedover", ""))}
            if kind == "drug_dispensed"
            else {"complete": row.get("complete", "yes") == "" or _yes(row.get("complete", "yes"))}
            if kind == "drug_administered"
            else {}
        )
        return {"drugs": [drug], "route": row.get("route", ""), "reason": row.get("reason", "")} | more
    if kind.startswith("result_"):
        return {
            "code": coded.body(),
            "text": clean(row.get("comment", "")),
            "specimen_class": row.get("specimenclass", ""),
            "document": False,
            "findings": _findings(row),
            "reason": row.get("reason", ""),
        }
    if kind.startswith(("specimen_", "test_", "biopsy_", "pathology_")):
        return {
            "code": coded.body(),
            "text": coded.label,
            "specimen_class": row.get("specimenclass", ""),
            "reason": row.get("reason", ""),
            "reflex": _yes(row.get("reflex", "")),
        }
    start = moment(row.get("start", ""), "UTC")
    known = ("reason", "subject", "payer", "reference", "urgency", "trial", "to", "facility", "decision", "programme", "conclusion")
    body: dict[str, Any] = {name: row[name] for name in known if row.get(name)}
    body |= {"start": start.lo.isoformat()} if start and kind.startswith("visit_") else {}
    body |= {"consent_kind": row.get("consentkind", "text")} if kind == "consent_recorded" else {}
    return body | ({"code": coded.body()["code"], "text": coded.label} if coded.label else {})


def _yes(text: str) -> bool:
    return text.casefold() in ("1", "y", "yes", "true")


def _findings(row: Row) -> list[dict[str, Any]]:
    """`gene`, `alteration`, `presence`, `value`: one finding; `findings` holds several as `EGFR p.L858R present; ALK absent`."""
    found = []
    if row.get("gene"):
        answer = row.get("presence", "") or "indeterminate"
        finding: dict[str, Any] = {"gene": row["gene"].upper(), "alteration": row.get("alteration", ""), "presence": answer.casefold(), "type": row.get("type", "") or "variant",
                                   "significance": row.get("significance", ""), "origin": row.get("origin", ""), "text": row.get("comment", "")}  # fmt: skip
        number = re.fullmatch(r"(<=|>=|<|>)?\s*(\d+(?:\.\d+)?)\s*%?", row.get("value", ""))
        found.append(finding | ({"value": float(number[2]), "unit": row.get("unit", "%"), "comparator": number[1] or ""} if number else {}))
    for part in filter(None, (each.strip() for each in row.get("findings", "").split(";"))):
        gene, _, answer = part.partition(" ")
        found += findings([Reading(Coded((), f"{gene} mutation"), Coded((), answer))])
    return found


def _condition(row: Row, statement: Statement) -> None:
    coded = _coded(row)
    if not coded.codings and not coded.text:
        return
    when = _when(row, statement, "dateofdiagnosis", "daterecorded")
    histology = diseases.kind_of_cancer(row.get("histology", ""))
    body = diseases.body(
        coded,
        coded.text,
        row.get("verificationstatus", "") or "unconfirmed",
        stage="",
        histology=histology,
        side=diseases.SIDES.get(row.get("laterality", ""), ""),
    )
    statement.say(
        "diagnosis",
        statement.id(row["conditionid"]) or diseases.name(body, when),
        when,
        body,
        keys=statement.keys(condition=row["conditionid"]),
    )


def _staging(row: Row, statement: Statement) -> None:
    stage = codes.stage(row["stagegroup"])
    if stage:
        when = _when(row, statement)
        statement.say(
            "stage_recorded",
            f"{row.get('conditionid', 'stage')}@{when.lo.date().isoformat() if when else ''}",
            when,
            {"stage": stage, "system": row.get("stagingsystem", ""), "condition": row.get("conditionid", "")},
        )


def _drug(row: Row) -> list[dict[str, str]]:
    coded = _coded(row)
    return [{name: code for name in ("rxcui", "ndc") if (code := coded.code(name))} | {"text": coded.label}]


def _medicine_ordered(row: Row, statement: Statement) -> None:
    if row.get("intent", "order") not in ("order", "original-order", "filler-order", "instance-order"):
        return
    when, status = _when(row, statement, "authoredon", "daterecorded"), row.get("status", "active")
    if status in ("active", "completed"):
        statement.say(
            "drug_ordered",
            row["requestid"],
            when,
            {"drugs": _drug(row), "route": "oral" if row.get("dosageroute") == "26643006" else ""},
            keys=statement.keys(placer=row["requestid"]),
        )
    elif status in ("stopped", "cancelled"):
        statement.say(
            "drug_order_stopped", row["requestid"], when, {"drugs": _drug(row), "reason": ""}, keys=statement.keys(placer=row["requestid"])
        )


def _medicine_given(row: Row, statement: Statement) -> None:
    when, status = _when(row, statement, "startdate", "daterecorded"), row.get("status", "")
    if status in ("completed", "in-progress", "stopped"):
        statement.say("drug_administered", row["medicationid"], when, {"drugs": _drug(row), "route": "", "complete": status == "completed"})
    elif status == "not-done":
        statement.say("drug_not_given", row["medicationid"], when, {"drugs": _drug(row), "reason": ""})


def _appointment(row: Row, statement: Statement) -> None:
    kind = VISITS.get(row.get("status", ""))
    when = _when(row, statement, "start")
    if kind and when:
        body = {"start": when.lo.isoformat(), "service": {"code": "", "text": row.get("description", "")}}
        recorded = _when(row, statement, "daterecorded")
        occurred = when if kind in ("visit_kept", "visit_missed") else recorded
        statement.say(
            kind,
            row["appointmentid"],
            occurred,
            {"reason": row.get("cancelationcode", "")} if kind == "visit_cancelled" else body,
            keys=statement.keys(visit=row["appointmentid"]),
        )


def _procedure(row: Row, statement: Statement) -> None:
    coded = _coded(row)
    if molecular.TISSUE_TAKEN.search(coded.words):
        kind = {"completed": "biopsy_done", "not-done": "biopsy_not_done", "stopped": "biopsy_not_done"}.get(row.get("status", ""))
        if kind:
            statement.say(kind, row["procedureid"], _when(row, statement), {"code": coded.body()["code"], "text": coded.label})


def _trial(row: Row, statement: Statement) -> None:
    kind = TRIALS.get(row.get("enrollmentstatus", ""))
    if kind:
        statement.say(kind, row["trialsubjectid"], _when(row, statement), {"trial": row.get("trialresearchid", ""), "reason": ""})


SHAPES: tuple[tuple[str, Callable[[Row, Statement], None]], ...] = (
    ("stagegroup", _staging),
    ("requestid", _medicine_ordered),
    ("medicationid", _medicine_given),
    ("appointmentid", _appointment),
    ("procedureid", _procedure),
    ("trialsubjectid", _trial),
    ("diseasestatuscode", lambda row, statement: None),
    ("adverseeventid", lambda row, statement: None),
    ("conditionid", _condition),
)
"""mCODE extraction tables by the column that only they have."""


def changed_at(row: Row) -> datetime | None:
    """When a row's source last touched it, where the table says."""
    return instant(row.get("daterecorded", ""), "UTC")
