"""How a broken invariant is told: which one, in which row, and what is wrong with it."""

from __future__ import annotations

import msgspec


class Violation(msgspec.Struct, frozen=True):
    """`row` is "<table> <id>": what a person needs to find it, and nothing of the patient."""

    invariant: str
    row: str
    detail: str
