"""Registering and enrolling by hand on one page: who it is, how to reach them, what they agreed to, and the programme.

Whoever is known already and may be meant is shown side by side before anything is written; nothing stands in the address.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from pathways import registering as verbs
from pathways.models import Journey
from pathways.views.register_forms import EnrolForm, RegisterForm, sites_of
from pathways.views.side_by_side import Known, side_by_side
from patients import access, registry
from patients.models import Patient
from patients.views import sent
from patients.views.guard import STEERING, StaffRequest, must_hold, page


@require_http_methods(["GET", "POST"])
@page(*STEERING)
def register(request: StaffRequest) -> HttpResponse:
    """POST registers, unless somebody may be meant: then they are shown, and a second POST says who it is or that it is none of them."""
    if "begin" in request.POST:
        return _ask(request, RegisterForm.begun(request.user, request.POST))
    form = RegisterForm(request.user, request.POST or None)
    if not form.is_valid():
        return _ask(request, form)
    now = timezone.now()
    looked_at = set(Patient.objects.filter(uid__in=sent.uids(request.POST.getlist("looked_at"))).values_list("pk", flat=True))
    try:
        if chosen := request.POST.get("same"):
            patient = verbs.recognise(patient=_chosen(request, form, chosen), said=form.said, site=form.site, now=now)
        else:
            patient = verbs.register(said=form.said, site=form.site, looked_at=looked_at if "new" in request.POST else (), now=now)
    except registry.LooksAlike as alike:
        return _compare(request, form, alike, now)
    except verbs.Refused as refused:
        form.add_error("number", str(refused))
        return _ask(request, form)
    return _go_on(request, form, patient, now)


def _go_on(request: StaffRequest, form: RegisterForm, patient: Patient, now: datetime) -> HttpResponse:
    access.saw(request, action="view", what="register", patients=[patient.pk], now=now)
    if form.agreed and not verbs.agree(patient=patient, agreed=form.agreed, by=request.user, now=now):
        messages.warning(request, _("What was said about texts was not written down: it needs an adult with a phone number."))
    if form.place is None:
        messages.success(request, _("Registered."))
        return redirect("patient", uid=patient.uid)
    return _enrolled(request, form, patient, now)


def _enrolled(request: StaffRequest, form: RegisterForm | EnrolForm, patient: Patient, now: datetime) -> HttpResponse:
    assert form.place is not None
    before = verbs.followed(patient, form.place)
    journey = verbs.enrol(
        patient=patient,
        place=form.place,
        site=form.site,
        since=form.since(now),
        clinician=form.cleaned_data["clinician"],
        by=request.user,
        now=now,
    )
    said = _("On the programme already: this is the journey.") if before else _("Enrolled: the clocks of the programme run.")
    messages.success(request, said)
    return redirect("journey", uid=journey.uid)


@require_http_methods(["GET", "POST"])
@page(*STEERING)
@access.reads_patients
def enrol(request: StaffRequest, uid: UUID) -> HttpResponse:
    """Puts a patient whom we know on a programme."""
    now = timezone.now()
    patient = get_object_or_404(Patient.objects.visible_to(request.user).select_related("person"), uid=uid, pseudonym="")
    access.saw(request, action="view", what="enrol", patients=[patient.pk], now=now)
    form = EnrolForm(request.user, request.POST or None)
    if form.is_valid():
        must_hold(request.user, form.site.pk, *STEERING)
        return _enrolled(request, form, patient, now)
    journeys = Journey.objects.visible_to(request.user).filter(patient=patient).select_related("version").order_by("-opened_at")
    context = {"form": form, "patient": patient, "journeys": journeys}
    return render(request, "pathways/enrol.html", context, status=422 if form.is_bound else 200)


def _chosen(request: StaffRequest, form: RegisterForm, uid: str) -> Patient:
    """Somebody whom the user may see, or whose very number was typed."""
    numbers = [one.patient_id for one in registry.match(form.said) if one.certain]
    seen = Patient.objects.visible_to(request.user) | Patient.objects.filter(pk__in=numbers, survivor=None)
    return get_object_or_404(seen.select_related("person"), uid=sent.uid(uid))


def _compare(request: StaffRequest, form: RegisterForm, alike: registry.LooksAlike, now: datetime) -> HttpResponse:
    known: list[Known] = side_by_side(alike.candidates, form.said, request.user)
    access.saw(
        request, action="search", what="duplicate check", patients=[one.patient.pk for one in known if one.visible or one.certain], now=now
    )
    return _ask(request, form, known)


def _ask(request: StaffRequest, form: RegisterForm, known: list[Known] | None = None) -> HttpResponse:
    context = {
        "form": form,
        "known": known,
        "certain": any(one.certain for one in known or ()),
        "one_site": len(sites_of(request.user)) == 1,
    }
    return render(request, "pathways/register.html", context, status=422 if form.is_bound else 200)
