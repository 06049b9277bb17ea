"""*Why am I seeing this*: the rule, the arithmetic of the deadline, what clears it, who was told and who is next. In words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from notifications.models import WorkItem
from notifications.views.deeds import ToDo, to_do
from notifications.views.reckoning import Day, days
from notifications.views.story import Told
from notifications.views.workdays import Distance, calendar_of, clock_of_site, distance
from pathways import signing
from pathways.deadlines import due, parse
from pathways.definitions.schema import Pathway, Source
from pathways.definitions.schema import Stage as Written
from pathways.models import Alert, Journey, Stay
from pathways.timeline import HoldSpan
from pathways.views.written import stage_of
from patients.models import Role
from patients.templatetags.finalmile import sentence, translated, words

AUDIENCES = {role.value: role.label for role in Role} | {
    "patient": gettext_lazy("the patient, by text"),
    "responsible": gettext_lazy("the responsible clinician"),
    "accountable": gettext_lazy("the accountable navigator"),
}


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
    facts: tuple[Told, ...]
    arithmetic: tuple[str, ...]
    days: tuple[Day, ...]
    late: Distance | None
    clears: tuple[str, ...]
    told: tuple[Reaction, ...]
    next: tuple[Reaction, ...]
    to_do: tuple[ToDo, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What was known of the journey when it is explained: its facts as they are told, and its holds."""

    told: Sequence[Told] = ()
    holds: Sequence[HoldSpan] = ()


NOTHING = Known()


def proofs(
    journey: Journey, pathway: Pathway, stays: Sequence[Stay], now: datetime, known: Known = NOTHING, item: WorkItem | None = None
) -> list[Proof]:
    """Each of these waits, the longest due first."""
    rang, signed = alerts_of(stays), signed_for(journey, now)
    ordered = sorted(stays, key=lambda stay: stay.due_at or stay.entered_at)
    return [proof(journey, pathway, stay, rang.get(stay.pk, []), now, known, item, signed) for stay in ordered]


def proof(
    journey: Journey,
    pathway: Pathway,
    stay: Stay,
    rang: Sequence[Alert],
    now: datetime,
    known: Known = NOTHING,
    item: WorkItem | None = None,
    signed: str | None = None,
) -> Proof:
    written = stage_of(pathway, stay.track, stay.stage.name)
    source = written.source if written else None
    return Proof(
        stay=stay,
        label=sentence(stay.stage.label) or words(stay.stage.problem),
        rule=_("%(title)s, version %(number)s: %(track)s.%(name)s")
        % {"title": translated(pathway.title), "number": stay.stage.version.number, "track": stay.track, "name": stay.stage.name},
        target=target(written),
        source=translated(source.text) if source else "",
        source_url=source.url if source else "",
        approved=_approved(source, signed_for(journey, now) if signed is None else signed),
        facts=tuple(rests_on(journey, stay, written, known.told)),
        arithmetic=tuple(arithmetic(journey, stay, written, known.holds)),
        days=tuple(day_by_day(journey, stay, written, known.holds)),
        late=distance(stay.due_at, now, clock_of_site(journey.home_site_id)) if stay.due_at else None,
        clears=tuple(words(kind) for kind in stay.stage.awaits),
        told=tuple(asked(rang)),
        next=tuple(coming(stay, written)),
        to_do=tuple(to_do(journey, pathway, written, item) if stay.left_at is None else ()),
    )


def _approved(source: Source | None, signed: str) -> str:
    """By whom a target that nobody published is answered for; a published one needs nobody."""
    if source is None or source.approved_by:
        return _("approved by %(approved_by)s") % {"approved_by": source.approved_by} if source else ""
    local = any(word in source.text.casefold() for word in signing.UNSOURCED)
    return signed or _("not signed yet") if local else ""


def signed_for(journey: Journey, now: datetime) -> str:
    """Who answered for the local targets of the journey's version at its home site by then; blank where nobody had."""
    found = signing.latest(site=journey.home_site, version=journey.version, until=now)
    said = (
        {
            "site": journey.home_site,
            "name": found.by.get_full_name() or found.by.get_username(),
            "at": date_format(timezone.localdate(found.at), "j M Y"),
        }
        if found
        else {}
    )
    return _("signed for %(site)s by %(name)s, %(at)s") % said if found else ""


