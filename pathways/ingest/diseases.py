"""What a coded diagnosis means for a pathway: primary, secondary or history; side; stage; histology. Pure."""

from __future__ import annotations

import re
from typing import Any

from pathways.facts import Moment

from . import codes
from .codes import Coded

SECONDARY = re.compile(r"C7[789]|C7B", re.IGNORECASE)
HISTORY = re.compile(r"Z8[056789]|V10|Z15", re.IGNORECASE)
SECONDARY_WORDS = re.compile(r"\bsecondary\b|metasta(sis|tic) (to|of|malignan)", re.IGNORECASE)
HISTORY_WORDS = re.compile(r"(personal|family) history|\bhistory of\b|\bh/o\b", re.IGNORECASE)

ICD10_OF_SNOMED = {
    "254637007": "C34.90", "363358000": "C34.90", "93880001": "C34.90", "254626006": "C34.90", "254634000": "C34.90",
    "423121009": "C34.90", "424132000": "C34.90", "425048006": "C34.90", "422968005": "C34.90",
    "94391008": "C78.00", "363406005": "C18.9", "254837009": "C50.919", "399068003": "C61", "363346000": "",
}  # fmt: skip
"""Lung, colon, breast and prostate cancers as SNOMED CT names them, for senders who code problems in SNOMED only (local default)."""

HISTOLOGIES = (
    ("adenocarcinoma", re.compile(r"adenocarcinoma|\b8140/?3?\b|35917007|254626006", re.IGNORECASE)),
    ("squamous", re.compile(r"squamous|\b8070/?3?\b|28899001|254634000", re.IGNORECASE)),
    ("small_cell", re.compile(r"(?<!non.)(?<!non)\bsmall.cell|\b8041/?3?\b|254632001", re.IGNORECASE)),
    ("large_cell", re.compile(r"large.cell|\b8012/?3?\b", re.IGNORECASE)),
    ("nsclc_nos", re.compile(r"non.?small.cell|NSCLC|\b8046/?3?\b|254637007", re.IGNORECASE)),
)
SIDES = {"7771000": "left", "24028007": "right", "51440002": "bilateral"}
SIDED_ICD10 = re.compile(r"C34\.?[0-9]([12])$|C50\.?[0-9]1([12])$", re.IGNORECASE)


def body(
    disease: Coded, text: str, verification: str, *, role: str = "", stage: str = "", histology: str = "", side: str = ""
) -> dict[str, Any]:
    """The body of a `diagnosis` fact. The ICD-10 code leads; a SNOMED cancer of a programme is put beside its ICD-10 category."""
    icd10 = disease.code("icd10") or ICD10_OF_SNOMED.get(disease.code("snomed"), "")
    words = f"{text} {disease.words}"
    return {
        "code": f"icd10|{icd10}" if icd10 else disease.body()["code"],
        "text": text or disease.label,
        "sent": disease.all_codes(),
        "role": role or _role(icd10, words),
        "verification": verification,
        "stage": stage or codes.stage(_staged(words)) or None,
        "histology": histology or kind_of_cancer(f"{words} {disease.code('snomed')} {disease.code('icdo3')}") or None,
        "laterality": side or _side(icd10, words),
    }


def name(stated: dict[str, Any], when: Moment | None) -> str:
    """The id of a diagnosis that has none: its code and day."""
    return f"{stated['code'] or stated['text']}@{when.lo.date().isoformat() if when else ''}"


def kind_of_cancer(words: str) -> str:
    return next((name for name, pattern in HISTOLOGIES if pattern.search(words)), "")


def _role(icd10: str, words: str) -> str:
    if HISTORY.match(icd10) or HISTORY_WORDS.search(words):
        return "history"
    return "secondary" if SECONDARY.match(icd10) or SECONDARY_WORDS.search(words) else "primary"


def _staged(words: str) -> str:
    """Only what stands behind the word *stage*: a diagnosis text is full of other numbers."""
    found = re.search(r"\bstage\s*:?\s*(IV|III|II|I|[1-4])\s?[ABC]?\d?\b", words, re.IGNORECASE)
    return found[0] if found else ""


def _side(icd10: str, words: str) -> str:
    sided = SIDED_ICD10.match(icd10)
    if sided:
        return "right" if "1" in sided.groups() else "left"
    said = {found.casefold() for found in re.findall(r"\b(left|right|bilateral)\b", words, re.IGNORECASE)}
    return said.pop() if len(said) == 1 else ""
