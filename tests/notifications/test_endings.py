"""The provider's code table, row by row: what becomes of the text, its number, its day, its wording and of all other texts."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

import pytest

from notifications import endings, epoch, halts, outbox, worklist
from notifications.codes import CODES
from notifications.models import Epoch, Message, Receipt, SendSlot, WorkItem
from notifications.plan import plan
from notifications.receipts import receive
from notifications.reconcile import reconcile
from notifications.send import Sent, send_due
from notifications.transports.base import Declined, Seen
from patients.models import ContactPoint, Permission, Phone, User
from tests.notifications.carrier import Carrier
from tests.notifications.world import DAY, HOUR, NOON, World

MINUTE = timedelta(minutes=1)


class Row(NamedTuple):
    """What is left behind: state of the text; minutes until it may go again; bad or stopped number; who is asked; what is halted; whether
    the day of the number stays taken."""

    state: str
    again: int = 0
    number: str = ""
    asked: str = ""
    halted: str = ""
    day: bool = False


TABLE = {
    20429: Row("pending", again=1),
    20003: Row("pending", asked="halt", halted="provider"),
    20404: Row("pending", asked="halt", halted="provider"),
    21603: Row("pending", asked="halt", halted="provider"),
    21606: Row("pending", asked="halt", halted="provider"),
    30022: Row("pending", asked="halt", halted="provider"),
    30023: Row("pending", asked="halt", halted="provider"),
    30034: Row("pending", asked="halt", halted="provider"),
    21211: Row("failed", number="bad", asked="bad_number"),
    21408: Row("failed", number="bad", asked="bad_number"),
    21604: Row("failed", number="bad", asked="bad_number"),
    21612: Row("failed", number="bad", asked="bad_number"),
    21614: Row("failed", number="bad", asked="bad_number"),
    21635: Row("failed", number="bad", asked="bad_number"),
    30005: Row("failed", number="bad", asked="bad_number"),
    30006: Row("failed", number="bad", asked="bad_number"),
    21610: Row("failed", number="stopped", asked="consent"),
    21602: Row("failed", asked="problem"),
    21617: Row("failed", asked="problem"),
    30007: Row("failed", asked="problem"),
    30003: Row("pending", again=240),
    30036: Row("pending", again=240),
    30004: Row("failed", asked="problem"),
    30008: Row("failed", asked="problem", day=True),
    20500: Row("unknown", day=True),
    99999: Row("failed", asked="problem"),
}
BY_RECEIPT = sorted(code for code in TABLE if 30000 <= code < 31000)


@pytest.fixture
def message(world: World) -> Message:
    world.text_alert(world.patient())
    plan(now=NOON)
    return Message.objects.get()


def left_behind() -> Row:
    message, phone = Message.objects.get(), Phone.objects.get()
    number = "bad" if phone.bad_since else "stopped" if phone.stopped_at else ""
    asked, halted = WorkItem.objects.first(), halts.standing()
    again = (message.not_before - NOON) // MINUTE if message.state == "pending" else 0
    return Row(message.state, again, number, asked.cause_kind if asked else "", halted[0].key if halted else "", SendSlot.objects.exists())


def test_the_table_is_whole() -> None:
    assert set(CODES) == set(TABLE) - {20500, 99999}


@pytest.mark.parametrize("code", TABLE)
def test_an_answer_ends_as_its_row_says(message: Message, code: int) -> None:
    (claimed,) = outbox.claim(now=NOON).texts
    endings.record(claimed=claimed, answer=Declined(code), now=NOON)
    assert left_behind() == TABLE[code]
    assert Message.objects.get().error_code == str(code)
    assert Message.objects.get().reason


@pytest.mark.parametrize("code", [*BY_RECEIPT, 99999])
def test_a_receipt_ends_as_its_row_says(message: Message, code: int) -> None:
    """A text that was accepted and did not arrive; of a code nobody knows we cannot say that the patient has nothing."""
    send_due(now=NOON, transport=Carrier())
    told(Message.objects.get(), "undelivered", code)
    assert left_behind() == (TABLE[code] if code in CODES else TABLE[99999]._replace(day=True))


def told(message: Message, status: str, code: int = 0, sid: str = "SM1") -> None:
    receive(uid=str(message.uid), token=message.token, sid=sid, status=status, error_code=str(code or ""), now=NOON)


def test_an_unreachable_handset_is_tried_once_more_and_then_called(message: Message) -> None:
    carrier = Carrier()
    send_due(now=NOON, transport=carrier)
    told(Message.objects.get(), "undelivered", 30003)
    told(Message.objects.get(), "sent")  # the beginning of that try, reported after its end
    assert Message.objects.get().state == "pending"
    assert send_due(now=NOON + 4 * HOUR, transport=carrier).accepted == 1
    told(Message.objects.get(), "undelivered", 30003, sid="SM2")
    assert (Message.objects.get().state, WorkItem.objects.get().cause_kind) == ("failed", "problem")
    assert not SendSlot.objects.exists()


def test_the_first_try_on_the_list_is_not_taken_for_the_second(message: Message) -> None:
    """The second try ended in doubt; what the list shows of the first one, undelivered, says nothing of it."""
    carrier = Carrier(["ok", "vanish"])
    send_due(now=NOON, transport=carrier)
    first = Message.objects.get()
    told(first, "undelivered", 30003, sid=first.provider_sid)
    send_due(now=NOON + 4 * HOUR, transport=carrier)
    assert Message.objects.get().state == "unknown"
    assert reconcile(now=NOON + 5 * HOUR, transport=carrier).found == 0
    assert Receipt.objects.get().provider_sid == first.provider_sid


def test_a_bad_number_is_bad_for_everybody_who_has_it(world: World, message: Message) -> None:
    phone, twin = Phone.objects.get(), world.patient("Ben", phone=False)
    ContactPoint.objects.create(person=twin.person, phone=phone, since=NOON)
    Permission.objects.create(person=twin.person, patient=twin, phone=phone, granted_at=NOON)
    send_due(now=NOON, transport=Carrier(["refuse:21614"]))
    world.text_alert(twin)
    plan(now=NOON)
    assert send_due(now=NOON + DAY, transport=Carrier()) == Sent(judged=1)
    assert set(Message.objects.values_list("state", "reason")) == {("failed", "not a mobile number"), ("withdrawn", "bad number")}
    assert WorkItem.objects.get().cause_key == str(phone.pk)


@pytest.mark.parametrize(
    ("purpose", "reason", "asked"), [("stop_confirmation", "the provider had confirmed it", 0), ("reminder", "stopped at the provider", 1)]
)
def test_a_stop_that_the_provider_knew(world: World, message: Message, purpose: str, reason: str, asked: int) -> None:
    """Confirming STOP ourselves is refused where the provider has confirmed it: that is as it should be. A reminder refused so is a
    mismatch of consents."""
    if purpose == "stop_confirmation":
        Message.objects.update(not_before=NOON + DAY)
        Phone.objects.update(stopped_at=NOON)
        world.answer(Phone.objects.get(), purpose)
    send_due(now=NOON, transport=Carrier(["refuse:21610"]))
    told_off = Message.objects.get(purpose=purpose)
    assert (told_off.state, told_off.reason, bool(Phone.objects.get().stopped_at)) == ("failed", reason, True)
    assert WorkItem.objects.filter(cause_kind="consent").count() == asked


def test_revoked_credentials_halt_everything_with_one_alarm_and_lose_nothing(world: World) -> None:
    for _ in range(5):
        world.text_alert()
    plan(now=NOON)
    down = Carrier(["refuse:20003"] * 20)
    for minute in range(0, 60, 2):
        send_due(now=NOON + minute * MINUTE, transport=down)
    assert down.calls < 8, "one text tries, less and less often"
    assert set(Message.objects.values_list("state", flat=True)) == {"pending"}
    assert WorkItem.objects.get().cause_key == halts.PROVIDER
    up = Carrier()
    assert send_due(now=NOON + 3 * HOUR, transport=up).accepted == 5
    assert (halts.standing(), WorkItem.objects.get().state) == ([], "withdrawn")


def test_a_wording_that_carriers_filter_rests_until_somebody_has_looked(world: World) -> None:
    for _ in range(3):
        world.text_alert()
    plan(now=NOON)
    send_due(now=NOON, transport=Carrier())
    for message in Message.objects.all():
        told(message, "undelivered", 30007, sid=message.provider_sid)
    world.text_alert()
    world.alert(world.stay(), world.rung(1, "patient", wording="kit.reminder"))
    plan(now=NOON)
    assert send_due(now=NOON + MINUTE, transport=Carrier()) == Sent(judged=2, accepted=1)
    held = Message.objects.get(state="pending")
    assert (held.wording, held.reason) == ("visit.reminder", "wording stopped by carriers")
    item = WorkItem.objects.get(cause_kind="halt")
    lead = User.objects.get(username="fay")
    item = worklist.claim(item=item, by=lead, revision=item.revision, now=NOON)
    worklist.finish(item=item, outcome="released", by=lead, revision=item.revision, now=NOON)
    assert send_due(now=held.not_before, transport=Carrier()).accepted == 1


def test_a_busy_provider_costs_no_second_try(message: Message) -> None:
    """Ten times busy, then no answer and shown absent: it still goes once more."""
    carrier, now = Carrier(["refuse:20429"] * 10 + ["vanish"]), NOON
    while carrier.calls < 11:
        send_due(now=now, transport=carrier)
        now += HOUR / 2
        if now.hour >= 23:
            now += 14 * HOUR
    lost = Message.objects.get()
    assert (lost.state, lost.second_tries) == ("unknown", 0)
    control = Message.objects.create(
        purpose="help", wording="help", created_at=now, not_before=now, state="sent", sent_at=now, provider_sid="SM7"
    )
    carrier.took.append(Seen("SM7", "+15550000000", "", "sent"))
    assert reconcile(now=now + HOUR, transport=carrier).put_back == 1
    assert control.pk and Message.objects.get(pk=lost.pk).second_tries == 1


def test_real_numbers_wait_where_they_may_not_be_texted(message: Message) -> None:
    barred = Carrier(barred=True)
    assert send_due(now=NOON, transport=barred) == Sent(judged=1, given_back=1)
    assert (barred.calls, Message.objects.get().state, Message.objects.get().reason) == (0, "pending", "real numbers only in production")


def test_a_restored_database_sends_nothing_and_says_so_once(world: World, message: Message) -> None:
    assert send_due(now=NOON, transport=Carrier()).accepted == 1
    assert Epoch.objects.get().fingerprint == epoch.fingerprint()
    Epoch.objects.update(fingerprint="another cluster:00000001:1")
    world.text_alert()
    plan(now=NOON)
    for minute in range(90):
        assert send_due(now=NOON + minute * MINUTE, transport=Carrier()) == Sent()
    assert [halt.again_at for halt in halts.standing()] == [None]
    assert WorkItem.objects.get().cause_key == halts.RESTORE
