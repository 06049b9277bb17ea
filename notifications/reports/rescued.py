"""What the rescue report counts: patients by where the lot put them, and waits by the rung that rang, each with what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from pathways.deadlines import Duration
from pathways.definitions import registry
from pathways.models import Trial
from pathways.reports.arms import LEFT, MOVED, Effect, Follow, effect
from pathways.reports.cohort import Question
from pathways.sql import load
from patients.templatetags.finalmile import translated

LOOKS_BACK = timedelta(days=365)
SETBACKS = (
    *(
        "visit_missed",
        "visit_moved",
        "visit_cancelled",
        "visit_booked",
        "occurrence_missed",
        "occurrence_skipped",
        "order_cancelled",
        "order_held",
    ),
    *(
        "specimen_rejected",
        "result_failed",
        "biopsy_not_done",
        "drug_not_given",
        "drug_returned",
        "drug_order_stopped",
        "pa_denied",
        "bill_denied",
    ),
    *(
        "assistance_denied",
        "screening_refused",
        "parent_unavailable",
        "trial_screen_failed",
        "hospice_started",
        "death",
        "exited",
        "migrated",
    ),
)
"""Facts that end a wait without bringing anybody on: who is waited for next is asked anew. Except where the wait was for just that fact."""
STATES = ("moved", "left", "waiting")
ARMS = ("now", "later")


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one kind: of which journey, by what they are told apart, and how long until what."""

    journeys: NDArray[Any]
    follow: Follow

    def where(self, chosen: NDArray[Any]) -> Rows:
        return Rows(self.journeys[chosen], self.follow.where(chosen))

    def in_state(self, state: str, horizon: float) -> Rows:
        """Those that moved on, left, or neither within the horizon."""
        within = self.follow.days <= horizon
        moved, left = within & (self.follow.cause == MOVED), within & (self.follow.cause == LEFT)
        return self.where({"moved": moved, "left": left, "waiting": ~(moved | left)}[state])


@dataclass(frozen=True, slots=True)
class Compared:
    """One comparison: everybody drawn, `waits` where the lot put off, and what balances a benefit."""

    trial: Trial
    rows: Rows
    waits: NDArray[Any]
    sites: NDArray[Any]
    texts: NDArray[Any]
    stopped: NDArray[Any]
    harmed: NDArray[Any]

    def of(self, arm: str) -> NDArray[Any]:
        return np.asarray(self.waits if arm == "later" else ~self.waits)

    @property
    def effect(self) -> Effect:
        """Reminded in time against reminded later, as the lot put them."""
        return effect(self.rows.where(self.of("now")).follow, self.rows.where(self.of("later")).follow, self.trial.horizon_days)


@dataclass(frozen=True, slots=True)
class Rung:
    """A planned reaction of a programme, whichever version: the waits in which it rang."""

    pathway: str
    stage: str
    label: str
    n: int
    audience: str
    rows: Rows

    @property
    def key(self) -> str:
        return f"{self.pathway}:{self.stage}:{self.n}:{self.audience}"

    @property
    def when(self) -> str:
        """When it rings, by the version in force: `7 days before due`."""
        published = registry.published().get(self.pathway)
        stage = published.definition.stages.get(self.stage) if published else None
        if stage is None or self.n >= len(stage.ladder):
            return _("of an earlier version")
        at = stage.ladder[self.n].at
        if not at.amount:
            return _("when due")
        length = translated(str(Duration(abs(at.amount), at.unit)))
        return (_("%(length)s after due") if at.amount > 0 else _("%(length)s before due")) % {"length": length}


def compared(question: Question) -> list[Compared]:
    """Every comparison of the question's programmes that was declared by as-of, the latest first, drawn or not."""
    rows = _read("allocated", question)
    trials = Trial.objects.filter(since__lte=question.as_of.date()).order_by("-since", "-pk")
    if question.pathway:
        trials = trials.filter(pathway=question.pathway)
    by_trial: dict[int, list[tuple[Any, ...]]] = {}
    for row in rows:
        by_trial.setdefault(row[0], []).append(row)
    return [_compared(trial, by_trial.get(trial.pk, [])) for trial in trials]


def _compared(trial: Trial, rows: Sequence[tuple[Any, ...]]) -> Compared:
    of = list(zip(*rows, strict=True)) or [()] * 11
    return Compared(
        trial,
        Rows(np.array(of[3], dtype=object), _follow(of[5], of[6], of[7])),
        waits=np.array(of[1], dtype=bool),
        sites=np.array(of[4], dtype=object),
        texts=np.array(of[8], dtype=np.int64),
        stopped=np.array(of[9], dtype=bool),
        harmed=np.array(of[10], dtype=bool),
    )


def rungs(question: Question) -> list[Rung]:
    """By programme, wait and time."""
    by_rung: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    for row in _read("rungs", question):
        by_rung.setdefault((row[1], row[2], row[4], row[5]), []).append(row)
    return list(_rungs(by_rung))


def _rungs(by_rung: dict[tuple[Any, ...], list[tuple[Any, ...]]]) -> Iterator[Rung]:
    for (pathway, stage, n, audience), rows in sorted(by_rung.items()):
        of = list(zip(*rows, strict=True))
        yield Rung(pathway, stage, of[3][-1], n, audience, Rows(np.array(of[0], dtype=object), _follow(of[6], of[7], of[8])))


def _follow(days: Sequence[Any], cause: Sequence[Any], could: Sequence[Any]) -> Follow:
    return Follow(np.array(days, dtype=np.float64).clip(min=0), np.array(cause, dtype=np.int64), np.array(could, dtype=np.float64))


def _read(name: str, question: Question) -> list[tuple[Any, ...]]:
    parameters: dict[str, Any] = {
        "since": since_of(question),
        "as_of": question.as_of,
        "pathway": question.pathway,
        "setbacks": list(SETBACKS),
        "sites": list(question.sites) if question.sites is not None else None,
    }
    with connection.cursor() as cursor:
        cursor.execute(load("notifications.sql.rescue", name), parameters)
        return list(cursor.fetchall())


def since_of(question: Question) -> datetime:
    return question.since or question.as_of - LOOKS_BACK
