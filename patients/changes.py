"""Who changed what of a row that keeps its history, and when: read from the history table, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models

from .models import User

NOT_SAID = frozenset({"token_digest"})
"""That it changed is told; what it says opens something."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one save. `by` is blank where a command did it."""

    at: datetime
    by: str
    field: str
    old: object
    new: object

    @property
    def told(self) -> bool:
        return self.field not in NOT_SAID


def changes_of(row: models.Model, *, most: int = 20) -> list[Change]:
    """History rows hold what stood before each save: the next one, or the row itself, holds what came after."""
    history = row.history  # type: ignore[attr-defined]
    before = list(history.filter(pgh_label="update").select_related("pgh_context").order_by("-pgh_created_at", "-pgh_id")[:most])
    kept = [field.attname for field in history.model._meta.fields if not field.name.startswith("pgh_") and field.name != "id"]
    names = _names(before)
    found, after = [], row
    for past in before:
        by = names.get(_user(past), "")
        found += [
            Change(past.pgh_created_at, by, name, old, new)
            for name in kept
            if (old := getattr(past, name)) != (new := getattr(after, name))
        ]
        after = past
    return found[:most]


def _user(past: Any) -> int | None:
    return past.pgh_context.metadata.get("user") if past.pgh_context else None


def _names(before: list[Any]) -> dict[int | None, str]:
    found = User.objects.filter(pk__in={user for past in before if (user := _user(past))})
    return {user.pk: user.get_full_name() or user.username for user in found}
