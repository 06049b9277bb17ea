"""Reports by e-mail: a link and nothing else, once a period whoever looks, and gone with one click or with the account."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client

from config import digests, first_hour
from config.models import Digest, Subscription
from patients import staff
from patients.models import Site, User
from tests.notifications.world import in_another_connection
from tests.people import fay, hal, north, nurse

__all__ = ["fay", "hal", "north"]

MONDAY = datetime(2026, 3, 9, 10, 0, tzinfo=UTC)  # six in the morning in Boston
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Enter = Callable[[User], Client]


@pytest.fixture
def signed_in() -> Enter:
    def enter(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return enter


@pytest.fixture
def manager(fay: User) -> User:
    User.objects.filter(pk=fay.pk).update(email="fay@clinic.example")
    return User.objects.get(pk=fay.pk)


def weekly(user: User, *, hour: int = 7, created: datetime = MONDAY - DAY) -> Subscription:
    return digests.subscribe(user=user, report="monday", programme="all", weekday=0, hour=hour, now=created)


def test_it_comes_on_its_day_at_its_hour_where_the_reader_works(manager: User) -> None:
    weekly(manager)
    assert digests.send_due(now=MONDAY) == 0, "six o'clock in Boston"
    assert digests.send_due(now=MONDAY + HOUR) == 1
    assert [one.to for one in mail.outbox] == [["fay@clinic.example"]]
    assert digests.send_due(now=MONDAY + 2 * HOUR) == 0
    assert digests.send_due(now=MONDAY + 7 * DAY) == 0
    assert digests.send_due(now=MONDAY + 7 * DAY + HOUR) == 1, "and the clocks have not moved it"


def test_it_keeps_its_hour_when_the_clocks_change(manager: User) -> None:
    """Summer time began on 8 March in Boston: seven o'clock is eleven UTC now and was twelve."""
    digests.subscribe(user=manager, report="monday", programme="all", weekday=None, hour=7, now=MONDAY - 5 * DAY)
    winter = datetime(2026, 3, 7, 11, 30, tzinfo=UTC)
    assert digests.send_due(now=winter - DAY + 13 * HOUR) == 0, "what is half a day old is skipped"
    assert digests.send_due(now=winter) == 0
    assert digests.send_due(now=winter + HOUR) == 1
    assert digests.send_due(now=winter + 2 * DAY) == 1


def test_it_is_a_link_and_says_nothing_of_what_stands_there(manager: User) -> None:
    row = weekly(manager)
    digests.send_due(now=MONDAY + HOUR)
    (sent,) = mail.outbox
    assert "/reports/monday/all/" in sent.body
    assert sent.extra_headers["List-Unsubscribe"] == f"<http://127.0.0.1:8000/digests/stop/{row.token}/>"
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    bare = sent.body.replace(row.token, "").replace("http://127.0.0.1:8000", "")
    assert not any(letter.isdigit() for letter in bare + sent.subject)


