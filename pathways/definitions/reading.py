"""Reads a definition's YAML safely, keeps the line of every value, and puts included definitions in place."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

from pathways.definitions.refusal import BadInclude, Refusal, Unacceptable
from pathways.definitions.sharing import extended, with_lists

try:  # libyaml's reader is ten times as fast, and as safe
    from yaml import CSafeLoader as SafeLoader
except ImportError:  # a wheel without libyaml
    from yaml import SafeLoader  # type: ignore[assignment]

__all__ = [
    "CATALOG",
    "SHARED",
    "BadInclude",
    "Place",
    "Source",
    "Unacceptable",
    "arguments",
    "fill",
    "ordered_as_written",
    "read_path",
    "read_text",
    "with_order",
]

CATALOG = Path(__file__).resolve().parent.parent / "catalog"
SHARED = "shared"
LARGEST = 256 * 1024
DEEPEST = 24
_OPENING = (yaml.BlockSequenceStartToken, yaml.BlockMappingStartToken, yaml.FlowSequenceStartToken, yaml.FlowMappingStartToken)
_CLOSING = (yaml.BlockEndToken, yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken)
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
    return read_bytes(path.read_bytes(), name=path.name, beside=path.parent)


def read_bytes(raw: bytes, *, name: str, beside: Path) -> Source:
    if len(raw) > LARGEST:
        raise Unacceptable([(1, "too-large", f"larger than {LARGEST // 1024} KiB")])
    try:
        return read_text(raw.decode("utf-8"), name=name, beside=beside)
    except UnicodeDecodeError as error:
        raise Unacceptable([(raw[: error.start].count(b"\n") + 1, "not-yaml", "not UTF-8")]) from error


def read_text(text: str, *, name: str = "definition", beside: Path = CATALOG) -> Source:
    """The definition with its skeleton, lists and `use:` tracks put in place. Raises Unacceptable with every reason."""
    body, lines, refusals = _parse(text)
    try:
        body = with_lists(extended(_skeleton(body, beside), body) if "extends" in body else body)
    except BadInclude as error:
        line = lines.get(("lists",), lines.get(("extends",), 1))
        raise Unacceptable(sorted([*refusals, (line, "bad-include", str(error))])) from error
    for track, written in _mapping(body.get("tracks")).items():
        if isinstance(written, dict) and "use" in written:
            try:
                body["tracks"][track] = _included(written, beside)
            except BadInclude as error:
                refusals.append((lines.get(("tracks", track), 1), "bad-include", str(error)))
                body["tracks"][track] = {"stages": {}, "included": "nothing"}
    source = Source(name, body, lines)
    if refusals:
        raise Unacceptable(sorted(refusals), source)
    return source


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


def _parse(text: str) -> tuple[dict[str, Any], dict[Place, int], list[Refusal]]:
    """Body, lines, and what is wrong although it can be read. Raises Unacceptable where reading on would be unsafe or senseless."""
    parsed: tuple[dict[str, Any], dict[Place, int], list[Refusal]] = pickle.loads(_parsed(text))  # noqa: S301 (made by the line below)
    return parsed


@lru_cache(maxsize=128)
def _parsed(text: str) -> bytes:
    """Skeletons and lists are read for every definition that builds on them: the same text is parsed once, and everybody gets a copy."""
    return pickle.dumps(_parse_anew(text))


def _parse_anew(text: str) -> tuple[dict[str, Any], dict[Place, int], list[Refusal]]:
    if len(text.encode("utf-8", "surrogatepass")) > LARGEST:
        raise Unacceptable([(1, "too-large", f"larger than {LARGEST // 1024} KiB")])
    try:
        if refused := list(dict.fromkeys(_harmful(text))):
            raise Unacceptable(refused)
        node = yaml.compose(text, Loader=_Loader)
        if not isinstance(node, yaml.MappingNode):
            line = node.start_mark.line + 1 if node else 1
            raise Unacceptable([(line, "not-yaml", "a definition is a mapping of keys to values")])
        lines: dict[Place, int] = {}
        refusals = list(_note_lines(node, (), lines))
        if any(rule != "duplicate-key" for _, rule, _ in refusals):
            raise Unacceptable(sorted(refusals))
        return yaml.load(text, Loader=_Loader), lines, refusals  # noqa: S506 (a SafeLoader with fewer words for true and false)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise Unacceptable([(mark.line + 1 if mark else 1, "not-yaml", f"not YAML: {getattr(error, 'problem', error)}")]) from error


def _harmful(text: str) -> Iterator[Refusal]:
    """What a definition never needs, found among the tokens, before anything is built from them."""
    depth = 0
    for token in yaml.scan(text, Loader=_Loader):
        line = token.start_mark.line + 1
        if isinstance(token, yaml.AliasToken | yaml.AnchorToken):
            yield line, "alias", "anchors and aliases are not accepted"
        elif isinstance(token, yaml.TagToken):
            yield line, "tag", "tags are not accepted: a definition holds data, never objects"
        elif isinstance(token, _OPENING):
            depth += 1
            if depth > 2 * DEEPEST:
                yield line, "too-deep", f"nested deeper than {DEEPEST}"
                return
        elif isinstance(token, _CLOSING):
            depth -= 1


def _note_lines(node: yaml.Node, place: Place, lines: dict[Place, int]) -> Iterator[Refusal]:
    line = node.start_mark.line + 1
    lines[place] = line
    if len(place) > DEEPEST:
        yield line, "too-deep", f"nested deeper than {DEEPEST}"
    elif isinstance(node, yaml.SequenceNode):
        for n, child in enumerate(node.value):
            yield from _note_lines(child, (*place, n), lines)
    elif isinstance(node, yaml.MappingNode):
        yield from _note_keys(node, place, lines)
    elif _is_unstorable(node):
        yield line, "bad-value", f"{str(node.value)[:40]!r} is no value that can be kept"


def _note_keys(node: yaml.MappingNode, place: Place, lines: dict[Place, int]) -> Iterator[Refusal]:
    seen: set[str] = set()
    for key, child in node.value:
        line = key.start_mark.line + 1
        if key.tag != "tag:yaml.org,2002:str":
            yield line, "bad-key", f"a key is a word, not {str(key.value)[:40]!r}"
            continue
        if key.value in seen:
            yield line, "duplicate-key", f"key {key.value!r} twice"
        seen.add(key.value)
        yield from _note_lines(child, (*place, key.value), lines)
        lines[(*place, key.value)] = line


def _is_unstorable(node: yaml.Node) -> bool:
    """Numbers without a value or of thousands of digits, and characters that no database keeps."""
    text, kind = str(node.value), node.tag.rpartition(":")[2]
    endless = kind == "float" and text.strip("+-").lower() in (".inf", ".nan")
    return endless or (kind in ("int", "float") and len(text) > 20) or "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text)


def _skeleton(written: Mapping[str, Any], beside: Path) -> dict[str, Any]:
    """What `extends:` names, a file of the folder `shared`: the greater part of a definition, which is none by itself."""
    return _beside(str(written["extends"]), [folder / SHARED for folder in (beside, CATALOG)], "extend")


def _included(written: Mapping[str, Any], beside: Path) -> dict[str, Any]:
    """The track that `use:` names, its holes filled from `with:`; what is written beside `use` wins over what is included."""
    code, given = str(written["use"]), _mapping(written.get("with"))
    body = _beside(code, [beside, CATALOG], "include")
    if "track" not in body:
        raise BadInclude(f"{code} is a pathway of its own, not a track to include")
    values = arguments(code, _mapping(body.get("parameters")), given)
    return {**fill(body["track"], values, code), "included": code, **{k: value for k, value in written.items() if k not in ("use", "with")}}


def _beside(code: str, folders: list[Path], purpose: str) -> dict[str, Any]:
    """The body of the first file of that name; a definition finds what ships with the product wherever it stands itself."""
    named = [folder / f"{code}.yaml" for folder in folders if re.fullmatch(r"[a-z0-9-]+", code)]
    path = next((path for path in named if path.exists()), None)
    if path is None:
        raise BadInclude(f"nothing to {purpose} called {code!r}")
    try:
        body, _, refusals = _parse(path.read_text(encoding="utf-8"))
    except Unacceptable as error:
        raise BadInclude(f"{code} cannot be read: {error}") from error
    if refusals:
        raise BadInclude(f"{code} cannot be read: {refusals[0][2]}")
    return body


def arguments(code: str, declared: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Parameter values by hole. A parameter is a list of allowed words, or a table whose rows hold further values."""
    if missing := sorted(set(declared) ^ set(given)):
        raise BadInclude(f"{code} takes the parameters {sorted(declared)}; check {missing}")
    values: dict[str, Any] = {}
    for name, choices in declared.items():
        if given[name] not in choices:
            raise BadInclude(f"{name} of {code} is one of {sorted(choices)}")
        values[name] = given[name]
        if isinstance(choices, dict):
            values.update({f"{name}.{key}": value for key, value in choices[given[name]].items()})
    return values


def fill(value: Any, values: Mapping[str, Any], code: str) -> Any:
    """`value` with its holes `${name}` filled. Raises BadInclude where a hole has no parameter."""
    if isinstance(value, dict):
        return {key: fill(child, values, code) for key, child in value.items()}
    if isinstance(value, list):
        return [fill(child, values, code) for child in value]
    if not isinstance(value, str):
        return value
    if unknown := [name for name in _HOLE.findall(value) if name not in values]:
        raise BadInclude(f"{code} has no parameter {unknown[0]!r}")
    return _HOLE.sub(lambda found: str(values[found.group(1)]), value)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
