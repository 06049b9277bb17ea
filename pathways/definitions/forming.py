"""From what was written to the typed definition, with every departure from the format named, and as much kept as can be judged further."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any

import msgspec
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pathways.definitions import schema
from pathways.definitions.faults import Finding
from pathways.definitions.reading import Place

ROUNDS = 6
_RULES = {"extra_forbidden": "unknown-key", "missing": "missing-key"}
# What stands in for something required that was not said or not well said, so that the rest can be judged.
_STANDS_IN: Mapping[str, Any] = {
    "label": "?", "title": "?", "source": "local default", "within": "1 day", "for": "1 day", "at": "0", "to": "lead", "phase": "identified",
    "by": "hand", "on": [], "kinds": [], "after": [], "when": {}, "then": "candidate", "reason": "?", "text": "local default", "stages": {},
}  # fmt: skip


class Formed(msgspec.Struct, frozen=True):
    """`pathway` is None where too little stands to judge the rest; `mended` are places whose consequences are not to be named too."""

    pathway: schema.Pathway | None
    body: dict[str, Any]
    findings: list[Finding]
    mended: list[Place]


def formed(written: Mapping[str, Any]) -> Formed:
    body = deepcopy(dict(written))
    findings = list(_without_unknown_joins(body, body.get("joins"), ()))
    mended = [place for place, _, _ in findings]
    for _ in range(ROUNDS):
        try:
            return Formed(schema.Pathway.model_validate(body), body, findings, mended)
        except ValidationError as error:
            found = [(_place(item["loc"], body), item) for item in error.errors(include_url=False)]
        new = {(place, *_said(place, item, body)): None for place, item in found if not _known(place, item, mended)}
        findings += new
        mended += [_missing_place(place, item) for place, item in found]
        if any(len(place) < 2 for place, item in found if item["type"] != "extra_forbidden"):
            break
        for place, item in sorted(found, key=lambda one: [str(part).zfill(6) for part in one[0]], reverse=True):
            _mend(body, place, item)
    return Formed(None, body, findings, mended)


def _known(place: Place, item: ErrorDetails, mended: Iterable[Place]) -> bool:
    """Said already: a value that was taken away is missing in the next round."""
    return _missing_place(place, item) in mended


def _missing_place(place: Place, item: ErrorDetails) -> Place:
    return (*place, str(item["loc"][-1])) if item["type"] == "missing" else place


def _said(place: Place, item: ErrorDetails, body: Any) -> tuple[str, str]:
    """Rule and detail."""
    last = str(item["loc"][-1]) if item["loc"] else ""
    if item["type"] == "missing":
        return ("no-source" if last == "source" else "missing-key"), f"`{last}` is missing"
    if item["type"] == "extra_forbidden":
        return "unknown-key", f"the format knows no `{last}`"
    if "not a duration" in item["msg"]:
        return "bad-duration", item["msg"].removeprefix("Value error, ")
    return _RULES.get(item["type"], "bad-value"), f"{str(_value(body, place))[:60]!r}: {item['msg'].removeprefix('Value error, ')}"


def _place(loc: Iterable[str | int], body: Any) -> Place:
    """The part of Pydantic's location that is in the file: it adds names of its own for unions and single values."""
    place: list[str | int] = []
    value = body
    for part in loc:
        if part in value if isinstance(value, Mapping) else isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        elif isinstance(value, Mapping | list) and not str(part).endswith("]"):
            break
        else:
            continue
        place.append(part)
    return tuple(place)


def _value(body: Any, place: Place) -> Any:
    for part in place:
        body = body[part]
    return body


def _mend(body: Any, place: Place, item: ErrorDetails) -> None:
    """Takes what is wrong away; where it is required something harmless stands in for it."""
    if item["type"] == "missing":
        name = str(item["loc"][-1])
        holder = _reached(body, place)
        if isinstance(holder, dict) and name in _STANDS_IN:
            holder[name] = _STANDS_IN[name]
            return
    holder = _reached(body, place[:-1])
    if isinstance(holder, dict):
        holder.pop(place[-1], None)
    elif isinstance(holder, list) and isinstance(place[-1], int) and place[-1] < len(holder):
        del holder[place[-1]]


def _reached(body: Any, place: Place) -> Any:
    try:
        return _value(body, place)
    except (KeyError, IndexError, TypeError):
        return None


def _without_unknown_joins(value: Any, joins: Any, place: Place) -> Iterator[Finding]:
    known = joins if isinstance(joins, Mapping) else {}
    if isinstance(value, dict):
        if "join" in value and place[:1] != ("joins",) and value["join"] not in known:
            yield (*place, "join"), "unknown-join", f"no join called {value.pop('join')!r}"
        for key, child in list(value.items()):
            yield from _without_unknown_joins(child, joins, (*place, key))
    elif isinstance(value, list):
        for n, child in enumerate(value):
            yield from _without_unknown_joins(child, joins, (*place, n))
