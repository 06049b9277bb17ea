"""What people's acts and deaths do to a journey: holds, ends, reopening, voiding."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from pathways.deadlines import clock_of
from pathways.facts import Fact
from pathways.replaying.migration import migrate
from pathways.timeline import Calendar, HoldSpan

if TYPE_CHECKING:
    from pathways.replaying.reading import Reader
    from pathways.replaying.state import State

MAIN = "main"


def instant(value: object, calendar: Calendar) -> datetime | None:
    """A time in a body: ISO 8601 with offset, else the site's local time; a plain date means the start of that working day."""
    if not isinstance(value, str) or not value:
        return None
    try:
        clock = clock_of(calendar)
        if len(value) <= 10:
            return clock.at_hour(date.fromisoformat(value).toordinal(), calendar.opens)
        said = datetime.fromisoformat(value)
        return said if said.tzinfo else datetime.combine(said.date(), time(said.hour, said.minute), clock.zone)
    except ValueError:
        return None


def hold_by_rule(reader: Reader, fact: Fact) -> None:
    """Facts that stop the clocks by themselves, and those that end such a hold."""
    state, rules = reader.state, reader.definition.holds
    for rule in rules.values():
        if fact.kind in rule.ends:
            _resume(state, fact.occurred.lo, rule.reason)
    begun = rules.get(fact.kind)
    if begun is not None:
        until = clock_of(reader.context.calendar).after(fact.occurred.hi, begun.length)
        state.holds.append(HoldSpan(begun.reason, fact.occurred.lo, until, until, begun.party))


def _held(reader: Reader, fact: Fact) -> None:
    body, calendar = fact.body, reader.context.calendar
    until, review_at = instant(body.get("until"), calendar), instant(body.get("review_at"), calendar)
    hold = HoldSpan(str(body.get("reason") or ""), fact.occurred.lo, until, review_at or until, str(body.get("party") or ""))
    reader.state.holds.append(hold)


def _resumed(reader: Reader, fact: Fact) -> None:
    _resume(reader.state, fact.occurred.lo, None)


def _resume(state: State, at: datetime, reason: str | None) -> None:
    state.holds = [
        HoldSpan(hold.reason, hold.since, at, hold.review_at, hold.party)
        if (reason is None or hold.reason == reason) and (hold.until is None or hold.until > at)
        else hold
        for hold in state.holds
    ]


def _exited(reader: Reader, fact: Fact) -> None:
    """A person says how it ended; some reasons are good ends. A listed sub-reason decides the class (*started before result*)."""
    reason, sub_reason = str(fact.body.get("reason") or ""), str(fact.body.get("sub_reason") or "")
    exits, left_in = reader.definition.exits, reader.state.left_in
    if reason in reader.definition.completions:
        reader.end(fact, "completed", outcome=reason)
    else:
        of_class = exits.get(sub_reason) or exits.get(reason) or str(fact.body.get("class") or "administrative")
        reader.end(fact, "exited", reason=reason, of_class=of_class)
    reader.state.left_in = reader.state.left_in or left_in


def _death(reader: Reader, fact: Fact) -> None:
    if reader.definition.death_ends:
        reader.end(fact, "exited", reason="deceased", of_class=reader.definition.exits.get("deceased", "competing"))


def _voided(reader: Reader, fact: Fact) -> None:
    state = reader.state
    state.before_void = (state.status, state.outcome, state.exit_reason, state.exit_class, state.ended_at)
    left_in = state.left_in
    reader.end(fact, "void")
    state.left_in = state.left_in or left_in


def _reopened(reader: Reader, fact: Fact) -> None:
    """Goes on where it stopped, on every track that was waiting; main begins anew where the end is dated before the enrolment."""
    state = reader.state
    if state.status == "active":
        return
    state.status, state.outcome, state.exit_reason, state.exit_class, state.ended_at = "active", "", "", "", None
    stages, tracks = reader.definition.stages, reader.definition.tracks
    left_in = state.left_in if any(stage.track == MAIN for stage in state.left_in) else [stages[tracks[MAIN].start], *state.left_in]
    for stage in left_in:
        reader.begin(stage, fact)


def _restored(reader: Reader, fact: Fact) -> None:
    state = reader.state
    if state.status != "void" or state.before_void is None:
        return
    if state.before_void[0] == "active":
        _reopened(reader, fact)
    else:
        state.status, state.outcome, state.exit_reason, state.exit_class, state.ended_at = state.before_void


ACTS: dict[str, Callable[[Reader, Fact], None]] = {
    "held": _held,
    "resumed": _resumed,
    "exited": _exited,
    "voided": _voided,
    "reopened": _reopened,
    "restored": _restored,
    "death": _death,
    "migrated": migrate,
}
AFTER_END = frozenset({"exited", "voided", "reopened", "restored", "migrated"})
