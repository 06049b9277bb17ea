"""A small demo from the first message to the last text: what the product then holds is what truly happened."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import call_command

from config.demo import compare, lung, messages, story
from config.demo.funnel import funnel
from config.management.commands.doctor import examine
from config.simulator.handler import Provider
from config.simulator.ledger import Ledger
from notifications.models import Message, Reply, WorkItem
from pathways.models import Inbound, Journey
from patients.models import Identifier
from tests.config.living import TODAY, Lived, lived_through

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.processes]

PATIENTS, DAYS, SEED = 50, 80, 4


@pytest.fixture(scope="module")
def lived(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    with lived_through(
        story.cohort(count=PATIENTS, days=DAYS, seed=SEED, today=TODAY),
        seed=SEED,
        days=DAYS,
        blocker=django_db_blocker,
        folder=tmp_path_factory.mktemp("demo"),
    ) as told:
        yield told


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
