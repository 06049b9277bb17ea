"""Primary keys reserved in blocks, so that rows which refer to each other can be copied in one go."""

from __future__ import annotations

from collections import deque

from pathways.writing.load import next_ids


class Ids:
    """Hands out ids of one table; reserves a block when it has none left. Unused ids are lost, which harms nobody."""

    def __init__(self, table: str, block: int) -> None:
        self.table = table
        self.block = block
        self._free: deque[int] = deque()

    def __call__(self) -> int:
        if not self._free:
            self._free.extend(next_ids(self.table, self.block))
        return self._free.popleft()
