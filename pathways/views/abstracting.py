"""A report that only a person can read, with the form beside it: one reads, another confirms. The same form on paper."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from csp.decorators import csp_update
from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_http_methods

from pathways import abstracting as verbs
from pathways import matters
from pathways.models import Abstraction, Event, Journey, Matter, PathwayVersion
from pathways.views.abstract_forms import ReadForm, label_of
from patients import access
from patients.models import User
from patients.templatetags.finalmile import translated
from patients.views.guard import CARE, StaffRequest, must_hold, page

SHOWS = {"frame-src": ["'self'"], "object-src": ["'self'"]}
WAITING = 50


class SendBackForm(forms.Form):
    why = forms.CharField(label=gettext_lazy("What you read otherwise"), max_length=200)


def matters_of(user: User) -> Any:
    return Matter.objects.filter(site__in=user.site_ids(), kind__in=verbs.KINDS)


@require_GET
@page(*CARE)
@access.reads_patients
def reports(request: StaffRequest) -> HttpResponse:
    """Reports to read and to confirm at one's sites, the longest waiting first."""
    found = matters_of(request.user).filter(closed_at=None).exclude(mode="shadow").select_related("patient__person", "site")
    rows = list(found.order_by("due_at", "pk")[:WAITING])
    read = Abstraction.objects.waiting().filter(matter__in=rows).select_related("read_by").order_by("pk")
    access.saw(request, action="list", what="reports to read", patients=[row.patient_id for row in rows], now=timezone.now())
    context = {"rows": [(row, next((one for one in read if one.matter_id == row.pk), None)) for row in rows], "most": WAITING}
    return render(request, "pathways/reports_to_read.html", context)


