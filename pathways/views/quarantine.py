"""What came in and could not be applied: why, in words, with the message beside it and the step that tries again."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from pathways.ingest import quarantine as verbs
from pathways.ingest.hl7 import tokens
from pathways.ingest.ledger import BETWEEN_NOTES
from pathways.models import Feed, Inbound
from pathways.models.inbound import InboundQuerySet
from patients import access
from patients.models import User
from patients.views import sent
from patients.views.guard import CARE, INTAKE, StaffRequest, page

PAGE = 50
SHOWN = 20_000  # characters of a raw message; a larger one is cut, and the page says so


def visible_to(user: User) -> InboundQuerySet:
    return Inbound.objects.filter(feed__site__in=user.site_ids())


def feeds_of(user: User, now: datetime) -> list[Feed]:
    """The feeds of the user's sites with how many messages wait; `silent` where one is quiet for longer than it may be."""
    counts = dict(visible_to(user).quarantined().values_list("feed").annotate(n=Count("pk")).order_by())
    feeds = list(Feed.objects.filter(site__in=user.site_ids()).select_related("site").order_by("name"))
    for feed in feeds:
        feed.waiting = counts.get(feed.pk, 0)  # type: ignore[attr-defined]
        heard = feed.heard_at
        feed.silent = bool(heard and feed.longest_silence and now - heard > feed.longest_silence)  # type: ignore[attr-defined]
    return feeds


@require_GET
@page(*INTAKE)
@access.reads_patients
def quarantine(request: StaffRequest) -> HttpResponse:
    """Newest first, a page at a time; `feed` and `reason` narrow the list."""
    now = timezone.now()
    waiting = visible_to(request.user).quarantined()
    chosen = waiting
    if feed := request.GET.get("feed"):
        chosen = chosen.filter(feed__name=feed)
    if reason := request.GET.get("reason"):
        chosen = chosen.filter(reason=reason)
    before = sent.number(request.GET.get("before"))
    older = chosen.filter(pk__lt=before) if before else chosen
    found = list(older.defer("body").select_related("feed__site").order_by("-pk")[: PAGE + 1])
    access.saw(request, action="list", what="quarantine", patients=[row.patient_id for row in found[:PAGE] if row.patient_id], now=now)
    context = {
        "rows": found[:PAGE],
        "older": found[PAGE - 1].pk if len(found) > PAGE else None,
        "total": chosen.count(),
        "feeds": feeds_of(request.user, now),
        "reasons": waiting.values("reason").annotate(n=Count("pk")).order_by("-n", "reason"),
        "feed": feed or "",
        "reason": reason or "",
        "may_place": request.user.has_role(*CARE),
        "now": now,
    }
    return render(request, "pathways/quarantine.html", context)


@require_GET
@page(*INTAKE)
@access.reads_patients
def inbound(request: StaffRequest, uid: UUID) -> HttpResponse:
    """One message whole, as it was sent."""
    found = get_object_or_404(visible_to(request.user).select_related("feed__site", "patient"), uid=uid)
    access.saw(request, action="view", what="message received", patients=[found.patient_id] if found.patient_id else [], now=timezone.now())
    text = tokens.decode(bytes(found.body))[0] if found.format == "hl7v2" else bytes(found.body).decode("utf-8", "replace")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return render(
        request,
        "pathways/inbound.html",
        {
            "message": found,
            "notes": found.explanation.split(BETWEEN_NOTES) if found.explanation and found.outcome == Inbound.Outcome.APPLIED else [],
            "text": text[:SHOWN],
            "cut": len(text) > SHOWN,
            "whose": found.reason in verbs.WHOSE,
        },
    )


@require_POST
@page(*INTAKE)
def replay(request: StaffRequest, uid: UUID) -> HttpResponse:
    found = get_object_or_404(visible_to(request.user).quarantined(), uid=uid)
    after = verbs.replay(inbound=found, by=request.user, now=timezone.now())
    if after.outcome == Inbound.Outcome.QUARANTINED:
        messages.warning(request, _("Still in quarantine: %(explanation)s") % {"explanation": after.explanation})
        return redirect("inbound", uid=found.uid)
    messages.success(request, _("Applied."))
    return redirect("quarantine")
