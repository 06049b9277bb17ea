"""Published definitions, compiled once per process. `publish` clears it; other processes notice by `refresh`."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from pathways.definitions.compile import Definition, compile_body
from pathways.models import PathwayVersion, Stage


class Published(msgspec.Struct, frozen=True, eq=False):
    """A version that journeys are pinned to. `stage_ids`: (track, stage) to the row's id."""

    version_id: int
    definition: Definition
    stage_ids: Mapping[tuple[str, str], int]


_versions: dict[int, Published] = {}
_numbers: dict[tuple[str, int], int] = {}
_current: dict[str, int] | None = None


def published() -> Mapping[str, Published]:
    """The version in force of every programme, by code. Reads the database only the first time."""
    global _current
    if _current is None:
        _current = _in_force()
    return {code: load(version_id) for code, version_id in _current.items()}


def listened_to() -> frozenset[str]:
    """Every kind of fact that a version in force names, whatever the mode of any site."""
    return frozenset().union(*(one.definition.listens for one in published().values()))


def load(version_id: int) -> Published:
    """One version, in force or not. Raises PathwayVersion.DoesNotExist."""
    found = _versions.get(version_id)
    if found is None:
        row = PathwayVersion.objects.get(pk=version_id)
        stages = Stage.objects.filter(version=row).values_list("track", "name", "id")
        definition = compile_body(row.body, number=row.number)
        found = _versions[version_id] = Published(row.pk, definition, {(track, name): pk for track, name, pk in stages})
    return found


def numbered(code: str, number: int) -> Published:
    """A programme's version by its number. Raises PathwayVersion.DoesNotExist."""
    version_id = _numbers.get((code, number))
    if version_id is None:
        version_id = _numbers[(code, number)] = PathwayVersion.objects.values_list("pk", flat=True).get(code=code, number=number)
    return load(version_id)


def refresh(in_force: Mapping[str, int] | None = None) -> bool:
    """One cheap question for long-running workers: was anything published since? True when the answer changed.

    `in_force` is the answer (version id by code) where the caller has just read it.
    """
    global _current
    before, _current = _current, dict(sorted(in_force.items())) if in_force is not None else _in_force()
    return before is not None and before != _current


def clear() -> None:
    """Forgets everything; the next question reads the database."""
    global _current
    _current = None
    _versions.clear()
    _numbers.clear()


def _in_force() -> dict[str, int]:
    return dict(PathwayVersion.objects.filter(status=PathwayVersion.Status.PUBLISHED).order_by("code").values_list("code", "pk"))
