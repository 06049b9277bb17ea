"""One HL7 v2 message cut into segments and fields, with the separators it names itself. Nothing is unescaped before it is asked for.

Tolerated: byte-order mark, CR, LF or CRLF, MLLP framing, five encoding characters, other separators than `|`, a segment glued to the
end of the one before, a field broken over lines, Z-segments, Latin-1 bytes.
"""

from __future__ import annotations

import re

from pathways.ingest.message import Unreadable
from patients import hl7 as people

Segment = list[str]
"""Raw fields; `segment[3]` is field 3 (of MSH too), `segment[0]` the segment's name."""

NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
GLUED = re.compile(r"(?<=[^\r\n|^~&\\])(?=(?:(?:PID|OBR|OBX|NTE|SPM)\|\d{1,3}\||ORC\|[A-Z]{2}\|))")
"""A break that somebody lost: `...Walmart^LORC|NW|...`. Only before segments whose first field is a number or an order control code."""

GLUED_NAMES = ("PID|", "OBR|", "OBX|", "NTE|", "SPM|", "ORC|")

ERASED = people.ERASED
STANDARD = "^~\\&"


class Message:
    """`separators` are component, repetition, escape, subcomponent. Unknown segments are kept, and nobody asks for them."""

    __slots__ = ("field_separator", "misordered", "segments", "separators")

    def __init__(self, text: str) -> None:
        if len(text) < 8 or not text.startswith("MSH"):
            raise Unreadable("hl7_header", "The message does not begin with an MSH segment, so its separators are unknown.")
        self.field_separator = text[3]
        if text[3].isalnum() or text[3].isspace():
            raise Unreadable("hl7_header", "MSH-1 must be the field separator (usually |), but a letter, digit or blank stands there.")
        encoding = text[4 : text.find(self.field_separator, 4)] if self.field_separator in text[4:12] else text[4:8]
        if len(encoding) < 2:
            raise Unreadable("hl7_header", "MSH-2 must name the encoding characters (usually ^~\\&).")
        if encoding[2:3] == "&" and len(encoding) == 3:
            encoding = encoding[:2] + "\\&"  # `^~&`: a careless encoder swallowed the escape
        self.misordered = encoding[:1] == "^" and len(encoding) == 4 and encoding != STANDARD and set(encoding) == set(STANDARD)
        if self.misordered:
            encoding = STANDARD  # a misprint of examples, copied into headers, but never into what follows them
        padded = encoding + STANDARD[len(encoding) :]
        self.separators: people.Separators = (padded[0], padded[1], padded[2], padded[3])
        if padded[2] == padded[3] == "\\" and len(encoding) > 4:
            self.separators = (padded[0], padded[1], "\\", padded[4])  # `^~\\&`: an escape written twice by a careless encoder
        self.segments = self._cut(text)

    def _cut(self, text: str) -> list[Segment]:
        separator = self.field_separator
        if "\n" in text:
            text = text.replace("\r\n", "\r").replace("\n", "\r")
        lines = text.split("\r")
        if separator == "|" and _has_glued(text, lines):
            lines = GLUED.sub("\r", text).split("\r")
        segments: list[Segment] = []
        for line in lines:
            if line[3:4] == separator and line[:3].isupper() and line[:3].isalnum():
                segments.append(line.split(separator))
            elif len(line) == 3 and NAME.fullmatch(line):
                segments.append([line])
            elif segments and line.strip():
                segments[-1] = (separator.join(segments[-1]) + "\n" + line).split(separator)  # a field that holds a line break of its own
        segments[0].insert(1, separator)  # the separator itself is MSH-1
        return segments

    def all(self, name: str) -> list[Segment]:
        return [segment for segment in self.segments if segment[0] == name]

    def one(self, name: str) -> Segment:
        """The first segment of that name; an empty one where there is none, so that asking it gives blanks."""
        return next((segment for segment in self.segments if segment[0] == name), [])

    def raw(self, segment: Segment, field: int) -> str:
        return segment[field] if len(segment) > field else ""

    def get(self, segment: Segment, field: int, component: int = 1) -> str:
        """First repetition, one component, unescaped and trimmed. HL7 null (`""`) reads as blank; `erased` tells it apart."""
        if len(segment) <= field or not (value := segment[field]):
            return ""
        if value.isalnum():  # most fields: nothing to cut, nothing to unescape
            return value if component == 1 else ""
        if self.separators[1] in value:
            value = value.partition(self.separators[1])[0]
        return self.part(value, component)

    def part(self, repetition: str, component: int) -> str:
        """A component of a repetition, of which only the first subcomponent."""
        mark, _, escape, sub = self.separators
        if mark in repetition:
            parts = repetition.split(mark, component)
            repetition = parts[component - 1] if len(parts) >= component else ""
        elif component > 1:
            return ""
        if sub in repetition:
            repetition = repetition.partition(sub)[0]
        value = repetition.strip()
        if value == ERASED:
            return ""
        return self.plain(value) if escape in value else value

    def components(self, segment: Segment, field: int) -> list[str]:
        """All components of the first repetition, unescaped: for fields of which several parts are wanted."""
        if len(segment) <= field or not (value := segment[field]):
            return []
        mark, repetition, escape, _ = self.separators
        if repetition in value:
            value = value.partition(repetition)[0]
        parts = value.split(mark)
        return [self.plain(part) for part in parts] if escape in value else parts

    def repeats(self, segment: Segment, field: int) -> list[str]:
        value = self.raw(segment, field)
        return [each for each in value.split(self.separators[1]) if each] if value else []

    def text(self, segment: Segment, field: int) -> str:
        """The whole field in plain words: repetitions by line, components by blank."""
        value = self.raw(segment, field)
        if not value or value == ERASED:
            return ""
        component, repetition, _, sub = self.separators
        return self.plain(value.replace(repetition, "\n").replace(component, " ").replace(sub, " "))

    def erased(self, segment: Segment, field: int) -> bool:
        return self.raw(segment, field).strip() == ERASED

    def plain(self, value: str) -> str:
        """Escapes resolved."""
        return people.unescape(value, self.separators) if self.separators[2] in value else value


