"""The Monday page tells who will be away while the caseload falls due, and counts what was reported to have gone wrong."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from notifications import incidents
from notifications.models import Absence, Incident
from notifications.reports.monday import monday, monday_rows, week_of
from pathways.reports.cohort import Question
from patients.models import Site, User
from tests.browser.morning import Morning


def asks(site: Site) -> Question:
    return Question("", timezone.now(), sites=[site.pk])


def test_who_is_away_while_the_caseload_falls_due_stands_beside_it(north: Site, south: Site, dara: User, today: Morning) -> None:
    first = timezone.localdate(week_of(asks(north)).until)
    assert "Nobody" in monday(asks(north), exact=True).table("caseload").note
    Absence.objects.create(user=dara, first_day=first - timedelta(days=3), last_day=first - timedelta(days=1))  # is back
    Absence.objects.create(user=dara, first_day=first + timedelta(days=14), last_day=first + timedelta(days=20))  # goes later
    assert "Nobody" in monday(asks(north), exact=True).table("caseload").note
    Absence.objects.create(user=dara, first_day=first + timedelta(days=13), last_day=first + timedelta(days=13))
    assert dara.last_name in monday(asks(north), exact=True).table("caseload").note
    assert "Nobody" in monday(asks(south), exact=True).table("caseload").note


def test_what_was_reported_in_the_week_is_counted_and_opens_its_journey(north: Site, south: Site, dara: User, today: Morning) -> None:
    week = week_of(asks(north))
    for at in (week.since, week.until - timedelta(seconds=1), week.until):  # the last belongs to the week that is not over
        incidents.report(
            journey=today.journey,
            kind=Incident.Kind.TEXT_HARM,
            harm=Incident.Harm.DISTRESS,
            what="A text frightened somebody.",
            happened_at=at,
            by=dara,
            now=at,
        )
    rows = {str(row[0].value): row for row in monday(asks(north), exact=True).table("safety").rows}
    assert rows["incidents"][2].value == 2
    assert list(monday_rows(asks(north), rows["incidents"][2].opens).uids) == [str(today.journey.uid)] * 2
    assert "incidents" not in {row[0].value for row in monday(asks(south), exact=True).table("safety").rows}
