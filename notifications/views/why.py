"""*Why am I seeing this*: the rule, the arithmetic of the deadline, what clears it, who was told and who is next. In words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from notifications.views.workdays import Distance, calendar_of, distance
from pathways.deadlines import Clock, clock_of, due, parse
from pathways.definitions.schema import Pathway
from pathways.definitions.schema import Stage as Written
from pathways.models import Alert, Journey, Stay
from pathways.views.written import stage_of
from patients.models import Role
from patients.templatetags.finalmile import sentence, words

AUDIENCES = {role.value: str(role.label) for role in Role} | {
    "patient": "the patient, by text",
    "responsible": "the responsible clinician",
    "accountable": "the accountable navigator",
}
LISTED = 12  # days that are worth naming one by one


@dataclass(frozen=True, slots=True)
class Reaction:
    who: str
    at: datetime
    note: str = ""
    times: int = 1
    last: datetime | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """One wait explained."""

    stay: Stay
    label: str
    rule: str
    target: str
    source: str
    source_url: str
    approved: str
    arithmetic: tuple[str, ...]
    late: Distance | None
    clears: tuple[str, ...]
    told: tuple[Reaction, ...]
    next: tuple[Reaction, ...]


def proofs(journey: Journey, pathway: Pathway, stays: Sequence[Stay], now: datetime) -> list[Proof]:
    """Each open wait of the journey, the longest due first."""
    rang = alerts_of(stays)
    return [
        proof(journey, pathway, stay, rang.get(stay.pk, []), now) for stay in sorted(stays, key=lambda stay: stay.due_at or stay.entered_at)
    ]


def proof(journey: Journey, pathway: Pathway, stay: Stay, rang: Sequence[Alert], now: datetime) -> Proof:
    written = stage_of(pathway, stay.track, stay.stage.name)
    source = written.source if written else None
    return Proof(
        stay=stay,
        label=sentence(stay.stage.label) or words(stay.stage.problem),
        rule=f"{pathway.title}, version {journey.version.number}: {stay.track}.{stay.stage.name}",
        target=target(written),
        source=source.text if source else "",
        source_url=source.url if source else "",
        approved=f"approved by {source.approved_by}" if source and source.approved_by else "not signed yet",
        arithmetic=tuple(arithmetic(journey, stay, written, now)),
        late=distance(stay.due_at, now, journey.home_site_id) if stay.due_at else None,
        clears=tuple(words(kind) for kind in stay.stage.awaits),
        told=tuple(asked(rang)),
        next=tuple(coming(stay, written)),
    )


def target(written: Written | None) -> str:
    if written is None:
        return ""
    if written.within:
        return f"{written.within} from {anchor_words(written.anchor)}"
    return f"looked at again after {written.review_after}; nothing is late here" if written.review_after else "no target"


def anchor_words(anchor: str) -> str:
    return "the start of this wait" if anchor == "entered" else words(anchor).lower()


def arithmetic(journey: Journey, stay: Stay, written: Written | None, now: datetime) -> list[str]:
    """How the deadline came about, day by day where days were skipped."""
    if stay.due_at is None or written is None or not written.within:
        return []
    clock = clock_of(calendar_of(journey.home_site_id))
    start, duration = anchor_time(journey, stay, written.anchor), parse(written.within)
    lines = [f"Starts {spoken(start)}, {anchor_words(written.anchor)}."]
    if duration.unit in ("working_days", "working_hours"):
        lines += skipped(clock, start, stay.due_at)
    lines.append(f"Plus {duration} ends {spoken(stay.due_at)}.")
    if due(start, duration, clock.calendar) != stay.due_at:
        lines.append("A hold, or a start known only to the day or month, moved the end.")
    return lines


def anchor_time(journey: Journey, stay: Stay, anchor: str) -> datetime:
    """The milestone that the target counts from; the start of the wait where it names none or the milestone has no time."""
    stated = journey.milestones.get(anchor)
    return (parse_datetime(stated[1]) if stated and stated[1] else None) or stay.entered_at


def skipped(clock: Clock, start: datetime, end: datetime) -> list[str]:
    first, last = start.astimezone(clock.zone).date(), end.astimezone(clock.zone).date()
    closed = [day for n in range(1, (last - first).days) if not clock.is_working((day := first + timedelta(days=n)).toordinal())]
    if not closed:
        return []
    if len(closed) > LISTED:
        return [f"{len(closed)} weekend days and holidays between do not count."]
    return [f"Not counted: {', '.join(closed_day(day) for day in closed)}."]


def closed_day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}" + ("" if day.weekday() > 4 else " (holiday)")


def spoken(when: datetime) -> str:
    local = timezone.localtime(when)
    return f"{local:%a} {local.day} {local:%b %Y}, {local:%H:%M}"


def coming(stay: Stay, written: Written | None) -> list[Reaction]:
    """Rungs that have not rung yet, in the order of time."""
    if written is None:
        return []
    through = stay.rang_through
    times = [(at, rung) for at, rung in zip(stay.rung_at, written.ladder, strict=False) if at and (through is None or at > through)]
    return [Reaction(audience(rung.to), at) for at, rung in sorted(times, key=lambda pair: pair[0])]


def asked(rang: Sequence[Alert]) -> list[Reaction]:
    """Who was asked, each once: first when, and for a rung that repeats how often and when last."""
    groups: dict[tuple[str, str], list[Alert]] = {}
    for alert in rang:
        groups.setdefault((audience(alert.audience), fate(alert)), []).append(alert)
    return [Reaction(who, alerts[0].rang_at, note, len(alerts), alerts[-1].rang_at) for (who, note), alerts in groups.items()]


def audience(code: str) -> str:
    return AUDIENCES.get(code, words(code))


def fate(alert: Alert) -> str:
    if alert.withdrawn_at:
        return f"withdrawn: {alert.reason}"
    return "" if alert.acts else "a later reaction acted for it"


def alerts_of(stays: Sequence[Stay]) -> dict[int, list[Alert]]:
    found: dict[int, list[Alert]] = {}
    for alert in Alert.objects.filter(stay__in=[stay.pk for stay in stays]).order_by("rang_at", "pk"):
        found.setdefault(alert.stay_id or 0, []).append(alert)
    return found
