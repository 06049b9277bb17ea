"""Consents by the list, and the share of patients whom a text can reach, by stratum: who is left out, and where asking would help."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from notifications import consent_lists
from notifications.wording.compiler import languages
from pathways import uploads
from pathways.models import Journey
from pathways.reports.hiding import hidden_of
from pathways.reports.sheet import Sum
from patients import access
from patients.contactable import STRATA, Share, share
from patients.models import ConsentKind, Role, Site, User
from patients.templatetags.finalmile import translated
from patients.views import sent
from patients.views.guard import StaffRequest, page

COLLECTING = (Role.NAVIGATOR, Role.LEAD, Role.ADMINISTRATOR)
SHOWN_WRONG = 100


class ListForm(forms.Form):
    site = forms.ModelChoiceField(queryset=Site.objects.none(), label=gettext_lazy("Site"), empty_label=None)
    kind = forms.ChoiceField(
        label=gettext_lazy("What they agreed to or refused"),
        choices=ConsentKind.choices,
        help_text=gettext_lazy("For rows that name no kind."),
    )
    form_version = forms.CharField(label=gettext_lazy("Version of the form or script"), max_length=40)
    language = forms.ChoiceField(label=gettext_lazy("Language of the form"), required=False)
    kept_at = forms.CharField(label=gettext_lazy("Where the signed forms are kept"), max_length=100, required=False)
    file = forms.FileField(
        label=gettext_lazy("List, CSV"),
        help_text=gettext_lazy("With a heading. Columns: mrn, decision (yes or no), date; kind and programme if they differ."),
    )
    only_check = forms.BooleanField(label=gettext_lazy("Only check; write nothing yet"), required=False, initial=True)

    def __init__(self, user: User, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files)
        site, language = self.fields["site"], self.fields["language"]
        assert isinstance(site, forms.ModelChoiceField)
        assert isinstance(language, forms.ChoiceField)
        held = user.memberships.filter(until__isnull=True, role__in=COLLECTING).values("site")
        site.queryset = Site.objects.filter(pk__in=held).order_by("name")
        language.choices = [
            ("", _("unknown")),
            *((code, translated(one.name)) for code, one in languages().items()),
            ("other", _("another")),
        ]


@dataclass(frozen=True, slots=True)
class Stratum:
    """One row of a table; numbers that could tell of single people are None."""

    name: str
    reached: int | None
    mailed: int | None
    total: int | None
    percent: int | None


@require_http_methods(["GET", "POST"])
@page(*COLLECTING)
def consents(request: StaffRequest) -> HttpResponse:
    now = timezone.now()
    form = ListForm(request.user, request.POST or None, request.FILES or None)
    checked = _take(form, request) if form.is_valid() else None
    patients = _on_programmes(request.user)
    everybody = sorted({patient for some in patients.values() for patient in some[1]})
    access.saw(request, action="report", what="contactable share", patients=everybody, now=now)
    context = {
        "form": form,
        "checked": checked,
        "wrong": checked.wrong[:SHOWN_WRONG] if checked else [],
        "shares": [(title, tables(some, code, now.date())) for code, (title, some) in patients.items()],
        "now": now,
    }
    return render(request, "notifications/consents.html", context, status=422 if form.is_bound and checked is None else 200)


def _take(form: ListForm, request: StaffRequest) -> consent_lists.Checked | None:
    given = form.cleaned_data
    try:
        checked = consent_lists.check(sent.body(given["file"], uploads.LARGEST), site=given["site"], now=timezone.now(), kind=given["kind"])
    except consent_lists.Unusable as why:
        form.add_error("file", str(why))
        return None
    if given["only_check"]:
        messages.info(request, _("%(n)s decisions could be written. Nothing was written yet.") % {"n": len(checked.heard)})
        return checked
    batch = consent_lists.Batch(given["form_version"], given["language"], given["kept_at"])
    written = consent_lists.take_in(checked, batch=batch, by=request.user)
    messages.success(request, _("%(written)s decisions written.") % {"written": written})
    return checked


def _on_programmes(user: User) -> Mapping[str, tuple[str, set[int]]]:
    """Patients of the user's sites by programme that they are on now."""
    found: dict[str, tuple[str, set[int]]] = {}
    running = Journey.objects.visible_to(user).open().order_by("pathway")
    for code, title, patient, survivor in running.values_list("pathway", "version__title", "patient", "patient__survivor"):
        found.setdefault(code, (title, set()))[1].add(survivor or patient)
    return found


def tables(patients: Collection[int], programme: str, on: Any) -> list[tuple[str, list[Stratum]]]:
    """One table a stratum; small numbers hidden, also against subtraction."""
    return [(by, _rows(share(patients, programme=programme, on=on, by=by), _names(by))) for by in STRATA]


def _names(by: str) -> Mapping[str, str]:
    return {code: translated(one.name) for code, one in languages().items()} if by == "language" else {}


def _rows(shares: Mapping[str, Share], names: Mapping[str, str] | None = None) -> list[Stratum]:
    counts = {
        f"{name}:{part}": count
        for name, one in shares.items()
        for part, count in (("total", one.total), ("reached", one.contactable), ("mailed", one.mailed))
    }
    rest = {f"{name}:rest": one.total - one.contactable - one.mailed for name, one in shares.items()}
    totals = {
        "total": sum(one.total for one in shares.values()),
        "reached": sum(one.contactable for one in shares.values()),
        "mailed": sum(one.mailed for one in shares.values()),
    }
    sums = [Sum(f"{name}:total", (f"{name}:reached", f"{name}:mailed", f"{name}:rest")) for name in shares]
    sums += [Sum(part, tuple(f"{name}:{part}" for name in shares)) for part in totals]
    hidden = hidden_of({**totals, **counts}, sums, latent=rest, levels=[totals])
    rows = []
    for name, one in shares.items():
        total = None if f"{name}:total" in hidden else one.total
        reached = None if total is None or f"{name}:reached" in hidden else one.contactable
        percent = None if reached is None or not total else round(100 * reached / total)
        mailed = None if total is None or f"{name}:mailed" in hidden else one.mailed
        rows.append(Stratum((names or {}).get(name, name), reached, mailed, total, percent))
    return rows
