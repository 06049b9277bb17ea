"""What the columns of a tracker mean, and its rows read by that. Pure: no database, no clock."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

import msgspec
from django.utils.translation import gettext, gettext_noop

from pathways.ingest import wide
from pathways.ingest.cells import plain
from patients import codes, spans

from .dates import NoDay, day_of
from .sheet import Cell

PERSON = {
    "mrn": gettext_noop("Record number"),
    "family": gettext_noop("Family name"),
    "given": gettext_noop("Given name"),
    "name": gettext_noop("Name (family, given)"),
    "birth_date": gettext_noop("Birth date"),
    "sex": gettext_noop("Sex"),
    "phone": gettext_noop("Phone"),
    "language": gettext_noop("Language"),
    "payer": gettext_noop("Payer"),
}
DETAILS = {
    "code": gettext_noop("Diagnosis code (ICD-10)"),
    "text": gettext_noop("What it is, in words"),
    "stage": gettext_noop("Stage"),
    "histology": gettext_noop("Histology"),
    "verification": gettext_noop("Diagnosis confirmed or provisional"),
    "specimen_class": gettext_noop("Kind of sample"),
    "drug": gettext_noop("Medicine"),
    "decision": gettext_noop("Treatment: matched, other or none"),
}
DAYS = {**wide.KINDS, **{f"{kind}_{n}": f"{label}, {n}." for kind, label in wide.KINDS.items() for n in (2, 3)}}
KIND_OF = {**{kind: kind for kind in wide.KINDS}, **{f"{kind}_{n}": kind for kind in wide.KINDS for n in (2, 3)}}
MEANINGS = {**PERSON, **DETAILS, **DAYS}
NEEDED = "mrn"


def label_of(meaning: str) -> str:
    """What a column means, in the reader's language."""
    kind = KIND_OF.get(meaning, "")
    return (
        f"{gettext(wide.KINDS[kind])}, {meaning[len(kind) + 1 :]}." if kind and kind != meaning else gettext(MEANINGS.get(meaning, meaning))
    )


ALSO_CALLED = {
    "medicalrecordnumber": "mrn", "patientid": "mrn", "recordnumber": "mrn", "mrnumber": "mrn", "lastname": "family", "surname": "family",
    "firstname": "given", "patient": "name", "patientname": "name", "dob": "birth_date", "dateofbirth": "birth_date", "birthdate": "birth_date",
    "gender": "sex", "mobile": "phone", "telephone": "phone", "phonenumber": "phone", "insurance": "payer", "icd10": "code", "dxcode": "code",
    "dx": "diagnosis", "dxdate": "diagnosis", "diagnosisdate": "diagnosis", "dateofdiagnosis": "diagnosis", "referraldate": "referral",
    "biopsy": "biopsy_done", "biopsydate": "biopsy_done", "ordered": "test_ordered", "ngsordered": "test_ordered", "testordered": "test_ordered",
    "orderdate": "test_ordered", "collected": "specimen_collected", "collectiondate": "specimen_collected", "sent": "specimen_sent",
    "received": "specimen_received", "resulted": "result_document", "resultdate": "result_document", "ngsresult": "result_document",
    "reviewed": "result_reviewed", "tumorboard": "mtb_reviewed", "tumourboard": "mtb_reviewed", "pasubmitted": "pa_submitted",
    "paapproved": "pa_approved", "padenied": "pa_denied", "started": "first_dose_attested", "startdate": "first_dose_attested",
    "dispensed": "drug_dispensed", "medication": "drug",
}  # fmt: skip
_FORMULA = re.compile(r"^[=@\t\r]|^[+\-](?![\d\s(])")


class Line(msgspec.Struct, frozen=True):
    """One row of the sheet, by what its columns mean. `errors` in words: such a row is not taken in at all."""

    n: int
    number: str
    cells: Mapping[str, str]
    errors: tuple[str, ...] = ()


def guess(headings: Sequence[str]) -> dict[str, str]:
    """What each heading probably means, blank where nobody can tell; no meaning twice."""
    known = {plain(code): code for code in MEANINGS} | {plain(label): code for code, label in MEANINGS.items()} | ALSO_CALLED
    found: dict[str, str] = {}
    for heading in headings:
        meaning = known.get(plain(heading)) or known.get(plain(heading.rpartition(": ")[2]), "")  # else by its name within its group
        found[heading] = "" if meaning in found.values() else meaning
    return found


def lines(table: Sequence[Sequence[Cell]], columns: Mapping[str, str], order: str, today: date) -> list[Line]:
    """All rows; two of one number are an error of both, because nobody can say which holds."""
    meanings = [columns.get(str(heading), "") for heading in table[0]]
    found = [_line(n, meanings, row, order, today) for n, row in enumerate(table[1:], start=2)]
    times = Counter(one.number for one in found)
    return [
        msgspec.structs.replace(one, errors=(*one.errors, "The number stands on the sheet twice."))
        if one.number and times[one.number] > 1
        else one
        for one in found
    ]


def _line(n: int, meanings: Sequence[str], row: Sequence[Cell], order: str, today: date) -> Line:
    said: dict[str, str] = {}
    errors: list[str] = []
    for meaning, cell in zip(meanings, row, strict=True):
        if not meaning:
            continue
        try:
            said.update(_read(meaning, cell, order, today))
        except ValueError as trouble:
            errors.append(f"{label_of(meaning)}: {trouble}")
    number = said.pop(NEEDED, "")
    if not codes.is_id(number):
        errors.insert(0, gettext("No record number."))
    return Line(n, number, {name: value for name, value in said.items() if value}, tuple(errors))


def _read(meaning: str, cell: Cell, order: str, today: date) -> dict[str, str]:
    if meaning in DAYS:
        day = day_of(cell, order, today)
        if day and day > today.isoformat() and not meaning.startswith("visit_booked"):
            raise NoDay(gettext("%(day)s is still to come.") % {"day": day})
        return {meaning: day}
    if meaning == "birth_date":
        return {meaning: _born(cell, order, today)}
    text = (
        f"{cell:.0f}"
        if isinstance(cell, float) and cell.is_integer()
        else f"{cell:g}"
        if isinstance(cell, float)
        else " ".join(cell.split())
    )
    if _FORMULA.match(text):
        raise ValueError(gettext("the cell looks like a formula and not like a text."))
    if meaning == "name":
        family, _, given = text.partition(",")
        return {"family": codes.name(family), "given": codes.name(given)}
    if meaning == "phone" and text and not codes.phone(text):
        raise ValueError(gettext("“%(text)s” is no phone number.") % {"text": text[:20]})
    return {meaning: text[:200]}


def _born(cell: Cell, order: str, today: date) -> str:
    """A birth is never ahead: of two digits of a year the latest that is over."""
    day = day_of(cell, order, today)
    if day and (day > today.isoformat() or spans.birth(day) is None):
        raise NoDay(gettext("%(day)s is no birth date.") % {"day": day})
    return day
