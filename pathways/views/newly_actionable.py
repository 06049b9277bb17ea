"""Newly actionable: open journeys whose findings a change of the rules or of a report made actionable; a clinician takes one up or not."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from pathways import approvals
from pathways import newly_actionable as finding
from pathways.models import Journey
from pathways.newly_actionable import News
from pathways.views.looked_again import DECIDES, SEES, again, asked, beside, sites_as
from patients import access
from patients.views.guard import StaffRequest, page


@dataclass(frozen=True, slots=True)
class Row:
    """`rules` are those that are new, each with where it comes from."""

    journey: Journey
    news: News
    rules: list[tuple[str, str]]
    may_decide: bool


@require_GET
@page(*SEES)
@access.reads_patients
def newly_actionable(request: StaffRequest) -> HttpResponse:
    now, knowledge = timezone.now(), approvals.in_force()
    found = beside(request.user, finding.find(now=now, sites=sites_as(request.user, SEES)))
    rows = [
        Row(journey, news, [(rule, finding.source_of(knowledge, rule)) for rule in news.rules], decides) for journey, news, decides in found
    ]
    access.saw(request, action="list", what="newly actionable", patients=[row.journey.patient_id for row in rows], now=now)
    return render(request, "pathways/newly_actionable.html", {"rows": rows})


@require_POST
@page(*DECIDES)
def take_up(request: StaffRequest, uid: UUID) -> HttpResponse:
    journey, news, reason = asked(request, uid, finding.find)
    if news is not None and reason:
        finding.take_up(journey=journey, news=news, reason=reason, by=request.user, now=timezone.now())
        messages.success(request, _("Confirmed as actionable."))
        return redirect("journey", uid=uid)
    return again(request, "newly_actionable", reason, _("Nothing is new about it any more."))


@require_POST
@page(*DECIDES)
def set_aside(request: StaffRequest, uid: UUID) -> HttpResponse:
    journey, news, reason = asked(request, uid, finding.find)
    if news is not None and reason:
        finding.set_aside(journey=journey, news=news, reason=reason, by=request.user, now=timezone.now())
        messages.success(request, _("Noted. These rules do not bring it back to this list."))
        return redirect("newly_actionable")
    return again(request, "newly_actionable", reason, _("Nothing is new about it any more."))
