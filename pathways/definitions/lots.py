"""Lots in permuted blocks: of every so many patients of a site so many hear later, in an order that the key alone decides."""

from __future__ import annotations

import hashlib
from fractions import Fraction

LONGEST_BLOCK = 10
SHORTEST_BLOCK = 4
"""In blocks of two whoever knows one lot knows the next."""


def block_of(share: float) -> tuple[int, int] | None:
    """How many of how many patients hear later; None where no block of ten or fewer says it."""
    exact = Fraction(share).limit_denominator(LONGEST_BLOCK)
    if abs(float(exact) - share) > 1e-6:
        return None
    times = -(-SHORTEST_BLOCK // exact.denominator)
    return exact.numerator * times, exact.denominator * times


def lot(key: str, site: str, position: int, *, held: int, block: int) -> bool:
    """Whether the patient at `position` (from 0) of a site hears later. The plan's statement draws the same (`sql/lots.sql`)."""
    number, place = divmod(position, block)

    def ticket(of: int) -> str:
        return hashlib.md5(f"{key}:{site}:{number}:{of}".encode(), usedforsecurity=False).hexdigest()

    return sorted(range(block), key=ticket).index(place) < held