def rests_on(journey: Journey, stay: Stay, written: Written | None, told: Sequence[Told]) -> list[Told]:
    """The facts behind the wait: the one that began it and the one its target counts from."""
    stated = journey.milestones.get(written.anchor) if written else None
    wanted = dict.fromkeys([stay.root_lineage, str(stated[2]) if stated and len(stated) > 2 else ""])
    return [fact for lineage in wanted for fact in told if lineage and fact.event.lineage == lineage and not fact.replaced]


def target(written: Written | None) -> str:
    if written is None:
        return ""
    if written.within:
        return _("%(within)s from %(anchor)s") % {"within": translated(written.within), "anchor": anchor_words(written.anchor)}
    return (
        _("looked at again after %(review_after)s; nothing is late here") % {"review_after": translated(written.review_after)}
        if written.review_after
        else _("no target")
    )


def anchor_words(anchor: str) -> str:
    return _("the start of this wait") if anchor == "entered" else words(anchor).lower()


def arithmetic(journey: Journey, stay: Stay, written: Written | None, holds: Sequence[HoldSpan]) -> list[str]:
    """How the deadline came about, in three lines at most; `day_by_day` tells the days."""
    if stay.due_at is None or written is None or not written.within:
        return []
    start, duration = anchor_time(journey, stay, written.anchor), parse(written.within)
    lines = [_("Starts %(start)s, %(anchor)s.") % {"start": spoken(start), "anchor": anchor_words(written.anchor)}]
    told = day_by_day(journey, stay, written, holds)
    lines += [_("Not counted: %(told)s.") % {"told": counted(told)}] if any(day.why for day in told) else []
    lines.append(_("Plus %(duration)s ends %(due_at)s.") % {"duration": translated(str(duration)), "due_at": spoken(stay.due_at)})
    if due(start, duration, calendar_of(journey.home_site_id), list(holds)) != stay.due_at:
        lines.append(_("A start known only to the day or month, or a date corrected since, moved the end."))
    return lines


def day_by_day(journey: Journey, stay: Stay, written: Written | None, holds: Sequence[HoldSpan]) -> list[Day]:
    if stay.due_at is None or written is None or not written.within:
        return []
    clock, start = clock_of_site(journey.home_site_id), anchor_time(journey, stay, written.anchor)
    ended = [hold for hold in holds if stay.left_at is None or hold.since < stay.left_at]
    return days(clock, start, stay.due_at, parse(written.within), ended, journey.home_site_id)


def counted(told: Sequence[Day]) -> str:
    """`4 weekend days, 1 Labor Day, 3 on hold`."""
    reasons: dict[str, int] = {}
    for day in told:
        if day.why:
            reasons[day.why] = reasons.get(day.why, 0) + 1
    return ", ".join(_weekend_days(n) if why == _("weekend") else f"{n} {why}" for why, n in reasons.items())


def _weekend_days(n: int) -> str:
    return ngettext("%(n)s weekend day", "%(n)s weekend days", n) % {"n": n}


def anchor_time(journey: Journey, stay: Stay, anchor: str) -> datetime:
    """The milestone that the target counts from; the start of the wait where it names none or the milestone has no time."""
    stated = journey.milestones.get(anchor)
    return (parse_datetime(stated[1]) if stated and stated[1] else None) or stay.entered_at


def spoken(when: datetime) -> str:
    local = timezone.localtime(when)
    return date_format(local, "D j M Y, H:i")


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
    return str(AUDIENCES.get(code, words(code)))


def fate(alert: Alert) -> str:
    if alert.withdrawn_at:
        return _("withdrawn: %(reason)s") % {"reason": translated(alert.reason)}
    return "" if alert.acts else _("a later reaction acted for it")


def alerts_of(stays: Sequence[Stay]) -> dict[int, list[Alert]]:
    found: dict[int, list[Alert]] = {}
    for alert in Alert.objects.filter(stay__in=[stay.pk for stay in stays]).order_by("rang_at", "pk"):
        found.setdefault(alert.stay_id or 0, []).append(alert)
    return found
