"""Whether two statements can be about one person. Pure."""

from __future__ import annotations

import unicodedata
from datetime import date
from functools import lru_cache


@lru_cache(maxsize=65_536)
def plain(name: str) -> str:
    """Letters and digits of a name, without case, accents, spaces and signs: `O'Brien-Núñez` and `OBRIEN NUNEZ` are one."""
    if name.isascii() and name.isalpha():
        return name.lower()
    return "".join(letter for letter in unicodedata.normalize("NFKD", name).casefold() if letter.isalnum())


def same_name(family: str, given: str, other_family: str, other_given: str) -> bool:
    """Same family name, and given names of which one begins the other (`J`, `John`). What is not said contradicts nothing."""
    if family and other_family and plain(family) != plain(other_family):
        return False
    one, other = plain(given), plain(other_given)
    return one.startswith(other) or other.startswith(one)


def same_birth(lo: date | None, hi: date | None, other_lo: date | None, other_hi: date | None) -> bool:
    """Whether two dates, each perhaps partial, can be one; an unknown date contradicts nothing."""
    if lo is None or hi is None or other_lo is None or other_hi is None:
        return True
    return lo <= other_hi and other_lo <= hi


def contains(lo: date | None, hi: date | None, other_lo: date | None, other_hi: date | None) -> bool:
    """Whether the first span is the vaguer statement of the second (`1962` of `1962-03-20`)."""
    if lo is None or hi is None or other_lo is None or other_hi is None:
        return False
    return lo <= other_lo and other_hi <= hi and (lo, hi) != (other_lo, other_hi)
