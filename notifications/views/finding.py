"""Finding work: by the patient's name or number (posted), what is new since the page was made, what was lost, and views that are kept."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from notifications.models import SavedView, WorkItem
from notifications.views import lanes
from notifications.views.filters import Wanted
from notifications.views.lines import about, lines, record_numbers
from notifications.views.pages import COUNTED
from notifications.views.worklist import tabs
from patients import access
from patients.models import Site
from patients.templatetags.finalmile import later
from patients.views import sent
from patients.views.guard import CARE, StaffRequest, must_hold, page
from patients.views.search import SearchForm, find

MOST = 50


@require_http_methods(["GET", "POST"])
@page(*CARE)
def find_items(request: StaffRequest) -> HttpResponse:
    """Open work about patients of this name, record number or phone, whoever has it. What is typed never stands in an address."""
    now = timezone.now()
    form = SearchForm(request.POST or None)
    items: list[WorkItem] = []
    if form.is_valid():
        patients = find(form.cleaned_data["text"].strip(), request.user).values("pk")[:MOST]
        open_now = lanes.shown(request.user).open().filter(patient__in=list(patients.values_list("pk", flat=True)))
        items = list(lanes.for_lines(open_now).order_by("priority", "due_at", "pk")[:MOST])
        access.saw(request, action="search", what="queue search", patients=[item.patient_id for item in items if item.patient_id], now=now)
    context = {"form": form, "lines": lines(items, request.user, now), "searched": form.is_bound and form.is_valid(), "now": now}
    return render(request, "notifications/find.html", context)


@require_GET
@page(*CARE)
def newcomers(request: StaffRequest) -> HttpResponse:
    """How many items came to a lane since its page was made; they are shown when the reader asks for it."""
    now = timezone.now()
    since = sent.moment(request.GET.get("since")) or now
    lane, wanted = lanes.lane_named(request.GET.get("lane", "")), Wanted.read(request.GET, now)
    came = lane.items(request.user, wanted).filter(Q(opened_at__gt=since) | Q(returned_at__gt=since))
    return render(request, "notifications/newcomers.html", {"count": came[:COUNTED].count(), "lane": lane, "wanted": wanted})


@require_GET
@page(*CARE)
def lost(request: StaffRequest) -> HttpResponse:
    """Journeys that ended for a preventable reason, latest first: nobody is taken off the list without one."""
    now = timezone.now()
    ended = lanes.lost(request.user, now).select_related(
        "patient__person", "patient__survivor__person", "version", "accountable", "home_site"
    )
    found = list(ended.defer("version__body").order_by("-ended_at", "pk")[:MOST])
    access.saw(request, action="list", what="lost", patients=[journey.patient_id for journey in found], now=now)
    numbers = record_numbers(journey.patient_id for journey in found)
    rows = [(journey, about(journey.patient, numbers.get(journey.patient_id), now.date())) for journey in found]
    context = {"rows": rows, "lane_tabs": tabs(request.user, "lost", now), "now": now, "most": MOST, "days": lanes.LOST_STAYS.days}
    return render(request, "notifications/lost.html", context)


class ViewForm(forms.Form):
    name = forms.CharField(max_length=60)
    lane = forms.ChoiceField(choices=[(lane.name, later(lane.label)) for lane in lanes.LANES])
    share = forms.SlugField(required=False)


@require_POST
@page(*CARE)
def save_view(request: StaffRequest) -> HttpResponse:
    """Keeps the filters of a lane under a name; shared, everybody of the site sees it."""
    form = ViewForm(request.POST)
    if not form.is_valid():
        messages.warning(request, _("Give the view a name."))
        return redirect("queue")
    given, wanted = form.cleaned_data, Wanted.read(request.POST, timezone.now())
    site = Site.objects.filter(code=given["share"], pk__in=request.user.site_ids()).first()
    if site is not None:
        must_hold(request.user, site.pk, *CARE)
    SavedView.objects.update_or_create(
        owner=request.user, name=given["name"], defaults={"lane": given["lane"], "filters": wanted.codes, "site": site}
    )
    messages.success(request, _("View kept."))
    return redirect(f"/queue/?lane={given['lane']}{wanted.query}")


@require_POST
@page(*CARE)
def forget_view(request: StaffRequest) -> HttpResponse:
    """Only the one who keeps it forgets it."""
    SavedView.objects.filter(pk=sent.number(request.POST.get("view")), owner=request.user).delete()
    return redirect("queue")
