"""The navigators' queue: its lanes, and the steps that are one click."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from notifications import worklist
from notifications.models import WorkItem
from notifications.views.lanes import LANES, PAGE, Cursor, candidates, page_of, roles_by_site
from notifications.views.lines import line_of, lines
from patients import access
from patients.models import Role, User
from patients.views.guard import CARE, StaffRequest, page


@dataclass(frozen=True, slots=True)
class Tab:
    name: str
    label: str
    count: int
    here: bool


@dataclass(frozen=True, slots=True)
class Team:
    code: str
    label: str


@require_GET
@page(*CARE)
def queue(request: StaffRequest) -> HttpResponse:
    """One page of one lane."""
    now = timezone.now()
    name = request.GET.get("lane", "mine")
    if name == "candidates":
        return redirect("candidates")
    lane = next((lane for lane in LANES if lane.name == name), LANES[0])
    role = request.GET.get("role", "") if lane.name == "team" else ""
    items, next_page = page_of(lane.items(request.user, role), Cursor.read(request.GET.get("after", "")))
    access.saw(request, action="list", what="queue", patients=[item.patient_id for item in items if item.patient_id], now=now)
    context = {
        "lane": lane,
        "lane_tabs": tabs(request.user, lane.name, role),
        "lines": lines(items, request.user, now),
        "next_page": str(next_page) if next_page else "",
        "page_size": PAGE,
        "now": now,
        "role": role,
        "teams": teams(request.user),
    }
    return render(request, "notifications/queue.html", context)


def tabs(user: User, here: str, role: str = "") -> list[Tab]:
    """Every lane with its count, by the question that lists its rows."""
    counted = [Tab(lane.name, lane.label, lane.items(user, role if lane.name == here else "").count(), lane.name == here) for lane in LANES]
    return [*counted, Tab("candidates", "Candidates", candidates(user).count(), here == "candidates")]


def teams(user: User) -> list[Team]:
    """Whose work the user may look at: their own roles, for a lead navigator all that get work."""
    held = {role for roles in roles_by_site(user).values() for role in roles}
    shown = CARE if Role.LEAD in held else [role for role in CARE if role in held]
    return [Team(role.value, role.label) for role in shown]


def item_of(request: StaffRequest, uid: UUID) -> WorkItem:
    """An item of another site does not exist for this user."""
    related = ("patient__person", "journey__version", "matter", "owner", "site")
    return get_object_or_404(WorkItem.objects.visible_to(request.user).select_related(*related), uid=uid)


@require_POST
@page(*CARE)
def claim(request: StaffRequest, uid: UUID) -> HttpResponse:
    item, revision = item_of(request, uid), revision_of(request)
    return step(request, item, "Yours now", lambda now: worklist.claim(item=item, by=request.user, revision=revision, now=now))


@require_POST
@page(*CARE)
def put_back(request: StaffRequest, uid: UUID) -> HttpResponse:
    """Gives a claimed or snoozed item back to its team."""
    item, revision = item_of(request, uid), revision_of(request)
    return step(request, item, "Back with the team", lambda now: worklist.put_back(item=item, by=request.user, revision=revision))


def revision_of(request: StaffRequest) -> int:
    """The version of the item that the person saw; what is no number matches none."""
    sent = request.POST.get("revision", "")
    return int(sent) if sent.isdecimal() and len(sent) < 9 else -1


def step(request: StaffRequest, item: WorkItem, said: str, verb: Callable[[datetime], object]) -> HttpResponse:
    """Does it and shows the row as it stands now, also when somebody else was faster."""
    now = timezone.now()
    done = True
    try:
        verb(now)
    except worklist.Refused as refusal:
        said, done = str(refusal), False
    if not request.htmx:
        (messages.success if done else messages.warning)(request, said)
        return redirect("work_item", uid=item.uid)
    return _row(request, item_of(request, item.uid), said, 200 if done else 409)


def _row(request: StaffRequest, item: WorkItem, said: str, status: int) -> HttpResponse:
    now = timezone.now()
    access.saw(request, action="view", what="queue line", patients=[item.patient_id] if item.patient_id else [], now=now)
    context = {"line": line_of(item, request.user, now), "lane_tabs": tabs(request.user, lane_of(request)), "lanes_too": True}
    return trigger_client_event(render(request, "notifications/line.html", context, status=status), "settled", {"say": said})


def lane_of(request: StaffRequest) -> str:
    """Name of the lane that an htmx request came from."""
    return parse_qs(urlsplit(request.headers.get("HX-Current-URL", "")).query).get("lane", [LANES[0].name])[0]
