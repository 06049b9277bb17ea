"""What was typed when a session ended: seen by its writer alone, sent or thrown away."""

from __future__ import annotations

from urllib.parse import urlsplit
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from patients import access
from patients import drafts as verbs
from patients.models import Draft
from patients.views.guard import ANYONE, StaffRequest, page

OURS = ("draft_page", "draft_action")


@require_GET
@page(*ANYONE)
def drafts(request: StaffRequest) -> HttpResponse:
    found = list(verbs.of(request.user, now=timezone.now()))
    access.saw(request, action="view", what="drafts", patients=[], now=timezone.now())
    return render(request, "patients/drafts.html", {"drafts": [(one, shown(one)) for one in found]})


def shown(draft: Draft) -> list[tuple[str, str]]:
    """The words, not the ticks and numbers of the form."""
    said = [(name, ", ".join(values)) for name, values in draft.fields.items()]
    return [(name, text) for name, text in said if name != "revision" and text.strip()]


@require_GET
@page(*ANYONE)
def draft(request: StaffRequest, uid: UUID) -> JsonResponse:
    """For the page's script, which puts the words back where they were."""
    found = get_object_or_404(verbs.of(request.user, now=timezone.now()), uid=uid)
    return JsonResponse({"action": found.action, "fields": found.fields})


@require_POST
@page(*ANYONE)
def keep(request: StaffRequest) -> HttpResponse:
    """The page's script sends a form that was touched, shortly before the session ends."""
    where, action = (urlsplit(request.POST.get(name, "")).path for name in OURS)
    if not (where.startswith("/") and action.startswith("/")):
        return HttpResponse(status=400)
    fields = {name: request.POST.getlist(name) for name in request.POST if name not in OURS}
    kept = verbs.keep(user=request.user, page=where, action=action, fields=fields, now=timezone.now())
    return HttpResponse(status=204 if kept else 202)


@require_POST
@page(*ANYONE)
def forget(request: StaffRequest, uid: UUID) -> HttpResponse:
    found = get_object_or_404(verbs.of(request.user, now=timezone.now()), uid=uid)
    verbs.sent(user=request.user, action=found.action)
    messages.success(request, _("Thrown away."))
    return redirect("drafts")
