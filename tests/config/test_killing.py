"""A worker killed in mid-sweep or mid-send and started again: real Celery processes, a real broker, the provider over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.celery import app
from pathways.definitions import registry
from pathways.definitions.publish import publish_catalogue
from pathways.ladders import publish_ladders
from tests.chaos import truth
from tests.chaos.cohort import PORTION, SWEEPS, admit, portion
from tests.chaos.driver import chaos
from tests.stories.telling import day

pytestmark = [pytest.mark.processes, pytest.mark.slow]
PATIENTS = 36


@pytest.fixture
def hospital(transactional_db: None, tmp_path: Path) -> Iterator[None]:
    registry.clear()
    publish_catalogue(by=None, now=day(-300))
    publish_ladders()
    admit(PATIENTS, tmp_path / "unused.sqlite3")
    yield
    registry.clear()


@pytest.mark.before_merge
@pytest.mark.usefixtures("hospital")
def test_killed_sweeps_ring_and_plan_as_if_nothing_had_happened(tmp_path: Path) -> None:
    """At each of three times when something is due the worker dies in the middle, once between any two tables and once anywhere."""
    calm = truth.calm(SWEEPS)
    assert len(calm.texts) == PATIENTS
    with chaos(home=tmp_path, seed=3, start=SWEEPS[0]) as run:
        for now in SWEEPS:
            run.move_to(now)
            run.kill_in_a_sweep()
            assert run.sweep_until_quiet()
        assert sum(run.done.values()) >= 2, run.done
        assert truth.differs(calm) == []
        assert truth.sick(SWEEPS[-1]) == []


@pytest.mark.before_merge
@pytest.mark.usefixtures("hospital")
def test_killed_senders_text_nobody_twice_and_lose_nothing(tmp_path: Path) -> None:
    """The worker dies with a text outside, three ways; the provider dies once, the broker once. Nearly half of all receipts are lost."""
    truth.sweep(SWEEPS)
    assert portion(3) == PATIENTS // 3
    with chaos(home=tmp_path, seed=5, start=SWEEPS[-1]) as run:
        run.kill_after_accepting()
        run.let_pass(PORTION)
        run.kill_before_accepting(provider_too=False)
        run.lose_the_broker(0.5)
        run.let_pass(PORTION)
        run.kill_before_accepting(provider_too=True)
        assert run.send_until_quiet()
        assert len(run.done) >= 3, run.done  # the last one may find everything sent before it could strike
        assert truth.wrong_texts(run.phones.ledger) == []
        assert truth.copies(run.phones.ledger).total() == PATIENTS
        assert truth.sick(run.clock.now()) == []


def test_a_broker_that_is_away_for_hours_is_waited_for() -> None:
    """Celery's own default gives up after a hundred tries, and the worker with it."""
    assert app.conf.broker_connection_max_retries is None
