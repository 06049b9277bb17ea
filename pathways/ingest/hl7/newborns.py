"""ORU of newborn screening. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pathways.facts import Moment
from pathways.ingest import newborn
from pathways.ingest.newborn import Line

from . import specimens
from .observations import NO_RESULT, TAKEN_BACK
from .orders import Group
from .part import Part


def read(
    part: Part,
    groups: Sequence[Group],
    test: str,
    name: str,
    when: Moment | None,
    *,
    keys: tuple[str, ...],
    rank: int,
    issued: datetime | None,
    reported: bool,
) -> None:
    """The spot's dates, and its answer once there is one (`reported`). The report's groups of analytes are left to the laboratory."""
    spms = [spm for group in groups for spm in group.spm]
    specimens.read(part, spms, groups[0].obr, test, keys)
    if reported:
        newborn.state(part.statement, name, when, _lines(part, groups), keys=keys, rank=rank, issued=issued)


def _lines(part: Part, groups: Sequence[Group]) -> list[Line]:
    """Each repetition of an answer on its own; lines that were taken back or never measured say nothing."""
    return [
        Line(part.coded(obx, 3), value, tuple(flag.upper() for flag in part.message.repeats(obx, 8)))
        for group in groups
        for obx in group.obx
        if part.get(obx, 11).upper() not in NO_RESULT | TAKEN_BACK
        for value in part.every_code(obx, 5)
    ]
