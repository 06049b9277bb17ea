"""A database restored from an hour ago: what went out and came in since is on the provider's list, and nothing is sent twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from notifications import epoch, halts, outbox, restoring, transports
from notifications.models import Epoch, Message, SendSlot, WorkItem
from notifications.plan import plan
from notifications.restoring import PERHAPS, ListMissing, Settled
from notifications.send import Sent, send_due
from notifications.transports.base import Seen
from pathways import journeys
from patients.models import Phone
from tests.notifications.carrier import Carrier
from tests.notifications.world import HOUR, NOON, World


@pytest.fixture
def lost_hour(world: World, monkeypatch: pytest.MonkeyPatch) -> Carrier:
    """Three texts were due when the backup was made; of the hour after it only the provider knows: Ana was texted, Ben's words it does not
    keep, Cara was not texted and wrote STOP."""
    monkeypatch.setattr(journeys, "record_for_patient", lambda **_: None)  # the writer has tests of its own
    for name in ("Ana", "Ben", "Cara"):
        world.text_alert(world.patient(name))
    plan(now=NOON)
    Epoch.objects.create(fingerprint="the cluster that burnt", since=NOON)
    ana, ben, cara = Message.objects.order_by("pk")
    numbers = {message.pk: phone for message, phone in zip((ana, ben, cara), Phone.objects.order_by("pk"), strict=True)}
    carrier = Carrier()
    carrier.took += [
        Seen("SM1", numbers[ana.pk].e164, outbox.words_of(ana.pk), "delivered", at=NOON),
        Seen("SM2", numbers[ben.pk].e164, "", "delivered", at=NOON),
    ]
    carrier.wrote.append(Seen("SM3", "+15550100000", "STOP", "received", from_=numbers[cara.pk].e164, at=NOON + HOUR / 2))
    return carrier


def test_what_went_out_is_not_sent_again_and_a_stop_of_the_lost_hour_counts(lost_hour: Carrier) -> None:
    assert send_due(now=NOON + HOUR, transport=lost_hour) == Sent()
    assert restoring.settle(since=NOON, now=NOON + HOUR, transport=lost_hour) == Settled(1, 2, 1, 1)
    send_due(now=NOON + HOUR, transport=lost_hour)
    ana, ben, cara = Message.objects.filter(purpose="reminder").order_by("pk")
    assert (ana.state, ana.provider_sid, SendSlot.objects.get().message_id) == ("sent", "SM1", ana.pk)
    assert (ben.state, ben.reason) == ("withdrawn", PERHAPS)
    assert (cara.state, cara.reason) == ("withdrawn", "stopped")
    assert WorkItem.objects.filter(cause_kind="problem", state="open").count() == 1
    assert max(lost_hour.copies().values()) == 1
    assert halts.standing() == []


@pytest.mark.django_db
def test_a_dump_restored_over_the_database_itself_is_noticed() -> None:
    """The cluster and the database are the same; the outbox's table is not."""
    cluster, timeline, database, table = epoch.fingerprint().split(":")
    Epoch.objects.create(fingerprint=f"{cluster}:{timeline}:{database}:{int(table) + 1}", since=NOON)
    assert not epoch.is_ours(now=NOON)
    assert [halt.key for halt in halts.standing()] == [halts.RESTORE]


@pytest.mark.django_db
def test_a_mark_of_before_the_table_belonged_to_it_stays_ours() -> None:
    Epoch.objects.create(fingerprint=epoch.fingerprint().rpartition(":")[0], since=NOON)
    assert epoch.is_ours(now=NOON)
    assert Epoch.objects.order_by("pk").last().fingerprint == epoch.fingerprint()  # type: ignore[union-attr]  # adopted just now


def test_without_the_list_nothing_is_released(lost_hour: Carrier) -> None:
    send_due(now=NOON + HOUR, transport=lost_hour)
    lost_hour.hides = True
    with pytest.raises(ListMissing):
        restoring.settle(since=NOON, now=NOON + HOUR, transport=lost_hour)
    assert [halt.key for halt in halts.standing()] == [halts.RESTORE]


def test_an_administrator_stops_and_starts_texts(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(transports, "current", Carrier)
    world.text_alert()
    plan(now=NOON)
    call_command("texts", "hold", "--reason", "moving house", "--json")
    assert '"key": "staff", "reason": "moving house"' in capsys.readouterr().out
    assert send_due(now=NOON + timedelta(days=2)) == Sent()
    with pytest.raises(CommandError, match="reconcile"):
        call_command("texts", "resume", "restore")
    call_command("texts", "resume", "staff", "--by", "fay")
    assert send_due(now=NOON).accepted == 1


def test_a_copied_disk_does_not_text_the_patients_of_the_original(world: World, settings: Settings) -> None:
    """PostgreSQL cannot tell a copy of its own files from itself; the installation can, by the address it is reached at."""
    settings.PRODUCTION, settings.PUBLIC_BASE_URL = True, "https://texts.example.org"
    world.text_alert()
    plan(now=NOON)
    assert epoch.is_ours(now=NOON)
    settings.PUBLIC_BASE_URL = "https://staging.example.org"
    assert send_due(now=NOON, transport=Carrier()) == Sent()
    assert [(halt.key, halt.reason) for halt in halts.standing()] == [("restore", "database of another installation")]
    assert WorkItem.objects.filter(cause_kind="halt").count() == 1


def test_an_installation_from_before_is_not_stopped_by_its_upgrade(world: World, settings: Settings) -> None:
    epoch.adopt(now=NOON)
    assert Epoch.objects.get().home == ""
    settings.PRODUCTION, settings.PUBLIC_BASE_URL = True, "https://texts.example.org"
    world.text_alert()
    plan(now=NOON)
    assert send_due(now=NOON, transport=Carrier()).accepted == 1
    assert Epoch.objects.order_by("pk").last().home == "https://texts.example.org"  # type: ignore[union-attr]
