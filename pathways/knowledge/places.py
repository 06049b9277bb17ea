"""Where in its file a row of the knowledge stands, and what is wrong with the shape of the files: for faults with a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import yaml
from pydantic import ValidationError

from .library import FILES, shape_of


class Place(NamedTuple):
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Places:
    """File and line by the id of a row."""

    rows: Mapping[str, Place]

    def of(self, row: str, file: str = "rules") -> Place:
        return self.rows.get(row, Place(file, 1))


def places(folder: Path) -> Places:
    return Places({row: Place(name, line) for name in FILES for row, line in _rows(folder / name)})


def shape_faults(folder: Path) -> Iterator[tuple[str, int, str, str]]:
    """(file, line, row, what) of everything that keeps a file from being read."""
    for name in FILES:
        try:
            shape_of(folder, name)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            yield name, mark.line + 1 if mark else 1, "", f"not YAML: {getattr(error, 'problem', error)}"
        except ValidationError as error:
            rows = list(_rows(folder / name))
            for one in error.errors(include_url=False):
                row, line = _row_of(one["loc"], rows)
                yield name, line, row, f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}"


def _row_of(place: tuple[int | str, ...], rows: list[tuple[str, int]]) -> tuple[str, int]:
    if len(place) > 1 and place[0] == "rules" and isinstance(place[1], int) and place[1] < len(rows):
        return rows[place[1]]
    return "", 1


def _rows(path: Path) -> Iterator[tuple[str, int]]:
    """Id and line of each item of `rules`, in the order of the file (the line stands for an id that is missing), and of each gene of a list."""
    node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    parts = node.value if isinstance(node, yaml.MappingNode) else []
    named = next((str(value.value) for key, value in parts if key.value == "id"), "")
    for key, value in parts:
        if named and key.value == "genes" and isinstance(value, yaml.MappingNode):
            yield from ((f"{named}:{gene.value}", gene.start_mark.line + 1) for gene, _ in value.value)
        if key.value == "rules" and isinstance(value, yaml.SequenceNode):
            for item in value.value:
                line = item.start_mark.line + 1
                pairs = item.value if isinstance(item, yaml.MappingNode) else []
                yield next((str(inner.value) for name, inner in pairs if name.value == "id"), f"row at line {line}"), line
