"""What a file or a request holds, told by its content, and cut into the messages that stand or wait for themselves. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from . import cells, csv
from .fhir import decode as fhir_json
from .fhir import read as fhir
from .hl7 import read as hl7
from .hl7 import tokens
from .message import FeedProfile, ParsedMessage, Unreadable

Reader = Callable[[bytes, FeedProfile], ParsedMessage]


class Piece(msgspec.Struct, frozen=True):
    """One message as received, with the format that it was recognised by; `value` is what its JSON says, where that was read to tell."""

    format: str
    body: bytes
    trouble: Unreadable | None = None
    value: Any = None


UNFORESEEN = (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError)
READERS: dict[str, Reader] = {"hl7v2": hl7.read, "fhir": fhir.read, "csv": csv.read}


def split(body: bytes) -> Iterator[Piece]:
    """The messages of `body`. Whatever it is, at least one piece comes out, so that every file is accounted for."""
    head = body[:4096].lstrip(b"\xef\xbb\xbf\x0b \t\r\n")
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        head = tokens.decode(body[:4096])[0].encode("utf-8", "replace")
        body = tokens.decode(body)[0].encode("utf-8", "replace")
    if not head:
        yield _stuck(body, "empty", "The file is empty.")
    elif head[:3] in (b"MSH", b"FHS", b"BHS"):
        yield from _hl7(body)
    elif head[:1] in (b"{", b"["):
        yield from _json(body)
    elif head[:1] == b"<":
        yield from _xml(body)
    elif b"\nMSH|" in body or b"\rMSH|" in body:
        yield from _hl7(body)
    else:
        yield from _table(body, head)


def parse(piece: Piece, profile: FeedProfile) -> ParsedMessage:
    """Reads a piece, the first time and whenever it is tried or shown again.

    Raises:
        Unreadable: in words for whoever has to do something about it.
    """
    if piece.trouble is not None:
        raise piece.trouble
    try:
        return READERS[piece.format](piece.body, profile)
    except UNFORESEEN as error:
        # No shape of a message may stop the others; what no reader foresaw waits for a better reader.
        raise Unreadable(
            "unforeseen",
            f"The message has a shape that the reader did not foresee ({type(error).__name__}). Replay it after an update.",
        ) from error


def _hl7(body: bytes) -> Iterator[Piece]:
    messages = tokens.split(body)
    for message in messages:
        yield Piece("hl7v2", message)
    if not messages:
        yield _stuck(body, "hl7_header", "The file is an HL7 envelope (FHS or BHS) without a message in it.")


def _json(body: bytes) -> Iterator[Piece]:
    try:
        value = fhir_json.decode(body)
    except Unreadable as trouble:
        lines = [line for line in body.splitlines() if line.strip()]
        if len(lines) > 1 and (_is_whole(lines[0]) or all(line.lstrip(b"\xef\xbb\xbf \t")[:1] == b"{" for line in lines)):
            for line in lines:
                yield from _json_line(line)
        else:
            yield Piece("fhir", body, trouble)
        return
    yield from _json_value(value, body)


def _is_whole(line: bytes) -> bool:
    """Whether a first line is a record by itself: then every line is one, also one that is none."""
    try:
        return isinstance(fhir_json.decode(line), Mapping)
    except Unreadable:
        return False


def _json_line(line: bytes) -> Iterator[Piece]:
    """A line of NDJSON: a message of its own, so that a bad one delays nobody."""
    try:
        yield from _json_value(fhir_json.decode(line), line)
    except Unreadable as trouble:
        yield Piece("fhir", line, trouble)


def _json_value(value: Any, body: bytes) -> Iterator[Piece]:
    if isinstance(value, list):
        for item in value:
            yield _row(item) if _is_row(item) else Piece("fhir", _bytes(item))
        if not value:
            yield _stuck(body, "empty", "The JSON is an empty list.")
    elif isinstance(value, Mapping) and value.get("resourceType") == "Bundle" and value.get("type") == "batch":
        entries = value.get("entry")
        listed = [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []
        for entry in listed:
            yield Piece("fhir", _bytes(entry.get("resource", {**value, "entry": [entry]})))
        if not listed:
            yield Piece("fhir", body)
    else:
        yield Piece("fhir", body, value=value)


def _is_row(item: Any) -> bool:
    """An object of plain texts that names a patient: a row of a table, written as JSON."""
    return isinstance(item, Mapping) and "resourceType" not in item and any(cells.plain(str(key)) in cells.NUMBER for key in item)


def _row(item: Mapping[str, Any]) -> Piece:
    said = {cells.plain(str(key)): str(value) for key, value in item.items() if isinstance(value, (str, int, float)) and str(value).strip()}
    return Piece("csv", json.dumps(said, ensure_ascii=False).encode())


def _bytes(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _xml(body: bytes) -> Iterator[Piece]:
    """FHIR may be written as XML too. What it holds is cut as its JSON would be."""
    try:
        value = fhir_json.decode(body)
    except Unreadable as trouble:
        yield Piece("unknown" if trouble.reason == "not_recognised" else "fhir", body, trouble)
        return
    yield from _json_value(value, body)


def _table(body: bytes, head: bytes) -> Iterator[Piece]:
    first_line = head.splitlines()[0] if head.splitlines() else b""
    if b"\x00" in body[:4096] or not _looks_like_columns(first_line):
        yield _stuck(
            body,
            "not_recognised",
            "The content is neither HL7 v2 (it begins with MSH), nor FHIR JSON, nor a table whose first line names its columns.",
        )
        return
    try:
        rows = csv.rows(body)
    except Unreadable as trouble:
        yield Piece("csv", body, trouble)
        return
    for row in rows:
        yield Piece("csv", row)
    if not rows:
        yield _stuck(body, "empty", "The table has a first line and no rows.")


def _looks_like_columns(line: bytes) -> bool:
    """One short line of names; a single name counts only if it is that of the patient's number."""
    if len(line) > 16_384:
        return False
    names = [cells.plain(name) for name in line.decode("utf-8", "replace").replace(";", ",").replace("\t", ",").split(",")]
    return len(names) > 1 or names[0] in cells.NUMBER


def _stuck(body: bytes, reason: str, words: str) -> Piece:
    return Piece("unknown", body, Unreadable(reason, words))


def digest(body: bytes) -> str:
    """The identity of what could not even be read."""
    return hashlib.sha256(body).hexdigest()
