"""What a report page or an export was asked for, read from its address. Nothing of a patient can stand there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from pathways.definitions.compile import Definition
from pathways.reports.cohort import STRATA, Question
from patients.models import Role, User

HORIZONS = (30, 60, 90, 180, 365)
FILTERS = ("entry", "funnel", "horizon", "by", "as_of")
MOMENT = "at"
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


def question(
    asked: QueryDict, definition: Definition | None, user: User, now: datetime, *, takes: Sequence[str] = FILTERS, exact: bool = True
) -> Question:
    """The user's sites only. A value that the programme does not know is as good as not given.

    Who may not see small numbers asks on a fixed grid: as of the last Monday, and one way of looking at a cohort at a time. Two
    questions that differ by a few people would otherwise give those few away.
    """
    as_of = _as_of(asked, now) if exact and "as_of" in takes else now
    compare = known(asked.get("compare"), ("before-after",)) if "compare" in takes else ""
    if definition is None:
        return Question(pathway="", as_of=as_of if exact else monday(now), sites=user.site_ids(), compare=compare)
    horizon = asked.get("horizon", "")
    # By month is the trend's to show: month by month and step by step hardly a number could be shown.
    by = known(asked.get("by"), [name for name in STRATA if exact or name != "month"]) if "by" in takes else ""
    entry = known(asked.get("entry"), definition.entries) if "entry" in takes and (exact or not by) else ""
    return Question(
        pathway=definition.code,
        as_of=as_of if exact else monday(now),
        horizon_days=int(horizon) if horizon in map(str, HORIZONS) else 90,
        funnel=known(asked.get("funnel"), definition.funnels) if "funnel" in takes else "",
        entry=entry or None,
        by=by,
        sites=user.site_ids(),
        hindsight=exact and "as_of" in takes and asked.get("hindsight") == "1",
        compare=compare,
    )


def monday(now: datetime) -> datetime:
    """Midnight before the last Monday began, on the clock of the page."""
    day = timezone.localdate(now)
    return timezone.make_aware(datetime.combine(day - timedelta(days=day.weekday()), time.min))


def _as_of(asked: QueryDict, now: datetime) -> datetime:
    """The end of a day that is over, on the clock of the page; the moment that the page with a number spoke of; now where none is given."""
    try:
        if MOMENT in asked:
            return min(now, datetime.fromisoformat(str(asked[MOMENT])).astimezone(UTC))
        day = date.fromisoformat(str(asked.get("as_of", "")))
    except ValueError:
        return now
    return min(now, timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min)))


def rows_address(asked: QueryDict, report: str, code: str, as_of: datetime) -> str:
    """Where the rows behind a page's numbers are listed, asked as the page was and as of the same moment; a number's name is to follow."""
    same = [(key, one) for key, one in asked.items() if key not in ("number", "page", MOMENT)]
    return f"{reverse('report_rows', args=[report, code])}?{urlencode([*same, (MOMENT, as_of.isoformat())])}&number="


def known(given: str | None, names: object) -> str:
    return given if given and given in names else ""  # type: ignore[operator]


def shows_all(user: User) -> bool:
    """Small numbers are hidden from those who may not open the patients behind them, at every one of their sites."""
    sites = user.site_ids()
    return bool(sites) and all(user.roles_at(site) & set(OPENS_PATIENTS) for site in sites)
