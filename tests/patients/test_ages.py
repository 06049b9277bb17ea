from __future__ import annotations

from datetime import date

import pytest
from django.utils import translation

from patients.ages import age

BORN = date(2024, 2, 29)


@pytest.mark.parametrize(
    ("on", "said"),
    [
        (date(2024, 2, 28), ""),
        (date(2024, 2, 29), "0 d"),
        (date(2024, 3, 27), "27 d"),
        (date(2024, 3, 28), "28 d"),
        (date(2024, 3, 29), "1 mo"),
        (date(2026, 2, 28), "23 mo"),
        (date(2026, 3, 1), "2 y"),
        (date(2087, 2, 28), "62 y"),
        (date(2087, 3, 1), "63 y"),
    ],
)
def test_newborns_in_days_infants_in_months_and_everybody_else_in_years(on: date, said: str) -> None:
    assert age(BORN, on) == said


def test_in_the_language_of_the_page() -> None:
    with translation.override("es"):
        assert [age(BORN, on) for on in (date(2024, 3, 27), date(2025, 3, 1), date(2087, 3, 1))] == ["27 d", "12 meses", "63 años"]
