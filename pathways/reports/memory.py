"""The memory of large reports. Arrays of a million come and go by the dozen; the C library gives each back to the kernel, which fills it with zeros
again for the next: a quarter of a report's time. So a process that reads a large cohort keeps what it has until the answer is made.

glibc only (mallopt(3), malloc_trim(3)); elsewhere nothing happens.
"""

from __future__ import annotations

import ctypes
from functools import cache

LARGE = 10_000_000
"""Bytes of one cohort's columns: from some 90,000 journeys on."""
TRIM_THRESHOLD, MMAP_THRESHOLD, ARENA_MAX = -1, -3, -8
"""Names of glibc's malloc.h."""
KEPT, LARGEST = 1 << 30, 32 << 20
"""Bytes that may lie free; the largest piece that is taken from them (glibc's own limit)."""


@cache
def keep() -> None:
    """From now on free memory stays with this process, up to KEPT, in one place for all threads."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(TRIM_THRESHOLD, KEPT)
        mallopt(MMAP_THRESHOLD, LARGEST)
        mallopt(ARENA_MAX, 1)


def give_back() -> None:
    """What is free goes back to the kernel, where some was kept."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None and keep.cache_info().currsize:
        trim(0)
