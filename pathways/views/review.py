"""The ranked go-live review list of one programme at one site: who is asked about next, and taking some before their day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from pathways import review as lists
from pathways.models import Journey, MatterKind, PathwayVersion, Rollout
from pathways.review import Waiting
from pathways.views.rollouts import row_at
from patients import access
from patients.models import Patient, Role, Site, User
from patients.templatetags.finalmile import sentence
from patients.views import sent
from patients.views.guard import StaffRequest, must_hold, page

OPENS = (Role.LEAD, Role.NAVIGATOR)
MOST = 200


@dataclass(frozen=True, slots=True)
class Row:
    """`today`: it is part of the next share. `days`: since when it is overdue."""

    waiting: Waiting
    patient: Patient | None
    journey: Journey | None
    who: User | None
    label: str
    days: int
    today: bool

    @property
    def pick(self) -> str:
        return f"{self.waiting.what}:{self.waiting.id}"


@require_GET
@page(*OPENS)
@access.reads_patients
def review(request: StaffRequest, site: str, code: str) -> HttpResponse:
    """In the order of release: an actionable result without therapy first."""
    now = timezone.now()
    rollout, version = opened(request, site, code)
    found = lists.waiting(rollout, now=now)
    shown = rows(rollout, found[:MOST], now)
    access.saw(request, action="list", what="go-live review list", patients=[row.patient.pk for row in shown if row.patient], now=now)
    context = {
        "row": rollout,
        "version": version,
        "rows": shown,
        "total": len(found),
        "most": MOST,
        "actionable": sum(one.actionable for one in found),
        "share": len(lists.share(rollout, found)),
        "may_release": Role.LEAD in request.user.roles_at(rollout.site_id),
        "tab": "rollout",
    }
    return render(request, "pathways/review.html", context)


@require_POST
@page(Role.LEAD)
def release(request: StaffRequest, site: str, code: str) -> HttpResponse:
    """The lead takes some off the list now: the next tick asks."""
    rollout, _ = opened(request, site, code)
    must_hold(request.user, rollout.site_id, Role.LEAD)
    picks = [(what, sent.number(pk)) for what, _, pk in (one.partition(":") for one in request.POST.getlist("pick"))]
    released = lists.release_now(rollout=rollout, picks=picks, by=request.user, now=timezone.now()) if rollout.pk else 0
    if released:
        messages.success(request, gettext("%(released)s released. They are asked about within a minute.") % {"released": released})
    else:
        messages.warning(request, gettext("Nothing was released: choose at least one that still waits."))
    return redirect("review", site=site, code=code)


def opened(request: StaffRequest, site: str, code: str) -> tuple[Rollout, PathwayVersion]:
    """The rollout at a site where the user may see its patients; all others do not exist for them."""
    held = request.user.memberships.filter(until__isnull=True, role__in=OPENS).values("site")
    place = Site.objects.filter(pk__in=held, code=site).first()
    if place is None:
        raise Http404
    return row_at(place, code)


def rows(rollout: Rollout, found: Sequence[Waiting], now: datetime) -> list[Row]:
    patients = Patient.objects.select_related("person").in_bulk([one.patient_id for one in found if one.patient_id])
    journeys = Journey.objects.in_bulk([one.journey_id for one in found if one.journey_id])
    people = User.objects.in_bulk([one.who for one in found if one.who])
    today = {(one.what, one.id) for one in lists.share(rollout, found)}
    return [
        Row(
            waiting=one,
            patient=patients.get(one.patient_id or 0),
            journey=journeys.get(one.journey_id or 0),
            who=people.get(one.who or 0),
            label=_label(one),
            days=max((now - one.due_at).days, 0) if one.due_at else 0,
            today=(one.what, one.id) in today,
        )
        for one in found
    ]


def _label(one: Waiting) -> str:
    return sentence(str(MatterKind(one.label).label) if one.what == "matter" else one.label)
