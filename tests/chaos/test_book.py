"""The ledger of a chaos run finds what it is there to find: each fault is made by hand, and counted."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from config.simulator.handler import SENDER, Provider
from config.simulator.ledger import Ledger
from notifications import endings, outbox
from notifications.models import Message
from notifications.plan import plan
from notifications.reconcile import reconcile
from notifications.transports.base import Accepted, Unclear
from patients.models import Patient
from tests.chaos import book
from tests.notifications.carrier import Carrier
from tests.notifications.world import NOON, World

LATER = NOON + timedelta(minutes=40)


@pytest.fixture
def provider(tmp_path: Path) -> Provider:
    return Provider(Ledger(tmp_path / "ledger.sqlite3"))


@pytest.fixture
def claimed(db: None) -> outbox.Claimed:
    World().text_alert()
    plan(now=NOON)
    (one,) = outbox.claim(now=NOON).texts
    return one


def take(provider: Provider, claimed: outbox.Claimed) -> None:
    text = claimed.text
    provider.create_message({"To": text.to, "From": SENDER, "Body": text.body, "StatusCallback": text.callback}, NOON)


def figures(tmp_path: Path, *stopped: book.Stopped) -> dict[str, int]:
    found = book.close(ledger=tmp_path / "ledger.sqlite3", journeys=1, stopped=list(stopped))
    return {name: found[name] for name in ("duplicates", "silent", "after_stop", "unknown", "sent_but_not_taken") if found[name]}


def test_a_calm_run_is_clean(provider: Provider, claimed: outbox.Claimed, tmp_path: Path) -> None:
    take(provider, claimed)
    endings.record(claimed=claimed, answer=Accepted("SM1"), now=NOON)
    assert figures(tmp_path) == {}
    assert book.left() == book.Left()


def test_two_copies(provider: Provider, claimed: outbox.Claimed, tmp_path: Path) -> None:
    take(provider, claimed)
    take(provider, claimed)
    endings.record(claimed=claimed, answer=Accepted("SM1"), now=NOON)
    assert figures(tmp_path) == {"duplicates": 1}


def test_a_text_that_nobody_has_and_nobody_asks_about(provider: Provider, claimed: outbox.Claimed, tmp_path: Path) -> None:
    endings.record(claimed=claimed, answer=Accepted("SM1"), now=NOON)
    assert figures(tmp_path) == {"silent": 1, "sent_but_not_taken": 1}


def test_doubt_counts_until_a_person_has_it(provider: Provider, claimed: outbox.Claimed, tmp_path: Path) -> None:
    endings.record(claimed=claimed, answer=Unclear("Timeout"), now=NOON)
    assert figures(tmp_path) == {"silent": 1, "unknown": 1}
    reconcile(now=LATER, transport=Carrier(hides=True))
    assert figures(tmp_path) == {}


@pytest.mark.parametrize("why", ["stop", "death", "progress"])
def test_a_claim_after_a_stop(provider: Provider, claimed: outbox.Claimed, tmp_path: Path, why: str) -> None:
    """One that was under way counts as in flight; another try, made in spite of it, is the fault."""
    stopped = book.stop(Patient.objects.get().pk, why)
    assert figures(tmp_path, stopped) == {"unknown": 1}
    Message.objects.update(attempt=2)
    assert figures(tmp_path, stopped) == {"after_stop": 1, "unknown": 1}
