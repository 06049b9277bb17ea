"""Three columns: whose turn it is, who is accountable, who is the responsible clinician; and handing over, which counts when accepted."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from notifications import handing, worklist
from notifications.models import WorkItem
from notifications.worklist import NewItem
from pathways import team
from pathways.models import CareTeam, Event, HandOver, Journey, JourneySite, Stay, TeamRole
from patients.models import Practitioner, Site, User
from tests.desk import Desk
from tests.people import gus, nurse

__all__ = ["gus"]
Enter = Callable[[User], Client]


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def page_of(client: Client, journey: Journey) -> str:
    return re.sub(r"\s+", " ", client.get(f"/journeys/{journey.uid}/").content.decode())


def again(journey: Journey) -> Journey:
    return Journey.objects.get(pk=journey.pk)


def test_a_feeds_word_is_no_persons_word(signed_in: Enter, dara: User, followed: Journey, gus: Practitioner, now: datetime) -> None:
    client = signed_in(dara)
    team.name(journey=followed, role=TeamRole.RESPONSIBLE, person=gus, source="the order", now=now, by=None, confirmed=False)
    assert "from the order, not confirmed" in page_of(client, followed)
    client.post(f"/journeys/{followed.uid}/team/", {"confirm": "responsible"})
    assert "no account: a navigator calls" in page_of(client, followed)
    other = Practitioner.objects.create(npi="1003000126", family="Other")
    team.name(journey=followed, role=TeamRole.RESPONSIBLE, person=other, source="the order", now=now, by=None, confirmed=False)
    assert again(followed).responsible == gus, "whom a person named, no feed replaces"
    client.post(f"/journeys/{followed.uid}/team/", {"role": "responsible", "npi": "1003000134", "family": "Lund"})
    named = again(followed).responsible
    assert named is not None and named.family == "Lund"
    assert [row.practitioner for row in CareTeam.objects.filter(journey=followed, role="responsible").order_by("pk") if row.until] == [gus]
    assert Event.objects.filter(patient=followed.patient, kind="care_team_changed").count() == 2


def test_a_hand_over_counts_when_it_is_accepted(
    signed_in: Enter, dara: User, lena: User, north: Site, followed: Journey, now: datetime
) -> None:
    nora = nurse("nora", north)
    signed_in(dara).post(f"/journeys/{followed.uid}/hand-over/", {"to": f"{nora.pk}@{north.pk}", "note": "speaks Igbo"})
    assert again(followed).accountable == lena, "asked is not accepted"
    item = WorkItem.objects.get(cause_kind="hand_over", state="claimed")
    assert (item.owner, item.problem) == (nora, "hand-over")
    assert "speaks Igbo" in page_of(signed_in(nora), followed)
    refused = signed_in(dara).post(f"/journeys/{followed.uid}/hand-over/answer/", {"answer": "accept"}, follow=True)
    assert "for somebody else to answer" in refused.content.decode()
    signed_in(nora).post(f"/journeys/{followed.uid}/hand-over/answer/", {"answer": "accept"})
    assert again(followed).accountable == nora
    assert [str(one) for one in CareTeam.objects.filter(journey=followed, role="accountable").order_by("pk")] == [
        "Lena Example",
        "Nora Example",
    ]
    assert WorkItem.objects.get(pk=item.pk).outcome == "accepted"


def test_unanswered_it_is_back_with_the_sender_and_the_lead(dara: User, lena: User, north: Site, followed: Journey, now: datetime) -> None:
    asked = handing.ask(journey=followed, to=nurse("nora", north), note="", by=dara, now=now)
    assert asked.due_at - now >= timedelta(days=1), "two working days"
    assert handing.return_unanswered(now=now + timedelta(hours=12)) == 0
    late = asked.due_at + timedelta(minutes=1)
    assert (handing.return_unanswered(now=late), handing.return_unanswered(now=late)) == (1, 0)
    back = WorkItem.objects.open().filter(problem="hand-over-returned").order_by("pk")
    assert [(one.owner, one.audience) for one in back] == [(dara, "navigator"), (None, "lead")]
    assert (again(followed).accountable, HandOver.objects.get().outcome) == (lena, "returned")
    assert not WorkItem.objects.open().filter(problem="hand-over").exists()


def test_the_home_moves_with_the_acceptance_and_the_old_one_takes_part(
    signed_in: Enter, desk: Desk, dara: User, eli: User, south: Site, followed: Journey, now: datetime
) -> None:
    work = desk.item(Stay.objects.open().get(journey=followed, stage__name="to_decide"))
    assert signed_in(eli).get(f"/journeys/{followed.uid}/").status_code == 404
    signed_in(dara).post(f"/journeys/{followed.uid}/hand-over/", {"to": f"{eli.pk}@{south.pk}"})
    assert signed_in(eli).get(f"/journeys/{followed.uid}/").status_code == 200, "who is asked may look"
    assert signed_in(eli).post(f"/journeys/{followed.uid}/exit/", {"reason": "declined_therapy"}).status_code == 403, "and not steer"
    signed_in(eli).post(f"/journeys/{followed.uid}/hand-over/answer/", {"answer": "accept"})
    moved = again(followed)
    assert (moved.home_site, moved.accountable) == (south, eli)
    assert moved.under_observation_from is not None
    assert [one.site for one in JourneySite.objects.filter(journey=followed)] == [desk.site]
    assert WorkItem.objects.get(pk=work.pk).site == south
    assert signed_in(dara).get(f"/journeys/{followed.uid}/").status_code == 200


def test_it_may_be_declined_or_taken_back_and_only_one_waits(
    signed_in: Enter, dara: User, lena: User, hal: User, north: Site, followed: Journey, now: datetime
) -> None:
    nora = nurse("nora", north)
    handing.ask(journey=followed, to=nora, note="", by=dara, now=now)
    with pytest.raises(team.Refused, match="waits for its answer"):
        handing.ask(journey=followed, to=nora, note="", by=dara, now=now)
    assert signed_in(hal).post(f"/journeys/{followed.uid}/hand-over/answer/", {"answer": "take_back"}).status_code == 403
    signed_in(nora).post(f"/journeys/{followed.uid}/hand-over/answer/", {"answer": "decline", "reason": "on leave"})
    assert HandOver.objects.get().reason == "on leave"
    handing.ask(journey=followed, to=nora, note="", by=dara, now=now)
    signed_in(lena).post(f"/journeys/{followed.uid}/hand-over/answer/", {"answer": "take_back"})
    assert HandOver.objects.latest("pk").outcome == "taken_back"


def test_nobody_is_asked_who_may_not_answer_for_a_journey(dara: User, hal: User, eli: User, followed: Journey, now: datetime) -> None:
    for somebody in (hal, eli):
        with pytest.raises(team.Refused):
            handing.ask(journey=followed, to=somebody, note="", by=dara, now=now)


def test_a_site_that_takes_part_reads_the_items_and_works_only_its_own(
    signed_in: Enter, desk: Desk, dara: User, eli: User, south: Site, followed: Journey, now: datetime
) -> None:
    """One rule, `WorkItem.visible_to`: read what concerns a journey that one's site takes part in; `worked_by`: work what one's site is asked."""
    home = desk.item(Stay.objects.open().get(journey=followed, stage__name="to_decide"))
    assert not WorkItem.objects.visible_to(eli).filter(pk=home.pk).exists()
    team.let_take_part(journey=followed, site=south, now=now)
    theirs = worklist.open(
        NewItem(cause_kind="note", cause_key="n1", site=south.pk, problem="note", due_at=now, patient=followed.patient_id, journey=followed.pk),
        now=now,
    )  # fmt: skip
    assert set(WorkItem.objects.visible_to(eli).filter(journey=followed)) == {home, theirs}
    assert set(WorkItem.objects.worked_by(eli).filter(journey=followed)) == {theirs}
    client = signed_in(eli)
    page = client.get(f"/items/{home.uid}/").content.decode()
    assert "you may read it" in page and "/claim/" not in page and "/finish/" not in page
    assert str(home.uid) in client.get(f"/journeys/{followed.uid}/").content.decode()
    assert str(home.uid) not in client.get("/queue/?lane=team").content.decode()
    for verb in ("claim", "put-back", "finish", "snooze", "take-over", "hand-over"):
        assert client.post(f"/items/{home.uid}/{verb}/", {"revision": "0"}).status_code == 404, verb
    assert client.post(f"/items/{theirs.uid}/claim/", {"revision": theirs.revision}, follow=True).status_code == 200
    assert WorkItem.objects.get(pk=theirs.pk).owner == eli
