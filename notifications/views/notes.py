"""Notes and calls on the pages of a journey, a patient and an item, and the two forms that write them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from notifications import calls, notes
from notifications.models import Call, Note, WorkItem
from notifications.views.worklist import item_of
from pathways.models import Journey, JourneySite
from patients import access
from patients.models import Patient, Site, User
from patients.templatetags.finalmile import translated
from patients.views.guard import CARE, StaffRequest, must_hold, page

RECENT = 30


class NoteForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("A note for the team"),
        max_length=notes.LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("@name hands it to a colleague as work of theirs."),
    )


class CallForm(forms.Form):
    caller = forms.CharField(label=gettext_lazy("Who called"), max_length=80, initial=gettext_lazy("the patient"))
    called_at = forms.DateTimeField(
        label=gettext_lazy("When"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    said = forms.ChoiceField(label=gettext_lazy("What they said"), choices=[("", gettext_lazy("Choose")), *Call.Said.choices])
    words = forms.CharField(label=gettext_lazy("In their words"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
    about = forms.ChoiceField(label=gettext_lazy("About"), required=False)

    def __init__(self, journeys: list[Journey], now: datetime, data: Any = None) -> None:
        super().__init__(data, initial={"called_at": timezone.localtime(now), "about": str(journeys[0].uid) if len(journeys) == 1 else ""})
        about = self.fields["about"]
        assert isinstance(about, forms.ChoiceField)
        about.choices = [("", _("no programme in particular")), *((str(one.uid), translated(one.version.title)) for one in journeys)]
        self.journeys = {str(one.uid): one for one in journeys}

    @property
    def journey(self) -> Journey | None:
        return self.journeys.get(self.cleaned_data["about"])


@dataclass(frozen=True, slots=True)
class Written:
    """A note or a call, as one list shows both."""

    at: datetime
    by: User
    text: str
    call: Call | None = None


def written(*, patients: list[int], journey: Journey | None = None, item: WorkItem | None = None, user: User) -> list[Written]:
    """Notes and calls of a patient, of one journey (with those of the patient at large), or of one item; the newest first."""
    mine = Q(patient__in=patients, site__in=user.site_ids())
    if journey is not None:
        mine &= Q(journey=journey) | Q(journey=None)
    if item is not None:
        mine &= Q(item=item)
    found = [Written(one.at, one.by, one.text) for one in Note.objects.filter(mine).select_related("by").order_by("-pk")[:RECENT]]
    if item is None:
        heard = Call.objects.filter(mine).select_related("by").order_by("-pk")[:RECENT]
        found += [Written(one.called_at, one.by, one.words, one) for one in heard]
    return sorted(found, key=lambda one: one.at, reverse=True)[:RECENT]


def context(*, patient: Patient, user: User, journey: Journey | None = None, item: WorkItem | None = None) -> dict[str, Any]:
    """What a page needs to show the notes and to take one."""
    records = [patient.pk, *Patient.objects.filter(survivor=patient).values_list("pk", flat=True)]
    return {
        "written": written(patients=records, journey=journey, item=item, user=user),
        "note_form": NoteForm(),
        "about_patient": patient,
        "about_journey": journey,
        "about_item": item,
    }


@require_POST
@page(*CARE)
def note_on_journey(request: StaffRequest, uid: UUID) -> HttpResponse:
    journey = get_object_or_404(Journey.objects.visible_to(request.user).select_related("patient", "home_site"), uid=uid)
    site = journey.home_site if request.user.roles_at(journey.home_site_id) else _site_of(request.user, journey.patient.meant, journey)
    return _kept(request, redirect("journey", uid=uid), patient=journey.patient.meant, site=site, journey=journey)


@require_POST
@page(*CARE)
def note_on_patient(request: StaffRequest, uid: UUID) -> HttpResponse:
    patient = get_object_or_404(Patient.objects.visible_to(request.user), uid=uid)
    return _kept(request, redirect("patient", uid=uid), patient=patient, site=_site_of(request.user, patient))


@require_POST
@page(*CARE)
def note_on_item(request: StaffRequest, uid: UUID) -> HttpResponse:
    item = item_of(request, uid)
    if item.patient is None:
        messages.warning(request, _("This item is about no patient."))
        return redirect("work_item", uid=uid)
    return _kept(request, redirect("work_item", uid=uid), patient=item.patient, site=item.site, journey=item.journey, item=item)


def _kept(request: StaffRequest, back: HttpResponse, **about: Any) -> HttpResponse:
    form = NoteForm(request.POST)
    if not form.is_valid():
        messages.warning(request, _("Write something."))
        return back
    try:
        notes.write(text=form.cleaned_data["text"], by=request.user, now=timezone.now(), **about)
    except notes.Unknown as unknown:
        messages.error(
            request, _("%(unknown)s The note was not kept: %(text)s") % {"unknown": unknown, "text": form.cleaned_data["text"][:200]}
        )
    else:
        messages.success(request, _("Noted."))
    return back


@require_http_methods(["GET", "POST"])
@page(*CARE)
@access.reads_patients
def log_call(request: StaffRequest, uid: UUID) -> HttpResponse:
    """The patient, or somebody for them, called: written down while it is fresh."""
    now = timezone.now()
    patient = get_object_or_404(Patient.objects.visible_to(request.user).select_related("person"), uid=uid)
    access.saw(request, action="view", what="log a call", patients=[patient.pk], now=now)
    records = Patient.objects.filter(Q(pk=patient.pk) | Q(survivor=patient)).values("pk")
    open_ones = list(Journey.objects.visible_to(request.user).open().filter(patient__in=records).select_related("version", "home_site"))
    form = CallForm(open_ones, now, request.POST or None)
    if form.is_valid():
        given, journey = form.cleaned_data, form.journey
        site = journey.home_site if journey and request.user.roles_at(journey.home_site_id) else _site_of(request.user, patient, journey)
        must_hold(request.user, site.pk, *CARE)
        try:
            made = calls.log(
                patient=patient, site=site, journey=journey, caller=given["caller"], called_at=given["called_at"], what=given["said"],
                words=given["words"], by=request.user, now=now,
            )  # fmt: skip
        except calls.TooEarly as wrong:
            form.add_error("called_at", str(wrong))
        else:
            messages.success(request, _("Written down.") + (_(" Somebody is asked to act on it.") if made.item else ""))
            return redirect("journey", uid=journey.uid) if journey else redirect("patient", uid=uid)
    context = {"form": form, "patient": patient}
    return render(request, "notifications/log_call.html", context, status=422 if form.is_bound else 200)


def _site_of(user: User, patient: Patient, journey: Journey | None = None) -> Site:
    """The user's site that knows the patient, the first where there are several; else the one that takes part in the journey, which need not."""
    mine = user.site_ids()
    known = patient.sites.filter(site__in=mine).select_related("site").order_by("site").first()
    if known is not None:
        return known.site
    taking_part = JourneySite.objects.filter(journey=journey, site__in=mine).select_related("site").order_by("site").first()
    if taking_part is None:
        raise Http404
    return taking_part.site
