"""Ending a patient number: what a lab liaison does when a hospital gave an old number to a new patient."""

from __future__ import annotations

from datetime import datetime

from patients.models import Identifier


def retire_identifier(*, authority: str, value: str, now: datetime) -> bool:
    """The number names nobody from now on, so that the next message may give it to somebody else; whether it named anybody."""
    return bool(Identifier.objects.filter(authority=authority, value=value, until=None).update(until=now))
