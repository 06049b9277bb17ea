"""Breaking the glass: a chart of a site where one does not work, opened for an hour, with a reason, and told to that site.

What is opened can be read and nothing else: verbs go on asking `visible_to`. The only writer of `EmergencyAccess` and its reviews.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.core.mail import send_mail
from django.db import transaction
from django.utils.translation import gettext

from .models import EmergencyAccess, EmergencyReview, Identifier, Membership, Patient, Role, Site, User
from .models.patient import PatientQuerySet

LASTS = timedelta(hours=1)
TOLD = (Role.LEAD, Role.AUDITOR)
"""Who of the patient's sites is told, and may judge it."""


class Unfounded(ValueError):
    """No reason in words."""


class OwnAct(ValueError):
    """Nobody judges what they did themselves."""


def reachable(user: User) -> PatientQuerySet:
    """Everybody whom the house knows, but real people and invented ones never mix; no relatives under a pseudonym."""
    trains = Site.objects.filter(pk__in=user.site_ids(), is_training=True).exists()
    return Patient.objects.filter(survivor__isnull=True, pseudonym="", sites__site__is_training=trains).distinct()


def found_by_number(user: User, number: str) -> PatientQuerySet:
    """Whoever has exactly this record number now."""
    return reachable(user).filter(pk__in=Identifier.objects.filter(value__iexact=number, until__isnull=True).values("patient"))


def found_by_name(user: User, *, family: str, given: str, born: date) -> PatientQuerySet:
    """Whoever has exactly this name and birth date; a part of either finds nobody."""
    said = {"person__family__iexact": family, "person__given__iexact": given, "person__birth_lo": born, "person__birth_hi": born}
    return reachable(user).filter(**said)


def open_chart(*, patient: Patient, by: User, reason: str, why: str, now: datetime) -> EmergencyAccess:
    """The chart is open to the user for an hour from now; the leads and auditors of its sites get a mail that names nobody.

    Raises:
        Unfounded: nothing is said in words.
    """
    if len(why.strip()) < 10:
        raise Unfounded(gettext("Say in a few words why you need this chart now."))
    with transaction.atomic():
        opened = EmergencyAccess.objects.create(
            user=by, patient=patient, reason=EmergencyAccess.Reason(reason), why=why.strip(), began_at=now, until=now + LASTS
        )
        by.emergency_until = opened.until
        by.save(update_fields=["emergency_until"])
    return opened


def tell(opened: EmergencyAccess, *, address: str) -> int:
    """Mail to those who look after the chart, with the address of the page and no name of a patient; how many were told."""
    sites = opened.patient.sites.values("site")
    held = Membership.objects.filter(site__in=sites, role__in=TOLD, until__isnull=True, user__is_active=True).exclude(user__email="")
    told = sorted(set(held.values_list("user__email", flat=True)))
    if told:
        words = f"A chart of your site was opened in an emergency by {opened.user.get_username()}. Please look at it after signing in: {address}"
        send_mail("Finalmile: a chart was opened in an emergency", words, None, told, fail_silently=True)
    return len(told)


def review(opened: EmergencyAccess, *, by: User, verdict: str, note: str, now: datetime) -> EmergencyReview:
    """Judge it, once.

    Raises:
        OwnAct: it was their own.
    """
    if opened.user_id == by.pk:
        raise OwnAct(gettext("Somebody else has to look at what you opened yourself."))
    made, _ = EmergencyReview.objects.get_or_create(
        access=opened, defaults={"by": by, "at": now, "verdict": EmergencyReview.Verdict(verdict), "note": note.strip()}
    )
    return made
