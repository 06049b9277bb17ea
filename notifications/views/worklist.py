"""The navigators' queue: its lanes, and the steps that are one click."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from django.contrib import messages
from django.core.cache import cache
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from notifications import hands, second_thoughts, worklist
from notifications.models import SavedView, WorkItem
from notifications.views.filters import Wanted, choices
from notifications.views.lanes import LANES, lane_named, roles_by_site
from notifications.views.lines import line_of, lines
from notifications.views.pages import COUNTED, PAGE, Cursor, counts, page_of
from pathways.models import Feed
from patients import access
from patients.models import Role, User
from patients.templatetags.finalmile import sentence, translated
from patients.views.guard import CARE, STEERING, StaffRequest, page

ASKED_AGAIN_AFTER = 60
"""Seconds for which a process remembers what stands at the head of the page: the quietest feed, the alarm."""


@dataclass(frozen=True, slots=True)
class Tab:
    name: str
    label: str
    count: str
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
    if request.GET.get("lane") == "candidates":
        return redirect("candidates")
    second_thoughts.apply_due(now=now)
    request.session.pop("guided", None)
    lane = lane_named(request.GET.get("lane", "mine"))
    wanted = Wanted.read(request.GET, now)
    shown = page_of(lane.name, request.user, wanted, Cursor.read(request.GET.get("after", "")), now=now)
    access.saw(request, action="list", what="queue", patients=[item.patient_id for item in shown.items if item.patient_id], now=now)
    teams_of_user = teams(request.user)
    lane_tabs = tabs(request.user, lane.name, now, wanted)
    context = {
        "lane": lane,
        "lane_tabs": lane_tabs,
        "untouched": all(tab.count == "0" for tab in lane_tabs),
        "lines": lines(shown.items, request.user, now, shown.facts),
        "next_page": str(shown.next) if shown.next else "",
        "page_size": PAGE,
        "now": now,
        "wanted": wanted,
        "filters": choices(request.user, wanted, [(team.code, team.label) for team in teams_of_user]),
        "views": views_for(request.user),
        "fresh": freshness(request.user, now),
        "undo": undo_of(request, now),
        "alarm": alarm(request.user, now),
        "sites": {one.site_id: one.site for one in request.user.held()}.values(),
    }
    return render(request, "notifications/queue.html", context)


def tabs(user: User, here: str, now: datetime, wanted: Wanted | None = None) -> list[Tab]:
    """Every lane that the user may open with its count, by the question that lists its rows."""
    counted = counts(user, here, wanted or Wanted.read({}, now), now)
    open_to = counted.keys() - (set() if user.has_role(*STEERING) else {"candidates"})
    labels = {lane.name: translated(lane.label) for lane in LANES} | {"lost": _("Lost"), "candidates": _("Candidates")}
    return [
        Tab(name, labels[name], str(n) if n < COUNTED else f"{COUNTED - 1}+", name == here)
        for name, n in counted.items()
        if name in open_to
    ]


def teams(user: User) -> list[Team]:
    """Whose work the user may look at: their own roles, for a lead navigator all that get work."""
    held = {role for roles in roles_by_site(user).values() for role in roles}
    shown = CARE if Role.LEAD in held else [role for role in CARE if role in held]
    return [Team(role.value, sentence(str(role.label))) for role in shown]


def views_for(user: User) -> list[SavedView]:
    """The user's own, and what colleagues share at the user's sites."""
    return list(SavedView.objects.filter(Q(owner=user) | Q(site__in=user.site_ids())).select_related("owner").order_by("name", "pk"))


def freshness(user: User, now: datetime) -> tuple[str, int, datetime] | None:
    """The live feed of the user's sites that was silent longest, for how many minutes, and since when."""
    sites = sorted(set(user.site_ids()))
    live = Feed.objects.filter(site__in=sites, mode=Feed.Mode.LIVE, heard_at__isnull=False).order_by("heard_at")
    found = cache.get_or_set(_key("fresh", sites), lambda: live.values_list("name", "heard_at").first() or (), ASKED_AGAIN_AFTER)
    return (found[0], int((now - found[1]).total_seconds() // 60), found[1]) if found and found[1] else None


def alarm(user: User, now: datetime) -> int:
    """Items of the user's sites that nobody could take; asked once a minute."""
    sites = sorted(set(user.site_ids()))
    return int(cache.get_or_set(_key("alarm", sites), lambda: hands.nobody_for(sites, now=now), ASKED_AGAIN_AFTER) or 0)


def _key(name: str, sites: list[int]) -> str:
    return f"notifications.queue.{name}.{'-'.join(map(str, sites))}"


RELATED = ("patient__person", "journey__version", "matter", "owner", "site")


def item_of(request: StaffRequest, uid: UUID) -> WorkItem:
    """An item to be worked. One that is asked of another site does not exist here."""
    return get_object_or_404(WorkItem.objects.worked_by(request.user).select_related(*RELATED), uid=uid)


def item_to_read(request: StaffRequest, uid: UUID) -> WorkItem:
    """An item to be looked at: also one that is asked of another site of a journey in which a site of the user takes part."""
    return get_object_or_404(WorkItem.objects.visible_to(request.user).select_related(*RELATED), uid=uid)


@require_POST
@page(*CARE)
def claim(request: StaffRequest, uid: UUID) -> HttpResponse:
    item, revision = item_of(request, uid), revision_of(request)
    return step(request, item, _("Yours now"), lambda now: worklist.claim(item=item, by=request.user, revision=revision, now=now))


@require_POST
@page(*CARE)
def put_back(request: StaffRequest, uid: UUID) -> HttpResponse:
    """Gives a claimed or snoozed item back to its team."""
    item, revision = item_of(request, uid), revision_of(request)
    return step(
        request, item, _("Back with the team"), lambda now: worklist.put_back(item=item, by=request.user, revision=revision, now=now)
    )


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
    return row(request, item_of(request, item.uid), said, 200 if done else 409)


def row(request: StaffRequest, item: WorkItem, said: str, status: int) -> HttpResponse:
    now = timezone.now()
    access.saw(request, action="view", what="queue line", patients=[item.patient_id] if item.patient_id else [], now=now)
    context = {"line": line_of(item, request.user, now), "lanes_too": True, **around(request, now)}
    return trigger_client_event(render(request, "notifications/line.html", context, status=status), "settled", {"say": said})


def around(request: StaffRequest, now: datetime) -> dict[str, Any]:
    """What the page that an htmx request came from shows around its row: the lanes with their counts, and whether lines can be chosen."""
    came_from = urlsplit(request.headers.get("HX-Current-URL", ""))
    query = {key: values[0] for key, values in parse_qs(came_from.query).items()}
    lane = lane_named(query.get("lane", ""))
    return {
        "lane_tabs": tabs(request.user, lane.name, now, Wanted.read(query, now)),
        "picks": lane.picks and came_from.path == reverse("queue"),
    }


def undo_of(request: StaffRequest, now: datetime) -> dict[str, Any] | None:
    """The outcome that the page before recorded, while it can still be taken back."""
    kept: dict[str, Any] | None = request.session.get("undo")
    left = kept["until"] - now.timestamp() if kept else 0
    if kept and left <= 0:
        del request.session["undo"]
    return {**kept, "left": round(left)} if kept and left > 0 else None
