"""FHIR as JSON or XML, as strictly as a medical record needs it: what other parsers pass silently is refused in words. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any

from pathways.ingest.message import Unreadable

from . import xml

DEEPEST = 64
LONGEST = 64 * 1024 * 1024


def decode(body: bytes) -> Any:
    """The value, free of duplicate keys, NaN, endless numbers, NUL, lone surrogates and endless nesting.

    Raises:
        Unreadable: with a reason of its own for each of them.
    """
    if len(body) > LONGEST:
        raise Unreadable("too_large", f"The file has {len(body):,} bytes; more than {LONGEST:,} are not read as one JSON value.")
    is_xml = body[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"
    value = xml.value_of(body) if is_xml else _json(body)
    _inspect(value, plain=not is_xml and b"\\u" not in body)
    return value


def _json(body: bytes) -> Any:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable("json_encoding", f"JSON must be UTF-8; byte {error.start} is not.") from error
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_float=_float, parse_int=_int)
    except RecursionError as error:
        raise Unreadable("json_depth", "The JSON is nested so deeply that no record can be meant.") from error
    except json.JSONDecodeError as error:
        raise Unreadable("json_syntax", f"This is no JSON: {error.msg} in line {error.lineno}, column {error.colno}.") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise Unreadable("json_duplicate_key", f"The element “{_shown(twice)}” stands twice in one object, so nobody can say which holds.")
    return found


def _constant(name: str) -> Any:
    raise Unreadable("json_number", f"{name} is no number that JSON knows.")


def _float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise Unreadable("json_number", "A number is too large to be kept.")
    return number


def _int(text: str) -> int:
    if len(text) > 30:
        raise Unreadable("json_number", "A number has more digits than any measurement.")
    return int(text)


SURROGATE = re.compile("[\ud800-\udfff]")


def _inspect(value: Any, *, plain: bool) -> None:
    """Depth and characters, level by level. `plain`: JSON without an escaped character, and UTF-8 has none of the bad ones."""
    level = [value]
    for _ in range(DEEPEST):
        held = [item for item in level if type(item) is dict or type(item) is list]
        if not plain:
            _spell([item for item in level if type(item) is str])
            _spell(key for item in held if type(item) is dict for key in item)
        if not held:
            return
        level = [each for item in held for each in (item.values() if type(item) is dict else item)]
    if level:
        raise Unreadable("json_depth", f"The record is nested more than {DEEPEST} levels deep.")


def _spell(texts: Iterable[str]) -> None:
    for text in texts:
        _characters(text)


def _characters(text: str) -> None:
    if "\x00" in text:
        raise Unreadable("nul_character", "A text holds the NUL character, which cannot be kept.")
    if not text.isascii() and SURROGATE.search(text):
        raise Unreadable("json_surrogate", "A text holds half of a character (a lone surrogate), which cannot be kept.")


def _shown(key: str) -> str:
    return key.encode("ascii", "replace").decode()[:60]
