"""What the cases need beside the words of the stories: letters that may be refused, and what became of each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from notifications.models import WorkItem
from pathways.ingest import intake
from pathways.models import Event, Inbound, Matter
from patients.models import Patient
from tests.stories.letters import Chart, Letter
from tests.stories.telling import Hospital


def sent(hospital: Hospital, *letters: Letter) -> intake.Counts:
    """The letters come in one by one; every one is exactly one of applied, duplicate and quarantined."""
    total = intake.Counts()
    for letter in letters:
        counts = intake.receive([letter.body], feed=hospital.feeds[letter.feed], now=hospital.now)
        assert counts.received == counts.applied + counts.duplicate + counts.quarantined
        total.received += counts.received
        total.applied += counts.applied
        total.duplicate += counts.duplicate
        total.quarantined += counts.quarantined
        total.no_effect += counts.no_effect
        total.reasons = {**total.reasons, **counts.reasons}
    return total


def edited(letter: Letter, *pairs: tuple[str, str]) -> Letter:
    """The letter with other words in it; each must have been there."""
    body = letter.body.decode()
    for was, now in pairs:
        assert was in body, was
        body = body.replace(was, now)
    return Letter(letter.feed, body.encode())


def written(hospital: Hospital, at: datetime, write: Callable[[], Letter]) -> Letter:
    """A letter that was written at another time than it comes in."""
    now, hospital.now = hospital.now, at
    letter = write()
    hospital.now = now
    return letter


def person(hospital: Hospital, chart: Chart) -> Patient:
    """The patient as everybody sees them: merges followed."""
    record = hospital.patient(chart)
    return record.survivor or record


def waiting() -> list[str]:
    """Reasons of all messages in quarantine."""
    return sorted(Inbound.objects.quarantined().values_list("reason", flat=True))


def matters(hospital: Hospital, *kinds: str) -> list[Matter]:
    return list(Matter.objects.filter(kind__in=kinds, closed_at=None).order_by("pk"))


def events_of(chart: Chart, hospital: Hospital) -> list[str]:
    """Kinds of what was said of this very record."""
    return list(Event.objects.filter(patient=hospital.patient(chart), basis__isnull=True).order_by("pk").values_list("kind", flat=True))


def settle_merge(hospital: Hospital) -> None:
    for item in WorkItem.objects.filter(problem="merge", state="open"):
        hospital.finishes(hospital.lars, hospital.takes(hospital.lars, item), "settled", why="looked at both")
