"""Guards: conditions written as data, compiled once to closures.

A guard is a mapping; all of its keys must hold. A key is a field of the fact's body (`specimen_class`, `code.text`) with what it must be,
or one of the words below. What a field must be: a value, a list of values (any of them), `null` (absent or empty), a text ending in `*`
(begins with), or a mapping of `contains`, `at_least`, `at_most`, `exists`, `not`. Texts compare without regard to case; a code
`icd10|C34.1` matches with and without its system; of a coded thing both code and text are tried; of a list any element.

    kind, grade            the fact's own: one of these kinds; at least this grade
    any_<x>, no_<x>        some (no) element of the body's list `<x>s` satisfies a guard: any_finding, no_finding, any_drug
    reached, not_reached   milestones: all of these are reached or implied; none of these is
    track                  {name: where}: the stage a track stands in, else how it ended, else `never`
    entry                  how the journey began
    since                  {milestone: name, at_least: 21 days}: so long after a milestone that is reached
    about                  a milestone: the fact carries an id of an occasion that reached it (needs `taken_back_by` there)
    join                   a guard that the definition names under `joins` (put in place when it is read)
    all, any, not          of guards
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pathways.deadlines import as_timedelta, parse
from pathways.facts import Fact, Grade
from pathways.replaying.state import State

Test = Callable[[Fact, State], bool]
Matches = Callable[[Any], bool]
_REMEMBERED, _REMEMBERED_LENGTH = 2_000, 40
OPERATORS = ("contains", "at_least", "at_most", "exists", "not")


class BadGuard(ValueError):
    """The guard cannot be read; the message names the key."""


def compile_guard(guard: Mapping[str, Any] | str | None) -> Test | None:
    """One closure for the whole guard; None where everything passes."""
    if not guard or guard == "any":
        return None
    if not isinstance(guard, Mapping):
        raise BadGuard(f"a guard is a mapping, not {guard!r}")
    return _every([_key(str(key), wanted) for key, wanted in guard.items()])


def milestones_of(guard: Any) -> set[str]:
    """Names of milestones that the guard asks for, to be checked against the definition."""
    found: set[str] = set()
    for key, wanted in _pairs(guard):
        if key in ("reached", "not_reached", "about"):
            found.update(_listed(wanted))
        elif key == "since" and isinstance(wanted, Mapping):
            found.add(str(wanted.get("milestone")))
    return found


def tracks_of(guard: Any) -> set[str]:
    """Names of tracks that the guard asks for."""
    return {str(name) for key, wanted in _pairs(guard) if key == "track" and isinstance(wanted, Mapping) for name in wanted}


def minds_of(guards: Iterable[Any]) -> frozenset[str]:
    """What must change before any of the guards can change its answer: milestones by name, tracks as `track:<name>`."""
    every = list(guards)
    return frozenset(milestones_of(every)) | {f"track:{name}" for name in tracks_of(every)}


def kinds_of(guard: Any) -> set[str]:
    return {str(kind) for key, wanted in _pairs(guard) if key == "kind" for kind in _listed(wanted)}


def _pairs(guard: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(guard, Mapping):
        for key, wanted in guard.items():
            yield str(key), wanted
            yield from _pairs(wanted)
    elif isinstance(guard, list):
        for item in guard:
            yield from _pairs(item)


def _key(key: str, wanted: Any) -> Test:
    if make := _WORDS.get(key):
        return make(wanted)
    for prefix, sense in (("any_", True), ("no_", False)):
        if key.startswith(prefix) and isinstance(wanted, Mapping):
            return _items(key.removeprefix(prefix) + "s", wanted, sense)
    return _field(key.removeprefix("body."), matcher(wanted))


def _field(path: str, matches: Matches) -> Test:
    first, *rest = path.split(".")
    if not rest:
        return lambda fact, state: matches(fact.body.get(first))

    def dotted(fact: Fact, state: State) -> bool:
        value: Any = fact.body.get(first)
        for name in rest:
            value = value.get(name) if isinstance(value, Mapping) else None
        return matches(value)

    return dotted


def _items(name: str, wanted: Mapping[str, Any], sense: bool) -> Test:
    tests = [(str(key), matcher(value)) for key, value in wanted.items()]

    def some(fact: Fact, state: State) -> bool:
        for item in fact.body.get(name) or ():
            if not isinstance(item, dict):
                continue
            for key, matches in tests:
                if not matches(item.get(key)):
                    break
            else:
                return sense
        return not sense

    return some


def matcher(wanted: Any) -> Matches:
    """A test of one value of a body. Answers for short texts are remembered: bodies repeat the same few codes and words."""
    if isinstance(wanted, Mapping):
        return _operators(wanted)
    options = _listed(wanted)
    if any(isinstance(option, Mapping | list) for option in options):
        tests = [matcher(option) for option in options]
        return lambda value: any(test(value) for test in tests)
    empty = None in options
    exact = frozenset(option.lower() if isinstance(option, str) else option for option in options if option is not None)
    begins = tuple(option[:-1].lower() for option in options if isinstance(option, str) and option.endswith("*"))

    def spelled(text: Any) -> bool:
        return text in exact or (isinstance(text, str) and text.startswith(begins))

    known: dict[str, bool] = {"": empty}

    def matches(value: Any) -> bool:
        if value is None:
            return empty
        if value.__class__ is not str:
            return any(spelled(text) for text in _spellings(value)) if value not in ([], {}) else empty
        answer = known.get(value)
        if answer is None:
            answer = any(spelled(text) for text in _spellings(value))
            if len(value) <= _REMEMBERED_LENGTH and len(known) < _REMEMBERED:
                known[value] = answer
        return answer

    return matches


def _spellings(value: Any) -> Iterable[Any]:
    """The ways a value may be written in a guard."""
    if isinstance(value, str):
        lower = value.lower()
        return (lower, lower.partition("|")[2]) if "|" in lower else (lower,)
    if isinstance(value, Mapping):
        return (*_spellings(value.get("code") or ""), *_spellings(value.get("text") or ""))
    if isinstance(value, list | tuple):
        return [text for item in value for text in _spellings(item)]
    return (value,)


def _operators(wanted: Mapping[str, Any]) -> Matches:
    if unknown := set(wanted) - set(OPERATORS):
        raise BadGuard(f"unknown operator {min(unknown)!r}; there are {', '.join(OPERATORS)}")
    tests = [_operator(str(name), operand) for name, operand in wanted.items()]
    return lambda value: all(test(value) for test in tests)


def _operator(name: str, operand: Any) -> Matches:
    match name:
        case "contains":
            words = tuple(str(word).lower() for word in _listed(operand))
            return lambda value: any(word in text for text in _spellings(value) if isinstance(text, str) for word in words)
        case "exists":
            return lambda value: (value not in (None, "", [], {})) is bool(operand)
        case "not":
            inner = matcher(operand)
            return lambda value: not inner(value)
        case "at_least":
            return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and value >= operand
        case _:
            return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and value <= operand


def _kind(wanted: Any) -> Test:
    kinds = frozenset(str(kind) for kind in _listed(wanted))
    return lambda fact, state: fact.kind in kinds


def _grade(wanted: Any) -> Test:
    least = grade_of(str(wanted))
    return lambda fact, state: fact.grade >= least


def grade_of(name: str) -> int:
    try:
        return int(Grade[name.upper()])
    except KeyError:
        raise BadGuard(f"no grade called {name!r}") from None


def _reached(wanted: Any) -> Test:
    names = frozenset(str(name) for name in _listed(wanted))
    if len(names) == 1:
        (only,) = names
        return lambda fact, state: only in state.seen
    return lambda fact, state: state.seen.keys() >= names


def _not_reached(wanted: Any) -> Test:
    names = frozenset(str(name) for name in _listed(wanted))
    if len(names) == 1:
        (only,) = names
        return lambda fact, state: only not in state.seen
    return lambda fact, state: names.isdisjoint(state.seen)


def _track(wanted: Any) -> Test:
    if not isinstance(wanted, Mapping):
        raise BadGuard("track: needs {name: where}")
    places = [(str(name), frozenset(str(place) for place in _listed(where))) for name, where in wanted.items()]
    if len(places) == 1:
        ((name, allowed),) = places
        return lambda fact, state: state.places.get(name, "never") in allowed
    return lambda fact, state: all(state.places.get(name, "never") in allowed for name, allowed in places)


def _entry(wanted: Any) -> Test:
    entries = frozenset(str(entry) for entry in _listed(wanted))
    return lambda fact, state: state.entry in entries


def _since(wanted: Any) -> Test:
    if not isinstance(wanted, Mapping) or set(wanted) != {"milestone", "at_least"}:
        raise BadGuard("since: needs milestone and at_least")
    name, least = str(wanted["milestone"]), as_timedelta(parse(wanted["at_least"]))
    return lambda fact, state: name in state.seen and fact.occurred.lo - state.seen[name].at >= least


def _about(wanted: Any) -> Test:
    name = str(wanted)

    def shares_id(fact: Fact, state: State) -> bool:
        mine = _narrowest(fact.keys)
        return any(not mine.isdisjoint(_narrowest(occasion.keys)) for _, occasion in state.reaches.get(name, ()))

    return shares_id


def _narrowest(keys: Iterable[str]) -> frozenset[str]:
    """Ids of the very thing; the order's number, which a first and a second specimen may share, only where there is no other."""
    known = [key for key in keys if not key.startswith("journey:")]
    return frozenset(key for key in known if not key.startswith(("placer:", "parent:"))) or frozenset(known)


def _every(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        one, two = tests
        return lambda fact, state: one(fact, state) and two(fact, state)
    if len(tests) == 3:
        one, two, three = tests
        return lambda fact, state: one(fact, state) and two(fact, state) and three(fact, state)
    return lambda fact, state: all(test(fact, state) for test in tests)


def _all(wanted: Any) -> Test:
    return _every([_required(guard) for guard in _listed(wanted)])


def _any(wanted: Any) -> Test:
    tests = [_required(guard) for guard in _listed(wanted)]
    return lambda fact, state: any(test(fact, state) for test in tests)


def _not(wanted: Any) -> Test:
    test = _required(wanted)
    return lambda fact, state: not test(fact, state)


def _required(guard: Any) -> Test:
    test = compile_guard(guard)
    if test is None:
        raise BadGuard("an empty guard inside all, any or not")
    return test


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


_WORDS: Mapping[str, Callable[[Any], Test]] = {
    "kind": _kind,
    "grade": _grade,
    "reached": _reached,
    "not_reached": _not_reached,
    "track": _track,
    "entry": _entry,
    "since": _since,
    "about": _about,
    "all": _all,
    "any": _any,
    "not": _not,
}
