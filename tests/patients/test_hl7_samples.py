"""Our reader beside python-hl7 over every PID segment of the public samples."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import hl7 as oracle
import pytest

from patients import codes, hl7

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"
ENDS = re.compile(r"[\r\n]+")

pytestmark = [pytest.mark.samples, pytest.mark.skipif(not SAMPLES.exists(), reason="no sample messages beside the checkout")]


def segments() -> Iterator[str]:
    for path in sorted(SAMPLES.rglob("*.hl7")):
        yield from (line for line in ENDS.split(path.read_text(errors="replace")) if line.startswith("PID|"))


def named(field: str, component: int) -> str:
    """A component as the other library reads it; what is not there is blank."""
    try:
        return str(oracle.parse(f"MSH|^~\\&|\rPID|{field}").extract_field("PID", 1, 1, 1, component))
    except (IndexError, LookupError):
        return ""


def test_names_and_numbers_agree_with_the_other_reader() -> None:
    read = 0
    for segment in set(segments()):
        fields = segment.split("|")
        said = hl7.demographics(fields, zone="America/New_York", assigner="FEED", may_state_death=False)
        if len(fields) > 5 and fields[5] and "~" not in fields[5] and "\\" not in fields[5]:
            assert said.given == codes.name(named(fields[5], 2))
            read += 1
        if len(said.identifiers) == 1 and "~" not in fields[3] and "\\" not in fields[3]:
            assert said.identifiers[0].value == named(fields[3], 1).strip()
    assert read >= 20
