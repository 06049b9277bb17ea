"""Which milestones a fact reaches, takes back and thereby implies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pathways.facts import Fact
from pathways.replaying.state import Seen, State

if TYPE_CHECKING:
    from pathways.definitions.compiled import Definition, Reach


def reach(definition: Definition, state: State, fact: Fact, rules: tuple[Reach, ...]) -> None:
    """Notes the first time of every milestone that the fact reaches, and of those that must have been reached before.

    All conditions are asked before anything is noted: which milestone the definition names first makes no difference.
    """
    known_all = state.seen
    passed = []
    for rule in rules:
        known = known_all.get(rule.milestone)
        if (known is None or known.implied or rule.tracked) and fact.grade >= rule.grade and (rule.when is None or rule.when(fact, state)):
            passed.append(rule)
    if not passed:
        return
    seen = Seen(fact.occurred.lo, fact.occurred.hi, fact.lineage)
    for rule in passed:
        name = rule.milestone
        known = known_all.get(name)
        if rule.tracked:
            state.reaches.setdefault(name, []).append((seen, fact))
        if known is None or known.implied:
            known_all[name] = seen
            state.changed.add(name)
            if implied := definition.implies.get(name):
                if state.denied:
                    state.denied.difference_update(implied)
                _imply(state, implied, seen)
            if state.denied:
                state.denied.discard(name)


def _imply(state: State, names: tuple[str, ...], seen: Seen) -> None:
    for name in names:
        if name not in state.seen and name not in state.denied:
            state.seen[name] = Seen(seen.at, seen.hi, seen.basis, True)
            state.changed.add(name)


def take_back(definition: Definition, state: State, fact: Fact, rules: tuple[Reach, ...]) -> None:
    """Forgets what was not so after all: the occasions that share an id with the fact, or all if none does."""
    for rule in rules:
        occasions = state.reaches.get(rule.milestone)
        if not occasions and rule.milestone not in state.seen:
            continue
        if fact.grade < rule.grade or (rule.when is not None and not rule.when(fact, state)):
            continue
        occasions = occasions or []
        same = _of_the_same_thing(fact, occasions)
        left = state.reaches[rule.milestone] = [one for one in occasions if same and one not in same]
        if not left:
            state.denied.add(rule.milestone)
        if left or rule.milestone in definition.implied or rule.milestone in definition.implies:
            _retell(definition, state)
        else:
            state.seen.pop(rule.milestone, None)
            state.changed.add(rule.milestone)


def _of_the_same_thing(fact: Fact, occasions: list[tuple[Seen, Fact]]) -> list[tuple[Seen, Fact]]:
    """Occasions that share an id with the fact, directly or through one another (order number and accession of one specimen)."""
    keys = _ids(fact)
    same: list[tuple[Seen, Fact]] = []
    while more := [one for one in occasions if one not in same and not keys.isdisjoint(one[1].keys)]:
        same += more
        for _, other in more:
            keys |= _ids(other)
    return same


def _ids(fact: Fact) -> set[str]:
    return {key for key in fact.keys if not key.startswith("journey:")}


def _retell(definition: Definition, state: State) -> None:
    """Rebuilds what is seen from the occasions that stand. What was denied is not implied again by what was known before."""
    before = state.seen
    kept = {name: seen for name, seen in state.seen.items() if not seen.implied and name not in state.reaches}
    kept.update({name: occasions[0][0] for name, occasions in state.reaches.items() if occasions})
    state.seen = dict(sorted(kept.items(), key=lambda item: item[1].at))
    for name, seen in list(state.seen.items()):
        _imply(state, definition.implies.get(name, ()), seen)
    state.changed |= before.keys() ^ state.seen.keys()
