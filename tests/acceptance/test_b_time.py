"""B. Time: zones, partial dates, deadlines, clocks that are wrong, feeds that are silent and then say everything. Cases 34 to 48."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from django.test import Client

from notifications import tasks
from notifications.clock import ClocksDisagree
from notifications.models import Message, WorkItem
from notifications.outbox import claim
from pathways.deadlines import due, parse
from pathways.facts import Moment
from pathways.ingest.when import moment
from pathways.models import Alert, Event, Stay
from pathways.timeline import Calendar
from patients import sites
from tests.stories.letters import Chart
from tests.stories.telling import NEW_YORK, Hospital, day

from .telling import edited, matters, written

pytestmark = pytest.mark.django_db
CALENDAR = Calendar("America/New_York")


def at(year: int, month: int, day_: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    return datetime(year, month, day_, hour, minute, second, tzinfo=NEW_YORK)


def ordered_at(hospital: Hospital, stamp: str) -> Event:
    """An order whose time is written like this, received at the end of the year."""
    ana = hospital.knows("Ana")
    hospital.hears(ana.has_lung_cancer())
    hospital.now = at(2026, 12, 1, 9)
    hospital.hears(edited(ana.test_ordered(), (f"||||{ana._now()}|", f"||||{stamp}|")))
    return Event.objects.get(kind="test_ordered")


def test_case_34_an_hour_that_comes_twice_is_the_first_and_flagged(hospital: Hospital) -> None:
    """01:30 on the night when clocks go back: the earlier instant, `assumed_zone` says that we chose."""
    event = ordered_at(hospital, "20261101013000")
    assert (event.occurred_lo, event.assumed_zone) == (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), True)


def test_case_35_an_hour_that_never_was_is_shifted_and_flagged(hospital: Hospital) -> None:
    """02:30 on the night when clocks go forward is taken with the offset of before: 03:30."""
    event = ordered_at(hospital, "20260308023000")
    assert (event.occurred_lo, event.assumed_zone) == (datetime(2026, 3, 8, 7, 30, tzinfo=UTC), True)
    assert event.occurred_lo.astimezone(NEW_YORK).hour == 3


def test_case_36_a_year_after_a_leap_day_is_the_first_of_march() -> None:
    assert due(at(2028, 2, 29, 9), parse("12 months"), CALENDAR) == at(2029, 3, 1, 17)


def test_case_37_a_month_is_kept_as_a_month_and_is_never_due_early(hospital: Hospital) -> None:
    """`202603` spans the month; what counts from it counts from its end."""
    hospital.now = at(2026, 4, 10, 9)
    ana = hospital.knows("Ana")
    hospital.hears(edited(ana.has_lung_cancer(), (f"|{ana._now()}|F", "|202603|F")))
    event = Event.objects.get(kind="diagnosis")
    assert (event.occurred_lo, event.occurred_hi) == (at(2026, 3, 1), at(2026, 4, 1) - timedelta(microseconds=1))
    assert due(Moment(event.occurred_lo, event.occurred_hi), parse("2 days"), CALENDAR) == at(2026, 4, 2, 17)


@pytest.mark.parametrize(
    ("written_as", "meant"),
    [
        ("20260305240000-0500", at(2026, 3, 6)),
        ("20260305143060-0500", at(2026, 3, 5, 14, 30, 59)),
        ("2026030524-0500", at(2026, 3, 6)),
        ("20260305250000-0500", None),
        ("20260305126100-0500", None),
        ("20261305", None),
    ],
)
def test_case_38_odd_clock_times_are_normalised_or_not_read_and_never_crash(written_as: str, meant: datetime | None) -> None:
    """24:00 is the next midnight, :60 the last second; what no clock shows is not read (an HL7 field is noted, a CSV row waits)."""
    found = moment(written_as, "America/New_York")
    assert (found.lo if found else None) == meant


def test_case_39_seven_days_over_a_clock_change_end_at_the_same_wall_time() -> None:
    assert due(at(2026, 3, 4, 9), parse("7 days"), CALENDAR) == at(2026, 3, 11, 17)
    assert due(at(2026, 10, 28, 9), parse("7 days"), CALENDAR) == at(2026, 11, 4, 17)


def test_case_40_our_clock_an_hour_back_repeats_nothing(hospital: Hospital) -> None:
    """Neither alerts nor texts are keyed by time."""
    ana = hospital.knows("Ana")
    hospital.at(0)
    hospital.hears(ana.has_lung_cancer(), ana.visit(day(9)))
    hospital.live_until(7)
    before = (Alert.objects.count(), WorkItem.objects.count(), len(hospital.texts_to(ana)))
    assert before[2] == 1
    for _ in range(2):
        hospital.now -= timedelta(hours=1)
        hospital.tick()
        hospital.send()
    assert (Alert.objects.count(), WorkItem.objects.count(), len(hospital.texts_to(ana))) == before


def test_case_41_a_clock_that_disagrees_with_the_database_stops_everything(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    """Thirty days ahead: neither tick nor sending nor looking up runs, `/readyz` says why. Right again, work goes on as if nothing had
    been. (The provider's own Date header is not asked: the database is the judge.)"""
    ana = hospital.knows("Ana")
    hospital.at(0)
    hospital.hears(ana.has_lung_cancer(), ana.visit(day(9)))
    right = datetime.now(UTC)
    monkeypatch.setattr("django.utils.timezone.now", lambda: right + timedelta(days=30))
    for wake in (tasks.tick, tasks.send, tasks.reconcile):
        with pytest.raises(ClocksDisagree):
            wake()
    answer = client.get("/readyz").json()
    assert "clocks" in answer["wrong"]
    assert (Alert.objects.count(), Message.objects.count()) == (0, 0)
    monkeypatch.setattr("django.utils.timezone.now", lambda: right)
    tasks.tick()
    assert Alert.objects.exists()


def test_case_42_a_month_after_a_month_end_is_never_early() -> None:
    """A day that the target month lacks is the first of the next."""
    assert due(at(2026, 1, 31, 9), parse("1 month"), CALENDAR) == at(2026, 3, 1, 17)
    assert due(at(2026, 3, 31, 9), parse("1 month"), CALENDAR) == at(2026, 5, 1, 17)
    assert due(at(2026, 1, 30, 9), parse("2 months"), CALENDAR) == at(2026, 3, 30, 17)


def test_case_43_working_days_skip_the_sites_holidays(hospital: Hospital) -> None:
    """Two working days from Monday are Wednesday, unless the site is closed on Tuesday."""
    ana = hospital.knows("Ana")
    hospital.at(0)
    sites.close_on(hospital.site, days=[date(2026, 3, 3)], name="Burst pipe")
    hospital.hears(ana.has_lung_cancer())
    assert hospital.journey(ana).stays.open().get(track="main").due_at == at(2026, 3, 5, 17)


def test_case_44_a_site_that_moves_its_clock_moves_what_is_to_come_and_nothing_that_was(hospital: Hospital) -> None:
    """What was sent stays; deadlines still open are at the close of business of the new zone, in the next tick."""
    ana, bea = hospital.knows("Ana"), hospital.knows("Bea", phone="+16175550102")
    hospital.at(0)
    hospital.hears(ana.has_lung_cancer(), ana.visit(day(9)))
    hospital.live_until(7)
    texts, alerts = hospital.texts_to(ana), Alert.objects.count()
    hospital.at(8)
    hospital.hears(bea.has_lung_cancer())
    before = hospital.journey(bea).stays.open().get(track="main").due_at
    sites.change(hospital.site, time_zone="America/Los_Angeles")
    hospital.tick()
    hospital.now += timedelta(minutes=3)
    hospital.tick()
    after = hospital.journey(bea).stays.open().get(track="main").due_at
    assert before is not None
    assert after == before + timedelta(hours=3)
    assert (hospital.texts_to(ana), Alert.objects.count()) == (texts, alerts)


def test_case_45_what_comes_at_the_very_instant_of_its_deadline_is_in_time(hospital: Hospital) -> None:
    """Due at 17:00, ordered at 17:00: met. The order's message comes later and the rung has rung; it is withdrawn as progress."""
    ana = hospital.knows("Ana")
    hospital.at(0)
    hospital.hears(ana.has_lung_cancer())
    stay = hospital.journey(ana).stays.open().get(track="main")
    assert stay.due_at == day(2, 17)
    hospital.at(2, 17)
    hospital.hears(ana.test_ordered())
    stay.refresh_from_db()
    assert stay.left_at == stay.due_at
    assert not Stay.objects.filter(pk=stay.pk, left_at__gt=day(2, 17)).exists()
    hospital.tick()
    assert not Alert.objects.filter(stay=stay).exists()


def silent_laboratory(hospital: Hospital, count: int) -> list[Chart]:
    """Tissue of several patients lies at a laboratory whose feed then falls silent; their results would be overdue."""
    hospital.expects("result_final", "result_partial", "result_document", from_="lab", at_least_every=timedelta(hours=6))
    charts = [hospital.knows(f"Ana{n}", phone=f"+1617555{n:04}") for n in range(100, 100 + count)]
    for n, names in enumerate(("has_lung_cancer", "test_ordered", "tissue_taken", "tissue_at_lab")):
        hospital.at(n)
        hospital.hears(*(getattr(chart, names)() for chart in charts))
    return charts


def test_case_46_a_silent_feed_is_one_incident_and_not_a_flood(hospital: Hospital) -> None:
    """Six hours of silence alarm the lab liaison once. The waits that the feed would end are parked, which says more than a tag *data may
    be late* on stalls that were raised (the design: silence is not a stall); no patient is texted. When it speaks they are judged
    afresh: what came in the meantime is no stall, the rest is."""
    ana, bea, *_ = silent_laboratory(hospital, 4)
    hospital.live_until(20)
    assert hospital.everybodys_work() == ["feed-silent"]
    assert len(matters(hospital, "feed_silent")) == 1
    assert Stay.objects.filter(gated=True).count() == 4
    hospital.at(21)
    hospital.hears(ana.report())
    hospital.at(21, 14)
    hospital.tick()
    assert "feed-silent" not in hospital.everybodys_work()
    rang = set(Alert.objects.filter(stay__stage__name="at_lab").values_list("stay__journey__patient", flat=True))
    assert hospital.patient(ana).pk not in rang
    assert hospital.patient(bea).pk in rang


def test_case_47_a_feed_that_says_everything_at_once_texts_nobody_about_the_past(hospital: Hospital) -> None:
    """Forty patients' old visits come in one morning (the catalogue has 50,000; the cost is measured by `bench ingest`): no text about a
    visit that is over, and of the waits each patient has, those of one problem are one item."""
    charts = [hospital.knows(f"Ana{n}", phone=f"+1617555{n:04}") for n in range(100, 140)]
    old = []
    for chart in charts:
        old += [written(hospital, day(0), chart.has_lung_cancer), written(hospital, day(1), partial(chart.visit, day(5)))]
    hospital.at(30)
    hospital.hears(*old)
    hospital.live_until(31)
    assert [text for chart in charts for text in hospital.texts_to(chart)] == []
    assert WorkItem.objects.filter(problem="no-order", state="open").count() == len(charts)
    assert not Message.objects.filter(state="pending").exists()


def test_case_48_a_text_may_go_that_was_claimed_before_its_stall_ended(hospital: Hospital) -> None:
    """The visit is kept a second after the reminder was claimed: the text goes, its alert says that it ended by progress after that, and
    nobody is asked about a changed result."""
    ana = hospital.knows("Ana")
    hospital.at(0)
    hospital.hears(ana.has_lung_cancer(), ana.visit(day(9)))
    hospital.at(7, 10)
    hospital.tick()
    claimed = claim(now=hospital.now).texts
    assert len(claimed) == 1
    hospital.now += timedelta(seconds=1)
    hospital.hears(edited(ana.visit(day(9)), ("SIU^S12", "SIU^S15"), ("Booked^Booked", "Cancelled^Cancelled")))
    hospital.tick()
    message = Message.objects.get()
    assert message.state == "sending"
    alert = Alert.objects.get(stay__stage__name="booked")
    assert message.claimed_at is not None
    assert alert.withdrawn_at is not None
    assert (alert.withdrawn_at >= message.claimed_at, alert.reason) == (True, "progress")
    assert "result-changed" not in hospital.everybodys_work()
