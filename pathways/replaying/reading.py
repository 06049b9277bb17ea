"""Reads the facts of one journey in order: milestones, side tracks, the main track, joins and matters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from pathways.deadlines import clock_of
from pathways.facts import Fact, Grade, Moment, Rank
from pathways.kinds import ACTS as OUR_ACTS
from pathways.kinds import DERIVED, TURNS
from pathways.lineage import is_stale
from pathways.replaying.acts import ACTS, AFTER_END, MAIN, hold_by_rule, instant
from pathways.replaying.milestones import reach, take_back
from pathways.replaying.state import OpenStay, State
from pathways.timeline import Anomaly, Context

if TYPE_CHECKING:
    from pathways.definitions.compiled import Definition, Move, Plan, Stage, Track
    from pathways.replaying.migration import Versions

END = "end"
LONGEST_CHAIN = 32
_OWN = frozenset({*OUR_ACTS, *DERIVED})


class Reader:
    """One replay's walk through the facts. `told` are current facts in replay order; `versions` answers which definition has a number.

    `definition` is the one in force at the fact that is being read: an act may put another in its place.
    """

    __slots__ = ("context", "definition", "digests", "opened_hi", "state", "told", "versions")

    def __init__(self, definition: Definition, context: Context, told: Sequence[Fact], versions: Versions) -> None:
        self.definition = definition
        self.versions = versions
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
                self._take(fact, self.definition.plans[fact.kind])
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
        reach(self.definition, self.state, fact, self.definition.plans["enrolled"].reaches)
        self.state.opened = True
        self.enter(self.definition.tracks[MAIN].start, fact)

    # one fact

    def _take(self, fact: Fact, plan: Plan) -> None:
        definition, state = self.definition, self.state
        if fact.basis is not None and fact.grade != Grade.RULE and self._rests_on_changed(fact):
            state.matters[("stale_confirmation", fact.lineage)] = None
            return
        if fact.kind == "enrolled" and not state.opened:
            self._open(fact)
            return
        state.changed = set()
        if plan.takes_back:
            take_back(definition, state, fact, plan.takes_back)
        if plan.reaches:
            reach(definition, state, fact, plan.reaches)
        if plan.settles or plan.raises or plan.acted_on:
            self._ask(fact, plan)
        act = ACTS.get(fact.kind)
        if act is not None:
            act(self, fact)
            if state.status != "active":
                return
        if plan.holds:
            hold_by_rule(self, fact)
        moved = self._move_side(fact, plan.side_tracks) if plan.side_tracks else False
        moved = self._move_open(MAIN, fact) or moved
        if state.changed:
            if not state.changed.isdisjoint(definition.minds):
                self.settle(fact)
        elif not moved:
            self._note_refusal(fact)

    def _take_after_end(self, fact: Fact) -> None:
        """Later facts are shown but move nothing; a result or a start asks for a person. Only people continue an ended journey."""
        if fact.kind in AFTER_END:
            ACTS[fact.kind](self, fact)
        elif fact.kind in self.definition.late and self.state.status != "void":
            self.state.matters[("late_fact", fact.lineage)] = None

    def _rests_on_changed(self, fact: Fact) -> bool:
        if self.digests is None:
            self.digests = {one.lineage: one.digest for one in self.told}
        return is_stale(fact, self.digests)

    def _ask(self, fact: Fact, plan: Plan) -> None:
        """Opens and closes what a person must settle."""
        state = self.state
        for rule in plan.settles:
            if state.matters and fact.grade >= rule.grade and (rule.when is None or rule.when(fact, state)):
                state.matters = {key: None for key in state.matters if key[0] != rule.matter}
        for rule in plan.raises:
            if rule.when is None or rule.when(fact, state):
                state.matters[(rule.matter, fact.lineage)] = None
        if plan.acted_on and fact.rank == Rank.CORRECTED:
            state.corrected.append(fact)

    # tracks

    def _move_side(self, fact: Fact, listening: tuple[Track, ...]) -> bool:
        track = self._side_track(fact, listening)
        if track is None:
            if not any(self._would_move(one, fact.kind) for one in listening):
                return False
            self.state.anomalies.append(Anomaly("no_track", fact.lineage, f"no track takes this {fact.kind}"))
            self.state.matters[("anomaly", fact.lineage)] = None
            return False
        if track.name in self.state.open:
            return self._move_open(track.name, fact)
        return self._apply_first(track.opens.get(fact.kind), track.name, fact)

    def _would_move(self, track: Track, kind: str) -> bool:
        """Whether a fact of this kind means anything to the track where it now stands."""
        stay = self.state.open.get(track.name)
        return kind in (stay.stage.on if stay is not None else track.opens)

    def _side_track(self, fact: Fact, listening: tuple[Track, ...]) -> Track | None:
        """The track that holds one of the fact's keys, else the only one whose `takes` holds; a turn of a schedule names its own."""
        if fact.kind in TURNS:
            return next((track for track in listening if track.name == fact.body.get("track")), None)
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
        for move in moves or ():
            if fact.grade >= move.grade and (move.when is None or move.when(fact, self.state)):
                if track != MAIN and fact.keys:
                    self._adopt(track, fact)
                self.apply(move, track, fact)
                return True
        return False

    def apply(self, move: Move, track: str, fact: Fact) -> None:
        if move.to == END:
            self.close(track, fact, move.closed_as)
        elif move.to:
            self.enter(move.to, fact)
        if move.reaches_out:
            self._apply_rest(move, fact)

    def _apply_rest(self, move: Move, fact: Fact) -> None:
        for name in move.closes:
            self.close(name, fact, "closed")
        for key in move.opens:
            track = key.partition(".")[0]
            if track not in self.state.open:
                self._adopt(track, fact)
                self.enter(key, fact)
        if move.completes:
            self.end(fact, "completed", outcome=move.completes)
        elif move.exits:
            self.end(fact, "exited", reason=move.exits, of_class=self.definition.exits.get(move.exits, "administrative"))

    def enter(self, key: str, fact: Fact) -> None:
        """Begins a stay; stages whose own condition is met already are passed without one."""
        stages, state = self.definition.stages, self.state
        for _ in range(LONGEST_CHAIN):
            stage = stages[key]
            move = self.met(stage, fact) if stage.always else None
            if move is None:
                self.begin(stage, fact)
                return
            if move.to == END:
                self.close(stage.track, fact, move.closed_as)
            self._apply_rest(move, fact)
            if move.to == END or not move.to or state.status != "active":
                return
            key = move.to
        self._note_restless(fact)
        self.begin(stages[key], fact)

    def met(self, stage: Stage, fact: Fact) -> Move | None:
        for move in stage.always:
            if move.when is None or move.when(fact, self.state):
                return move
        return None

    def begin(self, stage: Stage, fact: Fact) -> None:
        """A new stay; the one that was open on the track is left."""
        state, at = self.state, fact.occurred.lo
        before = state.open.get(stage.track)
        if before is not None:
            before.left_at, before.left_by = at, fact.lineage
        occurrence = state.times[stage.key] = state.times.get(stage.key, 0) + 1
        if stage.recurs:
            occurrence = state.turns[stage.track] = int(fact.body.get("occurrence") or state.turns.get(stage.track, 1))
        anchor = fact.occurred.hi if stage.anchor[0] == "entered" else self.anchor(stage, fact)
        stay = state.open[stage.track] = OpenStay(stage, occurrence, fact.lineage, at, anchor)
        state.stays.append(stay)
        state.places[stage.track] = stage.name
        state.changed.add(stage.mark)

    def anchor(self, stage: Stage, fact: Fact) -> datetime:
        how, name = stage.anchor
        if how == "milestone":
            seen = self.state.seen.get(name)
            return seen.hi if seen is not None else fact.occurred.hi
        if how == "opened":
            return self.opened_hi or fact.occurred.hi
        if how == "field":
            return instant(fact.body.get(name), self.context.calendar) or fact.occurred.hi
        if name == "birth" and (born := next((one for one in self.told if one.kind == "born"), None)) is not None:
            return born.occurred.hi
        if name == "birth" and self.context.birth is not None:
            return clock_of(self.context.calendar).at_hour(self.context.birth.toordinal(), 24)
        return self.context.anchors.get(name, fact.occurred.hi)

    def close(self, track: str, fact: Fact, closed_as: str) -> None:
        state = self.state
        stay = state.open.pop(track, None)
        if stay is not None:
            stay.left_at, stay.left_by = fact.occurred.lo, fact.lineage
        state.places[track] = closed_as
        state.changed.add(f"track:{track}")

    def _adopt(self, track: str, fact: Fact) -> None:
        """A track keeps the ids of what moved it, so that later facts of the same order or specimen find it."""
        if fact.keys and fact.kind not in _OWN:
            keys = self.state.keys.get(track)
            if keys is None:
                keys = self.state.keys[track] = set()
            keys.update(fact.keys)

    def settle(self, fact: Fact) -> None:
        """After a change: stages whose condition is now met are left, until nothing more follows."""
        state = self.state
        for _ in range(LONGEST_CHAIN):
            changed, state.changed = state.changed, set()
            for stay in [one for one in state.open.values() if one.stage.always and not one.stage.minds.isdisjoint(changed)]:
                if state.open.get(stay.stage.track) is stay:
                    move = self.met(stay.stage, fact)
                    if move is not None:
                        self.apply(move, stay.stage.track, fact)
            if state.status != "active" or state.changed.isdisjoint(self.definition.minds):
                return
        self._note_restless(fact)

    def _note_restless(self, fact: Fact) -> None:
        self.state.anomalies.append(Anomaly("restless", fact.lineage, "the definition's stages chase each other"))

    def _note_refusal(self, fact: Fact) -> None:
        """A fact that the main track waits for and that its moves refused, for its grade or by a guard."""
        stay = self.state.open.get(MAIN)
        if stay is not None and fact.kind in stay.stage.awaits:
            self.state.anomalies.append(Anomaly("refused", fact.lineage, f"{stay.stage.key} awaits {fact.kind}, but not this one"))

    def end(self, fact: Fact, status: str, *, outcome: str = "", reason: str = "", of_class: str = "") -> None:
        """The journey ends here; every open stay is left by the fact that ended it."""
        state = self.state
        state.status, state.outcome, state.exit_reason, state.exit_class = status, outcome, reason, of_class
        state.ended_at = fact.occurred.lo
        state.left_in = [stay.stage for stay in state.open.values()]
        for track in list(state.open):
            self.close(track, fact, "ended")
