"""Workers are killed at every point of a sweep and of a sending; what they left is finished by the next one, and nothing twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from config.embedded.place import CHECKOUT
from config.management.commands.doctor import examine
from notifications.models import Message, WorkItem
from pathways.definitions import registry
from pathways.definitions.publish import publish_catalogue
from pathways.ladders import publish_ladders
from pathways.models import Alert, Matter, Stay
from tests.stories.telling import Hospital, day

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]
PATIENTS = 12
AFTERNOON = day(1, 14)  # visits of day 3 are reminded of, and nobody has ordered a test


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """The provider's book: a file that no dying worker takes along."""
    return tmp_path / "provider.sqlite"


@pytest.fixture
def hospital(transactional_db: None, ledger: Path) -> Iterator[Hospital]:
    """Twelve patients with a new cancer and a visit in two days, all committed: the workers are processes of their own."""
    registry.clear()
    publish_catalogue(by=None, now=day(-300))
    publish_ladders()
    place = Hospital(ledger)
    for n in range(PATIENTS):
        chart = place.knows(f"Ana{n}", phone=f"+1617555{1000 + n}")
        place.at(0)
        place.hears(chart.has_lung_cancer(), chart.visit(day(3)))
    yield place
    place.post.close()
    registry.clear()


class Nursery:
    """Where workers are born, each a process of its own; started with the first."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[str] | None = None

    def bear(self, **order: object) -> int:
        if self.process is None:
            environment = {**os.environ, "DATABASE_URL": _url(connection.settings_dict["NAME"])}
            words = [sys.executable, "-m", "tests.chaos.worker"]
            self.process = subprocess.Popen(
                words, cwd=CHECKOUT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
            )
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        return int(self.process.stdout.readline())

    def close(self) -> None:
        if self.process is not None:
            self.process.communicate()


@pytest.fixture(scope="module", autouse=True)
def nursery() -> Iterator[None]:
    global NURSERY
    NURSERY = Nursery()
    yield
    NURSERY.close()


NURSERY: Nursery


def work(duty: str, now: datetime, ledger: Path, *, die_at: int = 0) -> bool:
    """One worker; whether it lived to the end."""
    ended = NURSERY.bear(duty=duty, now=now.isoformat(), ledger=str(ledger), point=die_at)
    assert ended in (0, -signal.SIGKILL), "its error stands on stderr"
    return ended == 0


def _url(name: str) -> str:
    """The address that the tests use, with the name of their database."""
    address, question, rest = os.environ["DATABASE_URL"].partition("?")
    return f"{address.rpartition('/')[0]}/{name}{question}{rest}"


def nothing_is_wrong(now: datetime) -> None:
    assert not [f"{found.row}: {found.detail}" for found in examine(now=now)]


def nothing_is_left(now: datetime) -> None:
    assert not Stay.objects.filter(attention_at__lte=now, gated=False, release=False).exists()
    assert not Matter.objects.filter(attention_at__lte=now).exists()
    assert not Alert.objects.filter(planned_at=None, withdrawn_at=None).exists()


@pytest.mark.parametrize(("now", "made"), [(AFTERNOON, Message), (day(4, 14), WorkItem)], ids=["texts", "items"])
def test_a_sweep_killed_at_every_point_is_finished_by_the_next(
    hospital: Hospital, ledger: Path, now: datetime, made: type[Message] | type[WorkItem]
) -> None:
    deaths = 0
    for point in range(1, 200):
        if work("tick", now, ledger, die_at=point):
            break
        deaths += 1
        nothing_is_wrong(now)
    assert deaths > 5
    nothing_is_left(now)
    patients = list(made.objects.filter(state__in=["pending", "open"]).values_list("patient", flat=True))
    assert len(set(patients)) == PATIENTS
    assert made is WorkItem or len(patients) == PATIENTS, "one text each; a patient may wait for two things, each with its item"


def test_sending_killed_at_every_point_sends_nothing_twice_and_loses_nothing(hospital: Hospital, ledger: Path) -> None:
    assert work("tick", AFTERNOON, ledger)
    now, deaths = AFTERNOON, 0
    for point in range(1, 200):
        if work("send", now, ledger, die_at=point):
            break
        deaths += 1
        now += timedelta(seconds=1)
    assert deaths > 8
    for _ in range(4):  # leases run out, the provider's list is asked, what was shown to be absent goes out
        now += timedelta(minutes=20)
        assert work("reconcile", now, ledger)
        assert work("send", now, ledger)
    texts = Counter(row["recipient"] for row in hospital.post.ledger.rows("SELECT recipient FROM message WHERE direction LIKE 'outbound%'"))
    assert set(texts.values()) <= {1}, "nobody is texted twice"
    said = Counter(Message.objects.values_list("state", flat=True))
    assert said["pending"] == said["sending"] == 0
    reached = {str(message.phone) for message in Message.objects.filter(state__in=["sent", "delivered"]).select_related("phone")}
    assert reached <= set(texts), "what we call sent, the provider has"
    asked = set(WorkItem.objects.filter(cause_kind="unknown_send").values_list("patient", flat=True))
    for message in Message.objects.filter(state__in=["unknown", "failed", "withdrawn"]):
        assert message.patient_id in asked, "what cannot be shown goes to a person"
    nothing_is_wrong(now)


def test_reconciling_killed_at_every_point_is_finished_by_the_next(hospital: Hospital, ledger: Path) -> None:
    assert work("tick", AFTERNOON, ledger)
    assert not work("send", AFTERNOON, ledger, die_at=20)
    later = AFTERNOON + timedelta(minutes=3)
    assert work("send", later, ledger)  # shows the provider's list to be trusted
    for point in range(1, 300):
        if work("reconcile", later + timedelta(minutes=20 + point), ledger, die_at=point):
            break
    nothing_is_wrong(later)
    assert not Message.objects.filter(state="sending").exists()
