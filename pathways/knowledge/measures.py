"""Measured markers: PD-L1 scores, tumour mutational burden, microsatellite instability. A score is an interval: `1-49%` is [1, 49]."""

from __future__ import annotations

import re

HUNDRED = 100.0
_RANGE = re.compile(r"(\d+(?:\.\d+)?)\s*%?\s*(?:-|–|to)\s*(\d+(?:\.\d+)?)\s*%?")
_BOUND = re.compile(r"(>=|=>|≥|<=|=<|≤|>|<|less than|at least|greater than)\s*(\d+(?:\.\d+)?)", re.IGNORECASE)
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)\s*(%|mut/mb|muts/mb|mutations)?", re.IGNORECASE)
LONGEST = 200
"""Of longer words only the beginning is searched: a score is short, and no text may make the search slow."""
_MEASURE = re.compile(r"\b(TPS|CPS|TC|IC)\b", re.IGNORECASE)
_WORDS = {"≥": ">=", "=>": ">=", "at least": ">=", "≤": "<=", "=<": "<=", "less than": "<", "greater than": ">"}

Interval = tuple[float, float]


def measure_of(text: str, default: str) -> str:
    """Which score is meant; a combined score (CPS) is not a tumour proportion score."""
    match = _MEASURE.search(text)
    return match[1].upper() if match else default


def interval_of(text: str, *, ceiling: float) -> Interval | None:
    """The interval that words state: `>=50%`, `<1 %`, `1-49%`, `50`. An open end below 1 is written as just under it."""
    plain = re.sub(r"(?i)pd-?l1|22c3|sp142|sp263|28-8|\b(?:tps|cps|tc|ic)\d*\b", " ", text[:LONGEST])
    if bound := _BOUND.search(plain):
        return bounded(bound[1].lower(), float(bound[2]), ceiling=ceiling)
    if span := _RANGE.search(plain):
        return float(span[1]), float(span[2])
    if number := _NUMBER.search(plain):
        return float(number[1]), float(number[1])
    return None


def bounded(comparator: str, value: float, *, ceiling: float) -> Interval:
    """The interval of a value with a comparator."""
    sign = _WORDS.get(comparator, comparator)
    if sign == ">=":
        return value, ceiling
    if sign == ">":
        return value + 1e-9, ceiling
    if sign == "<=":
        return 0.0, value
    if sign == "<":
        return 0.0, max(0.0, value - 1e-9)
    return value, value


def scaled(interval: Interval, unit: str) -> Interval | None:
    """A share as percent. A bare number between 0 and 1 could be either: None, a person must read it."""
    if unit in ("1", "{ratio}", "fraction"):
        return interval[0] * HUNDRED, interval[1] * HUNDRED
    if unit == "" and 0 < interval[0] < 1 and interval[1] < 1 and interval[0] == interval[1]:
        return None
    return interval


def unstable(text: str) -> bool | None:
    """Whether words say microsatellite unstable or repair deficient; None where they say neither."""
    said = text.upper().replace(" ", "")
    if any(word in said for word in ("LA26203-2", "MSI-H", "MSIHIGH", "MSI-HIGH", "DMMR", "DEFICIENT", "UNSTABLE")):
        return "NOTDEFICIENT" not in said and "NOTMSI" not in said
    if any(word in said for word in ("MSS", "STABLE", "PMMR", "PROFICIENT", "MSI-L", "MSI-LOW", "MSILOW")):
        return False
    return None
