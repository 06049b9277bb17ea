"""Handing a journey over: the recipient gets a work item to accept it; unanswered, it is back with the sender and the lead."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from notifications import worklist
from notifications.models import WorkItem
from notifications.worklist import NewItem
from pathways import team
from pathways.models import HandOver, Journey
from patients.models import Role, Site, User

CAUSE = "hand_over"


def ask(*, journey: Journey, to: User, note: str, by: User, now: datetime, site: Site | None = None) -> HandOver:
    """Raises team.Refused."""
    with transaction.atomic():
        asked = team.hand_over(journey=journey, to=to, note=note, by=by, now=now, site=site)
        _open(asked, "hand-over", str(asked.uid), to, asked.to_site or journey.home_site, asked.due_at, now)
        return asked


def accept(*, asked: HandOver, by: User, now: datetime) -> Journey:
    """The open work of the journey goes to its new home with it. Raises team.Refused."""
    with transaction.atomic():
        journey = team.accept(asked=asked, by=by, now=now)
        if asked.to_site_id is not None:
            WorkItem.objects.open().filter(journey=journey).update(site=asked.to_site_id)
        _done(asked, "accepted", by, now)
        return journey


def decline(*, asked: HandOver, reason: str, by: User, now: datetime) -> None:
    """Raises team.Refused."""
    with transaction.atomic():
        _back(team.decline(asked=asked, reason=reason, by=by, now=now), now)
        _done(asked, "declined", by, now)


def take_back(*, asked: HandOver, by: User, now: datetime) -> None:
    """Raises team.Refused."""
    with transaction.atomic():
        team.take_back(asked=asked, by=by, now=now)
        _done(asked, "taken back", by, now)


def return_unanswered(*, now: datetime) -> int:
    """What nobody answered in two working days is the sender's again, and the lead knows. Returns how many."""
    with transaction.atomic():
        late = team.return_unanswered(now=now)
        for asked in late:
            _back(asked, now)
            _done(asked, "returned", asked.recipient, now)
    return len(late)


def waiting(journey: Journey) -> HandOver | None:
    return HandOver.objects.filter(journey=journey, settled_at=None).select_related("sender", "recipient", "to_site").first()


def _back(asked: HandOver, now: datetime) -> None:
    """Nothing had changed hands: the sender still answers for the journey, and must find somebody else; the lead hears of it."""
    home, soon = asked.journey.home_site, now + team.ANSWER_AGAIN
    _open(asked, "hand-over-returned", f"{asked.uid}:back", asked.sender, home, soon, now)
    _open(asked, "hand-over-returned", f"{asked.uid}:lead", None, home, soon, now)


def _open(asked: HandOver, problem: str, key: str, owner: User | None, site: Site, due_at: datetime, now: datetime) -> None:
    """For a named person it is theirs at once; for nobody in particular it is the lead navigators'."""
    roles = [role for role in team.MAY_BE_ACCOUNTABLE if owner is not None and role in owner.roles_at(site.pk)]
    item = worklist.open(
        NewItem(
            cause_kind=CAUSE,
            cause_key=key,
            site=site.pk,
            patient=asked.journey.patient_id,
            journey=asked.journey_id,
            problem=problem,
            audience=roles[0] if roles else Role.LEAD,
            priority=3,
            due_at=due_at,
            note=asked.note,
        ),
        now=now,
    )
    if owner is not None and item.owner_id is None:
        worklist.claim(item=item, by=owner, revision=item.revision, now=now)


def _done(asked: HandOver, outcome: str, by: User, now: datetime) -> None:
    for item in WorkItem.objects.open().filter(cause_kind=CAUSE, cause_key=str(asked.uid)):
        worklist.answered_elsewhere(item=item, outcome=outcome, by=by, now=now)
