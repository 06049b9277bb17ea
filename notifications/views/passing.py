"""How the time of a journey passed: its waits drawn on the days, who had the ball, holds, and what corrections moved. Builds values only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import ceil
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from notifications.views.story import Wait
from pathways.course import PartyDays
from pathways.definitions.schema import Pathway
from pathways.models import Journey
from pathways.models.journey import JourneyRevision
from pathways.models.stay import StayRevision
from pathways.timeline import HoldSpan
from patients.templatetags.finalmile import sentence, translated, words

WIDE, LABELS, ROW, TOP, PAD = 680, 216, 26, 26, 14
AHEAD = 4
"""So many waits that are not reached yet are drawn; of the others it is said how many there are."""
FIELDS = {"entered_at": "began", "due_at": "due", "left_at": "ended"}


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of the drawing. `state`: late, open, done, or ahead for a stage that was not reached; `due` is the planned day."""

    label: str
    state: str
    y: int
    x: float = 0
    width: float = 0
    due: float | None = None
    says: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """The waits on one scale of days; all numbers are SVG units."""

    width: int
    height: int
    labels: int
    bars: list[Bar]
    ticks: list[Tick]
    today: float | None
    holds: list[tuple[float, float]] = field(default_factory=list)


def drawing(journey: Journey, pathway: Pathway, waits: Sequence[Wait], holds: Sequence[HoldSpan], now: datetime) -> Drawing:
    """Rows in the order of the pathway: what was passed through, where the patient stands, what is still ahead on the main track."""
    end = journey.ended_at or now
    dates = [wait.stay.due_at for wait in waits if wait.stay.due_at and wait.stay.left_at is None]
    scale = _Scale(min([journey.opened_at, *(wait.stay.entered_at for wait in waits)]), max([end, *dates]))
    rows = sorted(waits, key=lambda wait: (wait.stay.entered_at, wait.stay.pk))
    bars = [_bar(wait, n, scale, now) for n, wait in enumerate(rows)]
    ahead = _ahead(journey, pathway, rows)
    bars += [
        Bar(label, "ahead", TOP + ROW * (len(rows) + n), says=_("%(label)s: not reached") % {"label": label})
        for n, label in enumerate(ahead)
    ]
    spans = [(scale.x(hold.since), max(2.0, scale.x(min(hold.until or end, end)) - scale.x(hold.since))) for hold in holds]
    return Drawing(WIDE, TOP + ROW * len(bars) + 6, LABELS, bars, scale.ticks(), scale.x(now) if journey.ended_at is None else None, spans)


def _bar(wait: Wait, n: int, scale: _Scale, now: datetime) -> Bar:
    stay = wait.stay
    label = sentence(stay.stage.label) or words(stay.stage.name)
    left = stay.left_at or now
    state = "late" if wait.late else "open" if stay.left_at is None else "done"
    due = _(", due %(due_at)s") % {"due_at": _said(stay.due_at)} if stay.due_at else _(", no due date")
    ended = _("ended %(left_at)s") % {"left_at": _said(stay.left_at)} if stay.left_at else _("open")
    says = _("%(label)s: since %(entered_at)s%(due)s, %(ended)s%(late)s") % {
        "label": label,
        "entered_at": _said(stay.entered_at),
        "due": due,
        "ended": ended,
        "late": ", late" if wait.late else "",
    }
    x = scale.x(stay.entered_at)
    planned = scale.x(stay.due_at) if stay.due_at and scale.shows(stay.due_at) else None
    return Bar(label, state, TOP + ROW * n, x, max(3.0, scale.x(left) - x), planned, says)


def _ahead(journey: Journey, pathway: Pathway, rows: Sequence[Wait]) -> list[str]:
    """Stages of the main track below the one where the patient stands; a journey that ended has nothing ahead."""
    main = pathway.tracks.get("main")
    here = next((wait.stay.stage.name for wait in reversed(rows) if wait.stay.track == "main" and wait.stay.left_at is None), "")
    if main is None or journey.status != "active" or here not in main.stages:
        return []
    names = list(main.stages)
    labels = [sentence(main.stages[name].label) for name in names[names.index(here) + 1 :] if not main.stages[name].watch]
    more = len(labels) - AHEAD
    return [*labels[:AHEAD], _("and %(n)s more waits") % {"n": more}] if more > 1 else labels


def _said(moment: datetime | None) -> str:
    local = timezone.localtime(moment) if moment else None
    return date_format(local, "j M Y") if local else ""


class _Scale:
    """Days to places between the labels and the right edge."""

    def __init__(self, first: datetime, last: datetime) -> None:
        self.first, self.last = first, max(last, first + timedelta(days=7))
        self.unit = (WIDE - LABELS - PAD) / (self.last - self.first).total_seconds()

    def x(self, moment: datetime) -> float:
        seconds = (min(max(moment, self.first), self.last) - self.first).total_seconds()
        return round(LABELS + seconds * self.unit, 1)

    def shows(self, moment: datetime) -> bool:
        return self.first <= moment <= self.last

    def ticks(self) -> list[Tick]:
        """Six marks at most, on whole days."""
        days = (self.last - self.first).days
        step = max(1, ceil(days / 6))
        moments = [self.first + timedelta(days=n) for n in range(0, days - step // 2 + 1, step)]
        return [Tick(self.x(one), _short(timezone.localtime(one).date(), days)) for one in moments]


def _short(day: date, days: int) -> str:
    return date_format(day, "M Y" if days > 700 else "j M")


@dataclass(frozen=True, slots=True)
class Share:
    """A party's days and what part of all they are (for a bar, in whole percent)."""

    party: str
    days: int
    percent: int


def shares(parties: Sequence[PartyDays]) -> list[Share]:
    total = sum(one.days for one in parties) or 1
    return [Share(words(one.party), one.days, round(100 * one.days / total)) for one in parties if one.days]


@dataclass(frozen=True, slots=True)
class Moved:
    """A date that we believed until a correction came."""

    what: str
    old: datetime | None
    new: datetime | None
    believed_until: datetime


def moved(journey: Journey, waits: Iterable[Wait]) -> list[Moved]:
    """What corrections changed, newest first; without it nobody could say why something rang when it did."""
    stays = {wait.stay.pk: wait.stay for wait in waits}
    lines = [
        Moved(
            f"{translated(stays[row.stay_id].stage.label)}: {FIELDS.get(row.field, words(row.field))}",
            _old(row),
            getattr(stays[row.stay_id], row.field, None),
            row.until_received,
        )
        for row in StayRevision.objects.filter(stay__in=list(stays), field__in=list(FIELDS)).order_by("pk")
    ]
    lines += [
        Moved(words(row.field.removesuffix("_at")), _old(row), getattr(journey, row.field, None), row.until_received)
        for row in JourneyRevision.objects.filter(journey=journey, field__endswith="_at").order_by("pk")
    ]
    return sorted(lines, key=lambda line: line.believed_until, reverse=True)


def _old(row: Any) -> datetime | None:
    return parse_datetime(row.old) if isinstance(row.old, str) else None
