"""Second chances: closed journeys that today's rules would flag, with the difference; a clinician opens one or says no."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from pathways import second_chance
from pathways.models import Journey
from pathways.second_chance import Chance
from pathways.views.looked_again import DECIDES, SEES, again, asked, beside, sites_as
from patients import access
from patients.views.guard import StaffRequest, page


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
    rows = [Row(*found) for found in beside(request.user, second_chance.find(now=now, sites=sites_as(request.user, SEES)))]
    access.saw(request, action="list", what="second chances", patients=[row.journey.patient_id for row in rows], now=now)
    return render(request, "pathways/second_chances.html", {"rows": rows})


@require_POST
@page(*DECIDES)
def open_again(request: StaffRequest, uid: UUID) -> HttpResponse:
    journey, chance, reason = asked(request, uid, second_chance.find)
    if chance is not None and reason:
        second_chance.reopen(journey=journey, chance=chance, reason=reason, by=request.user, now=timezone.now())
        messages.success(request, _("The journey goes on where it stopped."))
        return redirect("journey", uid=uid)
    return again(request, "second_chances", reason, _("It has no second chance any more."))


@require_POST
@page(*DECIDES)
def leave_closed(request: StaffRequest, uid: UUID) -> HttpResponse:
    journey, chance, reason = asked(request, uid, second_chance.find)
    if chance is not None and reason:
        second_chance.decline(journey=journey, chance=chance, reason=reason, by=request.user, now=timezone.now())
        messages.success(request, _("Noted. These rules do not bring it back to this list."))
        return redirect("second_chances")
    return again(request, "second_chances", reason, _("It has no second chance any more."))
