"""Rows with one patient and many dates: a column named by a kind of event holds the day on which it happened. Pure.

`test_ordered`, `biopsy_done`, `biopsy_done_2`; a day followed by `retracted` takes back what stood there before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_noop

from . import rows
from .cells import NUMBER, Row, coded_of, first, plain
from .message import Unreadable
from .statement import Statement
from .when import at, moment

KINDS: dict[str, str] = {
    "referral": gettext_noop("Referred"),
    "diagnosis": gettext_noop("Diagnosed"),
    "stage_recorded": gettext_noop("Staged"),
    "biopsy_ordered": gettext_noop("Biopsy ordered"),
    "biopsy_done": gettext_noop("Biopsy done"),
    "surgery_done": gettext_noop("Operated"),
    "test_ordered": gettext_noop("Test ordered"),
    "order_cancelled": gettext_noop("Order cancelled"),
    "specimen_collected": gettext_noop("Sample taken"),
    "specimen_sent": gettext_noop("Sample sent"),
    "specimen_received": gettext_noop("Sample at the laboratory"),
    "specimen_rejected": gettext_noop("Sample refused"),
    "result_document": gettext_noop("Result came (to be read)"),
    "result_failed": gettext_noop("Test failed"),
    "result_reviewed": gettext_noop("Result reviewed by the clinician"),
    "result_communicated": gettext_noop("Result told to the patient"),
    "mtb_reviewed": gettext_noop("Tumour board"),
    "counselled": gettext_noop("Genetic counselling"),
    "treatment_decided": gettext_noop("Treatment decided"),
    "pa_submitted": gettext_noop("Authorization asked for"),
    "pa_approved": gettext_noop("Authorization approved"),
    "pa_denied": gettext_noop("Authorization denied"),
    "drug_ordered": gettext_noop("Medicine ordered"),
    "drug_dispensed": gettext_noop("Medicine handed over"),
    "drug_administered": gettext_noop("Medicine given"),
    "first_dose_attested": gettext_noop("First dose taken"),
    "persistence_confirmed": gettext_noop("Still on it after a month"),
    "imaging_done": gettext_noop("Imaging done"),
    "visit_booked": gettext_noop("Visit booked"),
    "visit_kept": gettext_noop("Visit kept"),
    "visit_missed": gettext_noop("Visit missed"),
    "hospice_started": gettext_noop("Hospice"),
}
"""What a bare day can say. A result by its day alone is a report to be read, never one without findings."""

_BY_NAME = {plain(kind): kind for kind in KINDS}
RETRACTED = "retracted"
TIED = ("test_", "order_", "specimen_", "result_")
"""A row is one course: its order, samples and result belong together, whatever the sample was."""

DEFAULTS = {"handedover": "yes", "complete": "yes", "subject": "drug"}


def columns(row: Row) -> Iterator[tuple[str, str, int]]:
    """(column, kind, which of its kind) of every column of the row that is named by a kind."""
    for name in row:
        stem = re.fullmatch(r"([a-z]+?)(\d*)", name)
        if stem and stem[1] in _BY_NAME:
            yield name, _BY_NAME[stem[1]], int(stem[2] or 1)


def is_wide(row: Row) -> bool:
    return any(True for _ in columns(row))


def state(row: Row, statement: Statement) -> None:
    """Every dated column is a fact of its own, told apart by the patient's number and the column: another day in it corrects the first."""
    number = statement.id(first(row, *NUMBER))
    for name, kind, nth in columns(row):
        text, _, word = row[name].strip().partition(" ")
        if not text:
            continue
        when = moment(text, statement.profile.time_zone)
        if when is None or word.strip() not in ("", RETRACTED):
            raise Unreadable("csv_date", f"The column {name} holds no date as 2026-03-20, alone or followed by “{RETRACTED}”.")
        body = _body(kind, {**DEFAULTS, **row})
        if kind == "visit_booked":  # the day of the visit, which may be still to come; when it was booked nobody says
            body, when = body | {"start": when.lo.isoformat()}, at(statement.message_at)
        statement.say(
            kind,
            f"{number}-{nth}",
            when,
            body,
            keys=statement.keys(placer=f"{statement.profile.system}-{number}") if kind.startswith(TIED) else (),
            issued_at=statement.message_at,
            retracted=word.strip() == RETRACTED,
        )


def _body(kind: str, row: Row) -> dict[str, Any]:
    if kind == "result_document":
        return {
            "title": row.get("text", "") or "report named in a table",
            "code": coded_of(row).body(),
            "document": True,
            "text": "",
            "specimen_class": row.get("specimenclass", ""),
        }
    return rows.body_of(kind, row)
