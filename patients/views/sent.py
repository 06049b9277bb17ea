"""What a browser sent beside a form's checked fields, read without trust: nonsense is as good as nothing, never an error of ours."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.dateparse import parse_datetime

LONGEST = 18
"""Digits of a number that PostgreSQL surely holds."""


def number(text: str | None) -> int:
    """The number of a row; 0, which no row has, for anything else."""
    return int(text) if text and len(text) <= LONGEST and text.isdecimal() else 0


def uid(text: str | None) -> UUID | None:
    try:
        return UUID(text)
    except (TypeError, ValueError):
        return None


def uids(texts: Iterable[str]) -> list[UUID]:
    """Those of them that are any."""
    return [found for text in texts if (found := uid(text)) is not None]


def body(file: Any, largest: int) -> bytes:
    """What was uploaded, or one byte more than may be kept: never more of it lies in memory."""
    found: bytes = file.read(largest + 1)
    return found


def moment(text: str | None) -> datetime | None:
    """An instant; one without a zone is on the clock of the page."""
    try:
        found = parse_datetime(text or "")
    except ValueError:
        return None
    return timezone.make_aware(found) if found and timezone.is_naive(found) else found
