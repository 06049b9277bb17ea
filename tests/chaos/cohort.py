"""People with a new cancer, a visit soon and no test ordered: enough to ring, to ask staff and to text, by real messages."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from django.db.models import F
from django.db.models.functions import Mod

from notifications.models import Message
from pathways.ingest import intake
from tests.stories.letters import Chart, Letter
from tests.stories.telling import AFTERNOON, Hospital, day

VISIT = 10
SWEEPS = tuple(day(n, AFTERNOON) for n in (3, 4, VISIT - 2))
"""When something new is due: the order is missing, the oncologist hears of it, patients are reminded of their visit."""
PORTION = timedelta(minutes=10)


def admit(count: int, ledger: Path) -> Hospital:
    """`count` patients who agreed to texts, diagnosed on Monday, with a visit in the second week."""
    hospital = Hospital(ledger)
    charts = [Chart(n, "Alvarez", "Ana", "1958-04-02", f"+1617555{1000 + n}", lambda: hospital.now) for n in range(count)]
    hospital.at(0)
    _hear(hospital, (chart.registered() for chart in charts))
    _hear(hospital, (chart.agrees_to_texts() for chart in charts))
    _hear(hospital, (chart.has_lung_cancer() for chart in charts))
    _hear(hospital, (chart.visit(day(VISIT)) for chart in charts))
    hospital.post.close()
    return hospital


def _hear(hospital: Hospital, letters: Iterable[Letter]) -> None:
    for feed, group in itertools.groupby(letters, key=lambda letter: letter.feed):
        counts = intake.receive([letter.body for letter in group], feed=hospital.feeds[feed], now=hospital.now)
        assert counts.applied == counts.received, counts.reasons


def portion(texts: int) -> int:
    """Texts become due in portions, ten minutes apart, so that there is something to send at every death; how many are due at once."""
    pending = Message.objects.filter(state="pending")
    for n in range(texts):
        pending.annotate(turn=Mod(F("pk"), texts)).filter(turn=n).update(not_before=F("not_before") + n * PORTION)
    return pending.count() // texts
