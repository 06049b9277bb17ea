"""How far each programme has gone at each site: the matrix, one programme at one site, and what a named person changes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from pathways import review, rollouts, signing
from pathways.models import PathwayVersion, Rollout
from pathways.signing import State
from pathways.views.rollout_forms import MEANS, SignForm, SwitchForm
from patients.models import Role, Site, User
from patients.views.guard import GOING_LIVE, StaffRequest, must_hold, page

BY_HAND = "from the rollout page"


@dataclass(frozen=True, slots=True)
class Cell:
    """One programme at one site; `rollout` may be a row that was never saved: it is off."""

    site: Site
    rollout: Rollout
    signed: State
    steers: bool
    sees_patients: bool

    @property
    def asks_signature(self) -> bool:
        return self.signed in (State.UNSIGNED, State.LAPSED)


@dataclass(frozen=True, slots=True)
class Line:
    version: PathwayVersion
    cells: Sequence[Cell]


def steered_sites(user: User) -> list[Site]:
    """Sites where the user may say how far a programme goes."""
    held = user.memberships.filter(until__isnull=True, role__in=GOING_LIVE).values("site")
    return list(Site.objects.filter(pk__in=held).order_by("name"))


def published() -> list[PathwayVersion]:
    return list(PathwayVersion.objects.filter(status=PathwayVersion.Status.PUBLISHED).order_by("title"))


@require_GET
@page(*GOING_LIVE, Role.NAVIGATOR)
def matrix(request: StaffRequest) -> HttpResponse:
    """Who may say how far a programme goes opens it; navigators open what concerns their patients: trial run and review list."""
    steered, now = steered_sites(request.user), timezone.now()
    held = request.user.memberships.filter(until__isnull=True)
    caring = set(held.filter(role__in=[Role.NAVIGATOR, Role.LEAD]).values_list("site", flat=True))
    sites = list(Site.objects.filter(pk__in=caring | {site.pk for site in steered}).order_by("name"))
    known = {(row.site_id, row.pathway): row for row in Rollout.objects.filter(site__in=sites).select_related("default_accountable")}
    lines = [
        Line(
            version,
            [
                Cell(
                    site=site,
                    rollout=known.get((site.pk, version.code)) or Rollout(site=site, pathway=version.code),
                    signed=signing.state(site=site, version=version, now=now),
                    steers=site in steered,
                    sees_patients=site.pk in caring,
                )
                for site in sites
            ],
        )
        for version in published()
    ]
    texting = {site.pk: [row for row in known.values() if row.site_id == site.pk and row.mode == Rollout.Mode.LIVE] for site in steered}
    heads = [(site, len(texting[site.pk]), sum(row.paused_at is not None for row in texting[site.pk])) for site in steered]
    return render(request, "pathways/rollout_matrix.html", {"lines": lines, "sites": sites, "heads": heads, "tab": "rollout"})


@require_http_methods(["GET", "POST"])
@page(*GOING_LIVE)
def rollout(request: StaffRequest, site: str, code: str) -> HttpResponse:
    """One programme at one site; POST changes the mode."""
    row, version = row_of(request, site, code)
    form = SwitchForm(row, request.POST or None)
    if request.method == "POST" and form.is_valid() and _switched(request, row, form):
        return redirect("rollout", site=site, code=code)
    return _one(request, row, version, form)


@require_POST
@page(*GOING_LIVE)
def pause(request: StaffRequest, site: str, code: str) -> HttpResponse:
    """One click, no question asked: texts of the programme stop at the site."""
    row, _ = row_of(request, site, code)
    rollouts.pause(rollout=row, by=request.user, reason=request.POST.get("reason", "") or BY_HAND, now=timezone.now())
    messages.success(request, gettext("Texts of this programme are paused at %(site)s. Work items go on.") % {"site": row.site})
    return redirect("rollout", site=site, code=code)


@require_POST
@page(*GOING_LIVE)
def resume(request: StaffRequest, site: str, code: str) -> HttpResponse:
    row, _ = row_of(request, site, code)
    rollouts.resume(rollout=row, by=request.user, reason=request.POST.get("reason", "") or BY_HAND, now=timezone.now())
    messages.success(request, gettext("Texts of this programme go out again at %(site)s.") % {"site": row.site})
    return redirect("rollout", site=site, code=code)


@require_POST
@page(*GOING_LIVE)
def pause_site(request: StaffRequest, site: str) -> HttpResponse:
    """Every programme that texts at the site."""
    place = site_of(request.user, site)
    now, stopped = timezone.now(), 0
    for row in Rollout.objects.filter(site=place, mode=Rollout.Mode.LIVE).select_related("site").order_by("pk"):
        stopped += rollouts.pause(rollout=row, by=request.user, reason=BY_HAND, now=now)
    messages.success(
        request,
        gettext("Texts of %(stopped)s programmes are paused at %(place)s. Work items go on.") % {"stopped": stopped, "place": place},
    )
    return redirect("rollouts")


@require_POST
@page(*GOING_LIVE)
def resume_site(request: StaffRequest, site: str) -> HttpResponse:
    place = site_of(request.user, site)
    now, going = timezone.now(), 0
    for row in Rollout.objects.filter(site=place, mode=Rollout.Mode.LIVE).select_related("site").order_by("pk"):
        going += rollouts.resume(rollout=row, by=request.user, reason=BY_HAND, now=now)
    messages.success(request, gettext("Texts of %(going)s programmes go out again at %(place)s.") % {"going": going, "place": place})
    return redirect("rollouts")


@require_POST
@page(Role.LEAD)
def sign(request: StaffRequest, site: str, code: str) -> HttpResponse:
    """The lead of the site answers for the local targets of the version in force."""
    row, version = row_of(request, site, code)
    must_hold(request.user, row.site_id, Role.LEAD)
    if request.POST.get("version") != str(version.number):
        messages.warning(request, gettext("Another version came into force meanwhile. Read its targets before you sign."))
        return redirect("rollout", site=site, code=code)
    signing.sign(site=row.site, version=version, by=request.user, note=request.POST.get("note", "")[:500], now=timezone.now())
    messages.success(request, gettext("Signed for %(site)s. The signature holds for twelve months.") % {"site": row.site})
    return redirect("rollout", site=site, code=code)


def row_of(request: StaffRequest, site: str, code: str) -> tuple[Rollout, PathwayVersion]:
    """Of a site where the user may say how far it goes; other sites do not exist for them."""
    return row_at(site_of(request.user, site), code)


def row_at(place: Site, code: str) -> tuple[Rollout, PathwayVersion]:
    """The rollout (a row never saved where it is off) and the version in force."""
    version = get_object_or_404(PathwayVersion, code=code, status=PathwayVersion.Status.PUBLISHED)
    found = Rollout.objects.filter(site=place, pathway=code).select_related("site", "default_accountable", "changed_by").first()
    return found or Rollout(site=place, pathway=code), version


def site_of(user: User, code: str) -> Site:
    found = next((site for site in steered_sites(user) if site.code == code), None)
    if found is None:
        raise Http404
    return found


def _switched(request: StaffRequest, row: Rollout, form: SwitchForm) -> bool:
    """Does it, or puts the refusal beside its field."""
    now = timezone.now()
    try:
        rollouts.switch(site=row.site, pathway=row.pathway, by=request.user, now=now, **form.changes(now))
    except (rollouts.Refused, signing.NotSigned) as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, refusal.why.capitalize() + ".")
        return False
    messages.success(request, gettext("Changed, with your name and reason on record."))
    return True


def _one(request: StaffRequest, row: Rollout, version: PathwayVersion, form: forms.Form) -> HttpResponse:
    now = timezone.now()
    changes = row.changes.select_related("by").order_by("-at", "-pk")[:50] if row.pk else []
    found = review.waiting(row, now=now)
    context = {
        "row": row,
        "version": version,
        "means": MEANS[Rollout.Mode(row.mode)],
        "form": form,
        "sign_form": SignForm(),
        "targets": signing.unsourced(version),
        "signature": signing.words(signing.latest(site=row.site, version=version)),
        "signed": signing.state(site=row.site, version=version, now=now),
        "may_sign": Role.LEAD in request.user.roles_at(row.site_id),
        "changes": changes,
        "listed": len(found),
        "next_share": len(review.share(row, found)),
        "sees_patients": bool(request.user.roles_at(row.site_id) & {Role.LEAD, Role.NAVIGATOR}),
        "tab": "rollout",
    }
    return render(request, "pathways/rollout.html", context, status=422 if form.is_bound else 200)
