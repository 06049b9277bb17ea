"""The permanent link of a work item: why it was asked, as everything stood when it was. Later facts and rules do not change it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from notifications.models import WorkItem, WorkItemAlert
from notifications.views import story
from notifications.views.item import saw
from notifications.views.why import Known, proof
from notifications.views.worklist import item_of
from pathways.course import course
from pathways.models import Alert, Journey, Stay
from pathways.timeline import Timeline
from pathways.views.written import pathway_of
from patients.views.guard import CARE, StaffRequest, page


@require_GET
@page(*CARE)
def then(request: StaffRequest, uid: UUID) -> HttpResponse:
    """Replayed under the version that rang, from the facts that had arrived when it rang first."""
    item = item_of(request, uid)
    alert, journey = first_alert(item), item.journey
    if alert is None or alert.stay is None or journey is None:
        raise Http404
    moment = alert.rang_at
    saw(request, item, "work item as it was", timezone.now())
    events = story.events_of(journey, as_of=moment)
    timeline = course(journey, [story.fact_of(event) for event in story.attached(events)], version_id=alert.rung.stage.version_id)  # type: ignore[union-attr]
    known = Known(story.told(events), timeline.holds)
    stay = as_it_was(alert, alert.stay, journey, timeline)
    alert.withdrawn_at = None  # whatever became of it later
    why = proof(journey, pathway_of(stay.stage.version), stay, [alert], moment, known)
    context = {
        "item": item,
        "journey": journey,
        "moment": moment,
        "proof": replace(why, to_do=()),
        "told": known.told,
    }
    return render(request, "notifications/then.html", context)


def first_alert(item: WorkItem) -> Alert | None:
    links = WorkItemAlert.objects.filter(item=item, alert__stay__isnull=False)
    found = links.select_related("alert__stay__stage", "alert__rung__stage__version").order_by("alert__rang_at", "pk").first()
    return found.alert if found else None


def as_it_was(alert: Alert, now: Stay, journey: Journey, timeline: Timeline) -> Stay:
    """The wait as replay tells it from what was known then; never saved. Where the facts then told of no such wait, what rang stands."""
    stage = alert.rung.stage
    assert stage is not None
    lines = [line for line in timeline.stays if (line.track, line.stage) == (stage.track, stage.name) and line.entered_at <= alert.rang_at]
    line = max(lines, key=lambda one: one.entered_at) if lines else None
    return Stay(
        pk=now.pk,
        journey=journey,
        stage=stage,
        track=stage.track,
        root_lineage=line.root_lineage if line else now.root_lineage,
        entered_at=line.entered_at if line else now.entered_at,
        due_at=line.due_at if line else _due_then(alert, now),
        rung_at=list(line.rung_at) if line else now.rung_at,
        rang_through=alert.rang_at,
    )


def _due_then(alert: Alert, now: Stay) -> datetime | None:
    """The due date that we believed when it rang."""
    old = (
        now.revisions.filter(field="due_at", until_received__gt=alert.rang_at)
        .order_by("until_received")
        .values_list("old", flat=True)
        .first()
    )
    return datetime.fromisoformat(old) if isinstance(old, str) else now.due_at
