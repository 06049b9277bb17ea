"""The course of one journey, told for a reader: replay of the facts that it has now, or had at an earlier time. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

import msgspec

from pathways.definitions import registry
from pathways.facts import Fact
from pathways.models import Journey
from pathways.replay import replay
from pathways.replaying.migration import opened_under
from pathways.timeline import BallSpan, Calendar, Context, Timeline
from patients.calendars import calendar_for_site

NOBODY = "nobody"


class PartyDays(msgspec.Struct, frozen=True):
    """Whole days that everybody waited for this party; the days of all parties add up to those of the journey."""

    party: str
    days: int


def course(journey: Journey, facts: Sequence[Fact], *, version_id: int | None = None) -> Timeline:
    """What replay says of these facts of the journey, old versions and retracted ones among them; under `version_id` where it stood
    under another version when the facts were all that was known."""
    number = opened_under(facts)
    first = registry.load(version_id or journey.version_id) if number is None else registry.numbered(journey.pathway, number)
    plain = calendar_for_site(journey.home_site_id)
    context = Context(
        calendar=Calendar(zone=plain.zone, holidays=plain.holidays),
        opened_at=journey.opened_at,
        entry=journey.entry,
        birth=journey.patient.meant.person.birth_lo,
    )
    return replay(first.definition, facts, context, versions=lambda number: registry.numbered(journey.pathway, number).definition)


def whole(timeline: Timeline, *, opened_at: datetime, until: datetime) -> list[BallSpan]:
    """The spans of the ball without a gap from the opening until `until` (or the end, if that was earlier); gaps are nobody's."""
    end = min(timeline.ended_at or until, until)
    at, spans = opened_at, []
    for span in timeline.balls:
        since, stop = max(span.since, at), min(span.until or end, end)
        if stop <= since:
            continue
        if since > at:
            spans.append(BallSpan(NOBODY, at, since))
        spans.append(BallSpan(span.party or NOBODY, since, stop))
        at = stop
    if at < end:
        spans.append(BallSpan(NOBODY, at, end))
    return spans


def days_by_party(spans: Iterable[BallSpan], zone: str) -> list[PartyDays]:
    """A day belongs to who had the ball when it ended: each midnight is one party's, so the sum is the days from opening to end."""
    place, counted = ZoneInfo(zone), dict[str, int]()
    for span in spans:
        assert span.until is not None
        counted[span.party] = counted.get(span.party, 0) + _local_day(span.until, place) - _local_day(span.since, place)
    return [PartyDays(party, days) for party, days in sorted(counted.items(), key=lambda pair: -pair[1])]


def _local_day(moment: datetime, place: tzinfo) -> int:
    return moment.astimezone(place).toordinal()
