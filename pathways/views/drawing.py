"""The diagram of a pathway as one picture by itself, for documents and for paper; pages put its figures side by side instead."""

from __future__ import annotations

from django.template.loader import render_to_string
from msgspec import Struct

from pathways.definitions.diagram import Figure, figures
from pathways.definitions.schema import Pathway

COLUMNS, APART, HEADING = 3, 24, 48


class Placed(Struct, frozen=True):
    figure: Figure
    x: int
    y: int


def picture(pathway: Pathway) -> str:
    """A whole SVG file: the tracks in columns of like height, each with its heading; light and dark, and black on paper."""
    placed, width, height = _placed(figures(pathway))
    drawn = render_to_string("pathways/diagram.svg", {"pathway": pathway, "figures": placed, "width": width, "height": height})
    return "\n".join(line.rstrip() for line in drawn.splitlines() if line.strip()) + "\n"


def _placed(found: list[Figure]) -> tuple[list[Placed], int, int]:
    """The first track has the first column, each other goes where there is most room."""
    columns = min(COLUMNS, len(found))
    widest = [0] * columns
    heights = [0] * columns
    chosen: list[tuple[Figure, int, int]] = []
    for n, figure in enumerate(found):
        column = 0 if n == 0 else min(range(columns), key=heights.__getitem__)
        chosen.append((figure, column, heights[column]))
        heights[column] += figure.height + HEADING
        widest[column] = max(widest[column], figure.width)
    left = [APART + sum(widest[:column]) + APART * column for column in range(columns)]
    placed = [Placed(figure, left[column], APART + y) for figure, column, y in chosen]
    return placed, sum(widest) + APART * (columns + 1), max(heights) + APART