@require_http_methods(["GET", "POST"])
@page(*CARE)
@access.reads_patients
@csp_update(SHOWS)  # type: ignore[arg-type]
def read_report(request: StaffRequest, uid: UUID) -> HttpResponse:
    """The form beside the report; a report that was read once is shown with what was read, to be confirmed or sent back."""
    matter = get_object_or_404(matters_of(request.user).select_related("patient__person", "site", "journey__version"), uid=uid)
    access.saw(request, action="view", what="report to read", patients=[matter.patient_id], now=timezone.now())
    waiting = Abstraction.objects.waiting().filter(matter=matter).select_related("read_by", "document", "journey__version").first()
    if waiting is not None:
        return _confirming(request, waiting, matter)
    if matter.closed_at is not None or matter.kind == "second_reading":
        messages.info(request, _("Somebody settled this report already."))
        return redirect("reports_to_read")
    journey = _journey_of(matter)
    form = ReadForm(journey.pathway, request.POST or None)
    if form.is_valid():
        must_hold(request.user, journey.home_site_id, *CARE)
        return _kept(request, form, journey, matter)
    document = verbs.document_of(matter)
    context = {"form": form, "journey": journey, "matter": matter, "document": document, **_shown(matter, document)}
    return render(request, "pathways/read_report.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@page(*CARE)
@access.reads_patients
def report_by_hand(request: StaffRequest, uid: UUID) -> HttpResponse:
    """A report that came by fax, by post or as a file: the same form, with the file kept beside it."""
    journey = get_object_or_404(Journey.objects.visible_to(request.user).select_related("patient__person", "version"), uid=uid)
    access.saw(request, action="view", what="report by hand", patients=[journey.patient_id], now=timezone.now())
    must_hold(request.user, journey.home_site_id, *CARE)
    form = ReadForm(journey.pathway, request.POST or None, request.FILES or None, by_hand=True)
    if form.is_valid():
        return _kept(request, form, journey, None)
    return render(request, "pathways/read_report.html", {"form": form, "journey": journey}, status=422 if form.is_bound else 200)


def _kept(request: StaffRequest, form: ReadForm, journey: Journey, matter: Matter | None) -> HttpResponse:
    try:
        verbs.read(
            journey=journey,
            reading=form.reading,
            by=request.user,
            now=timezone.now(),
            matter=matter,
            original=form.cleaned_data.get("scan"),
        )
    except (verbs.Refused, matters.AlreadySettled) as refused:
        messages.error(request, str(refused) or _("Somebody else read this report first."))
        return redirect("reports_to_read")
    messages.success(request, _("Kept. It counts when a second person has confirmed it."))
    return redirect("journey", uid=journey.uid)


def _confirming(request: StaffRequest, waiting: Abstraction, matter: Matter) -> HttpResponse:
    form = SendBackForm(request.POST if "why" in request.POST else None)
    own = waiting.read_by_id == request.user.pk
    if request.method == "POST" and (form.is_valid() or "confirm" in request.POST):
        must_hold(request.user, waiting.site_id, *CARE)
        return _settled(request, waiting, form)
    reading = verbs.reading_of(waiting)
    asked_first = [one for one in verbs.genes_of(waiting.journey.pathway) if one in reading.genes]
    genes = [(label_of(one), reading.genes[one]) for one in dict.fromkeys([*asked_first, *reading.genes])]
    shown = _shown(matter, waiting.document, waiting)
    context = {
        "waiting": waiting,
        "reading": reading,
        "genes": genes,
        "own": own,
        "form": form,
        "matter": matter,
        **shown,
    }
    return render(request, "pathways/confirm_report.html", context, status=422 if form.is_bound else 200)


def _settled(request: StaffRequest, waiting: Abstraction, form: SendBackForm) -> HttpResponse:
    now = timezone.now()
    try:
        if "confirm" in request.POST:
            verbs.confirm(abstraction=waiting, by=request.user, now=now)
            messages.success(request, _("Confirmed: the result counts from now on."))
        else:
            verbs.send_back(abstraction=waiting, why=form.cleaned_data["why"], by=request.user, now=now)
            messages.success(request, _("Sent back: somebody reads the report anew."))
    except verbs.Refused as refused:
        messages.error(request, str(refused))
        return redirect("read_report", uid=waiting.matter.uid) if waiting.matter else redirect("reports_to_read")
    return redirect("journey", uid=waiting.journey.uid)


def _journey_of(matter: Matter) -> Journey:
    found = matter.journey or Journey.objects.filter(pk=matter.detail.get("journey"), patient=matter.patient_id).first()
    if found is None:
        raise Http404
    return found


def _shown(matter: Matter, document: Event | None, waiting: Abstraction | None = None) -> dict[str, Any]:
    """What to look at beside the form: documents by their number, and the words of the report."""
    documents = verbs.originals_of(document, waiting)
    return {"originals": list(enumerate(documents)), "words": document.body.get("text", "") if document else "", "matter": matter}


@require_GET
@page(*CARE)
@access.reads_patients
@xframe_options_sameorigin
@csp_update({"frame-ancestors": ["'self'"], "style-src": ["'unsafe-inline'"], "object-src": ["'self'"]})  # type: ignore[arg-type]
def original(request: StaffRequest, uid: UUID, place: str) -> HttpResponse:
    """One document as it was sent. Its type is told by its bytes; what a browser might run is handed out as bytes only."""
    matter = get_object_or_404(matters_of(request.user), uid=uid)
    waiting = Abstraction.objects.filter(matter=matter).select_related("document__inbound").first()
    documents = verbs.originals_of(waiting.document if waiting else verbs.document_of(matter), waiting)
    if not place.isdecimal() or int(place) >= len(documents):
        raise Http404
    access.saw(request, action="view", what="original of a report", patients=[matter.patient_id], now=timezone.now())
    found = documents[int(place)]
    response = HttpResponse(found.data, content_type=found.type)
    response["Content-Disposition"] = "inline" if found.shown else 'attachment; filename="report"'
    response["Cache-Control"] = "no-store"
    return response


@require_GET
@page(*CARE)
def paper_form(request: StaffRequest, code: str) -> HttpResponse:
    """The form to be filled in by pen, for nobody in particular."""
    version = get_object_or_404(PathwayVersion, code=code, status=PathwayVersion.Status.PUBLISHED)
    return render(request, "pathways/paper_form.html", {"form": ReadForm(code), "title": translated(version.title)})


@require_GET
@page(*CARE)
@access.reads_patients
def paper_form_of(request: StaffRequest, uid: UUID) -> HttpResponse:
    """The same with the patient's name, number and programme on it."""
    related = ("patient__person", "version", "home_site", "responsible")
    journey = get_object_or_404(Journey.objects.visible_to(request.user).select_related(*related), uid=uid)
    access.saw(request, action="export", what="paper form", patients=[journey.patient_id], now=timezone.now())
    numbers = journey.patient.identifiers.filter(until=None).order_by("type", "pk")
    context = {"form": ReadForm(journey.pathway), "title": translated(journey.version.title), "journey": journey, "numbers": numbers}
    return render(request, "pathways/paper_form.html", context)
