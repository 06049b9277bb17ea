"""Ask at the next visit: people on a live programme whom no text can reach, and what to ask whom. Not one work item each."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from notifications.views.worklist import tabs
from pathways.models import Journey, Rollout
from patients import access, asking
from patients.contactable import contactable
from patients.models import User
from patients.views.guard import CARE, StaffRequest, page

MOST = 200


@dataclass(frozen=True, slots=True)
class Row:
    question: asking.Question
    programmes: tuple[str, ...]


@require_GET
@page(*CARE)
def asking_list(request: StaffRequest) -> HttpResponse:
    now = timezone.now()
    programmes = _unreached(request.user, now.date())
    asked = asking.questions(list(programmes), on=now.date())
    shown = [Row(each, tuple(sorted(programmes[each.patient.pk]))) for each in asked[:MOST]]
    access.saw(request, action="list", what="ask at the next visit", patients=[row.question.patient.pk for row in shown], now=now)
    context = {"rows": shown, "count": len(asked), "most": MOST, "lane_tabs": tabs(request.user, "ask", now), "asks": True, "now": now}
    return render(request, "notifications/asking.html", context)


def _unreached(user: User, on: date) -> dict[int, set[str]]:
    """Titles of the live programmes of each visible patient whom none of their texts could reach."""
    live = set(Rollout.objects.filter(mode=Rollout.Mode.LIVE).values_list("site_id", "pathway"))
    on_programme: dict[str, set[int]] = defaultdict(set)
    titles: dict[int, set[str]] = defaultdict(set)
    open_now = (
        Journey.objects.visible_to(user)
        .open()
        .values_list("patient_id", "patient__survivor_id", "home_site_id", "pathway", "version__title")
    )
    for patient, survivor, site, pathway, title in open_now:
        if (site, pathway) in live:
            on_programme[pathway].add(survivor or patient)
            titles[survivor or patient].add(title)
    reached: set[int] = set()
    for pathway, patients in on_programme.items():
        reached |= contactable(patients, programme=pathway, on=on)
    return {patient: said for patient, said in titles.items() if patient not in reached}
