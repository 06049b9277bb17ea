"""Several texts on their way at once: a slow answer holds up nobody, a refused account stops those that have not gone."""

from __future__ import annotations

from threading import Barrier, Event, Lock, current_thread, main_thread

import pytest

from notifications.models import Message
from notifications.plan import plan
from notifications.posting import Posts
from notifications.send import send_due
from notifications.transports.base import Accepted, Answer, Declined, Text
from tests.notifications.carrier import Carrier
from tests.notifications.world import NOON, World

PATIENCE = 30.0


def reminders(world: World, count: int) -> None:
    for _ in range(count):
        world.text_alert()
    plan(now=NOON)


class Slow(Carrier):
    """Answers only when as many as it waits for are with it."""

    def __init__(self, together: int) -> None:
        super().__init__()
        self.door, self.lock = Barrier(together), Lock()

    def send(self, text: Text) -> Answer:
        self.door.wait(PATIENCE)
        with self.lock:
            return super().send(text)


class Refusing(Carrier):
    """Refuses the account in its first answer, which comes once a second text is on its way."""

    def __init__(self) -> None:
        super().__init__()
        self.second, self.lock = Event(), Lock()

    def send(self, text: Text) -> Answer:
        with self.lock:
            self.calls += 1
            mine = self.calls
        if mine == 1:
            self.second.wait(PATIENCE)
            return Declined(20003)
        self.second.set()
        return Accepted(f"SM{mine}")


def test_as_many_as_allowed_are_on_their_way_together(world: World) -> None:
    reminders(world, 6)
    carrier = Slow(3)
    assert send_due(now=NOON, transport=carrier, batch=6, at_once=3).accepted == 6
    assert set(carrier.copies().values()) == {1}
    assert Message.objects.filter(state="sent").count() == 6


def test_after_a_refused_account_only_what_was_on_its_way_went(world: World) -> None:
    reminders(world, 12)
    carrier = Refusing()
    sent = send_due(now=NOON, transport=carrier, batch=12, at_once=2)
    assert (sent.not_accepted, sent.accepted + sent.given_back) == (1, 11)
    assert sent.accepted == carrier.calls - 1
    assert Message.objects.filter(state="sent").count() == sent.accepted
    assert Message.objects.filter(state="pending").count() == 12 - sent.accepted


def test_a_fault_in_a_thread_leaves_doubt_and_not_a_second_copy(world: World) -> None:
    class Broken(Carrier):
        def send(self, text: Text) -> Answer:
            super().send(text)
            raise RuntimeError("a bug of ours, after the provider took it")

    reminders(world, 2)
    carrier = Broken()
    assert send_due(now=NOON, transport=carrier, at_once=2).not_accepted == 2
    assert send_due(now=NOON, transport=carrier, at_once=2).judged == 0
    assert set(Message.objects.values_list("state", "reason")) == {("unknown", "RuntimeError")}


def test_a_task_that_is_told_to_end_writes_down_what_went(world: World) -> None:
    """As Celery's time limit does: in the middle of anything, here of taking down the second answer."""
    reminders(world, 4)
    carrier, asked = Carrier(), iter(range(100))

    def stopwatch() -> float:
        if current_thread() is main_thread() and carrier.calls >= 2 and next(asked) == 1:
            raise SystemExit
        return 0.0

    with pytest.raises(SystemExit):
        send_due(now=NOON, transport=carrier, batch=2, at_once=2, stopwatch=stopwatch)
    assert Message.objects.filter(state="sent").count() == carrier.calls
    assert not Message.objects.filter(state="sending").exists()


@pytest.mark.parametrize("at_once", [1, 3])
def test_every_post_ends_once(at_once: int) -> None:
    posts: Posts[int, int] = Posts(lambda n: n * n, at_once)
    ended: list[tuple[int, int]] = []
    for n in range(10):
        if not posts.has_room:
            ended += posts.ended()
        posts.begin(n)
    while posts.running:
        ended += posts.ended()
    posts.close()
    assert sorted(ended) == [(n, n * n) for n in range(10)]
