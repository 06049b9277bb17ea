"""The segments of one person in one message, and how a reader asks them: codes, ids, numbers and times. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

import msgspec

from pathways.facts import Moment
from pathways.ingest import codes, molecular
from pathways.ingest.codes import Coded
from pathways.ingest.statement import Statement
from pathways.ingest.when import instant, moment
from patients.hl7 import Separators, unescape

from .tokens import ERASED, Message, Segment

PLACES = {("OBR", 4): "test", ("OBX", 3): "line"}
"""Where a person may have given a feed's own codes a meaning."""

NUMBER = re.compile(
    r"(<=|>=|<|>|=|~)?\s*(-?\d+(?:\.\d+)?)\s*(?:(?:-|–|to)\s*\d+(?:\.\d+)?)?\s*(%|percent|mut\w*/\w+|copies)?", re.IGNORECASE
)


class Part(msgspec.Struct, frozen=True):
    """One PID with the segments that follow it, and the statement that its facts go into."""

    message: Message
    segments: Sequence[Segment]
    statement: Statement

    def all(self, name: str) -> list[Segment]:
        return [segment for segment in self.segments if segment[0] == name]

    def one(self, name: str) -> Segment:
        return next((segment for segment in self.segments if segment[0] == name), [])

    def get(self, segment: Segment, field: int, component: int = 1) -> str:
        return self.message.get(segment, field, component)

    def coded(self, segment: Segment, field: int) -> Coded:
        """First repetition of a CWE or CE field with its alternates."""
        raw = self.message.raw(segment, field)
        said = coded(raw.partition(self.message.separators[1])[0], self.message.separators) if raw else Coded()
        place = PLACES.get((segment[0], field)) if raw else None
        return self.statement.profile.meanings.coded(place, said) if place else said

    def status(self, segment: Segment, field: int) -> str:
        """A status as HL7 has it (OBR-25, OBX-11), also where the feed has letters of its own."""
        return self.statement.profile.meanings.status(self.get(segment, field).upper())

    def every_code(self, segment: Segment, field: int) -> list[Coded]:
        return [coded(each, self.message.separators) for each in self.message.repeats(segment, field)]

    def moment(self, segment: Segment, field: int, component: int = 1) -> Moment | None:
        """The time in a field; one that cannot be read is noted and counts as not said."""
        text = self.get(segment, field, component)
        if not text:
            return None
        found = moment(text, self.statement.profile.time_zone)
        if found is None:
            self.statement.note(f"{segment[0]}-{field} is no time that can be read and was left out")
        return found

    def instant(self, segment: Segment, field: int, component: int = 1) -> datetime | None:
        text = self.get(segment, field, component)
        return instant(text, self.statement.profile.time_zone) if text else None

    def id(self, segment: Segment, field: int, component: int = 1) -> str:
        return self.statement.id(self.get(segment, field, component))


@lru_cache(maxsize=8192)
def coded(repetition: str, separators: Separators) -> Coded:
    """A CWE or CE: code, text, system in components 1-3, alternates in 4-6 and 10-12, original text in 9."""
    parts = [_plain(part, separators) for part in repetition.split(separators[0])]
    if len(parts) == 1:
        return Coded((("local", parts[0], ""),) if parts[0] else (), parts[0])
    parts += [""] * (12 - len(parts))
    triples = [(parts[start], parts[start + 1], parts[start + 2]) for start in (0, 3, 9)]
    codings = tuple((molecular.system(system, code), code, text) for code, text, system in triples if code)
    return Coded(codings, parts[8] or codes.first(text for _, text, _ in triples))


def _plain(component: str, separators: Separators) -> str:
    value = component.partition(separators[3])[0].strip()
    return "" if value == ERASED else unescape(value, separators).replace("\x00", "")


LONGEST_NUMBER = 80
"""What is longer is a sentence, and is never searched for a number: patterns stay fast and no number is endless."""


def number(text: str) -> tuple[float | None, str, str]:
    """(number, comparator, unit) of `50`, `>=50%`, `<1 %`, `1-49%` (a range counts from its lower end); no number, no guess."""
    found = NUMBER.fullmatch(text.strip()) if len(text) <= LONGEST_NUMBER else None
    if found is None:
        return None, "", ""
    is_range = bool(re.search(r"\d\s*(-|–|to)\s*\d", text))
    return float(found[2]), (found[1] or (">=" if is_range else "")).replace("=", "=" if (found[1] or "") != "=" else ""), found[3] or ""
