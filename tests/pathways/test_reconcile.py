"""Stored stays and wanted stays find each other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathways import reconcile as module
from pathways.reconcile import StoredStay, reconcile
from pathways.timeline import StayLine

DAY = datetime(2026, 3, 2, tzinfo=UTC)
WAITS = st.lists(
    st.tuples(st.sampled_from(("main", "tissue")), st.sampled_from("ab"), st.sampled_from("xyz"), st.integers(0, 2)), max_size=5
)


def _line(track: str, stage: str, root: str, day: int) -> StayLine:
    return StayLine(track, stage, 1, root, DAY + timedelta(days=day), None, None, "", ())


def _stored(n: int, line: StayLine) -> StoredStay:
    return StoredStay(n, line.track, line.stage, 1, line.root_lineage, line.entered_at, None, None, "", ())


@given(WAITS, WAITS)
def test_the_usual_case_is_answered_as_any_other(before: list[tuple[str, str, str, int]], after: list[tuple[str, str, str, int]]) -> None:
    """The short way, taken where each stored stay has the one line that the same fact opened, gives what the long way gives."""
    stored = [_stored(n, _line(*wait)) for n, wait in enumerate(before, start=1)]
    wanted = [_line(*wait) for wait in (*before, *after)]
    short = reconcile(stored, wanted)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_by_opening", lambda stored, wanted: None)
        assert reconcile(stored, wanted) == short
