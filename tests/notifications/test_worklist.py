"""The queue's rules, as navigators meet them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from notifications import worklist
from notifications.models import ItemState, WorkItem
from notifications.outcomes import OUTCOMES, Then
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
    item = worklist.put_back(item=item, by=world.dara, revision=item.revision, now=NOON)
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
        ("left_message", {"until": NOON + DAY}, "contact_attempted", "parked"),
        ("wrong_number", {"number": "+15550200001", "until": NOON + DAY}, "contact_attempted", "parked"),
        ("appointment_made", {"starts": NOON + DAY}, "visit_booked", "done"),
        ("barrier", {"barrier": "cost", "until": NOON + DAY}, "work_outcome", "parked"),
        ("declined", {"declines": "declined_test"}, "exited", "done"),
        ("transferred", {"where": "South Lake"}, "exited", "done"),
        ("escalated_to", {"to": "lead"}, "work_outcome", "open"),
        ("exited", {"reason": "cost"}, "exited", "done"),
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
        ("barrier", {"barrier": "bad luck", "until": NOON + DAY}),
        ("exited", {"reason": "no such reason"}),
        ("clinician_decided", {"clinician": "Dr. Gus", "sub_reason": "preference"}),
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


def test_every_outcome_writes_an_event_ends_or_sets_a_next_date() -> None:
    """Read from the table: what rests has a date, what is handed on has a role, all else is done and said something to the journey."""
    for code, rule in OUTCOMES.items():
        if rule.then is Then.NEXT_DATE:
            assert "until" in rule.needs, code
        if rule.then is Then.HAND_ON:
            assert "to" in rule.needs, code
        if rule.exits:
            assert rule.then is Then.DONE, code


def critical(item: WorkItem) -> WorkItem:
    WorkItem.objects.filter(pk=item.pk).update(priority=1)
    return WorkItem.objects.get()


def test_a_critical_item_never_rests_past_its_breach(world: World, item: WorkItem, recorded: list[Any]) -> None:
    item = critical(item)
    with pytest.raises(worklist.Refused, match="critical"):
        worklist.park(item=item, by=world.dara, revision=0, until=item.due_at + HOUR, reason="", now=NOON)
    with pytest.raises(worklist.Refused, match="cannot be snoozed"):
        worklist.park(item=item, by=world.dara, revision=0, until=NOON + 4 * DAY, reason="", now=NOON + 3 * DAY)
    tried = {"until": NOON + 3 * DAY + HOUR}
    done = worklist.finish(item=item, outcome="no_answer", by=world.dara, revision=0, now=NOON + 3 * DAY, details=tried)
    assert done.state == "parked"
    with pytest.raises(worklist.Refused):
        worklist.finish(item=done, outcome="no_answer", by=world.dara, revision=1, now=NOON + 3 * DAY, details={"until": NOON + 9 * DAY})


def test_snoozed_until_the_awaited_fact_comes(world: World, item: WorkItem) -> None:
    worklist.park(item=item, by=world.dara, revision=0, until=NOON + 9 * DAY, reason="", now=NOON - HOUR, wakes_on="result_final")
    assert item.journey is not None
    world.says(item.journey, "visit_booked")
    assert worklist.wake_parked(now=NOON + HOUR) == 0
    world.says(item.journey, "result_final")
    assert worklist.wake_parked(now=NOON + HOUR) == 1
    assert WorkItem.objects.get().returned_at == NOON + HOUR


def test_what_somebody_snoozed_comes_back_to_them(world: World, item: WorkItem) -> None:
    item = worklist.claim(item=item, by=world.dara, revision=0, now=NOON)
    worklist.park(item=item, by=world.dara, revision=item.revision, until=NOON + DAY, reason="", now=NOON)
    worklist.wake_parked(now=NOON + DAY)
    item = WorkItem.objects.get()
    assert (item.state, item.owner) == ("open", world.dara)


def test_a_wrong_number_is_texted_no_more(world: World, item: WorkItem, recorded: list[Any]) -> None:
    assert item.patient is not None
    number = item.patient.person.contact_points.get().phone
    assert number is not None
    given = {"number": number.e164, "until": NOON + DAY}
    worklist.finish(item=item, outcome="wrong_number", by=world.dara, revision=0, now=NOON, details=given)
    number.refresh_from_db()
    assert number.bad_since == NOON
