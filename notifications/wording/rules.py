"""The rules that every wording must keep, for `manage.py wording check` and the page that shows all texts."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

import msgspec

from notifications.wording.compiler import FIELDS, GSM, LANGUAGES, LONGEST_SEGMENTS, denied, load, segments
from notifications.wording.readability import LIMITS, ease

WORST_CASE = {"first_name": "Maximiliano-Alexander", "org": "Riverside Community Care", "phone": "(555) 010-0199", "ref": "0000"}
READ_ALOUD = {"first_name": "Ana", "org": "Sol", "phone": "", "ref": ""}
OPT_OUT = {"en": "reply stop", "es": "responda alto"}
ANSWERS = frozenset({"stop.confirmation", "safety", "out.of.hours"})
"""Texts that answer the patient's own need no way out: who wrote STOP is out, and a cry for help gets help and nothing else."""
_LINK = re.compile(r"https?:|www\.|\b[a-z0-9-]+\.(?:com|org|net|info|io|ly|me|us|gov|edu)\b", re.IGNORECASE)


class Fault(msgspec.Struct, frozen=True):
    """A wording that breaks a rule."""

    file: str
    key: str
    rule: str
    detail: str


def check() -> list[Fault]:
    """Every fault of every wording."""
    faults = [Fault(f"{code}.yaml", key, rule, detail) for code in LANGUAGES for key, rule, detail in _faults_of(code)]
    keys = {code: set(load(code)) for code in LANGUAGES}
    missing = [(code, key) for code in LANGUAGES for key in sorted(set.union(*keys.values()) - keys[code])]
    return faults + [Fault(f"{code}.yaml", key, "translated", "this language has no such text") for code, key in missing]


def _faults_of(code: str) -> Iterator[tuple[str, str, str]]:
    for key, wording in load(code).items():
        if not wording.reviewed:
            yield key, "reviewed", "nobody reviewed it"
        if "{first_name}" in wording.text and not wording.nameless:
            yield key, "nameless", "a text with a name needs a variant without"
        for text in filter(None, (wording.text, wording.nameless)):
            yield from ((key, rule, detail) for rule, detail in text_faults(text, code, is_answer=key in ANSWERS))


def text_faults(text: str, language: str = "en", *, is_answer: bool = False) -> Iterator[tuple[str, str]]:
    """(rule, detail) for each rule that a wording breaks."""
    names = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    if unknown := names - FIELDS:
        yield "merge fields", f"unknown: {', '.join(sorted(unknown))}"
        return
    if "org" not in names:
        yield "sender named", "the text does not say who writes"
    if word := denied(text.format(first_name="", org="", phone="", ref="")):
        yield "denied word", word
    if not is_answer and OPT_OUT[language] not in text.casefold():
        yield "opt-out", f"the text does not say {OPT_OUT[language].upper()!r}"
    if found := _LINK.search(text):
        yield "links", f"{found.group()}: a text names no address, so that none can be imitated"
    yield from _shape(text, language)


def _shape(text: str, language: str) -> Iterator[tuple[str, str]]:
    longest = text.format(**WORST_CASE)
    if (count := segments(longest)) > LONGEST_SEGMENTS:
        yield "segments", f"{count} with a long name, {LONGEST_SEGMENTS} allowed"
    if odd := {char for char in text if char not in GSM and char not in "{}_"}:
        yield "alphabet", f"not in GSM 03.38: {' '.join(sorted(odd))}"
    if not (read := ease(text.format(**READ_ALOUD), language)).is_easy:
        yield "reading grade", f"{read.measure} {read.score}, limit {LIMITS[language]:g}"
