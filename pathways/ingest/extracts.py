"""Oncology extracts in the columns of mCODE's extraction tables, told by the column that only they have. Pure."""

from __future__ import annotations

from collections.abc import Callable

from . import codes, diseases, molecular
from .cells import Row, coded_of, when_of
from .fhir.care import TRIALS, VISITS
from .statement import Statement


def _condition(row: Row, statement: Statement) -> None:
    coded = coded_of(row)
    if not coded.codings and not coded.text:
        return
    when = when_of(row, statement, "dateofdiagnosis", "daterecorded")
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
        when = when_of(row, statement)
        statement.say(
            "stage_recorded",
            f"{row.get('conditionid', 'stage')}@{when.lo.date().isoformat() if when else ''}",
            when,
            {"stage": stage, "system": row.get("stagingsystem", ""), "condition": row.get("conditionid", "")},
        )


def _drug(row: Row) -> list[dict[str, str]]:
    coded = coded_of(row)
    return [{name: code for name in ("rxcui", "ndc") if (code := coded.code(name))} | {"text": coded.label}]


def _medicine_ordered(row: Row, statement: Statement) -> None:
    if row.get("intent", "order") not in ("order", "original-order", "filler-order", "instance-order"):
        return
    when, status = when_of(row, statement, "authoredon", "daterecorded"), row.get("status", "active")
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
    when, status = when_of(row, statement, "startdate", "daterecorded"), row.get("status", "")
    if status in ("completed", "in-progress", "stopped"):
        statement.say("drug_administered", row["medicationid"], when, {"drugs": _drug(row), "route": "", "complete": status == "completed"})
    elif status == "not-done":
        statement.say("drug_not_given", row["medicationid"], when, {"drugs": _drug(row), "reason": ""})


def _appointment(row: Row, statement: Statement) -> None:
    kind = VISITS.get(row.get("status", ""))
    when = when_of(row, statement, "start")
    if kind and when:
        body = {"start": when.lo.isoformat(), "service": {"code": "", "text": row.get("description", "")}}
        recorded = when_of(row, statement, "daterecorded")
        occurred = when if kind in ("visit_kept", "visit_missed") else recorded
        statement.say(
            kind,
            row["appointmentid"],
            occurred,
            {"reason": row.get("cancelationcode", "")} if kind == "visit_cancelled" else body,
            keys=statement.keys(visit=row["appointmentid"]),
        )


def _procedure(row: Row, statement: Statement) -> None:
    coded = coded_of(row)
    if molecular.TISSUE_TAKEN.search(coded.words):
        kind = {"completed": "biopsy_done", "not-done": "biopsy_not_done", "stopped": "biopsy_not_done"}.get(row.get("status", ""))
        if kind:
            statement.say(kind, row["procedureid"], when_of(row, statement), {"code": coded.body()["code"], "text": coded.label})


def _trial(row: Row, statement: Statement) -> None:
    kind = TRIALS.get(row.get("enrollmentstatus", ""))
    if kind:
        statement.say(kind, row["trialsubjectid"], when_of(row, statement), {"trial": row.get("trialresearchid", ""), "reason": ""})


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
