"""What definitions write once: a skeleton that several programmes extend, and lists that are named and used by name.

Put in place when a definition is read, so that what is checked, digested and published is whole: a later change of a skeleton changes no
published pathway.
"""

from __future__ import annotations

import re
from typing import Any

from pathways.definitions.refusal import BadInclude

BY_NAME = ("entries", "phases", "lists", "hears", "joins", "milestones", "funnels", "completions", "exits")
"""Parts whose entries a programme may replace, add or (with `null`) take out, one by one."""

LARGEST = 60_000
"""Values of a definition once its lists are put in place; the largest that ships has a tenth of it."""

_NAME = re.compile(r"\$([a-z][a-z0-9_]*)")

Body = dict[str, Any]


def extended(skeleton: Body, written: Body) -> Body:
    """`written` over `skeleton`: entries of a part by name, stages key by key, other values whole; `more` adds to lists."""
    more = _mapping(written.get("more"))
    body = {**skeleton, **{key: value for key, value in written.items() if key not in ("extends", "more", "tracks", *BY_NAME)}}
    for part in BY_NAME:
        if part in skeleton or part in written:
            body[part] = _over(_mapping(skeleton.get(part)), _mapping(written.get(part)))
    body["tracks"] = _tracks(_mapping(skeleton.get("tracks")), _mapping(written.get("tracks")))
    for part, items in more.items():
        if not isinstance(body.get(part), list) or not isinstance(items, list):
            raise BadInclude(f"`more` adds to lists of the skeleton; {part!r} is none")
        body[part] = [*body[part], *items]
    return body


def _tracks(skeleton: Body, written: Body) -> Body:
    tracks = _over(skeleton, written)
    for name in skeleton.keys() & tracks.keys() & written.keys():
        track, own = skeleton[name], _mapping(written[name])
        if "use" in own or not isinstance(track, dict):
            continue
        tracks[name] = {**track, **own, "stages": _over(_mapping(track.get("stages")), _mapping(own.get("stages")))}
        for stage, keys in _mapping(own.get("stages")).items():
            if isinstance(keys, dict):
                tracks[name]["stages"][stage] = _over(_mapping(_mapping(track.get("stages")).get(stage)), keys)
    return tracks


def _over(below: Body, above: Body) -> Body:
    merged = {**below, **above}
    return {key: value for key, value in merged.items() if not (key in above and value is None)}


def with_lists(body: Body) -> Body:
    """The body with `$name` replaced by the list of that name; inside another list its items are put in."""
    lists = _Lists()
    for name, items in _mapping(body.get("lists")).items():
        if not isinstance(items, list):
            raise BadInclude(f"{name!r} in `lists` is no list")
        lists.add(name, items)
    return {key: lists.put(value) for key, value in body.items() if key != "lists"}


class _Lists:
    """The lists that were read so far, each whole: one may use those above it. Lists of lists could make a small file enormous: counted."""

    def __init__(self) -> None:
        self.items: dict[str, list[Any]] = {}
        self.sizes: dict[str, int] = {}
        self.left = LARGEST

    def add(self, name: str, items: list[Any]) -> None:
        before = self.left
        self.items[name] = self.put(items)
        self.sizes[name] = before - self.left

    def put(self, value: Any) -> Any:
        if isinstance(value, str) and (match := _NAME.fullmatch(value)):
            return self._use(match[1])
        self._spend(1)
        if isinstance(value, dict):
            return {key: self.put(child) for key, child in value.items()}
        if not isinstance(value, list):
            return value
        put = [(self.put(child), isinstance(child, str) and _NAME.fullmatch(child)) for child in value]
        return [item for child, is_name in put for item in (child if is_name else [child])]

    def _use(self, name: str) -> list[Any]:
        if name not in self.items:
            raise BadInclude(f"no list called {name!r} above its use")
        self._spend(self.sizes[name])
        return self.items[name]

    def _spend(self, values: int) -> None:
        self.left -= values
        if self.left < 0:
            raise BadInclude(f"more than {LARGEST} values once lists are put in place")


def _mapping(value: Any) -> Body:
    return value if isinstance(value, dict) else {}