def _has_glued(text: str, lines: list[str]) -> bool:
    """Whether a segment's name stands anywhere but at the beginning of a line: cheap to ask, so that the search is done only then."""
    begins = [line[:4] for line in lines]
    return any(text.count(name) != begins.count(name) for name in GLUED_NAMES)


CHARSETS = {"ISO IR87": "iso2022_jp", "ISO IR159": "iso2022_jp_1", "GB 18030-2000": "gb18030", "KS X 1001": "euc_kr", "BIG-5": "big5"}
"""MSH-18 (table 0211) but 8859/n, which name themselves."""

PART_OF_8859 = re.compile(r"8859[/ -]?(\d{1,2})\b")
KANJI = (b"\x1b$", b"\x1b(J")
"""Where a text of ISO 2022 changes to Japanese; in UTF-8 it would be pure ASCII, and nonsense."""


def decode(body: bytes) -> tuple[str, str]:
    """The text, and what it was read as where that is not Unicode. UTF-8 first, whatever MSH-18 says: senders declare what they do not send."""
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _bare(body.decode("utf-16", "replace")), ""
    if any(mark in body for mark in KANJI):
        return _bare(body.decode("iso2022_jp", "replace")), "ISO 2022-JP"
    try:
        return _bare(body.decode("utf-8-sig")), ""
    except UnicodeDecodeError:
        codec, named = _declared(body)
        return _bare(body.decode(codec, "replace")), named


def _bare(text: str) -> str:
    return text.strip("\ufeff\x0b\x1c\r\n ")


def _declared(body: bytes) -> tuple[str, str]:
    """(codec, its name in words) of MSH-18; Latin-1 as Windows widened it where the header names none that is known."""
    header = re.split(rb"[\r\n]", body.lstrip(b"\x0b \t\r\n"), maxsplit=1)[0]
    fields = header.decode("latin-1").split(header[3:4].decode("latin-1")) if header[3:4] else []
    said = fields[17].upper() if len(fields) > 17 else ""
    named = next((each.strip() for each in said.split("~") if each.strip()), "")
    part = PART_OF_8859.search(named)
    if part and part[1] != "1" and 2 <= int(part[1]) <= 16 and part[1] != "12":
        return f"iso8859_{int(part[1])}", f"{named}, as MSH-18 says"
    if named in CHARSETS:
        return CHARSETS[named], f"{named}, as MSH-18 says"
    return "cp1252", "Latin-1"


MESSAGE_START = re.compile(rb"(?:[\r\n\x0b\x1c\xbf]|^)[ \t]*(MSH)(?=[^A-Za-z0-9\s])|(MSH)(?=\|\^~\\\\?&#?\|)")
ENVELOPE = re.compile(
    rb"[\r\n][ \t\x0b\x0c]*(FHS|BHS|BTS|FTS)[^A-Za-z0-9\s][^\r\n]*"
)  # a line at a time: blank lines without end cost no more


FRAMING = b"\x1c\x0b \t\r\n"


def split(body: bytes) -> list[bytes]:
    """The messages of a file, envelopes (FHS, BHS, BTS, FTS) taken off; what stands before the first MSH belongs to none."""
    if body.startswith(b"MSH") and body.count(b"MSH") == 1 and not any(name in body for name in (b"BTS", b"FTS")):
        return [body.rstrip(FRAMING)]  # what an interface sends, one message at a time
    starts = [found.start(found.lastindex or 0) for found in MESSAGE_START.finditer(body)]
    ends = [*starts[1:], len(body)]
    return [ENVELOPE.sub(b"", body[start:end]).rstrip(FRAMING) for start, end in zip(starts, ends, strict=False)]
