"""The rules that every wording must keep, for `manage.py wording check` and the page that shows all texts."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

import msgspec

from notifications.wording import written
from notifications.wording.compiler import FIELDS, GSM, HERE, LANGUAGES, LONGEST_SEGMENTS, Wording, denied, languages, load, segments
from notifications.wording.pages import words
from notifications.wording.readability import LIMITS, ease

LONGEST_LINK = "https://answers.riverside-community-care.org/a/" + "x" * 22
WORST_CASE = {"first_name": "Maximiliano-Alexander", "org": "Riverside Community Care", "phone": "(555) 010-0199", "ref": "0000, 0000"}
WRITTEN_FIELDS = frozenset({"org", "phone", "ref"})
NOTHING = {"first_name": "", "org": "", "phone": "", "ref": "", "answer": "", "link": "", "name": ""}
READ_ALOUD = {"first_name": "Ana", "org": "Sol", "phone": "", "ref": "", "answer": "", "link": ""}
ANSWERS = frozenset({"stop.confirmation", "safety", "out.of.hours"})
"""Texts that answer the patient's own need no way out: who wrote STOP is out, and a cry for help gets help and nothing else."""
LINK = re.compile(r"https?:|www\.|\b[a-z0-9-]+\.(?:com|org|net|info|io|ly|me|us|gov|edu)\b", re.IGNORECASE)


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
    faults += [Fault(f"{code}.yaml", key, "translated", "this language has no such text") for code, key in missing]
    return faults + [Fault(f"written.{code}.yaml", key, rule, detail) for code in LANGUAGES for key, rule, detail in _written_faults(code)]


def _written_faults(code: str) -> Iterator[tuple[str, str, str]]:
    """Of what e-mails and letters say, each in its whole frame."""
    for key in sorted({key for each in LANGUAGES for key in written.load(each)} - written.load(code).keys()):
        yield key, "translated", "this language has no such words"
    for key, wording in written.load(code).items():
        if not wording.is_active:
            yield key, "reviewed", "say who reviewed it and when: name, YYYY-MM-DD"
        for text in filter(None, (wording.text, wording.several)):
            yield from ((key, rule, detail) for rule, detail in written_faults(text, code))


def written_faults(text: str, language: str) -> Iterator[tuple[str, str]]:
    """(rule, detail) for each rule that the words of an e-mail or letter break."""
    if unknown := _names(text) - WRITTEN_FIELDS:
        yield "merge fields", f"unknown: {', '.join(sorted(unknown))}"
        return
    if "phone" not in _names(text):
        yield "way to answer", "nobody answers mail: the words name no number to call"
    if found := LINK.search(text):
        yield "links", f"{found.group()}: an address comes only from the frame, on our own domain"
    if word := denied(" ".join((text, *_frame(language))).format_map(NOTHING)):
        yield "denied word", word
    if language in LIMITS and not (read := ease(text.format_map(READ_ALOUD), language)).is_easy:
        yield "reading grade", f"{read.measure} {read.score}, limit {LIMITS[language]:g}"


def _frame(language: str) -> list[str]:
    return [text for name, text in words()[language].items() if name.startswith(("email_", "letter_"))]


def _faults_of(code: str) -> Iterator[tuple[str, str, str]]:
    for key, wording in load(code).items():
        if not wording.is_active:
            yield key, "reviewed", "say who reviewed it and when: name, YYYY-MM-DD"
        if "{first_name}" in wording.text and not wording.nameless:
            yield key, "nameless", "a text with a name needs a variant without"
        yield from ((key, rule, detail) for rule, detail in _menu_faults(key, code, wording))
        yield from ((key, rule, detail) for rule, detail in wording_faults(key, wording, code))


def wording_faults(key: str, wording: Wording, language: str) -> Iterator[tuple[str, str]]:
    """(rule, detail) for each rule that one of its variants breaks."""
    if key == HERE:
        yield from _link_faults(wording.text, language)
        return
    for text in filter(None, (wording.text, wording.nameless, wording.several)):
        yield from text_faults(text, language, is_answer=key in ANSWERS)


def text_faults(text: str, language: str = "en", *, is_answer: bool = False) -> Iterator[tuple[str, str]]:
    """(rule, detail) for each rule that a wording breaks."""
    names = _names(text)
    if unknown := names - FIELDS:
        yield "merge fields", f"unknown: {', '.join(sorted(unknown))}"
        return
    if "org" not in names:
        yield "sender named", "the text does not say who writes"
    if word := denied(text.format(first_name="", org="", phone="", ref="", answer="")):
        yield "denied word", word
    if not is_answer and (way_out := languages()[language].opt_out) not in text.casefold():
        yield "opt-out", f"the text does not say {way_out.upper()!r}"
    if found := LINK.search(text):
        yield "links", f"{found.group()}: an address comes only from {HERE!r}, on our own domain, so that none can be imitated"
    yield from _shape(text, language)


def _menu_faults(key: str, code: str, wording: Wording) -> Iterator[tuple[str, str]]:
    """A number means the same in every language, and the text says it."""
    texts = [text for text in (wording.text, wording.nameless, wording.several) if text]
    for number in wording.menu:
        if any(not re.search(rf"\b{re.escape(number)}\b", text) for text in texts):
            yield "menu", f"the text does not say what {number} means"
    for other in LANGUAGES:
        if (theirs := load(other).get(key)) is not None and theirs.menu != wording.menu and other < code:
            yield "menu", f"another menu than {other}.yaml"


def _link_faults(text: str, code: str) -> Iterator[tuple[str, str]]:
    if _names(text) != {"link"}:
        yield "merge fields", "holds {link} and nothing else"
    elif found := LINK.search(text):
        yield "links", f"{found.group()}: only {{link}} may be an address"
    elif word := denied(text.format(link="")):
        yield "denied word", word
    if odd := _odd(text):
        yield "alphabet", f"not in GSM 03.38: {odd} ({code})"


def _names(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def worst_case(text: str, language: str) -> str:
    """With the longest name, number and link."""
    here = load(language).get(HERE)
    return text.format(**WORST_CASE, answer=here.text.format(link=LONGEST_LINK) if here else "")


def _odd(text: str) -> str:
    return " ".join(sorted({char for char in text if char not in GSM and char not in "{}_"}))


def _shape(text: str, language: str) -> Iterator[tuple[str, str]]:
    if (count := segments(worst_case(text, language))) > LONGEST_SEGMENTS:
        yield "segments", f"{count} with a long name, {LONGEST_SEGMENTS} allowed"
    if odd := _odd(text):
        yield "alphabet", f"not in GSM 03.38: {odd}"
    if language in LIMITS and not (read := ease(text.format(**READ_ALOUD), language)).is_easy:
        yield "reading grade", f"{read.measure} {read.score}, limit {LIMITS[language]:g}"
