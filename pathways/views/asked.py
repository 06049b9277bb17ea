"""What a report page or an export was asked for, read from its address. Nothing of a patient can stand there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import QueryDict

from pathways.definitions.compile import Definition
from pathways.reports.cohort import STRATA, Question
from patients.models import Role, User

HORIZONS = (30, 60, 90, 180, 365)
OPENS_PATIENTS = (Role.NAVIGATOR, Role.LEAD, Role.CLINICIAN)


@dataclass(frozen=True, slots=True)
class Choices:
    """What the form of a report offers for one programme."""

    entries: tuple[str, ...]
    funnels: tuple[str, ...]
    horizons: tuple[int, ...] = HORIZONS
    strata: tuple[str, ...] = STRATA


def choices(definition: Definition) -> Choices:
    return Choices(tuple(definition.entries), tuple(definition.funnels))


def question(asked: QueryDict, definition: Definition, user: User, now: datetime) -> Question:
    """The user's sites only. A value that the programme does not know is as good as not given."""
    horizon = asked.get("horizon", "")
    return Question(
        pathway=definition.code,
        as_of=now,
        horizon_days=int(horizon) if horizon in map(str, HORIZONS) else 90,
        funnel=known(asked.get("funnel"), definition.funnels),
        entry=known(asked.get("entry"), definition.entries) or None,
        by=known(asked.get("by"), STRATA),
        sites=user.site_ids(),
    )


def known(given: str | None, names: object) -> str:
    return given if given and given in names else ""  # type: ignore[operator]


def shows_all(user: User) -> bool:
    """Small numbers are hidden from those who may not open the patients behind them."""
    return user.has_role(*OPENS_PATIENTS)
