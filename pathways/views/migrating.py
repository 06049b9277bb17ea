"""Moving open journeys to the version in force, site by site: what would happen, doing it, taking it back."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.db.models import Count, Exists, OuterRef
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from pathways import migrating
from pathways.migrating import Plan, Row
from pathways.models import Binding, Journey, PathwayVersion
from pathways.replaying.migration import KIND
from pathways.views.versions import one
from patients import access
from patients.models import Role, Site
from patients.views.guard import StaffRequest, page

CLOCKS = {
    "keep": gettext_lazy("Keep every deadline as it is"),
    "recompute": gettext_lazy("Compute deadlines anew, as if the new version had been in force"),
    "restart": gettext_lazy("Count every deadline from now"),
}
MOST = 200


class PlanForm(forms.Form):
    """What a lead chooses; the page shows what would follow before anything moves."""

    clock = forms.ChoiceField(
        label=gettext_lazy("Deadlines of open waits"), choices=list(CLOCKS.items()), widget=forms.RadioSelect, initial="keep"
    )
    stages = forms.CharField(
        label=gettext_lazy("Stages with another name"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("One a line: main.old=main.new. With nothing after the sign a side track's wait is closed."),
    )

    def stage_map(self) -> dict[str, str]:
        lines = [line.strip() for line in self.cleaned_data["stages"].splitlines() if line.strip()]
        if odd := [line for line in lines if "=" not in line]:
            raise ValueError(gettext("%(odd)s: write old=new") % {"odd": odd[0]})
        return {before.strip(): after.strip() for before, _, after in (line.partition("=") for line in lines)}


@dataclass(frozen=True, slots=True)
class Place:
    """One site: open journeys by version, and how many were moved to the one in force."""

    site: Site
    versions: list[tuple[int, int]]
    elsewhere: int
    moved: int


@dataclass(frozen=True, slots=True)
class Shown:
    journey: Journey
    row: Row


@require_GET
@page(Role.LEAD)
@access.reads_patients
def migration(request: StaffRequest, code: str, number: str) -> HttpResponse:
    """The sites of the lead, and for one of them the preview."""
    now = timezone.now()
    version = _in_force(code, number)
    places = [_place(site, version) for site in _sites(request)]
    site = next((place.site for place in places if place.site.code == request.GET.get("site")), None)
    form = PlanForm(request.GET if site else None)
    plan = _plan(version, form) if site else None
    rows = migrating.preview(pathway=code, plan=plan, now=now, site=site) if plan and site else []
    shown = _shown(rows[:MOST])
    access.saw(request, action="list", what="migration preview", patients=[one.journey.patient_id for one in shown], now=now)
    context = {
        "version": version,
        "places": places,
        "site": site,
        "form": form,
        "plan": plan,
        "shown": shown,
        "moves": sum(not row.refused for row in rows),
        "overdue": sum(row.newly_overdue for row in rows),
        "refused": sum(bool(row.refused) for row in rows),
        "most": MOST if len(rows) > MOST else 0,
    }
    return render(request, "pathways/migration.html", context)


@require_POST
@page(Role.LEAD)
def migrate(request: StaffRequest, code: str, number: str, site: str) -> HttpResponse:
    version, place = _in_force(code, number), _site(request, site)
    plan = _plan(version, PlanForm(request.POST))
    if plan is None:
        messages.warning(request, gettext("Nothing was moved: look at the preview first."))
        return redirect("migrate_journeys", code=code, number=number)
    done = migrating.migrate(pathway=code, plan=plan, site=place, by=request.user, now=timezone.now())
    messages.success(
        request,
        gettext("%(moved)s journeys of %(place)s go on under version %(number)s; %(n)s stayed where they were.")
        % {"moved": done.moved, "place": place, "number": version.number, "n": len(done.refused)},
    )
    return redirect("migrate_journeys", code=code, number=number)


@require_POST
@page(Role.LEAD)
def undo(request: StaffRequest, code: str, number: str, site: str) -> HttpResponse:
    version, place = _in_force(code, number), _site(request, site)
    undone = migrating.undo(pathway=code, version=version, site=place, by=request.user, now=timezone.now())
    messages.success(
        request, gettext("%(undone)s journeys of %(place)s stand under their earlier version again.") % {"undone": undone, "place": place}
    )
    return redirect("migrate_journeys", code=code, number=number)


def _in_force(code: str, number: str) -> PathwayVersion:
    """Journeys move to the version in force only."""
    found = one(code, number)
    if found.status != PathwayVersion.Status.PUBLISHED:
        raise Http404
    return found


def _sites(request: StaffRequest) -> list[Site]:
    held = request.user.memberships.filter(until__isnull=True, role=Role.LEAD).values("site")
    return list(Site.objects.filter(pk__in=held).order_by("name"))


def _site(request: StaffRequest, code: str) -> Site:
    """A site where the user leads; all others do not exist for them."""
    found = next((site for site in _sites(request) if site.code == code), None)
    if found is None:
        raise Http404
    return found


def _place(site: Site, version: PathwayVersion) -> Place:
    here = Journey.objects.open().filter(pathway=version.code, home_site=site)
    counts = list(here.values_list("version__number").annotate(n=Count("pk")).order_by("version__number"))
    acts = Binding.objects.filter(journey=OuterRef("pk"), event__kind=KIND)
    moved = Journey.objects.filter(Exists(acts), version=version, home_site=site).count()
    return Place(site, counts, sum(n for number, n in counts if number != version.number), moved)


def _plan(version: PathwayVersion, form: PlanForm) -> Plan | None:
    if not form.is_valid():
        return None
    try:
        return migrating.target(version, clock=form.cleaned_data["clock"], stages=form.stage_map())
    except ValueError as error:
        form.add_error("stages", str(error))
        return None


def _shown(rows: list[Row]) -> list[Shown]:
    journeys = Journey.objects.select_related("patient__person").in_bulk([row.journey_id for row in rows])
    return [Shown(journeys[row.journey_id], row) for row in sorted(rows, key=lambda row: (not row.refused, not row.newly_overdue))]
