"""What stops texts: which sending rests, why and since when, how many texts wait behind it, who was told, and what a person may let go.

Counts only, no patient. The counts are of the whole installation, as the halts are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from notifications import epoch, forecast, halts, pacing, stopping
from notifications.models import Halt, Message, MessageState, WorkItem
from pathways.models import PathwayVersion, Rollout
from patients.models import Role
from patients.views.guard import GOING_LIVE, StaffRequest, page

MAY_RELEASE = (Role.LEAD, Role.ADMINISTRATOR)
ENDED = 10
MEANS = {
    halts.PROVIDER: _("The provider refuses our account or our sender. One text tries again by itself, less and less often; the first that goes through ends this."),
    halts.RESTORE: _("This database was restored or moved and may have forgotten texts that went out. An administrator sets it against the provider’s list with manage.py texts reconcile."),
    halts.STAFF: _("Somebody stopped all texts. They wait until somebody lets them go again; what expires meanwhile becomes a call."),
    halts.WORDING: _("Carriers filtered these words. They rest until somebody has looked at them; all other texts go."),
}  # fmt: skip


class WhyForm(forms.Form):
    key = forms.CharField(required=False, max_length=70)
    reason = forms.CharField(label=_("Why"), max_length=60)


@dataclass(frozen=True, slots=True)
class Stopped:
    """One halt as the page shows it. `verb` is what a person may do about it: release, try, or nothing."""

    halt: Halt
    means: str
    waiting: int
    told: list[WorkItem]
    verb: str


@require_GET
@page(*GOING_LIVE)
def stopped(request: StaffRequest) -> HttpResponse:
    now = timezone.now()
    epoch.is_ours(now=now)  # a database restored a moment ago shows as such before its first text would go
    sites = [one.site_id for one in request.user.held()]
    plan = pacing.pace(pacing.waiting(now=now), now=now, per_minute=settings.SMS_PER_MINUTE, per_day=settings.SMS_PER_DAY)
    beside = pacing.beside(now=now)
    context = {
        "standing": standing(now=now),
        "paused": _paused(sites),
        "waiting": _waiting(),
        "plan": plan,
        "beside": beside,
        "costs": forecast.costs(segments=plan.segments, beside=beside, day=timezone.localdate()),
        "ended": Halt.objects.filter(lifted_at__isnull=False).select_related("lifted_by").order_by("-lifted_at")[:ENDED],
        "rests": any(halt.key == halts.STAFF for halt in halts.standing()),
        "may_release": request.user.has_role(*MAY_RELEASE),
        "now": now,
    }
    return render(request, "notifications/stopped.html", context)


@require_POST
@page(*GOING_LIVE)
def stop_texts(request: StaffRequest) -> HttpResponse:
    """Whoever is responsible somewhere may stop everything: a text that waits an hour harms less than one that goes out wrong."""
    form = WhyForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("Say why texts stop."))
    elif stopping.stop(reason=form.cleaned_data["reason"], by=request.user, now=timezone.now()):
        messages.success(request, gettext("All texts have stopped. What was handed over already is on its way."))
    else:
        messages.info(request, gettext("Somebody had stopped them already."))
    return redirect("stopped")


@require_POST
@page(*MAY_RELEASE)
def release_texts(request: StaffRequest) -> HttpResponse:
    form = WhyForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("Say why texts may go again."))
        return redirect("stopped")
    try:
        stopping.release(**form.cleaned_data, by=request.user, now=timezone.now())
    except stopping.Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, gettext("Done, with your name and reason on record."))
    return redirect("stopped")


def standing(*, now: datetime) -> list[Stopped]:
    behind, told = halts.behind(now=now), _told()
    return [
        Stopped(
            halt=halt,
            means=str(MEANS[halt.key if halt.key in halts.EVERYTHING else halts.WORDING]),
            waiting=behind[halt.key],
            told=told.get(halt.key, []),
            verb={halts.RESTORE: "", halts.PROVIDER: "try"}.get(halt.key, "release"),
        )
        for halt in halts.standing()
    ]


def _told() -> dict[str, list[WorkItem]]:
    """The items that ask somebody to look, by halt."""
    found: dict[str, list[WorkItem]] = {}
    for item in WorkItem.objects.open().filter(cause_kind="halt").select_related("owner", "site").order_by("opened_at", "pk"):
        found.setdefault(item.cause_key, []).append(item)
    return found


def _paused(sites: list[int]) -> list[tuple[Rollout, str, int]]:
    """Programmes whose texts somebody paused at the reader's sites, with how many texts wait there."""
    rows = (
        Rollout.objects.filter(site__in=sites, mode=Rollout.Mode.LIVE, paused_at__isnull=False).select_related("site").order_by("paused_at")
    )
    titles = dict(PathwayVersion.objects.filter(status=PathwayVersion.Status.PUBLISHED).values_list("code", "title"))
    texts = Message.objects.filter(state=MessageState.PENDING, shadow=False, journey__home_site__in=sites)
    counts = {
        (site, code): n for site, code, n in texts.values_list("journey__home_site", "journey__pathway").annotate(n=Count("pk")).order_by()
    }
    return [(row, titles.get(row.pathway, row.pathway), counts.get((row.site_id, row.pathway), 0)) for row in rows]


def _waiting() -> list[tuple[str, int]]:
    """What texts wait for, the most first; those with no reason wait for their turn."""
    waiting = Message.objects.filter(state=MessageState.PENDING, shadow=False)
    return list(waiting.values_list("reason").annotate(n=Count("pk")).order_by("-n", "reason"))
