"""The journey page: where the patient stands, since when, why, what was said, and what may be done."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from notifications import comparing
from notifications.models import WorkItem
from notifications.views import notes, passing, story
from notifications.views.answering import answering
from notifications.views.biomarkers import findings
from notifications.views.care_team import care_team
from notifications.views.entering import ENTERING
from notifications.views.family import family_of, forms_of
from notifications.views.grounds import grounds
from notifications.views.judging import forms_for
from notifications.views.lines import about, lines, record_numbers
from notifications.views.steering import HoldForm, ReopenForm, exit_form, journey_of
from notifications.views.why import Known, proofs
from pathways.correcting import REASONS
from pathways.course import course, days_by_party, whole
from pathways.models import Event, Journey, Stay
from pathways.views.written import pathway_of
from patients import access
from patients.models import User
from patients.views.guard import CARE, STEERING, StaffRequest, page


@require_GET
@page(*CARE)
def journey(request: StaffRequest, uid: UUID) -> HttpResponse:
    now = timezone.now()
    found = journey_of(request, uid)
    family = family_of(found, request.user, now)
    access.saw(request, action="view", what="journey", patients=[found.patient_id, *family.shown()], now=now)
    pathway = pathway_of(found.version)
    events = story.events_of(found)
    told = story.told(events)
    standing = [fact.event for fact in told if not fact.replaced]
    timeline = course(found, [story.fact_of(event) for event in story.attached(events)])
    parties = days_by_party(whole(timeline, opened_at=found.opened_at, until=now), found.home_site.time_zone)
    waits = story.waits(found, now)
    open_stays = list(Stay.objects.open().filter(journey=found).select_related("stage__version").defer("stage__version__body"))
    items = list(items_of(found, request.user))
    context = {
        "journey": found,
        "about": about(found.patient, record_numbers([found.patient.meant.pk]).get(found.patient.meant.pk), now.date()),
        "steps": story.steps(found, {str(phase): label for phase, label in pathway.phases.items()}),
        "proofs": proofs(found, pathway, open_stays, now, Known(told, timeline.holds)),
        "waits": waits,
        "drawing": passing.drawing(found, pathway, waits, timeline.holds, now),
        "holds": timeline.holds,
        "shares": passing.shares(parties),
        "days": sum(one.days for one in parties),
        "put_off": comparing.put_off(found, now=now),
        "moved": passing.moved(found, waits),
        "told": told,
        "findings": findings(event for event in standing if event.kind.startswith("result_")),
        "grounds": grounds(standing),
        "may_enter": found.status == "active" and bool(request.user.roles_at(found.home_site_id) & set(ENTERING)),
        "may_correct": bool(request.user.roles_at(found.home_site_id) & set(STEERING)),
        "mistakes": REASONS,
        "thread": story.thread(found),
        "open_items": lines([item for item in items if item.closed_at is None], request.user, now),
        "closed_items": [item for item in items if item.closed_at],
        "family": family,
        "now": now,
        **notes.context(patient=found.patient.meant, journey=found, user=request.user),
        **care_team(found, request.user, now),
        **forms_of(found, request.user),
        **steering(found, request.user, open_stays, standing),
        **answering(found, request.user, open_stays),
    }
    return render(request, "notifications/journey.html", context)


def items_of(journey: Journey, user: User) -> Any:
    related = ("patient__person", "journey__version", "matter", "owner", "site")
    return WorkItem.objects.visible_to(user).filter(journey=journey).select_related(*related).order_by("priority", "due_at", "pk")


def steering(journey: Journey, user: User, open_stays: list[Stay], events: list[Event]) -> dict[str, Any]:
    """The forms of those who may steer this journey, as its status allows."""
    if not user.roles_at(journey.home_site_id) & set(STEERING):
        return {}
    if journey.status != "active":
        return {"reopen_form": ReopenForm()}
    asked = forms_for(journey, open_stays, events, user)
    return {
        **asked,
        "exit_form": exit_form(journey),
        "hold_form": None if journey.hold_reason else HoldForm(),
        "held": bool(journey.hold_reason),
    }
