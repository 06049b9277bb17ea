"""A small demo from the first message to the last text: what the product then holds is what truly happened."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.core.management import call_command
from django.db import transaction
from rich.console import Console

from config.demo import cast, compare, lung, messages, run, story
from config.demo.course import Course
from config.demo.funnel import funnel
from config.management.commands.doctor import examine
from config.simulator.handler import Provider
from config.simulator.ledger import Ledger
from notifications.models import Message, Reply, WorkItem
from pathways.definitions import registry
from pathways.definitions.publish import publish_catalogue
from pathways.models import Inbound, Journey
from patients.models import Identifier

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.processes]

PATIENTS, DAYS, SEED = 50, 80, 4
TODAY = datetime(2026, 3, 11, run.TICK_HOUR, tzinfo=UTC)


class Lived(NamedTuple):
    courses: list[Course]
    posts: list[messages.Delivery]
    ran: run.Ran
    ledger: Path


@pytest.fixture(scope="module")
def lived(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    """One run for all tests of this file, in a transaction that is taken back."""
    ledger = tmp_path_factory.mktemp("demo") / "ledger.sqlite3"
    courses = story.cohort(count=PATIENTS, days=DAYS, seed=SEED, today=TODAY)
    posts = messages.deliveries(courses, SEED, TODAY)
    with django_db_blocker.unblock(), transaction.atomic():
        publish_catalogue(by=None, now=run.ticks(TODAY, DAYS)[0])
        registry.clear()
        cast.set_up(since=run.ticks(TODAY, DAYS)[0])
        ran = run.play(
            courses=courses,
            posts=posts,
            navigators=cast.navigators(),
            seed=SEED,
            today=TODAY,
            days=DAYS,
            ledger=ledger,
            console=Console(file=io.StringIO()),
            parallel=False,
        )
        yield Lived(courses, posts, ran, ledger)
        transaction.set_rollback(True)
    registry.clear()


def test_every_message_is_accounted_for(lived: Lived) -> None:
    outcomes = list(Inbound.objects.values_list("outcome", flat=True))
    assert lived.ran.received == len(lived.posts) == len(outcomes)
    assert {"applied", "duplicate"} <= set(outcomes)
    assert outcomes.count("quarantined") == 0


def test_nothing_that_must_hold_is_broken(lived: Lived) -> None:
    assert examine(now=TODAY) == []


def test_nearly_all_stalls_are_found_and_few_alarms_are_false(lived: Lived) -> None:
    """Not all: a fact that arrives days late, or a report that replaces an earlier one, hides a stall or feigns one."""
    met = compare.compare(lived.courses, today=TODAY, days=DAYS)
    assert met.true > 40
    assert met.found + met.missed == met.true
    assert met.missed <= met.true * 0.06
    assert met.false <= met.true * 0.15


def test_the_published_funnel_agrees_with_the_truth(lived: Lived) -> None:
    answer = report("drop-off", funnel="published", entry="suspected")
    reached = [step["reached"] for step in answer["steps"]]
    expected = funnel(lived.courses, TODAY)
    assert answer["n"] == expected[0]
    late = late_patients(lived)
    assert all(abs(mine - theirs) <= late for mine, theirs in zip(reached, expected, strict=True)), (reached, expected)


def test_the_phases_agree_with_the_truth(lived: Lived) -> None:
    steps = {step["name"]: step["reached"] for step in report("drop-off")["steps"]}
    lungs = [course for course in lived.courses if course.pathway == lung.PATHWAY]
    ordered = sum(course.first("test_ordered", TODAY) is not None for course in lungs)
    assert abs(steps["ordered"] - ordered) <= late_patients(lived)


def test_tissue_without_an_order_stands_before_ordered(lived: Lived) -> None:
    """The never-ordered: among the largest losses, and nobody sends a message about them."""
    never = [course.person.mrn for course in lived.courses if course.fate == "not_ordered" and course.first("biopsy_done", TODAY)]
    phases = Journey.objects.filter(patient__in=Identifier.objects.filter(value__in=never).values("patient")).values_list(
        "phase", flat=True
    )
    assert never
    assert set(phases) == {"identified"}


def test_texts_went_out_and_came_back(lived: Lived) -> None:
    states = set(Message.objects.values_list("state", flat=True))
    assert lived.ran.texts > 0
    assert "delivered" in states
    assert not states & {"sending", "unknown"}
    ledger = Provider(Ledger(lived.ledger)).ledger
    booked = {row["sid"]: row["status"] for row in ledger.rows("SELECT sid, status FROM message WHERE direction = 'outbound-api'")}
    ours = dict(Message.objects.filter(state="delivered").values_list("provider_sid", "state"))
    assert ours
    assert all(booked[sid] == "delivered" for sid in ours)
    assert Reply.objects.count() == len(ledger.rows("SELECT 1 FROM message WHERE direction = 'inbound'"))


def test_staff_had_work_and_did_it(lived: Lived) -> None:
    assert lived.ran.candidates > 0
    assert lived.ran.items_worked > 0
    assert WorkItem.objects.filter(state="done").exists()


def report(name: str, **options: str) -> Any:
    out = io.StringIO()
    call_command("report", name, pathway=lung.PATHWAY, as_of=TODAY, exact=True, stdout=out, **options)
    return json.loads(out.getvalue())


def late_patients(lived: Lived) -> int:
    """Patients of whom something that has happened has not been told yet: their rows may stand a step behind."""
    everything = messages.deliveries(lived.courses, SEED, datetime.max.replace(tzinfo=UTC))
    untold = sum(post.at > TODAY for post in everything)
    return min(untold, 4)
