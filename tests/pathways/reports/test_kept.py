"""An answer is kept until something is received, and never longer than a quarter of an hour."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from django.core.cache import cache

from pathways.reports.cohort import Question
from pathways.reports.kept import kept

from .conftest import Ward


def test_kept_until_something_changes(ward: Ward) -> None:
    cache.clear()
    made: list[Question] = []

    def make(question: Question) -> int:
        made.append(question)
        return len(made)

    asked = ward.ask(100)
    ward.journey(0)
    assert [kept("x", asked, True, make), kept("x", replace(asked, as_of=asked.as_of + timedelta(minutes=10)), True, make)] == [1, 1]
    assert kept("x", replace(asked, by="site"), True, make) == 2
    assert kept("x", asked, False, make) == 3
    ward.journey(1)
    assert kept("x", asked, True, make) == 4
    assert kept("x", replace(asked, as_of=asked.as_of + timedelta(minutes=16)), True, make) == 5
