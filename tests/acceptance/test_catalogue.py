"""Every case of the acceptance catalogue has exactly one test that bears its number; further ones of the same case add a letter."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

CASE = re.compile(r"^def test_case_(\d\d\d?)_", re.MULTILINE)
WRITTEN = range(1, 119)


def test_every_case_has_its_test() -> None:
    found = Counter(int(number) for path in Path(__file__).parent.glob("test_*.py") for number in CASE.findall(path.read_text()))
    assert found == dict.fromkeys(WRITTEN, 1)
