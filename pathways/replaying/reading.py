"""Reads the facts of one journey in order: milestones, side tracks, the main track, joins, holds and ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from pathways.deadlines import clock_of
from pathways.facts import Fact, Grade, Moment, Rank
from pathways.lineage import is_stale
from pathways.replaying.milestones import reach, take_back
from pathways.replaying.state import OpenStay, State
from pathways.timeline import Anomaly, Context, HoldSpan

if TYPE_CHECKING:
    from pathways.definitions.compile import Definition, Move, Stage, Track

MAIN = "main"
END = "end"
LONGEST_CHAIN = 32


class Reader:
    """One replay's walk through the facts. `told` are current facts in replay order."""

    __slots__ = ("context", "definition", "digests", "opened_hi", "state", "told")

    def __init__(self, definition: Definition, context: Context, told: Sequence[Fact]) -> None:
        self.definition = definition
        self.context = context
        self.told = told
        self.state = State(context.entry)
        self.digests: dict[str, str] | None = None
        self.opened_hi: datetime | None = None

    def read(self) -> State:
        """Facts before enrolment reach milestones and move side tracks; `main` opens with `enrolled`."""
        opens_at = self._opens_without_enrolment()
        for fact in self.told:
            if opens_at is not None and fact.occurred.lo >= opens_at:
                self._open(Fact("enrolled", "opened", Moment(opens_at, opens_at), ""))
                opens_at = None
            if self.state.status == "active":
                self._take(fact)
            else:
                self._take_after_end(fact)
        if opens_at is not None:
            self._open(Fact("enrolled", "opened", Moment(opens_at, opens_at), ""))
        return self.state

    def _opens_without_enrolment(self) -> datetime | None:
        for fact in self.told:
            if fact.kind == "enrolled":
                self.state.entry = str(fact.body.get("entry") or self.state.entry)
                return None
        return self.context.opened_at or (self.told[0].occurred.lo if self.told else None)

    def _open(self, fact: Fact) -> None:
        self.opened_hi = fact.occurred.hi
        reach(self.definition, self.state, fact)
        self.state.opened = True
        self._enter(self.definition.tracks[MAIN].start, fact)

    # one fact

    def _take(self, fact: Fact) -> None:
        definition, state, kind = self.definition, self.state, fact.kind
        if fact.basis is not None and fact.grade != Grade.RULE and self._rests_on_changed(fact):
            state.matters[("stale_confirmation", fact.lineage)] = None
            return
        if kind == "enrolled" and not state.opened:
            self._open(fact)
            return
        state.changed = False
        take_back(definition, state, fact)
        reach(definition, state, fact)
        self._raise_matters(fact)
        if (act := _ACTS.get(kind)) is not None:
            act(self, fact)
            if state.status != "active":
                return
        if definition.holds:
            self._hold_by_rule(fact)
        moved = self._move_side(fact)
        moved = self._move_open(MAIN, fact) or moved
        if state.changed:
            self._settle(fact)
        elif not moved:
            self._note_refusal(fact)

    def _take_after_end(self, fact: Fact) -> None:
        """Later facts are shown but move nothing; a result or a start asks for a person. Only people continue an ended journey."""
        kind = fact.kind
        if kind in _AFTER_END:
            _ACTS[kind](self, fact)
        elif kind in self.definition.late and self.state.status != "void":
            self.state.matters[("late_fact", fact.lineage)] = None

    def _rests_on_changed(self, fact: Fact) -> bool:
        if self.digests is None:
            self.digests = {one.lineage: one.digest for one in self.told}
        return is_stale(fact, self.digests)

    # tracks

    def _move_side(self, fact: Fact) -> bool:
        listening = self.definition.side_tracks.get(fact.kind)
        if not listening:
            return False
        track = self._side_track(fact, listening)
        if track is None:
            self.state.anomalies.append(Anomaly("no_track", fact.lineage, f"no track takes this {fact.kind}"))
            self.state.matters[("anomaly", fact.lineage)] = None
            return False
        if track.name in self.state.open:
            return self._move_open(track.name, fact)
        return self._apply_first(track.opens.get(fact.kind), track.name, fact)

    def _side_track(self, fact: Fact, listening: tuple[Track, ...]) -> Track | None:
        """The track that holds one of the fact's keys, else the only one whose `takes` holds."""
        keys = self.state.keys
        holding = [track for track in listening if track.name in keys and not keys[track.name].isdisjoint(fact.keys)] if keys else []
        if len(holding) == 1:
            return holding[0]
        taking = [track for track in holding or listening if track.takes is None or track.takes(fact, self.state)]
        return taking[0] if len(taking) == 1 else None

    def _move_open(self, track: str, fact: Fact) -> bool:
        stay = self.state.open.get(track)
        return stay is not None and self._apply_first(stay.stage.on.get(fact.kind), track, fact)

    def _apply_first(self, moves: tuple[Move, ...] | None, track: str, fact: Fact) -> bool:
        if moves:
            for move in moves:
                if fact.grade >= move.grade and (move.when is None or move.when(fact, self.state)):
                    self._apply(move, track, fact)
                    return True
        return False

    def _apply(self, move: Move, track: str, fact: Fact, *, own: bool = True) -> None:
        if own and track != MAIN:
            self._adopt(track, fact)
        if move.to == END:
            self._close(track, fact, move.closed_as)
        elif move.to:
            self._enter(move.to, fact)
        self._apply_rest(move, fact)

    def _apply_rest(self, move: Move, fact: Fact) -> None:
        for name in move.closes:
            self._close(name, fact, move.closed_as)
        for key in move.opens:
            track = key.partition(".")[0]
            if track not in self.state.open:
                self._adopt(track, fact)
                self._enter(key, fact)
        if move.completes:
            self._end(fact, "completed", outcome=move.completes)
        elif move.exits:
            self._end(fact, "exited", reason=move.exits)

    def _enter(self, key: str, fact: Fact) -> None:
        """Begins a stay; stages whose own condition is met already are passed without one."""
        stages, state = self.definition.stages, self.state
        for _ in range(LONGEST_CHAIN):
            stage = stages[key]
            move = self._met(stage, fact) if stage.always else None
            if move is None:
                self._begin(stage, fact)
                return
            if move.to == END:
                self._close(stage.track, fact, move.closed_as)
            self._apply_rest(move, fact)
            if move.to == END or state.status != "active":
                return
            key = move.to
        self._begin(stages[key], fact)

    def _met(self, stage: Stage, fact: Fact) -> Move | None:
        for move in stage.always:
            if move.when is None or move.when(fact, self.state):
                return move
        return None

    def _begin(self, stage: Stage, fact: Fact) -> None:
        state, at = self.state, fact.occurred.lo
        before = state.open.get(stage.track)
        if before is not None:
            before.left_at, before.left_by = at, fact.lineage
        occurrence = state.times[stage.key] = state.times.get(stage.key, 0) + 1
        stay = OpenStay(stage, occurrence, fact.lineage, at, self._anchor(stage, fact))
        state.open[stage.track] = stay
        state.stays.append(stay)
        state.changed = True

    def _anchor(self, stage: Stage, fact: Fact) -> datetime:
        how, name = stage.anchor
        if how == "entered":
            return fact.occurred.hi
        if how == "milestone":
            seen = self.state.seen.get(name)
            return seen.hi if seen is not None else fact.occurred.hi
        if how == "opened":
            return self.opened_hi or fact.occurred.hi
        if how == "field":
            return self._instant(fact.body.get(name)) or fact.occurred.hi
        if name == "birth" and self.context.birth is not None:
            return clock_of(self.context.calendar).at_hour(self.context.birth.toordinal(), 24)
        return self.context.anchors.get(name, fact.occurred.hi)

    def _close(self, track: str, fact: Fact, closed_as: str) -> None:
        stay = self.state.open.pop(track, None)
        if stay is not None:
            stay.left_at, stay.left_by = fact.occurred.lo, fact.lineage
        self.state.closed_as[track] = closed_as
        self.state.changed = True

    def _adopt(self, track: str, fact: Fact) -> None:
        """A track keeps the ids of what moved it, so that later facts of the same order or specimen find it."""
        if fact.keys:
            self.state.keys.setdefault(track, set()).update(key for key in fact.keys if not key.startswith("journey:"))

    def _settle(self, fact: Fact) -> None:
        """After a change: joins that became true are told to main, and stages whose condition is now met are left."""
        state = self.state
        for _ in range(LONGEST_CHAIN):
            state.changed = False
            for name, test in self.definition.joins:
                if name in state.joined:
                    if not test(fact, state):
                        state.joined.discard(name)
                elif test(fact, state):
                    state.joined.add(name)
                    stay = state.open.get(MAIN)
                    if stay is not None:
                        self._apply_first(stay.stage.on.get(f"join.{name}"), MAIN, fact)
            for track, stay in list(state.open.items()):
                if stay.stage.always and state.open.get(track) is stay and (move := self._met(stay.stage, fact)) is not None:
                    self._apply(move, track, fact, own=False)
            if not state.changed or state.status != "active":
                return
        state.anomalies.append(Anomaly("restless", fact.lineage, "the definition's stages chase each other"))

    def _note_refusal(self, fact: Fact) -> None:
        """A fact that the main track waits for and that its moves refused, for its grade or by a guard."""
        stay = self.state.open.get(MAIN)
        if stay is not None and fact.kind in stay.stage.awaits:
            self.state.anomalies.append(Anomaly("refused", fact.lineage, f"{stay.stage.key} awaits {fact.kind}, but not this one"))

    # matters and holds

    def _raise_matters(self, fact: Fact) -> None:
        definition, state = self.definition, self.state
        if state.matters and definition.matters_until:
            for name, rule in definition.matters_until:
                if any(fact.kind in on and fact.grade >= grade and (when is None or when(fact, state)) for on, when, grade in rule.until):
                    state.matters = {key: None for key in state.matters if key[0] != name}
        for rule in definition.matters.get(fact.kind, ()):
            if rule.when is None or rule.when(fact, state):
                state.matters[(rule.matter, fact.lineage)] = None
        if fact.rank == Rank.CORRECTED and fact.kind in definition.acted_on:
            state.corrected.append(fact)

    def _hold_by_rule(self, fact: Fact) -> None:
        for rule in self.definition.holds.values():
            if fact.kind in rule.ends:
                self._resume(fact.occurred.lo, rule.reason)
        rule_of_kind = self.definition.holds.get(fact.kind)
        if rule_of_kind is not None:
            until = clock_of(self.context.calendar).after(fact.occurred.hi, rule_of_kind.length)
            self.state.holds.append(HoldSpan(rule_of_kind.reason, fact.occurred.lo, until, until, rule_of_kind.party))

    def held(self, fact: Fact) -> None:
        body = fact.body
        until, review_at = self._instant(body.get("until")), self._instant(body.get("review_at"))
        self.state.holds.append(
            HoldSpan(str(body.get("reason") or ""), fact.occurred.lo, until, review_at or until, str(body.get("party") or ""))
        )

    def resumed(self, fact: Fact) -> None:
        self._resume(fact.occurred.lo, None)

    def _resume(self, at: datetime, reason: str | None) -> None:
        self.state.holds = [
            HoldSpan(hold.reason, hold.since, at, hold.review_at, hold.party)
            if (reason is None or hold.reason == reason) and (hold.until is None or hold.until > at)
            else hold
            for hold in self.state.holds
        ]

    def _instant(self, value: object) -> datetime | None:
        """A time in a body: ISO 8601 with offset, or a plain date, which means the start of that working day."""
        if not isinstance(value, str) or not value:
            return None
        try:
            clock = clock_of(self.context.calendar)
            if len(value) <= 10:
                return clock.at_hour(date.fromisoformat(value).toordinal(), self.context.calendar.opens)
            instant = datetime.fromisoformat(value)
            return instant if instant.tzinfo else datetime.combine(instant.date(), time(instant.hour, instant.minute), clock.zone)
        except ValueError:
            return None

    # ends

    def _end(self, fact: Fact, status: str, *, outcome: str = "", reason: str = "", of_class: str = "") -> None:
        state = self.state
        state.status, state.outcome, state.exit_reason = status, outcome, reason
        state.exit_class = of_class or self.definition.exits.get(reason, "")
        state.ended_at = fact.occurred.lo
        state.left_in = [stay.stage for stay in state.open.values()]
        for track in list(state.open):
            self._close(track, fact, "ended")

    def exited(self, fact: Fact) -> None:
        """A person says how it ended; some reasons are good ends. A listed sub-reason decides the class (*started before result*)."""
        reason, sub_reason = str(fact.body.get("reason") or ""), str(fact.body.get("sub_reason") or "")
        left_in = self.state.left_in
        if reason in self.definition.completions:
            self._end(fact, "completed", outcome=reason)
        else:
            exits = self.definition.exits
            of_class = exits.get(sub_reason) or exits.get(reason) or str(fact.body.get("class") or "administrative")
            self._end(fact, "exited", reason=reason, of_class=of_class)
        self.state.left_in = self.state.left_in or left_in

    def death(self, fact: Fact) -> None:
        if self.definition.death_ends:
            self._end(fact, "exited", reason="deceased", of_class=self.definition.exits.get("deceased", "competing"))

    def voided(self, fact: Fact) -> None:
        state = self.state
        state.before_void = (state.status, state.outcome, state.exit_reason, state.exit_class, state.ended_at)
        left_in = state.left_in
        self._end(fact, "void")
        state.left_in = state.left_in or left_in

    def reopened(self, fact: Fact) -> None:
        """Goes on where it stopped, on every track that was waiting."""
        state = self.state
        if state.status == "active":
            return
        state.status, state.outcome, state.exit_reason, state.exit_class, state.ended_at = "active", "", "", "", None
        for stage in state.left_in or [self.definition.stages[self.definition.tracks[MAIN].start]]:
            self._begin(stage, fact)

    def restored(self, fact: Fact) -> None:
        state = self.state
        if state.status == "void" and state.before_void is not None:
            before = state.before_void
            if before[0] == "active":
                self.reopened(fact)
            else:
                state.status, state.outcome, state.exit_reason, state.exit_class, state.ended_at = before


_ACTS: dict[str, Callable[[Reader, Fact], None]] = {
    "held": Reader.held,
    "resumed": Reader.resumed,
    "exited": Reader.exited,
    "voided": Reader.voided,
    "reopened": Reader.reopened,
    "restored": Reader.restored,
    "death": Reader.death,
}
_AFTER_END = frozenset({"exited", "voided", "reopened", "restored"})
