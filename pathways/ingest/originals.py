"""The documents inside of a message, for a person to look at: OBX of type ED, and FHIR attachments. Pure.

Only what a browser shows without running anything is given a type of its own; anything else is bytes to be kept.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any

import msgspec

from .fhir.decode import decode
from .hl7 import tokens
from .message import Unreadable

MAGIC = ((b"%PDF-", "application/pdf"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"))
BYTES, TEXT = "application/octet-stream", "text/plain; charset=utf-8"
DEEPEST = 12


class Original(msgspec.Struct, frozen=True):
    """`type` is told by the content, never by what the sender calls it."""

    type: str
    data: bytes

    @property
    def shown(self) -> bool:
        return self.type != BYTES


def originals(format: str, body: bytes) -> list[Original]:  # noqa: A002 (the column's name)
    """Every document of a message, in its order; of a message without one nothing."""
    found = _of_hl7(body) if format == "hl7v2" else _of_fhir(body) if format == "fhir" else ()
    return [Original(type_of(data), data) for data in found if data]


def type_of(data: bytes) -> str:
    """What the bytes are by their beginning. Markup is never shown as markup: it is text."""
    head = data[:1024].lstrip()
    known = next((name for magic, name in MAGIC if head.startswith(magic)), "")
    if known:
        return known
    try:
        words = data.decode("utf-8")
    except UnicodeDecodeError:
        return BYTES
    return BYTES if "\x00" in words else TEXT


def _of_hl7(body: bytes) -> Iterator[bytes]:
    """OBX-5 of type ED: source, type, subtype, encoding, data."""
    text, _ = tokens.decode(body)
    for line in text.replace("\r\n", "\r").replace("\n", "\r").split("\r"):
        fields = line.split("|")
        if fields[0] == "OBX" and len(fields) > 5 and fields[2].upper() == "ED":
            parts = fields[5].split("^")
            if len(parts) > 4:
                yield _decoded(parts[4], parts[3])


def _decoded(data: str, encoding: str) -> bytes:
    if encoding.casefold() == "hex":
        try:
            return bytes.fromhex(data)
        except ValueError:
            return b""
    return _base64(data) if encoding.casefold() == "base64" else data.encode()


def _base64(data: str) -> bytes:
    try:
        return base64.b64decode("".join(data.split()) + "=" * (-len(data) % 4))
    except (binascii.Error, ValueError):
        return b""


def _of_fhir(body: bytes) -> Iterator[bytes]:
    try:
        value = decode(body)
    except Unreadable:
        return
    yield from _attachments(value, 0)


def _attachments(value: Any, depth: int) -> Iterator[bytes]:
    if depth > DEEPEST:
        return
    if isinstance(value, dict):
        if isinstance(value.get("data"), str) and isinstance(value.get("contentType"), str):
            yield _base64(value["data"])
        for inner in value.values():
            yield from _attachments(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _attachments(inner, depth + 1)
