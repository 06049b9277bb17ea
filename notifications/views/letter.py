"""A letter to print, and the word that it was sent."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from notifications import letters, worklist
from notifications.views.item import saw
from notifications.views.worklist import item_of
from patients.views.guard import CARE, StaffRequest, page


@require_http_methods(["GET", "POST"])
@page(*CARE)
def letter(request: StaffRequest, uid: UUID) -> HttpResponse:
    item, now = item_of(request, uid), timezone.now()
    try:
        words = letters.words_for(item)
        if request.method == "POST":
            letters.sent(item=item, by=request.user, now=now)
    except worklist.Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("work_item", uid=uid)
    if request.method == "POST":
        done = letters.asked_for(item) is not None
        messages.success(
            request,
            _("Written down: the letter went out.")
            if done
            else _("Written down: a letter went out. The item stays open until the patient is reached."),
        )
        return redirect("work_item", uid=uid)
    saw(request, item, "letter", now)
    return render(
        request,
        "notifications/letter.html",
        {"item": item, "letter": words, "person": words.to, "why": letters.why(item), "now": now},
    )
