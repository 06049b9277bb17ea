"""Ten seconds to take an outcome back, nothing lost in between, and opening again what was done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from notifications import second_thoughts, worklist
from notifications.models import WorkItem
from notifications.plan import plan
from notifications.tick import tick
from pathways import journeys
from tests.notifications.world import DAY, HOUR, NOON, World

SECOND = timedelta(seconds=1)


@pytest.fixture
def item(world: World) -> WorkItem:
    world.alert(world.stay(), world.rung())
    plan(now=NOON)
    return WorkItem.objects.get()


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = []
    monkeypatch.setattr(journeys, "record", lambda **call: calls.append(call))
    return calls


def test_nothing_happens_for_ten_seconds_then_all_of_it_once(world: World, item: WorkItem, recorded: list[dict[str, Any]]) -> None:
    meant = second_thoughts.intend(item=item, outcome="reached", by=world.dara, revision=0, now=NOON, note="daughter answered")
    assert second_thoughts.apply_due(now=NOON + 9 * SECOND) == 0
    assert (meant.state, meant.owner, recorded) == ("claimed", world.dara, [])
    assert tick(now=NOON + HOUR).outcomes == 1
    assert second_thoughts.apply_due(now=NOON + HOUR) == 0
    done = WorkItem.objects.get()
    assert (done.state, done.outcome, done.note) == ("done", "reached", "daughter answered")
    (said,) = recorded
    assert (said["kind"], said["occurred"], said["now"]) == ("contact_attempted", NOON, NOON + HOUR)
    assert [(act.act, act.by) for act in done.acts.all()] == [("finished", world.dara)]


@pytest.mark.parametrize("before", ["open", "claimed", "parked"])
def test_undo_leaves_the_item_as_it_was(world: World, item: WorkItem, recorded: list[Any], before: str) -> None:
    if before == "claimed":
        item = worklist.claim(item=item, by=world.dara, revision=item.revision, now=NOON - HOUR)
    if before == "parked":
        item = worklist.park(item=item, by=world.dara, revision=item.revision, until=NOON + DAY, reason="later", now=NOON - HOUR)
    was = (item.state, item.owner, item.claimed_at, item.parked_until)
    meant = second_thoughts.intend(item=item, outcome="reached", by=world.dara, revision=item.revision, now=NOON)
    back = second_thoughts.undo(item=meant, by=world.dara, revision=meant.revision, now=NOON + 5 * SECOND)
    assert (back.state, back.owner, back.claimed_at, back.parked_until) == was
    assert second_thoughts.apply_due(now=NOON + DAY) == 0
    assert recorded == []


def test_too_late_to_undo_and_then_opened_again_with_a_reason(world: World, item: WorkItem, recorded: list[Any]) -> None:
    meant = second_thoughts.intend(item=item, outcome="reached", by=world.dara, revision=0, now=NOON)
    with pytest.raises(worklist.Refused, match="Too late"):
        second_thoughts.undo(item=meant, by=world.dara, revision=meant.revision, now=NOON + 10 * SECOND)
    second_thoughts.apply_due(now=NOON + 10 * SECOND)
    done = WorkItem.objects.get()
    with pytest.raises(worklist.Refused, match="Say why"):
        second_thoughts.reopen(item=done, by=world.dara, revision=done.revision, reason=" ", now=NOON + HOUR)
    again = second_thoughts.reopen(item=done, by=world.dara, revision=done.revision, reason="wrong patient", now=NOON + HOUR)
    assert (again.state, again.owner, again.outcome, again.closed_at) == ("claimed", world.dara, "", None)


def test_while_it_can_be_undone_nobody_else_acts_on_it(world: World, item: WorkItem) -> None:
    meant = second_thoughts.intend(item=item, outcome="reached", by=world.dara, revision=0, now=NOON)
    with pytest.raises(worklist.Stale):
        worklist.take_over(item=meant, by=world.fay, revision=meant.revision, reason="urgent", now=NOON)
    with pytest.raises(worklist.Refused):
        second_thoughts.undo(item=meant, by=world.fay, revision=meant.revision, now=NOON)


def test_what_cannot_be_applied_comes_back_with_its_reason(world: World, item: WorkItem, monkeypatch: pytest.MonkeyPatch) -> None:
    second_thoughts.intend(item=item, outcome="reached", by=world.dara, revision=0, now=NOON)

    def refuse(**_: Any) -> None:
        raise worklist.Refused("the journey was voided")

    monkeypatch.setattr(journeys, "record", refuse)
    second_thoughts.apply_due(now=NOON + DAY)
    back = WorkItem.objects.get()
    assert (back.state, back.owner, back.intended) == ("claimed", world.dara, None)
    assert back.acts.get().reason == "the journey was voided"


def test_times_and_words_survive_the_ten_seconds(world: World, item: WorkItem, recorded: list[Any]) -> None:
    given = {"party": "payer", "until": NOON + 3 * DAY}
    second_thoughts.intend(item=item, outcome="waiting_on", by=world.dara, revision=0, now=NOON, details=given)
    second_thoughts.apply_due(now=NOON + DAY)
    parked = WorkItem.objects.get()
    assert (parked.state, parked.parked_until, parked.waiting_on, parked.owner) == ("parked", NOON + 3 * DAY, "payer", world.dara)


def test_two_who_apply_at_the_same_moment_apply_once_and_neither_fails(
    world: World, item: WorkItem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tick and a nurse who opens the queue both found it due: the second finds the journey ended by the first, and takes nothing back."""
    second_thoughts.intend(item=item, outcome="reached", by=world.dara, revision=0, now=NOON)
    first, second = WorkItem.objects.get(), WorkItem.objects.get()
    monkeypatch.setattr(journeys, "record", lambda **call: None)
    assert second_thoughts._apply(first, NOON + HOUR)

    def ended(**call: Any) -> None:
        raise ValueError("the journey has ended")

    monkeypatch.setattr(journeys, "record", ended)
    assert not second_thoughts._apply(second, NOON + HOUR)
    done = WorkItem.objects.get()
    assert (done.state, done.outcome) == ("done", "reached")
    assert [act.act for act in done.acts.all()] == ["finished"]


def test_it_can_be_taken_back_until_the_tenth_second(world: World, item: WorkItem, recorded: list[Any]) -> None:
    meant = second_thoughts.intend(item=item, outcome="reached", by=world.dara, revision=0, now=NOON)
    at = NOON + 9.9 * SECOND
    assert second_thoughts.apply_due(now=at) == 0
    assert second_thoughts.undo(item=meant, by=world.dara, revision=meant.revision, now=at).intended is None
    assert second_thoughts.apply_due(now=NOON + HOUR) == 0
    assert recorded == []
