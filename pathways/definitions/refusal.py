"""Why a file cannot be a definition at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathways.definitions.reading import Source

Refusal = tuple[int, str, str]
"""Line, rule and what is wrong, of a file that is refused before anything is asked of its content."""


class Unacceptable(Exception):
    """Too large, aliases, a key twice, no mapping, nothing of the name it asks for. `refusals` has every reason.

    `source` is what could be read all the same, so that the rest of its faults can be named in the same run.
    """

    def __init__(self, refusals: list[Refusal], source: Source | None = None) -> None:
        super().__init__("; ".join(f"line {line}: {said}" if line else said for line, _, said in refusals))
        self.refusals = refusals
        self.source = source


class BadInclude(Exception):
    """Nothing can be put in place of a `use:`, `extends:`, `more:` or `$list`."""
