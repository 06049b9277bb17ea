"""Second chances: closed journeys that today's rules would flag, with the difference; a clinician opens one or says no."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from pathways import second_chance
from pathways.models import Journey
from pathways.second_chance import Chance
from patients import access
from patients.models import Role
from patients.views.guard import StaffRequest, must_hold, page

SEES = (Role.CLINICIAN, Role.GENETIC_COUNSELOR, Role.LEAD, Role.NAVIGATOR)
DECIDES = (Role.CLINICIAN, Role.GENETIC_COUNSELOR)


@dataclass(frozen=True, slots=True)
class Row:
    journey: Journey
    chance: Chance
    may_decide: bool


@require_GET
@page(*SEES)
@access.reads_patients
def second_chances(request: StaffRequest) -> HttpResponse:
    now = timezone.now()
    held = request.user.memberships.filter(until__isnull=True, role__in=SEES).values_list("site", flat=True)
    deciding = set(request.user.memberships.filter(until__isnull=True, role__in=DECIDES).values_list("site", flat=True))
    found = second_chance.find(now=now, sites=list(held))
    journeys = (
        Journey.objects.visible_to(request.user).select_related("patient__person", "home_site").in_bulk([one.journey_id for one in found])
    )
    rows = [
        Row(journeys[one.journey_id], one, journeys[one.journey_id].home_site_id in deciding) for one in found if one.journey_id in journeys
    ]
    access.saw(request, action="list", what="second chances", patients=[row.journey.patient_id for row in rows], now=now)
    return render(request, "pathways/second_chances.html", {"rows": rows})


@require_POST
@page(*DECIDES)
def open_again(request: StaffRequest, uid: UUID) -> HttpResponse:
    journey, chance, reason = _asked(request, uid)
    if chance is not None and reason:
        second_chance.reopen(journey=journey, chance=chance, reason=reason, by=request.user, now=timezone.now())
        messages.success(request, _("The journey goes on where it stopped."))
        return redirect("journey", uid=uid)
    return _again(request, reason)


@require_POST
@page(*DECIDES)
def leave_closed(request: StaffRequest, uid: UUID) -> HttpResponse:
    journey, chance, reason = _asked(request, uid)
    if chance is not None and reason:
        second_chance.decline(journey=journey, chance=chance, reason=reason, by=request.user, now=timezone.now())
        messages.success(request, _("Noted. These rules do not bring it back to this list."))
        return redirect("second_chances")
    return _again(request, reason)


def _asked(request: StaffRequest, uid: UUID) -> tuple[Journey, Chance | None, str]:
    """The journey, its second chance as it stands now (None: it has none any more), and the reason given."""
    journey = Journey.objects.visible_to(request.user).filter(uid=uid).first()
    if journey is None:
        raise Http404
    must_hold(request.user, journey.home_site_id, *DECIDES)
    found = second_chance.find(now=timezone.now(), sites=[journey.home_site_id], only=journey.pk)
    return journey, next(iter(found), None), request.POST.get("reason", "").strip()[:500]


def _again(request: StaffRequest, reason: str) -> HttpResponse:
    messages.warning(request, _("It has no second chance any more.") if reason else _("Say why, in a few words."))
    return redirect("second_chances")
