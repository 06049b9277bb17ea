"""Who changed what of a row that keeps its history, and when: read from the history table, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.db import models
from django.utils.formats import time_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from .models import User
from .templatetags.finalmile import words

FIELDS = {
    "code": _("Code"),
    "name": _("Name"),
    "time_zone": _("Time zone"),
    "country": _("Country"),
    "subdivision": _("State"),
    "sender_name": _("How texts sign"),
    "call_back": _("Number that texts ask patients to call"),
    "reconsent_ages": _("Ages at which consent is asked anew"),
    "texts_on_holidays": _("Reminders go out on closed days too"),
    "texts_from": _("Reminders from"),
    "texts_until": _("Reminders until"),
    "minutes": _("Minutes a working day for the queue, by role"),
    "answers_worse": _("Who answers when somebody feels worse"),
    "is_training": _("Training site"),
    "site_id": _("Site"),
    "mode": _("Speaks"),
    "token_digest": _("Token"),
    "assigner": _("Owner of record numbers"),
    "system": _("System"),
    "may_register": _("May bring in people who are not known yet"),
    "states_family": _("Is believed who a child's parents are"),
    "attested": _("Entered by people, not by a system"),
    "restarts_counter": _("Its message numbers begin anew now and then"),
    "holds_tests": _("What it marks as a test is held back"),
    "sentinel_ids": _("Record numbers that mean nobody"),
    "longest_silence": _("May be silent for"),
    "retention_days": _("Days for which messages are kept whole"),
}
"""What a field is called on the page where it is changed."""

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
    choices: Mapping[object, object]

    @property
    def told(self) -> bool:
        return self.field not in NOT_SAID

    @property
    def label(self) -> str:
        return str(FIELDS.get(self.field, self.field))

    @property
    def before(self) -> str:
        return plain(self.choices.get(str(self.old), self.old))

    @property
    def after(self) -> str:
        return plain(self.choices.get(str(self.new), self.new))


def plain(value: object) -> str:
    """A value as a person would say it, in the reader's language."""
    match value:
        case bool():
            return gettext("Yes") if value else gettext("No")
        case timedelta():
            hours = round(value.total_seconds() / 3600)
            days = ngettext("%(n)s day", "%(n)s days", hours // 24) % {"n": hours // 24}
            return days if hours % 24 == 0 else ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
        case time():
            return time_format(value, "H:i")
        case dict():
            return ", ".join(f"{words(str(name))} {amount}" for name, amount in sorted(value.items())) or "–"
        case list() | tuple():
            return ", ".join(map(str, value)) or "–"
        case None | "":
            return "–"
        case _:
            return str(value)


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
            Change(past.pgh_created_at, by, name, old, new, dict(getattr(row._meta.get_field(name), "flatchoices", ())))
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
