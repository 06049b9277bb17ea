"""Where somebody lands after signing in: on their own work where there is some, else on the first page that their roles open."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from notifications import notices
from notifications.models import OPEN_STATES
from notifications.views.filters import Wanted
from notifications.views.pages import counts
from patients.models import Role, User
from patients.views.guard import ANYONE, CARE, INTAKE, REPORTS, STEERING, StaffRequest, page

FIRST = (
    ((Role.ADMINISTRATOR,), "administration"),
    ((Role.AUDITOR,), "oversight"),
    (REPORTS, "drop_off"),
    (INTAKE, "quarantine"),
)


@require_GET
@page(*ANYONE)
def home(request: StaffRequest) -> HttpResponse:
    if request.user.has_role(*CARE):
        return redirect(where_work_is(request.user, timezone.now()))
    return redirect(next((name for roles, name in FIRST if request.user.has_role(*roles)), "catalogue"))


def where_work_is(user: User, now: datetime) -> str:
    """A clinician's open notices, what one holds, what one's team should take, who waits to be accepted: the first that has something."""
    if user.has_role(Role.CLINICIAN) and _asked_by_notice(user):
        return reverse("notices")
    waiting = counts(user, "mine", Wanted.read({}, now), now)
    if waiting["mine"] or not waiting["team"]:
        only_candidates = not waiting["mine"] and waiting["candidates"] and user.has_role(*STEERING)
        return reverse("candidates") if only_candidates else reverse("queue")
    return f"{reverse('queue')}?lane=team"


def _asked_by_notice(user: User) -> bool:
    open_ones = {"answered_at": None, "item__state__in": OPEN_STATES, "item__reason_gone_at": None}
    return notices.for_reader(user).filter(**open_ones).exists()