@pytest.mark.django_db(transaction=True)
def test_two_beats_send_one(manager: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one hands it over another looks: it finds the row taken."""
    weekly(manager)
    also: list[int] = []

    def send(_message: object) -> int:
        if not also:
            also.append(in_another_connection(lambda: digests.send_due(now=MONDAY + HOUR)))
        return 1

    monkeypatch.setattr("django.core.mail.EmailMessage.send", send)
    assert digests.send_due(now=MONDAY + HOUR) == 1
    assert also == [0]
    assert Digest.objects.get().state == "sent"


@pytest.mark.parametrize(
    ("fault", "state", "again"),
    [
        (ConnectionRefusedError(), "pending", True),
        (smtplib.SMTPRecipientsRefused({}), "failed", False),
        (TimeoutError(), "unknown", False),
    ],
)
def test_what_could_not_be_sent_is_shown_and_only_repeated_if_nobody_got_it(
    manager: User, signed_in: Enter, monkeypatch: pytest.MonkeyPatch, fault: Exception, state: str, again: bool
) -> None:
    weekly(manager)

    def refuse(_message: object) -> int:
        raise fault

    with monkeypatch.context() as patched:
        patched.setattr("django.core.mail.EmailMessage.send", refuse)
        assert digests.send_due(now=MONDAY + HOUR) == 0
    assert Digest.objects.get().state == state
    page = signed_in(manager).get("/digests/").content.decode()
    assert (type(fault).__name__ in page) == (state != "pending")
    assert digests.send_due(now=MONDAY + 2 * HOUR) == int(again)


def test_an_administrator_hears_of_what_did_not_arrive_without_a_name(manager: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader without their report believes that nothing happened: the first hour's page and the metrics say that something did."""

    def refuse(_message: object) -> int:
        raise smtplib.SMTPRecipientsRefused({})

    def said(now: datetime) -> first_hour.Check:
        house, *_sites = first_hour.sections([], now=now)
        return next(check for check in house.checks if check.question == "Do reports by e-mail arrive?")

    weekly(manager)
    assert said(MONDAY).ok is True
    with monkeypatch.context() as patched:
        patched.setattr("django.core.mail.EmailMessage.send", refuse)
        digests.send_due(now=MONDAY + HOUR)
    found = said(MONDAY + 2 * HOUR)
    assert (found.ok, "SMTPRecipientsRefused (1)" in found.answer, "fay" in found.answer) == (False, True, False)
    assert 'finalmile_digests{state="failed"} 1.0' in Client().get("/metrics").content.decode()
    assert said(MONDAY + 9 * DAY).ok is True, "last week's is over"


def test_who_dies_while_sending_leaves_a_perhaps_and_never_a_second(manager: User) -> None:
    weekly(manager)
    digests.send_due(now=MONDAY)
    digests._make_due(now=MONDAY + HOUR)
    digests._claim(now=MONDAY + HOUR, batch=9)
    assert digests.send_due(now=MONDAY + 2 * HOUR) == 0
    assert (Digest.objects.get().state, mail.outbox) == ("unknown", [])


def test_it_ends_with_the_account_or_the_role(manager: User, north: Site) -> None:
    weekly(manager)
    staff.leave(manager, site=north, on=MONDAY.date())
    assert digests.send_due(now=MONDAY + HOUR) == 0
    assert Subscription.objects.get().stopped_why in ("account ended", "role ended")
    assert mail.outbox == []


def test_one_click_in_the_mail_program_stops_it_and_looking_at_the_link_does_not(manager: User) -> None:
    row = weekly(manager)
    stranger = Client(enforce_csrf_checks=True)
    address = f"/digests/stop/{row.token}/"
    assert stranger.get(address).status_code == 200
    assert digests.mine(manager).exists()
    assert stranger.post(address, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not digests.mine(manager).exists()
    for one in (address, "/digests/stop/nobodys-secret/"):
        assert "Stopped. You will get no more" in stranger.post(one).content.decode(), "nobody learns which there are"
    assert digests.send_due(now=MONDAY + HOUR) == 0


def test_a_reader_keeps_changes_and_stops_their_own(manager: User, hal: User, signed_in: Enter) -> None:
    client = signed_in(manager)
    client.post("/digests/", {"report": "monday/all", "day": "0", "hour": "7"})
    client.post("/digests/", {"report": "monday/all", "day": "daily", "hour": "6"})
    (row,) = digests.mine(manager)
    assert (row.weekday, row.hour) == (None, 6)
    page = client.get("/digests/").content.decode()
    assert "every day, 06:00" in page
    assert client.post("/digests/", {"report": "drop-off/nowhere", "day": "0", "hour": "7"}).status_code == 422
    other = signed_in(hal)
    assert other.post(f"/digests/{row.uid}/end/").status_code == 404
    client.post(f"/digests/{row.uid}/end/")
    assert not digests.mine(manager).exists()


def test_without_an_address_there_is_nothing_to_keep(north: Site) -> None:
    plain = nurse("plain", north)
    with pytest.raises(digests.Refused, match="no e-mail address"):
        weekly(plain)


def test_the_desk_shows_them(north: Site, signed_in: Enter) -> None:
    dara = nurse("dara", north)
    User.objects.filter(pk=dara.pk).update(email="dara@clinic.example")
    weekly(User.objects.get(pk=dara.pk))
    assert "Monday, 07:00" in signed_in(dara).get("/desk/").content.decode()


def test_the_database_keeps_one_a_period(manager: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT conname FROM pg_constraint WHERE conrelid = 'config_digest'::regclass")
        assert "digest_once" in {name for (name,) in cursor.fetchall()}
