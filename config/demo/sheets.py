"""Steps that no interface carries: rows of the sheets that tumour boards, pharmacists and navigators keep."""

from __future__ import annotations

from .course import Step
from .people import SyntheticPerson

KINDS: frozenset[str] = frozenset()


def row(person: SyntheticPerson, step: Step) -> bytes:
    raise NotImplementedError
