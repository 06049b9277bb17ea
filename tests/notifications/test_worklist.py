"""The queue's rules, as navigators meet them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from notifications import worklist
from notifications.models import ItemState, WorkItem
from notifications.plan import plan
from notifications.worklist import NewItem
from pathways import journeys
from tests.notifications.world import DAY, HOUR, NOON, World


@pytest.fixture
def item(world: World) -> WorkItem:
    world.alert(world.stay(), world.rung())
    plan(now=NOON)
    return WorkItem.objects.get()


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What reaches the journey's writer; the writer has tests of its own."""
    calls: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(journeys, "record", lambda **call: calls.append((call["kind"], call)))
    monkeypatch.setattr(journeys, "exit", lambda **call: calls.append(("exited", call)))
    return calls


def test_two_navigators_one_item(world: World, item: WorkItem) -> None:
    eli = world.staff("eli", "navigator")
    mine = worklist.claim(item=item, by=world.dara, revision=0, now=NOON)
    assert (mine.state, mine.owner, mine.revision) == ("claimed", world.dara, 1)
    with pytest.raises(worklist.Stale):
        worklist.claim(item=item, by=eli, revision=0, now=NOON)
    with pytest.raises(worklist.Stale):
        worklist.park(item=item, by=eli, revision=1, until=NOON + DAY, reason="", now=NOON)


def test_put_back_and_park_and_wake(world: World, item: WorkItem) -> None:
    item = worklist.claim(item=item, by=world.dara, revision=0, now=NOON)
    item = worklist.put_back(item=item, by=world.dara, revision=item.revision)
    assert (item.state, item.owner) == ("open", None)
    item = worklist.park(item=item, by=world.dara, revision=item.revision, until=NOON + DAY, reason="lab called", now=NOON)
    assert (item.state, item.parked_priority) == ("parked", 5)
    assert worklist.wake_parked(now=NOON + HOUR) == 0
    assert worklist.wake_parked(now=NOON + DAY) == 1
    item = WorkItem.objects.get()
    assert (item.state, item.parked_until, item.owner) == ("open", None, None)


def test_snoozing_into_the_past_is_refused(world: World, item: WorkItem) -> None:
    with pytest.raises(worklist.Refused):
        worklist.park(item=item, by=world.dara, revision=0, until=NOON, reason="", now=NOON)


def test_one_open_item_per_cause_made_more_urgent(world: World) -> None:
    new = NewItem(cause_kind="reply", cause_key="7", site=world.site.pk, problem="reply", due_at=NOON + 4 * HOUR)
    first = worklist.open(new, now=NOON)
    worklist.park(item=first, by=world.dara, revision=0, until=NOON + DAY, reason="", now=NOON)
    urgent = NewItem(cause_kind="reply", cause_key="7", site=world.site.pk, problem="safety", due_at=NOON + HOUR, priority=1)
    again = worklist.open(urgent, now=NOON)
    assert again.pk == first.pk
    assert (again.state, again.priority, again.due_at, again.problem) == ("open", 1, NOON + HOUR, "safety")


def test_overdue_items_go_to_the_lead_once_and_stay_in_sight(world: World, item: WorkItem) -> None:
    assert worklist.escalate_overdue(now=NOON + DAY) == 0
    assert worklist.escalate_overdue(now=NOON + 3 * DAY) == 1
    assert worklist.escalate_overdue(now=NOON + 4 * DAY) == 0
    item = WorkItem.objects.get()
    assert (item.audience, item.also_for, item.priority) == ("lead", ["navigator"], 4)


def test_every_cause_has_an_escalation() -> None:
    from notifications.outcomes import OUTCOMES

    assert {cause for rule in OUTCOMES.values() for cause in rule.causes} <= set(worklist.ESCALATIONS)


@pytest.mark.parametrize(
    ("outcome", "details", "kind", "state"),
    [
        ("reached", {}, "contact_attempted", "done"),
        ("no_answer", {"until": NOON + DAY}, "contact_attempted", "parked"),
        ("already_happened", {"what": "visit_kept", "on": NOON - DAY, "evidence": "letter"}, "visit_kept", "done"),
        ("not_a_stall", {"why": "data late"}, "work_outcome", "done"),
        ("waiting_on", {"party": "payer", "until": NOON + DAY}, "work_outcome", "parked"),
        ("escalated_to", {"to": "lead"}, "work_outcome", "open"),
        ("exited", {"reason": "declined"}, "exited", "done"),
        ("handled", {}, "work_outcome", "done"),
    ],
)
def test_every_outcome_says_something_or_sets_a_date(
    world: World, item: WorkItem, recorded: list[tuple[str, dict[str, Any]]], outcome: str, details: dict[str, Any], kind: str, state: str
) -> None:
    worklist.claim(item=item, by=world.dara, revision=0, now=NOON)
    done = worklist.finish(item=item, outcome=outcome, by=world.dara, revision=1, now=NOON, note="n", details=details)
    assert [name for name, _ in recorded] == [kind]
    assert (done.state, done.outcome) == (state, outcome)
    assert (done.closed_at is not None) == (state == "done")


@pytest.mark.parametrize(
    ("outcome", "details"),
    [
        ("read", {}),
        ("unheard_of", {}),
        ("waiting_on", {"party": "payer"}),
        ("not_a_stall", {"why": "bored"}),
        ("already_happened", {"what": "enrolled", "on": NOON, "evidence": "x"}),
        ("escalated_to", {"to": "the pope"}),
    ],
)
def test_outcomes_that_do_not_fit_are_refused(world: World, item: WorkItem, outcome: str, details: dict[str, Any]) -> None:
    with pytest.raises(worklist.Refused):
        worklist.finish(item=item, outcome=outcome, by=world.dara, revision=0, now=NOON, details=details)
    assert WorkItem.objects.get().state == ItemState.OPEN


def test_a_late_save_leaves_no_event_behind(world: World, item: WorkItem, recorded: list[Any]) -> None:
    worklist.claim(item=item, by=world.dara, revision=0, now=NOON)
    with pytest.raises(worklist.Stale):
        worklist.finish(item=item, outcome="reached", by=world.dara, revision=0, now=NOON)
    assert WorkItem.objects.get().state == "claimed"


def test_an_item_is_addressed_to_a_named_person(world: World, item: WorkItem) -> None:
    assert worklist.addressee(item) == world.dara
    assert item.journey is not None
    item.journey.accountable = None
    assert worklist.addressee(item) == world.rollout.default_accountable
    item.audience = "clinician"
    assert worklist.addressee(item) is None
    assert item.due_at - item.opened_at == timedelta(days=2)
