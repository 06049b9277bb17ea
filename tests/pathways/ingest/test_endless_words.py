"""No text, however long, makes a pattern slow: each of these took minutes or hours where time grows with the square of the length."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from pathways.ingest import codes
from pathways.ingest.codes import Coded
from pathways.ingest.findings import presence
from pathways.ingest.hl7.part import number
from pathways.knowledge.findings import normalise
from pathways.knowledge.measures import interval_of

LENGTH = 300_000
READERS: list[Callable[[str], object]] = [
    codes.stage,
    number,
    codes.reject_reason,
    lambda text: presence(Coded((), text)),
    lambda text: interval_of(text, ceiling=100),
    lambda text: normalise([{"gene": f"EGFR{text}x", "presence": "present", "type": "variant"}]),
]
SECONDS = 20
"""Far more than any of them takes (thousandths of a second), far less than what is slow takes."""


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("unit", [" ", "9", "no ", "II ", "1 - "])
def test_time_grows_with_the_length_only(read: Callable[[str], object], unit: str) -> None:
    text = "1" + unit * (LENGTH // len(unit)) + "x"
    began = time.process_time()
    read(text)
    assert time.process_time() - began < SECONDS


def test_what_is_short_is_read_as_before() -> None:
    assert number(" >= 50 % ") == (50.0, ">=", "%")
    assert number("1-49%")[:2] == (1.0, ">=")
    assert [codes.stage(words) for words in ("Stage IV", "AJCC  8th\nstage  III A", "3C", "none")] == ["IV", "IIIA", "IIIC", ""]
    assert interval_of("PD-L1 TPS 1-49%", ceiling=100) == (1.0, 49.0)
    assert [one["gene"] for one in normalise([{"gene": "EGFR, ALK and ROS1", "presence": "absent", "type": "variant"}])] == [
        "EGFR",
        "ALK",
        "ROS1",
    ]
