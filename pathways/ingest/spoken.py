"""The codes of a stored message's own, as it was sent: what a person may say the meaning of."""

from __future__ import annotations

from collections.abc import Iterable

from pathways.models import Inbound

from . import split
from .fhir import local as fhir_local
from .hl7 import local as hl7_local
from .message import Unreadable


def codes_of(row: Inbound) -> Iterable[tuple[str, str, str]]:
    """(place, code, text) of each; nothing of what cannot be read."""
    body = bytes(row.body)
    try:
        match row.format:
            case "hl7v2":
                return list(hl7_local.codes_of(body))
            case "fhir":
                return list(fhir_local.codes_of(body))
    except (Unreadable, ValueError):
        pass
    return ()


def piece_of(row: Inbound) -> split.Piece:
    """The message as the readers take it."""
    body = bytes(row.body)
    return split.Piece(row.format, body) if row.format in split.READERS else next(split.split(body))
