"""Reads a definition's YAML safely, keeps the line of every value, and puts included definitions in place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml

from pathways.definitions.sharing import Unacceptable, extended, with_lists

try:  # libyaml's reader is ten times as fast, and as safe
    from yaml import CSafeLoader as SafeLoader
except ImportError:  # a wheel without libyaml
    from yaml import SafeLoader  # type: ignore[assignment]

__all__ = ["CATALOG", "Place", "Source", "Unacceptable", "ordered_as_written", "read_path", "read_text", "with_order"]

CATALOG = Path(__file__).resolve().parent.parent / "catalog"
SHARED = "shared"
LARGEST = 256 * 1024
DEEPEST = 24
_HOLE = re.compile(r"\$\{([a-z0-9_.]+)\}")

Place = tuple[str | int, ...]


class Source(msgspec.Struct, frozen=True):
    """A definition as written, its includes put in place. `lines` maps a path of keys to its line."""

    name: str
    body: dict[str, Any]
    lines: Mapping[Place, int]

    def line(self, place: Place) -> int:
        """Line of the value, or of the nearest thing around it that has one."""
        while place not in self.lines and place:
            place = place[:-1]
        return self.lines.get(place, 1)


class _Loader(SafeLoader):
    """Safe, and `on`, `off`, `yes`, `no` stay words: moves are written `on:`."""


_Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag not in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")]
    for letter, resolvers in SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))


def read_path(path: Path) -> Source:
    return read_text(path.read_text(encoding="utf-8"), name=path.name, beside=path.parent)


def read_text(text: str, *, name: str = "definition", beside: Path = CATALOG) -> Source:
    """The definition with its skeleton, lists and `use:` tracks put in place. Raises Unacceptable with the line."""
    body, lines = _parse(text)
    try:
        body = with_lists(extended(_skeleton(body, beside), body) if "extends" in body else body)
    except Unacceptable as error:
        raise error if error.line else Unacceptable(str(error), lines.get(("lists",), lines.get(("extends",), 0))) from error
    for track, written in _mapping(body.get("tracks")).items():
        if isinstance(written, dict) and "use" in written:
            line = lines.get(("tracks", track), 1)
            body["tracks"][track] = _included(written, beside, line)
    return Source(name, body, lines)


def ordered_as_written(body: Mapping[str, Any]) -> dict[str, Any]:
    """A stored definition with its keys in the order of the file: `jsonb` forgets it, people read stages and milestones in it."""
    order: Mapping[str, Any] = body.get("order") or {}
    known = {key: value for key, value in body.items() if key != "order"}
    for part, names in order.items():
        if part == "tracks":
            known["tracks"] = {
                track: {**body["tracks"][track], "stages": {stage: body["tracks"][track]["stages"][stage] for stage in stages}}
                for track, stages in names
            }
        else:
            known[part] = {name: body[part][name] for name in names}
    return known


def with_order(body: Mapping[str, Any]) -> dict[str, Any]:
    """The definition as it is stored; see `ordered_as_written`."""
    order: dict[str, Any] = {
        part: list(body[part]) for part in ("entries", "milestones", "funnels", "completions", "exits") if part in body
    }
    order["tracks"] = [[track, list(written["stages"])] for track, written in body["tracks"].items()]
    return {**body, "order": order}


def _parse(text: str) -> tuple[dict[str, Any], dict[Place, int]]:
    if len(text.encode()) > LARGEST:
        raise Unacceptable(f"larger than {LARGEST // 1024} KiB")
    try:
        for token in yaml.scan(text, Loader=_Loader):
            if isinstance(token, yaml.AliasToken | yaml.AnchorToken | yaml.TagToken):
                raise Unacceptable("anchors, aliases and tags are not accepted", token.start_mark.line + 1)
        node = yaml.compose(text, Loader=_Loader)
        lines: dict[Place, int] = {}
        if not isinstance(node, yaml.MappingNode):
            raise Unacceptable("a definition is a mapping of keys to values")
        _note_lines(node, (), lines)
        body = yaml.load(text, Loader=_Loader)  # noqa: S506 (a SafeLoader with fewer words for true and false)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise Unacceptable(f"not YAML: {getattr(error, 'problem', error)}", mark.line + 1 if mark else 0) from error
    except RecursionError as error:
        raise Unacceptable(f"nested deeper than {DEEPEST}") from error
    return body, lines


def _note_lines(node: yaml.Node, place: Place, lines: dict[Place, int]) -> None:
    if len(place) > DEEPEST:
        raise Unacceptable(f"nested deeper than {DEEPEST}", node.start_mark.line + 1)
    lines[place] = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        for n, child in enumerate(node.value):
            _note_lines(child, (*place, n), lines)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, child in node.value:
            if key.value in seen:
                raise Unacceptable(f"key {key.value!r} twice", key.start_mark.line + 1)
            seen.add(key.value)
            _note_lines(child, (*place, key.value), lines)
            lines[(*place, key.value)] = key.start_mark.line + 1


def _skeleton(written: Mapping[str, Any], beside: Path) -> dict[str, Any]:
    """What `extends:` names, a file of the folder `shared`: the greater part of a definition, which is none by itself."""
    code = str(written["extends"])
    if not re.fullmatch(r"[a-z0-9-]+", code):
        raise Unacceptable(f"nothing to extend called {code!r}")
    places = [folder / SHARED / f"{code}.yaml" for folder in (beside, CATALOG)]
    path = next((place for place in places if place.exists()), None)
    if path is None:
        raise Unacceptable(f"nothing to extend called {code!r}")
    body, _ = _parse(path.read_text(encoding="utf-8"))
    return body


def _included(written: Mapping[str, Any], beside: Path, line: int) -> dict[str, Any]:
    """The track that `use:` names, its holes filled from `with:`; what is written beside `use` wins over what is included."""
    code, given = str(written["use"]), _mapping(written.get("with"))
    path = beside / f"{code}.yaml"
    if not re.fullmatch(r"[a-z0-9-]+", code) or not path.exists():
        raise Unacceptable(f"nothing to include called {code!r}", line)
    body, _ = _parse(path.read_text(encoding="utf-8"))
    if "track" not in body:
        raise Unacceptable(f"{code} is a pathway of its own, not a track to include", line)
    values = _arguments(code, _mapping(body.get("parameters")), given, line)
    filled = _fill(body["track"], values, code, line)
    return {**filled, "included": code, **{key: value for key, value in written.items() if key not in ("use", "with")}}


def _arguments(code: str, declared: Mapping[str, Any], given: Mapping[str, Any], line: int) -> dict[str, Any]:
    """Parameter values by hole. A parameter is a list of allowed words, or a table whose rows hold further values."""
    if missing := sorted(set(declared) ^ set(given)):
        raise Unacceptable(f"{code} takes the parameters {sorted(declared)}; check {missing}", line)
    values: dict[str, Any] = {}
    for name, choices in declared.items():
        if given[name] not in choices:
            raise Unacceptable(f"{name} of {code} is one of {sorted(choices)}", line)
        values[name] = given[name]
        if isinstance(choices, dict):
            values.update({f"{name}.{key}": value for key, value in choices[given[name]].items()})
    return values


def _fill(value: Any, values: Mapping[str, Any], code: str, line: int) -> Any:
    if isinstance(value, dict):
        return {key: _fill(child, values, code, line) for key, child in value.items()}
    if isinstance(value, list):
        return [_fill(child, values, code, line) for child in value]
    if not isinstance(value, str):
        return value
    if unknown := [name for name in _HOLE.findall(value) if name not in values]:
        raise Unacceptable(f"{code} has no parameter {unknown[0]!r}", line)
    return _HOLE.sub(lambda found: str(values[found.group(1)]), value)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
