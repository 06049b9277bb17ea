"""The care team of a journey and its hand-over. The only writer of care teams, hand-overs, and of who is accountable or responsible,
but for what feeds say of orderers (`pathways/writing/ordered.py`).

Every change of the team is an event of the journey too, so that one print tells who answered for it when.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from pathways import journeys
from pathways.deadlines import clock_of, parse
from pathways.models import CareTeam, HandOver, Journey, JourneySite, TeamRole
from pathways.models.team import ONE_AT_A_TIME
from pathways.timeline import Calendar
from patients import registry
from patients.calendars import calendar_for_site
from patients.models import Membership, Practitioner, Role, Site, User

ANSWER_WITHIN = parse("2 working days")
"""After so long without an answer a hand-over goes back to the sender and the lead (clinical operations, shared care)."""
ANSWER_AGAIN = timedelta(days=1)  # local default
MAY_BE_ACCOUNTABLE = (Role.NAVIGATOR, Role.LEAD, Role.GENETIC_COUNSELOR, Role.PHARMACIST, Role.CLINICIAN)


class Refused(Exception):
    """Why not, in words for the person who tried."""


def name(
    *,
    journey: Journey,
    role: str,
    person: Practitioner | User,
    source: str,
    now: datetime,
    by: User | None,
    confirmed: bool = True,
) -> CareTeam:
    """Somebody holds the role from now on; of accountable and responsible there is one, and the one before ends.

    What a feed says (`confirmed` false) never takes the place of somebody whom a person named.
    """
    who: dict[str, Practitioner | User | None] = _who(person)
    with transaction.atomic():
        registry.lock([journey.patient_id])
        locked = Journey.objects.get(pk=journey.pk)
        held = list(CareTeam.objects.filter(journey=journey, role=role, until=None).select_related("practitioner", "staff"))
        same = next((one for one in held if (one.practitioner, one.staff) == (who["practitioner"], who["staff"])), None)
        if same is not None:
            return _confirm(same, by) if confirmed and not same.confirmed else same
        if role in ONE_AT_A_TIME and held:
            if not confirmed and held[0].confirmed:
                return held[0]
            CareTeam.objects.filter(pk__in=[one.pk for one in held]).update(until=now)
        _keep_the_first(locked, role, held, now)
        row = CareTeam.objects.create(journey=journey, role=role, since=now, source=source, confirmed=confirmed, by=by, **who)
        _point(locked, role, person)
        _tell(locked, role, str(row), source, now, by)
    journey.refresh_from_db(fields=["accountable", "responsible"])
    return row


def leave(*, member: CareTeam, now: datetime, by: User) -> None:
    """Somebody takes part no longer. Accountable and responsible are not left: another one is named."""
    if member.role in ONE_AT_A_TIME:
        raise Refused(_("Somebody must hold this: name the next one instead."))
    with transaction.atomic():
        registry.lock([member.journey.patient_id])
        journey = Journey.objects.get(pk=member.journey_id)
        taken_away = {"until": now} if member.confirmed else {"until": now, "by": by}  # a feed does not name them again
        if CareTeam.objects.filter(pk=member.pk, until=None).update(**taken_away):
            _tell(journey, member.role, f"{member} no longer", "by hand", now, by)


def of(journey: Journey) -> list[CareTeam]:
    """Everybody who ever held a role, those of today first."""
    rows = CareTeam.objects.filter(journey=journey).select_related("practitioner__user", "staff", "by")
    return sorted(rows, key=lambda row: (row.until is not None, list(TeamRole).index(TeamRole(row.role)), row.since))


def let_take_part(*, journey: Journey, site: Site, now: datetime) -> None:
    """The site sees the journey and works the items that are addressed to it."""
    registry.seen_at([journey.patient.meant.pk], site_id=site.pk, now=now)
    JourneySite.objects.get_or_create(journey=journey, site=site, defaults={"since": now})


# hand-over


def hand_over(*, journey: Journey, to: User, note: str, now: datetime, by: User, site: Site | None = None) -> HandOver:
    """Asks somebody to answer for the journey, at another site where `site` says so. Nothing changes until they accept.

    Raises:
        Refused: they are accountable already, work at no site of it in a role that can be accountable, or another hand-over is open.
    """
    home = site or journey.home_site
    if to.pk == journey.accountable_id and home.pk == journey.home_site_id:
        raise Refused(_("They answer for it already."))
    if not to.is_active or not Membership.objects.filter(user=to, site=home, role__in=MAY_BE_ACCOUNTABLE, until=None).exists():
        raise Refused(_("Nobody can answer for a journey who does not work at its site in a role that may."))
    with transaction.atomic():
        registry.lock([journey.patient_id])
        if HandOver.objects.filter(journey=journey, settled_at=None).exists():
            raise Refused(_("Another hand-over of this journey waits for its answer; take it back first."))
        if home.pk != journey.home_site_id:
            let_take_part(journey=journey, site=home, now=now)
        return HandOver.objects.create(
            journey=journey,
            sender=by,
            recipient=to,
            to_site=None if home.pk == journey.home_site_id else home,
            note=note,
            asked_at=now,
            due_at=_due(home, now),
        )


def accept(*, asked: HandOver, by: User, now: datetime) -> Journey:
    """From now on the recipient answers for the journey; its home moves where the hand-over said so, and the former home takes part."""
    with transaction.atomic():
        asked = _open(asked, by)
        _settle(asked, HandOver.Outcome.ACCEPTED, now)
        journey = asked.journey
        if asked.to_site is not None:
            _move_home(journey, asked.to_site, now)
        name(journey=journey, role=TeamRole.ACCOUNTABLE, person=by, source="hand-over", now=now, by=by)
        if asked.to_site is not None:
            journeys.settle([journey.patient.meant.pk], now=now)  # its clocks are now those of the new home
    return journey


def decline(*, asked: HandOver, reason: str, by: User, now: datetime) -> HandOver:
    with transaction.atomic():
        return _settle(_open(asked, by), HandOver.Outcome.DECLINED, now, reason)


def take_back(*, asked: HandOver, by: User, now: datetime) -> HandOver:
    """The sender, or a lead in their place, asks no longer."""
    with transaction.atomic():
        return _settle(_open(asked), HandOver.Outcome.TAKEN_BACK, now, f"by {by.get_full_name() or by.username}")


def return_unanswered(*, now: datetime) -> Sequence[HandOver]:
    """Hand-overs whose time is up; each is returned once, whoever asks at the same moment."""
    with transaction.atomic():
        late = HandOver.objects.select_for_update(skip_locked=True, of=("self",)).filter(settled_at=None, due_at__lte=now)
        return [_settle(asked, HandOver.Outcome.RETURNED, now) for asked in late.select_related("journey", "sender", "recipient")]


def _due(site: Site, now: datetime) -> datetime:
    plain = calendar_for_site(site.pk)
    return clock_of(Calendar(zone=plain.zone, holidays=plain.holidays)).after(now, ANSWER_WITHIN)


def _open(asked: HandOver, by: User | None = None) -> HandOver:
    """The hand-over under lock, the patient first as everywhere."""
    registry.lock([asked.journey.patient_id])
    related = HandOver.objects.select_for_update(of=("self",)).select_related("journey__patient__survivor", "to_site", "recipient")
    locked = related.get(pk=asked.pk)
    if locked.settled_at is not None:
        raise Refused(_("This hand-over is settled: %(outcome)s.") % {"outcome": locked.get_outcome_display()})
    if by is not None and locked.recipient_id != by.pk:
        raise Refused(_("It is for somebody else to answer."))
    return locked


def _settle(asked: HandOver, outcome: HandOver.Outcome, now: datetime, reason: str = "") -> HandOver:
    asked.settled_at, asked.outcome, asked.reason = now, outcome, reason[:200]
    asked.save(update_fields=["settled_at", "outcome", "reason"])
    return asked


def _move_home(journey: Journey, to: Site, now: datetime) -> None:
    """`under_observation_from` says since when this home could have seen anything: what was before is no stall of theirs."""
    JourneySite.objects.get_or_create(journey=journey, site=journey.home_site, defaults={"since": now})
    JourneySite.objects.filter(journey=journey, site=to).delete()
    Journey.objects.filter(pk=journey.pk).update(home_site=to, under_observation_from=now)
    journey.refresh_from_db(fields=["home_site", "under_observation_from"])


def _who(person: Practitioner | User) -> dict[str, Practitioner | User | None]:
    is_staff = isinstance(person, User)
    return {"practitioner": None if is_staff else person, "staff": person if is_staff else None}


def _keep_the_first(journey: Journey, role: str, held: Sequence[CareTeam], now: datetime) -> None:
    """Who was accountable from the beginning, by the rollout, gets a row when they hand over, so that the history has no hole."""
    if role == TeamRole.ACCOUNTABLE and not held and journey.accountable is not None:
        CareTeam.objects.create(
            journey=journey, role=role, staff=journey.accountable, since=min(journey.opened_at, now), until=now, source="rollout"
        )


def _confirm(row: CareTeam, by: User | None) -> CareTeam:
    row.confirmed, row.by = True, by
    row.save(update_fields=["confirmed", "by"])
    return row


def _point(journey: Journey, role: str, person: Practitioner | User) -> None:
    """The columns that sweeps and reports read."""
    if role == TeamRole.RESPONSIBLE:
        Journey.objects.filter(pk=journey.pk).update(responsible=person)
    elif role == TeamRole.ACCOUNTABLE:
        Journey.objects.filter(pk=journey.pk).update(accountable=person)


def _tell(journey: Journey, role: str, who: str, source: str, now: datetime, by: User | None) -> None:
    body = {"role": role, "to": who, "source": source}
    journeys.record(journey=journey, kind="care_team_changed", body=body, occurred=now, now=now, by=by)
