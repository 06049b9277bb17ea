"""Guided mode: the next item with all its context and one primary action; leaving one for later needs a reason."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from notifications import presence, second_thoughts, worklist
from notifications.models import Act, Presence, WorkItem, WorkItemAct
from notifications.views.filters import Wanted
from notifications.views.lanes import mine, unclaimed
from notifications.views.worklist import item_of
from patients.models import User
from patients.views.guard import CARE, StaffRequest, page


@require_GET
@page(*CARE)
def next_item(request: StaffRequest) -> HttpResponse:
    """To the item that comes next; back to the queue when nothing is left."""
    now = timezone.now()
    second_thoughts.apply_due(now=now)
    found = next_for(request.user, now)
    request.session["guided"] = found is not None
    if found is None:
        messages.success(request, _("Nothing is left for you: what you skipped comes back tomorrow."))
        return redirect("queue")
    return redirect("work_item", uid=found.uid)


def next_for(user: User, now: datetime) -> WorkItem | None:
    """The most urgent of what is the user's or their team's, that they did not skip today and nobody else has before them."""
    wanted = Wanted.read({}, now)
    skipped = WorkItemAct.objects.filter(by=user, act=Act.SKIPPED, at__gte=wanted.midnight).values("item")
    taken = Presence.objects.filter(seen_at__gt=now - presence.STILL_HERE).exclude(user=user).values("item")
    lanes = (lane.exclude(pk__in=skipped).exclude(pk__in=taken) for lane in (mine(user, wanted), unclaimed(user, wanted)))
    firsts = [first for lane in lanes if (first := lane.order_by("priority", "due_at", "pk").first()) is not None]
    return min(firsts, key=lambda item: (item.priority, item.due_at, item.pk), default=None)


@require_POST
@page(*CARE)
def skip(request: StaffRequest, uid: UUID) -> HttpResponse:
    item = item_of(request, uid)
    try:
        worklist.skip(item=item, by=request.user, reason=request.POST.get("reason", ""), now=timezone.now())
    except worklist.Refused as refusal:
        messages.warning(request, str(refusal))
        return redirect("work_item", uid=uid)
    presence.leave(item=item, by=request.user)
    return redirect("next_item")
