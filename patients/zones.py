"""In which time zone an address lies: by state and postal code, as `zones.yaml` has it. Pure but for that file.

An area code says where a number was given out, an address where somebody lives. What is not certain is blank: unknown, never guessed.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

import msgspec
import yaml

AMERICAN = frozenset({"", "US", "USA", "840", "UNITED STATES", "UNITED STATES OF AMERICA", "PR", "VI", "GU", "AS", "MP"})
PREFIX, FULL = 3, 5


class State(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """As the head of the file says."""

    zone: str
    prefixes: str
    elsewhere: dict[str, str] = {}
    codes: dict[str, str] = {}
    unsure: str = ""


def zone_of(*, state: str, postal_code: str, country: str = "") -> str:
    """The zone of an address; blank where it is abroad, on a line, or where state and code contradict each other."""
    named, code = state.strip().upper(), "".join(postal_code.split())[:FULL]
    if country.strip().upper() not in AMERICAN or (code and not (code.isdigit() and len(code) >= PREFIX)):
        return ""
    found = _by_code()
    if len(code) == FULL and code in found:
        return _agreed(found[code], named)
    if code:
        one_of_them = len(code) < FULL and code[:PREFIX] in _divided()
        return "" if one_of_them else _agreed(found.get(code[:PREFIX], {}), named)
    return states()[named].zone if named in states() and _is_whole(states()[named]) else ""


def _agreed(zones: dict[str, str], state: str) -> str:
    """What holds in the state that was named; where none was, what all that share the code have in common."""
    if state in states():
        return zones.get(state, "")
    return next(iter(zones.values())) if len(set(zones.values())) == 1 else ""


def _is_whole(state: State) -> bool:
    return not (state.elsewhere or state.codes or state.unsure)


@cache
def states() -> dict[str, State]:
    return msgspec.convert(yaml.safe_load(resources.files("patients").joinpath("zones.yaml").read_text()), dict[str, State])


@cache
def _by_code() -> dict[str, dict[str, str]]:
    """Prefix, or a single code that differs from its own -> state -> zone; blank where nobody can say."""
    found: dict[str, dict[str, str]] = {}
    for name, state in states().items():
        for zone, prefixes in {state.zone: state.prefixes, **state.elsewhere}.items():
            for prefix in _spelled(prefixes):
                found.setdefault(prefix, {})[name] = zone
        for zone, codes in {**state.codes, "": state.unsure}.items():
            for code in codes.split():
                found.setdefault(code, {})[name] = zone
    return found


@cache
def _divided() -> frozenset[str]:
    """Prefixes of which some codes lie elsewhere: three digits alone say nothing certain there."""
    return frozenset(code[:PREFIX] for code in _by_code() if len(code) == FULL)


def _spelled(prefixes: str) -> list[str]:
    spans = [part.partition("-") for part in prefixes.split()]
    return [f"{n:03d}" for first, _, last in spans for n in range(int(first), int(last or first) + 1)]
