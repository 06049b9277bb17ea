"""Small cohorts as rows: what a report counts does not depend on how a journey came to be."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from pathways.definitions import registry
from pathways.models import Journey, PathwayVersion
from pathways.reports.cohort import Question
from patients.models import Patient, Person, Site

DAY_0 = datetime(2026, 1, 5, 15, tzinfo=UTC)
PHASES = ("identified", "ordered", "sampled", "resulted", "decided", "started")
KINDS = ("enrolled", "test_ordered", "specimen_collected", "result_final", "treatment_decided", "matched_therapy")
BODY: dict[str, Any] = {
    "code": "lung",
    "title": "Lung",
    "primary_group": "lung",
    "entries": {"suspected": {"by": "candidate"}, "advanced": {"by": "rule"}},
    "phases": {phase: phase for phase in PHASES},
    "tracks": {
        "main": {
            "start": "waiting",
            "stages": {
                "waiting": {
                    "label": "waiting",
                    "awaits": ["test_ordered"],
                    "within": "14 days",
                    "source": "local default",
                    "ball": "clinic",
                    "ladder": [{"at": "0 days", "to": "navigator"}],
                    "moves": [{"on": ["matched_therapy"], "completes": "matched_therapy"}],
                }
            },
        }
    },
    "milestones": {
        phase: {"phase": phase, "spine": True, "reached_by": [kind], "label": phase} for phase, kind in zip(PHASES, KINDS, strict=True)
    },
    "funnels": {"published": ["identified", "sampled", "ordered", "started"]},
    "targets": [{"from": "ordered", "to": "resulted", "within": "21 days", "source": "NHS England"}],
    "completions": {"matched_therapy": "matched therapy received", "no_actionable_alteration": "nothing actionable"},
    "exits": {"lost_to_follow_up": "preventable", "deceased": "competing", "transferred": "administrative"},
}


@dataclass
class Ward:
    """Puts journeys on a programme. Days are counted from DAY_0."""

    site: Site
    version: PathwayVersion
    numbers: count[int] = field(default_factory=lambda: count(1))

    def patient(self, **more: Any) -> Patient:
        person = Person.objects.create(family=f"Example{next(self.numbers)}", language=more.pop("language", "en"))
        return Patient.objects.create(person=person, registered_at=DAY_0, **more)

    def journey(self, *reached: float | None, ended: float | None = None, patient: Patient | None = None, **more: Any) -> Journey:
        """`reached`: on which day each phase was, from `identified` on; None where it was not."""
        opened = DAY_0 + timedelta(days=more.pop("opened", reached[0] if reached and reached[0] is not None else 0))
        times = dict(zip(PHASES, reached, strict=False))
        columns = {f"{phase}_at": DAY_0 + timedelta(days=at) for phase, at in times.items() if at is not None}
        milestones = {phase: ["reached", (DAY_0 + timedelta(days=at)).isoformat(), ""] for phase, at in times.items() if at is not None}
        milestones.update(more.pop("milestones", {}))
        if ended is not None:
            more = {"status": "exited", "exit_reason": "lost_to_follow_up", "exit_class": "preventable", **more}
            more["ended_at"] = DAY_0 + timedelta(days=ended)
        values = {"entry": "advanced", "found_by": "rule", "primary_group": "lung", "home_site": self.site, **columns, **more}
        return Journey.objects.create(
            patient=patient or self.patient(), pathway="lung", version=self.version, opened_at=opened, milestones=milestones, **values
        )

    def ask(self, day: float = 365, **more: Any) -> Question:
        return Question(pathway="lung", as_of=DAY_0 + timedelta(days=day), **more)


@pytest.fixture
def ward(db: None) -> Any:
    registry.clear()
    site = Site.objects.create(code="north", name="North Valley Hospital")
    version = PathwayVersion.objects.create(
        code="lung", number=1, title="Lung", digest="lung", body=BODY, status="published", published_at=DAY_0
    )
    yield Ward(site, version)
    registry.clear()
