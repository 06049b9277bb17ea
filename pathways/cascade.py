"""Relatives: named from the journey of the first person of a family, pseudonymous until they join, told what that person decided.

The only writer of `JourneyLink`. What happens on one journey moves the other only as an event (`family_news`), so that each is the
replay of its own facts. It is carried over by the tick, one link at a time: no two patients are ever locked together.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from pathways import journeys, matters, merging
from pathways.definitions import registry
from pathways.facts import Grade
from pathways.models import Journey, JourneyLink, Matter, MatterKind, Status
from patients import registry as people
from patients.demographics import Demographics
from patients.models import Patient, User

log = structlog.get_logger(__name__)

PROGRAMME = "cascade-testing"
KINSHIPS: dict[str, int] = {
    "mother": 1,
    "father": 1,
    "sister": 1,
    "brother": 1,
    "daughter": 1,
    "son": 1,
    "grandmother": 2,
    "grandfather": 2,
    "aunt": 2,
    "uncle": 2,
    "niece": 2,
    "nephew": 2,
    "half-sister": 2,
    "half-brother": 2,
    "granddaughter": 2,
    "grandson": 2,
    "cousin": 3,
}
"""Blood relatives and their degree."""

FOUND = ("flagged_actionable", "actionable_confirmed")
AT_ONCE = 500


class Refused(Exception):
    """The act is not possible; the message says why, in words for the person who tried."""


def may_name(journey: Journey) -> str:
    """Why no relative can be named from this journey now; blank where one can."""
    reached = _reached(journey)
    if journey.status == Status.VOID:
        return _("The journey was entered in error.")
    if not reached & set(FOUND):
        return _("Nothing follows for relatives unless a pathogenic variant was found.")
    if "declined_to_know" in reached:
        return _("The patient does not wish to know the result: no relative is approached.")
    if PROGRAMME not in registry.published():
        return _("The programme for relatives is not in force.")
    return ""


def name_relative(*, journey: Journey, kinship: str, by: User, now: datetime) -> JourneyLink:
    """Opens a journey of its own for one relative, of whom only kinship and degree are kept.

    Raises:
        Refused: nothing pathogenic was found, the patient does not wish to know, or the kinship is none by blood.
    """
    if kinship not in KINSHIPS:
        raise Refused(_("Choose a relative by blood."))
    if why := may_name(journey):
        raise Refused(why)
    with transaction.atomic():
        relative = people.open_pseudonym(site=journey.home_site, now=now)
        group, found_by = "family", "relative_named"
        linked = journeys.enrol(
            patient=relative,
            pathway=PROGRAMME,
            entry="named",
            site=journey.home_site,
            now=now,
            by=by,
            primary_group=group,
            found_by=found_by,
        )
        Journey.objects.filter(pk=linked.pk).update(accountable=by)  # invitations are the counselor's who named the relative
        link = JourneyLink.objects.create(
            journey=journey, linked=linked, kind=JourneyLink.Kind.RELATIVE, kinship=kinship, degree=KINSHIPS[kinship], since=now, by=by
        )
        journeys.record(journey=journey, kind="relative_named", body=_body(link), occurred=now, now=now, by=by)
    _tell(JourneyLink.objects.select_related("journey", "linked").get(pk=link.pk), now=now)
    return link


def join(
    *,
    journey: Journey,
    said: Demographics,
    how: str,
    by: User,
    now: datetime,
    known: Patient | None = None,
    looked_at: Collection[int] | None = None,
) -> Patient:
    """The relative agrees to be known here: registered under their own name and numbers, or found among our patients (`known`).

    Raises:
        Refused: they have joined already, or their numbers contradict each other.
        people.LooksAlike: somebody may be meant at whom nobody has looked.
    """
    with transaction.atomic():
        try:
            found = people.lift_pseudonym(
                patient_id=journey.patient_id,
                said=said,
                site=journey.home_site,
                now=now,
                source=f"joined: {how}",
                known=known.pk if known else None,
                looked_at=looked_at,
            )
        except (people.NoPseudonym, people.NumberOfAnother) as error:
            raise Refused(str(error)) from error
        if found.patient_id is None:
            raise Refused(found.explanation)
        if found.merged is not None:
            merging.merge(found.merged, site_id=journey.home_site_id, now=now)
            asked = Matter.objects.filter(kind=MatterKind.MERGE, subject=f"merge:{found.merged.row}", closed_at=None)
            for matter in asked:  # who they are the relative said; nobody else need look
                matters.close(matter=matter, reason="joined by consent", by=by, now=now)
            journey = _standing(journey)
        journeys.record(journey=journey, kind="relative_joined", body={"how": how}, occurred=now, now=now, by=by)
    return Patient.objects.select_related("person").get(pk=found.patient_id)


def tell_families(*, now: datetime) -> int:
    """Carries over what changed on first persons' journeys since their relatives' were last told; how many were told something new.

    Its cost grows with the journeys that changed: `replayed_at` says which. One that fails is left for the next time and delays nobody.
    """
    waiting = JourneyLink.objects.filter(Q(told_at=None) | Q(journey__replayed_at__gte=F("told_at"))).exclude(linked__status=Status.VOID)
    told = 0
    for link in waiting.select_related("journey", "linked").order_by("pk")[:AT_ONCE]:
        try:
            told += _tell(link, now=now)
        except Exception as error:
            log.warning("family_not_told", link=str(link.uid), error=type(error).__name__)
    return told


def news_of(journey: Journey) -> dict[str, str | bool]:
    """What relatives' journeys must know of the first person's: nothing of who they are, or which variant it is."""
    reached = _reached(journey)
    refused = bool(reached & {"family_contact_refused", "declined_to_know"})
    return {
        "contact": "refused" if refused else "allowed" if "family_contact_allowed" in reached else "unasked",
        "finding": "pathogenic" if reached & set(FOUND) and journey.status != Status.VOID else "gone",
        "alive": "died" not in reached,
    }


def _standing(journey: Journey) -> Journey:
    """The journey; where the relative had been named before, by somebody else of the family, the older one, to which the link then leads."""
    journey.refresh_from_db()
    if journey.status != Status.VOID:
        return journey
    records = Q(patient=journey.patient.survivor_id) | Q(patient__survivor=journey.patient.survivor_id)
    older = (
        Journey.objects.filter(records, pathway=journey.pathway, primary_group=journey.primary_group).open().order_by("opened_at").first()
    )
    assert older is not None
    known = JourneyLink.objects.filter(linked=older).values("journey")
    JourneyLink.objects.filter(linked=journey).exclude(journey__in=known).update(linked=older)
    return older


def _tell(link: JourneyLink, *, now: datetime) -> bool:
    news = news_of(link.journey)
    is_new = bool(news != link.said)
    with transaction.atomic():
        if is_new:
            journeys.record(journey=link.linked, kind="family_news", body=news, occurred=now, now=now, by=None, grade=Grade.RULE)
        JourneyLink.objects.filter(pk=link.pk).update(said=news, told_at=now)
    return is_new


def _body(link: JourneyLink) -> dict[str, object]:
    return {"kinship": link.kinship, "degree": link.degree}


def _reached(journey: Journey) -> set[str]:
    return {name for name, line in journey.milestones.items() if line[0] in ("reached", "implied")}
