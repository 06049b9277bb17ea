"""At most one copy outside, and nothing disappears: whatever the provider does and wherever the sender dies."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notifications import outbox
from notifications.models import Message, Receipt, WorkItem
from notifications.plan import plan
from notifications.receipts import receive
from notifications.reconcile import Reconciled, reconcile
from notifications.send import GUARD_SECONDS, Sent, send_due
from tests.notifications.carrier import Carrier
from tests.notifications.world import DAY, HOUR, NOON, World

MINUTE = timedelta(minutes=1)


def reminders(world: World, count: int) -> None:
    for _ in range(count):
        world.text_alert()
    plan(now=NOON)


def states() -> list[str]:
    return sorted(Message.objects.values_list("state", flat=True))


def test_everything_due_is_sent_once(world: World) -> None:
    reminders(world, 5)
    carrier = Carrier()
    assert send_due(now=NOON, transport=carrier, batch=2) == Sent(judged=5, accepted=5)
    assert send_due(now=NOON, transport=carrier) == Sent()
    assert set(carrier.copies().values()) == {1}
    assert states() == ["sent"] * 5


def test_a_refused_account_stops_the_run_and_keeps_the_backlog(world: World) -> None:
    reminders(world, 3)
    carrier = Carrier(["refuse:20003"])
    assert send_due(now=NOON, transport=carrier) == Sent(judged=3, not_accepted=1, given_back=2)
    assert states() == ["pending"] * 3
    assert carrier.calls == 1
    assert send_due(now=NOON + HOUR, transport=carrier).accepted == 3


def test_a_batch_takes_as_many_statements_however_many_texts_are_in_it(world: World) -> None:
    """One transaction to claim them with their words and links, one to write down what was accepted."""
    asked = []
    for count in (2, 7):
        reminders(world, count)
        with CaptureQueriesContext(connection) as queries:
            assert send_due(now=NOON, transport=Carrier(), batch=50).accepted == count
        asked.append(len(queries))
    assert asked[0] >= asked[1]
    assert asked[1] <= 16


class Frozen:
    """The stopwatch of a process that stood still right after its claim."""

    passed = 0.0

    def __call__(self) -> float:
        if Message.objects.filter(state="sending").exists():
            self.passed = GUARD_SECONDS + 1
        return self.passed


def test_a_process_that_was_frozen_gives_its_texts_back(world: World) -> None:
    reminders(world, 2)
    carrier = Carrier()

    assert send_due(now=NOON, transport=carrier, seconds=1, stopwatch=Frozen()).given_back == 2
    assert (carrier.calls, states()) == (0, ["pending", "pending"])


def test_a_sender_that_died_leaves_doubt_not_a_second_copy(world: World) -> None:
    reminders(world, 1)
    carrier = Carrier()
    (claimed,) = outbox.claim(now=NOON).texts
    carrier.send(claimed.text)  # kill -9 here: taken, never recorded
    assert reconcile(now=NOON + MINUTE, transport=carrier) == Reconciled()
    assert reconcile(now=NOON + 3 * MINUTE, transport=carrier) == Reconciled(lost=1)
    assert send_due(now=NOON + 4 * MINUTE, transport=carrier) == Sent()
    assert reconcile(now=NOON + 20 * MINUTE, transport=carrier) == Reconciled(found=1)
    assert (states(), carrier.copies().most_common(1)[0][1]) == (["sent"], 1)


def test_absent_is_believed_only_beside_a_text_known_to_be_there(world: World) -> None:
    reminders(world, 1)
    carrier = Carrier(["vanish"])
    send_due(now=NOON, transport=carrier)
    assert reconcile(now=NOON + 20 * MINUTE, transport=carrier) == Reconciled()  # an empty list is no proof
    reminders(world, 1)
    send_due(now=NOON + 21 * MINUTE, transport=carrier)
    assert reconcile(now=NOON + 25 * MINUTE, transport=carrier) == Reconciled(put_back=1)
    assert send_due(now=NOON + 26 * MINUTE, transport=carrier).accepted == 1
    assert set(carrier.copies().values()) == {1}


def test_what_cannot_be_shown_goes_to_a_person(world: World) -> None:
    reminders(world, 1)
    carrier = Carrier(["vanish"], hides=True)
    send_due(now=NOON, transport=carrier)
    assert reconcile(now=NOON + 20 * MINUTE, transport=carrier) == Reconciled()
    assert reconcile(now=NOON + 31 * MINUTE, transport=carrier) == Reconciled(handed_over=1)
    assert reconcile(now=NOON + DAY, transport=carrier) == Reconciled()
    assert (states(), WorkItem.objects.get().cause_kind) == (["unknown"], "unknown_send")


def test_a_text_is_sent_again_at_most_once(world: World) -> None:
    reminders(world, 2)
    carrier = Carrier(["vanish", "ok", "vanish"])
    send_due(now=NOON, transport=carrier)
    assert reconcile(now=NOON + 16 * MINUTE, transport=carrier).put_back == 1
    send_due(now=NOON + 17 * MINUTE, transport=carrier)
    assert reconcile(now=NOON + 50 * MINUTE, transport=carrier).handed_over == 1
    assert states() == ["sent", "unknown"]


@pytest.mark.django_db
@given(
    moods=st.lists(st.sampled_from(["ok", "lose", "vanish", "refuse:20429", "refuse:20003", "refuse:21610", "refuse:30007"]), max_size=12)
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15, deadline=None)
def test_whatever_the_provider_does(moods: list[str]) -> None:
    with transaction.atomic():
        reminders(World(), 4)
        carrier = Carrier(moods)
        for minute in range(0, 240, 12):
            now = NOON + minute * MINUTE
            send_due(now=now, transport=carrier)
            reconcile(now=now, transport=carrier)
        assert max(carrier.copies().values(), default=0) <= 1
        for message in Message.objects.select_related("phone"):
            assert message.phone is not None
            outside = carrier.copies()[message.phone.e164]
            assert (message.state == "sent") == (outside == 1)
            assert message.state != "sending"
            if message.state == "unknown":
                assert WorkItem.objects.filter(cause_kind="unknown_send", cause_key=str(message.uid)).exists()
        transaction.set_rollback(True)


def receipt(message: Message, status: str, *, token: str = "", code: str = "") -> bool:
    return receive(uid=str(message.uid), token=token or message.token, sid="SM9", status=status, error_code=code, now=NOON + MINUTE)


def claimed(world: World) -> Message:
    reminders(world, 1)
    outbox.claim(now=NOON)
    return Message.objects.get()


def test_receipts_in_any_order_and_number_only_move_on(world: World) -> None:
    message = claimed(world)
    for status in ("delivered", "sent", "delivered", "queued", "failed"):
        receipt(message, status)
    done = Message.objects.get()
    assert (done.state, done.provider_sid, done.delivered_at) == ("delivered", "SM9", NOON + MINUTE)
    assert Receipt.objects.count() == 4


def test_a_receipt_before_our_own_record_is_the_record(world: World) -> None:
    message = claimed(world)
    receipt(message, "sent")
    assert Message.objects.get().state == "sent"


def test_a_receipt_settles_an_unknown_text(world: World) -> None:
    message = claimed(world)
    reconcile(now=NOON + 3 * MINUTE, transport=Carrier())
    receipt(message, "sent")
    assert states() == ["sent"]


def test_a_text_put_back_that_turns_up_is_not_sent_again(world: World) -> None:
    reminders(world, 2)
    carrier = Carrier(["vanish", "ok"])
    send_due(now=NOON, transport=carrier)
    reconcile(now=NOON + 16 * MINUTE, transport=carrier)
    receipt(Message.objects.get(state="pending"), "sent")
    assert send_due(now=NOON + 17 * MINUTE, transport=carrier) == Sent()


def test_an_undelivered_text_becomes_a_call_and_a_bad_number(world: World) -> None:
    message = claimed(world)
    receipt(message, "sent")
    receipt(message, "undelivered", code="30005")
    message = Message.objects.get()
    assert (message.state, message.error_code, message.phone and message.phone.bad_reason) == ("failed", "30005", "unknown handset")
    assert WorkItem.objects.get().cause_kind == "bad_number"


def test_a_receipt_without_the_token_moves_nothing(world: World) -> None:
    message = claimed(world)
    assert not receipt(message, "delivered", token="forged")
    assert Message.objects.get().state == "sending"
    assert Receipt.objects.get().message is None
