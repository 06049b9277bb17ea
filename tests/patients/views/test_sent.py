"""What a browser sends beside a checked form: nonsense is as good as nothing."""

from __future__ import annotations

from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from patients.views import sent

UID = "6b8f7c52-3f5c-4b3e-9d3b-6f2d8f1c2a10"


@pytest.mark.parametrize("text", [None, "", "-1", "1.5", "x", "²", "9" * 19, "9" * 5_000, "1\x00"])
def test_what_is_no_number_is_the_number_of_no_row(text: str | None) -> None:
    assert sent.number(text) == 0


def test_a_number_is_a_number() -> None:
    assert sent.number("42") == 42


@pytest.mark.parametrize("text", [None, "", "x" * 36, UID[:-1], f"{UID}0"])
def test_what_is_no_uid_is_none(text: str | None) -> None:
    assert sent.uid(text) is None


def test_a_uid_is_a_uid() -> None:
    assert sent.uid(UID) == UUID(UID)


@pytest.mark.parametrize("text", [None, "", "soon", "2026-13-45T99:00:00Z", "2026-02-30T08:00:00Z"])
def test_what_is_no_moment_is_none(text: str | None) -> None:
    assert sent.moment(text) is None


def test_a_moment_without_a_zone_is_on_the_clock_of_the_page() -> None:
    with timezone.override(ZoneInfo("America/New_York")):
        assert sent.moment("2026-03-02T08:00:00") == sent.moment("2026-03-02T13:00:00Z")
