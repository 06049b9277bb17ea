"""The codes of a sender's own in an HL7 v2 message: tests, lines, short values, and statuses that HL7 does not have. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from pathways.ingest import vocabulary

from .part import coded
from .tokens import Message, Segment, decode

STATUSES = frozenset("ABCDFIMNOPRSUVWXYZ")
CODED = frozenset({"CWE", "CE", "CNE", "CF", "IS", "ID"})
SHORT = 30
"""A value that is longer is a sentence, and no code."""


def codes_of(body: bytes) -> Iterator[tuple[str, str, str]]:
    """(place, code, text), as often as they stand there.

    Raises:
        Unreadable: no HL7 header.
    """
    message = Message(decode(body)[0])
    for segment in message.segments:
        if segment[0] == "OBR":
            yield from _coded(message, segment, 4, "test")
            yield from _status(message, segment, 25)
        elif segment[0] == "OBX":
            yield from _coded(message, segment, 3, "line")
            yield from _status(message, segment, 11)
            if message.get(segment, 2).upper() in CODED:
                yield from _coded(message, segment, 5, "value")
            elif message.get(segment, 2).upper() == "ST" and 0 < len(text := message.text(segment, 5)) <= SHORT and not text[:1].isdigit():
                yield "value", text, text


def _coded(message: Message, segment: Segment, field: int, place: str) -> Iterator[tuple[str, str, str]]:
    raw = message.raw(segment, field)
    if raw:
        said = coded(raw.partition(message.separators[1])[0], message.separators)
        if all(system == "local" for system, _, _ in said.codings):  # where a code system is named, nobody needs to ask
            for key in vocabulary.keys(said)[:1]:
                yield place, key, said.words[:200]


def _status(message: Message, segment: Segment, field: int) -> Iterator[tuple[str, str, str]]:
    letter = message.get(segment, field).upper()
    if letter and letter not in STATUSES:
        yield "status", letter, letter
