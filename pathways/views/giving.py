"""A fact that was said of the wrong patient is given to the right one: what it is, whom it stands with, and whom a search finds.

Everything is posted: a fact is named by numbers of its source, and these stand in no address.
"""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from pathways import merging
from pathways.models import Binding, Event, Journey
from pathways.views.placing import said
from pathways.views.side_by_side import Known, side_by_side
from patients import access
from patients.demographics import Demographics
from patients.models import Merge, Patient, Role
from patients.registry import Candidate
from patients.views import sent
from patients.views.guard import STEERING, StaffRequest, must_hold, page
from patients.views.search import SHORTEST, find

MAY_GIVE = (*STEERING, Role.LAB_LIAISON)
MOST = 8


class LookForm(forms.Form):
    """`lineage` names the fact with all its versions."""

    lineage = forms.CharField(widget=forms.HiddenInput)
    text = forms.CharField(label=gettext_lazy("Name, record number or phone"), max_length=100, min_length=SHORTEST, required=False)


@require_POST
@page(*MAY_GIVE)
@access.reads_patients
def give(request: StaffRequest, uid: UUID) -> HttpResponse:
    """Beside the fact those whom it may be about. With `text` it looks further, with `patient` the fact is given."""
    seen = Journey.objects.visible_to(request.user).select_related("patient__person", "home_site", "version")
    journey = get_object_or_404(seen, uid=uid)
    must_hold(request.user, journey.home_site_id, *MAY_GIVE)
    fact = _fact(journey, request.POST.get("lineage", ""))
    if fact is None:
        messages.error(request, _("This does not stand any more; somebody may have corrected it first."))
        return redirect("journey", uid=journey.uid)
    form = LookForm(request.POST)
    if chosen := request.POST.get("patient"):
        return _given(request, journey, fact, chosen)
    known = _known(request, journey, form.cleaned_data.get("text", "").strip() if form.is_valid() else "")
    shown = [journey.patient_id, *(one.patient.pk for one in known)]
    access.saw(request, action="search", what="whose fact", patients=shown, now=timezone.now())
    context = {"journey": journey, "fact": fact, "said": said(fact), "form": form, "known": known, "looked": bool(request.POST.get("text"))}
    return render(request, "pathways/give.html", context, status=422 if form.errors else 200)


def _fact(journey: Journey, lineage: str) -> Event | None:
    """What a feed said and the journey rests on; what people wrote down here they take back and write anew."""
    bound = Binding.objects.filter(journey=journey, attached=True, event__lineage=lineage, event__basis__isnull=True, event__by=None)
    row = bound.select_related("event__inbound__feed").order_by("-event_id").first()
    return row.event if row and not row.event.retracted and row.event.inbound_id else None


def _known(request: StaffRequest, journey: Journey, text: str) -> list[Known]:
    """Whose record was joined with this one once, then whom the search finds."""
    patient = journey.patient.meant
    pairs = Merge.objects.filter(Q(loser=patient) | Q(survivor=patient)).values_list("loser", "survivor")
    once = sorted({one for pair in pairs for one in pair if one is not None} - {patient.pk})
    candidates = [Candidate(one, _("their records were one once")) for one in once]
    if text:
        found = find(text, request.user)[: MOST + 1]
        candidates += [Candidate(one.pk, _("found by your search")) for one in found if one.pk not in {patient.pk, *once}]
    beside = side_by_side(candidates[:MOST], Demographics(), request.user)
    return [one for one in beside if one.visible and one.patient.survivor_id is None]


def _given(request: StaffRequest, journey: Journey, fact: Event, chosen: str) -> HttpResponse:
    to = get_object_or_404(Patient.objects.visible_to(request.user), uid=sent.uid(chosen))
    now = timezone.now()
    access.saw(request, action="view", what="whose fact", patients=[journey.patient_id, to.pk], now=now)
    try:
        merging.give_to(lineage=fact.lineage, patient=journey.patient, to=to, site=journey.home_site, by=request.user, now=now)
    except (LookupError, merging.SamePatient) as refused:
        messages.error(request, str(refused))
        return redirect("journey", uid=journey.uid)
    messages.success(
        request, _("Given. Here it is taken back with everything that rested on it; with the other patient it counts from now on.")
    )
    return redirect("patient", uid=to.uid)
