"""A result that no rule could place: beside the patient's journeys, with what speaks for each; a person places it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from pathways import abstracting, matters
from pathways import placing as verbs
from pathways.models import Binding, Event, Journey, Matter
from patients import access
from patients.models import User
from patients.templatetags.finalmile import words
from patients.views import sent
from patients.views.guard import CARE, StaffRequest, must_hold, page

MOST = 100


@dataclass(frozen=True, slots=True)
class Candidate:
    """A journey of the patient, and what ties the result to it."""

    journey: Journey
    shares: list[str]
    covers: bool
    fits: bool


def unplaced(user: User) -> Any:
    return Matter.objects.filter(site__in=user.site_ids(), kind__in=verbs.PLACED, patient__isnull=False).exclude(
        subject__startswith="unmerge:"
    )


@require_GET
@page(*CARE)
@access.reads_patients
def results(request: StaffRequest) -> HttpResponse:
    """Results that belong to no journey yet, the longest waiting first."""
    found = list(unplaced(request.user).filter(closed_at=None).select_related("patient__person", "site").order_by("due_at", "pk")[:MOST])
    access.saw(request, action="list", what="results to place", patients=[row.patient_id for row in found], now=timezone.now())
    return render(request, "pathways/unplaced.html", {"rows": found, "most": MOST})


@require_http_methods(["GET", "POST"])
@page(*CARE)
@access.reads_patients
def place(request: StaffRequest, uid: UUID) -> HttpResponse:
    matter = get_object_or_404(unplaced(request.user).select_related("patient__person", "site"), uid=uid)
    access.saw(request, action="view", what="result to place", patients=[matter.patient_id], now=timezone.now())
    fact = Event.objects.filter(patient=matter.patient_id, lineage=matter.subject).select_related("inbound__feed").order_by("-pk").first()
    if fact is None:
        raise Http404
    if request.method == "POST":
        return _placed(request, matter)
    found = candidates(matter, fact, request.user)
    context = {
        "matter": matter,
        "fact": fact,
        "said": said(fact),
        "found": found,
        "originals": list(enumerate(abstracting.originals_of(fact))),
    }
    return render(request, "pathways/place.html", context)


def _placed(request: StaffRequest, matter: Matter) -> HttpResponse:
    must_hold(request.user, matter.site_id, *CARE)
    chosen = list(Journey.objects.visible_to(request.user).filter(uid__in=sent.uids(request.POST.getlist("journey"))))
    if not chosen and "none" not in request.POST:
        messages.warning(request, _("Choose a journey, or say that it belongs to none."))
        return redirect("place", uid=matter.uid)
    try:
        verbs.place(matter=matter, journeys=chosen, by=request.user, now=timezone.now())
    except matters.AlreadySettled:
        messages.warning(request, _("Somebody else placed it first."))
    except verbs.Nothing as wrong:
        messages.error(request, str(wrong))
    else:
        messages.success(request, _("Placed.") if chosen else _("It belongs to no journey; it stays in the patient's record."))
    return redirect("journey", uid=chosen[0].uid) if chosen else redirect("unplaced")


def candidates(matter: Matter, fact: Event, user: User) -> list[Candidate]:
    """All journeys of the patient that the user may see; those that the rules named or that share a number with the result come first."""
    assert matter.patient is not None
    members = {matter.patient_id, *matter.patient.merged.values_list("pk", flat=True)}
    found = Journey.objects.visible_to(user).filter(patient__in=members).select_related("version", "home_site").order_by("-opened_at")
    named = set(matter.detail.get("journeys") or ())
    shared = {one.pk: shared_keys(one, fact) for one in found}
    rows = [
        Candidate(
            one,
            [words(key.replace(":", " ", 1)) for key in shared[one.pk]],
            one.opened_at <= fact.occurred_hi and (one.ended_at is None or fact.occurred_lo <= one.ended_at),
            one.pk in named,
        )
        for one in found
    ]
    return sorted(rows, key=lambda one: (not one.fits, not one.shares, not one.covers))


def shared_keys(journey: Journey, fact: Event) -> list[str]:
    """Numbers that the result has in common with what is filed with the journey."""
    bound = Binding.objects.filter(journey=journey, attached=True).exclude(event=fact.pk).values_list("event__keys", flat=True)
    return sorted(set(fact.keys) & {key for keys in bound for key in keys})


def said(fact: Event) -> list[str]:
    """What the result says, finding by finding, or its words."""
    found = [
        f"{one.get('gene', '')} {one.get('alteration', '')}: {words(str(one.get('presence', '')))}"
        for one in fact.body.get("findings") or ()
    ]
    return found or [str(fact.body.get("title") or fact.body.get("text") or "")]
