"""The written story names files; a file that moves takes its sentence along."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "data-flow.md"


def test_every_file_named_in_the_story_exists() -> None:
    named = set(re.findall(r"`([\w./-]+\.(?:py|sql|yaml|html))`", PAGE.read_text()))
    assert len(named) > 40
    assert sorted(name for name in named if not (ROOT / name).is_file()) == []


def test_every_way_in_the_story_is_walked_from_the_door_to_the_phone() -> None:
    words = PAGE.read_text()
    stations = ["pathways/ingest/intake.py", "pathways/journeys.py", "pathways/replay.py", "pathways/sweep.py", "notifications/plan.py"]
    places = [words.index(f"`{station}`") for station in [*stations, "notifications/outbox.py", "notifications/transports/twilio.py"]]
    assert places == sorted(places)
