"""Newly actionable: open journeys whose findings a change of the rules or of a report made actionable; a clinician takes one up or not."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from pathways import approvals
from pathways import newly_actionable as finding
from pathways.models import Journey
from pathways.newly_actionable import News
from pathways.views.second_chances import DECIDES, SEES
from patients import access
from patients.views.guard import StaffRequest, must_hold, page


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
    held = request.user.memberships.filter(until__isnull=True, role__in=SEES).values_list("site", flat=True)
    deciding = set(request.user.memberships.filter(until__isnull=True, role__in=DECIDES).values_list("site", flat=True))
    found = finding.find(now=now, sites=list(held))
    seen = (
        Journey.objects.visible_to(request.user).select_related("patient__person", "home_site").in_bulk([one.journey_id for one in found])
    )
    rows = [
        Row(journey, one, [(rule, finding.source_of(knowledge, rule)) for rule in one.rules], journey.home_site_id in deciding)
        for one in found
        if (journey := seen.get(one.journey_id)) is not None
    ]
    access.saw(request, action="list", what="newly actionable", patients=[row.journey.patient_id for row in rows], now=now)
    return render(request, "pathways/newly_actionable.html", {"rows": rows})


@require_POST
@page(*DECIDES)
def take_up(request: StaffRequest, uid: UUID) -> HttpResponse:
    journey, news, reason = _asked(request, uid)
    if news is not None and reason:
        finding.take_up(journey=journey, news=news, reason=reason, by=request.user, now=timezone.now())
        messages.success(request, _("Confirmed as actionable."))
        return redirect("journey", uid=uid)
    return _again(request, reason)


@require_POST
@page(*DECIDES)
def set_aside(request: StaffRequest, uid: UUID) -> HttpResponse:
    journey, news, reason = _asked(request, uid)
    if news is not None and reason:
        finding.set_aside(journey=journey, news=news, reason=reason, by=request.user, now=timezone.now())
        messages.success(request, _("Noted. These rules do not bring it back to this list."))
        return redirect("newly_actionable")
    return _again(request, reason)


def _asked(request: StaffRequest, uid: UUID) -> tuple[Journey, News | None, str]:
    """The journey, what is new about it as it stands now (None: nothing any more), and the reason given."""
    journey = Journey.objects.visible_to(request.user).filter(uid=uid).first()
    if journey is None:
        raise Http404
    must_hold(request.user, journey.home_site_id, *DECIDES)
    found = finding.find(now=timezone.now(), sites=[journey.home_site_id], only=journey.pk)
    return journey, next(iter(found), None), request.POST.get("reason", "").strip()[:500]


def _again(request: StaffRequest, reason: str) -> HttpResponse:
    messages.warning(request, _("Nothing is new about it any more.") if reason else _("Say why, in a few words."))
    return redirect("newly_actionable")
