"""The completeness audit by screen: upload a registry's list, see who is missing here, open candidates by one click."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from pathways import audits as verbs
from pathways import uploads
from pathways.models import PathwayVersion, RegistryAudit, RegistryRow
from pathways.views.rollouts import published
from patients import access
from patients.models import Role, Site, User
from patients.templatetags.finalmile import translated
from patients.views import sent
from patients.views.guard import STEERING, StaffRequest, page

AUDITING = (Role.NAVIGATOR, Role.LEAD)
MOST = 500
Verdict = RegistryRow.Verdict


class UploadForm(forms.Form):
    site = forms.ModelChoiceField(queryset=Site.objects.none(), label=gettext_lazy("Site"), empty_label=None)
    pathway = forms.ChoiceField(label=gettext_lazy("Programme"))
    primary = forms.CharField(
        label=gettext_lazy("Primary codes that count"),
        required=False,
        max_length=60,
        help_text=gettext_lazy("As C34, several with blanks. Blank: every row."),
    )
    file = forms.FileField(
        label=gettext_lazy("The registry’s list, CSV"),
        help_text=gettext_lazy("With a heading. Columns: mrn, birth_date, diagnosis_date, primary. Other columns are left out."),
    )

    def __init__(self, user: User, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files)
        site, pathway = self.fields["site"], self.fields["pathway"]
        assert isinstance(site, forms.ModelChoiceField)
        assert isinstance(pathway, forms.ChoiceField)
        site.queryset = sites_of(user)
        pathway.choices = [(version.code, translated(version.title)) for version in published()]


def sites_of(user: User) -> Any:
    held = user.memberships.filter(until__isnull=True, role__in=AUDITING).values("site")
    return Site.objects.filter(pk__in=held).order_by("name")


@require_http_methods(["GET", "POST"])
@page(*AUDITING)
def audits(request: StaffRequest) -> HttpResponse:
    """All lists of one's sites; POST lays a new one beside the journeys."""
    form = UploadForm(request.user, request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            lines = uploads.read(sent.body(given["file"], uploads.LARGEST))
            stated = {"site": given["site"], "pathway": given["pathway"], "primary": given["primary"]}
            made = verbs.audit(lines=lines, by=request.user, now=timezone.now(), **stated)
        except uploads.Unusable as wrong:
            form.add_error("file", str(wrong))
        else:
            return redirect("audit", uid=made.uid)
    counts = {
        name: Count("rows", filter=Q(rows__verdict=verdict)) for name, verdict in (("here", Verdict.HERE), ("missing", Verdict.MISSING))
    }
    found = RegistryAudit.objects.filter(site__in=sites_of(request.user)).select_related("site", "by").annotate(**counts)
    titles = dict(PathwayVersion.objects.filter(status=PathwayVersion.Status.PUBLISHED).values_list("code", "title"))
    context = {
        "form": form,
        "audits": [(one, titles.get(one.pathway, one.pathway)) for one in found.order_by("-at", "-pk")[:50]],
        "tab": "audit",
    }
    return render(request, "pathways/audits.html", context, status=422 if form.is_bound else 200)


@require_GET
@page(*AUDITING)
@access.reads_patients
def audit(request: StaffRequest, uid: UUID) -> HttpResponse:
    """In the registry, not here; here, not in the registry; each with the reason where it is known."""
    found = audit_of(request.user, uid)
    rows = found.rows.select_related("patient__person", "journey", "matter").order_by("n")
    missing, extras = list(rows.filter(verdict=Verdict.MISSING)[:MOST]), verbs.extras(found)[:MOST]
    shown = {row.patient_id for row in missing if row.patient_id} | {extra.journey.patient_id for extra in extras}
    access.saw(request, action="list", what="registry audit", patients=shown, now=timezone.now())
    counts = dict(found.rows.values_list("verdict").annotate(n=Count("pk")).order_by())
    context = {
        "audit": found,
        "title": PathwayVersion.objects.filter(code=found.pathway, status=PathwayVersion.Status.PUBLISHED)
        .values_list("title", flat=True)
        .first(),
        "missing": missing,
        "extras": extras,
        "counts": {verdict: counts.get(verdict, 0) for verdict in Verdict.values},
        "may_open": sum(row.may_open for row in missing),
        "most": MOST,
        "may_register": request.user.has_role(*STEERING),
        "tab": "audit",
    }
    return render(request, "pathways/audit.html", context)


@require_POST
@page(*AUDITING)
def open_candidates(request: StaffRequest, uid: UUID) -> HttpResponse:
    """One row by its own button, or all that were ticked."""
    found = audit_of(request.user, uid)
    numbers = [int(n) for n in request.POST.getlist("row") if n.isdecimal() and len(n) < 9]
    opened = verbs.open_candidates(audit=found, numbers=numbers, by=request.user, now=timezone.now())
    if opened:
        messages.success(request, _("%(opened)s in the lane of candidates.") % {"opened": opened})
    else:
        messages.warning(request, _("None was opened: choose rows of people who are known here."))
    return redirect("audit", uid=uid)


@require_POST
@page(*AUDITING)
def remove(request: StaffRequest, uid: UUID) -> HttpResponse:
    """The list goes, with its numbers; candidates that it opened stay."""
    audit_of(request.user, uid).delete()
    messages.success(request, _("The list was removed."))
    return redirect("audits")


def audit_of(user: User, uid: UUID) -> RegistryAudit:
    return get_object_or_404(RegistryAudit.objects.select_related("site", "by"), uid=uid, site__in=sites_of(user))
