"""Candidates: people who may belong on a programme. A person accepts, or says why not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from notifications.views import lanes
from notifications.views.lines import about, record_numbers
from notifications.views.story import detail
from notifications.views.workdays import Distance, clock_of_site, distance
from notifications.views.worklist import tabs
from pathways import candidates as verbs
from pathways.models import Event, Journey, Matter, PathwayVersion
from patients import access
from patients.models import User
from patients.templatetags.finalmile import later, translated, words
from patients.views.guard import STEERING, StaffRequest, page

MOST = 100


class RefuseForm(forms.Form):
    reason = forms.ChoiceField(
        label=gettext_lazy("Why not"),
        choices=[(code, later(said)) for code, said in verbs.REFUSALS.items()],
        widget=forms.RadioSelect,
    )


@dataclass(frozen=True, slots=True)
class Row:
    matter: Matter
    about: str
    programme: str
    why: str
    found_by: str
    late: Distance


@require_GET
@page(*STEERING)
def candidates(request: StaffRequest) -> HttpResponse:
    """The longest waiting first."""
    now = timezone.now()
    found = list(lanes.candidates(request.user).select_related("patient__person").order_by("due_at", "pk")[:MOST])
    access.saw(request, action="list", what="candidates", patients=patients_of(found), now=now)
    context = {"rows": rows(found, now), "lane_tabs": tabs(request.user, "candidates", now), "now": now, "most": MOST}
    return render(request, "notifications/candidates.html", context)


@require_http_methods(["GET", "POST"])
@page(*STEERING)
def candidate(request: StaffRequest, uid: UUID) -> HttpResponse:
    """What speaks for this person, and the two answers. POST refuses; accepting has a route of its own."""
    now = timezone.now()
    matter = matter_of(request.user, uid)
    form = RefuseForm(request.POST or None)
    if matter.closed_at is None and form.is_valid():
        return _settle(
            request, lambda: verbs.refuse(matter=matter, reason=form.cleaned_data["reason"], by=request.user, now=now), _("Refused.")
        )
    access.saw(request, action="view", what="candidate", patients=patients_of([matter]), now=now)
    others = Journey.objects.visible_to(request.user).filter(patient=matter.patient).select_related("version")
    context = {"row": rows([matter], now)[0], "matter": matter, "form": form, "others": others, "basis": basis_of(matter)}
    return render(request, "notifications/candidate.html", context)


@require_http_methods(["POST"])
@page(*STEERING)
def accept(request: StaffRequest, uid: UUID) -> HttpResponse:
    matter = matter_of(request.user, uid)
    opened: list[Journey] = []
    response = _settle(
        request,
        lambda: opened.append(verbs.accept(matter=matter, by=request.user, now=timezone.now())),
        _("Accepted: the journey is open and its clocks run."),
    )
    return redirect("journey", uid=opened[0].uid) if opened else response


def _settle(request: StaffRequest, verb: object, said: str) -> HttpResponse:
    try:
        verb()  # type: ignore[operator]
    except verbs.AlreadySettled:
        messages.warning(request, _("Somebody else settled this candidate first."))
    else:
        messages.success(request, said)
    return redirect("candidates")


def matter_of(user: User, uid: UUID) -> Matter:
    """A candidate of a site where the user may decide; all others do not exist for them."""
    return get_object_or_404(lanes.decidable_by(user).select_related("patient__person", "site"), uid=uid)


def patients_of(matters: list[Matter]) -> list[int]:
    return [matter.patient_id for matter in matters if matter.patient_id]


def rows(matters: list[Matter], now: datetime) -> list[Row]:
    numbers = record_numbers(patients_of(matters))
    titles = dict(PathwayVersion.objects.filter(status=PathwayVersion.Status.PUBLISHED).values_list("code", "title"))
    reasons = basis_texts(matters)
    return [
        Row(
            matter=matter,
            about=about(matter.patient, numbers.get(matter.patient_id), now.date()),
            programme=translated(titles.get(matter.detail["pathway"], matter.detail["pathway"])),
            why=reasons.get(matter.detail.get("basis", ""), matter.get_kind_display()),
            found_by=words(matter.detail.get("found_by", "")),
            late=distance(matter.due_at, now, clock_of_site(matter.site_id)),
        )
        for matter in matters
    ]


def basis_texts(matters: list[Matter]) -> dict[str, str]:
    """What was said that made each person a candidate, by lineage."""
    lineages = [matter.detail["basis"] for matter in matters if matter.detail.get("basis")]
    events = Event.objects.filter(lineage__in=lineages, patient__in=patients_of(matters)).order_by("pk")
    return {event.lineage: f"{words(event.kind)}: {detail(event.body) or 'no text'}" for event in events}


def basis_of(matter: Matter) -> Event | None:
    return Event.objects.filter(patient=matter.patient_id, lineage=matter.detail.get("basis", "")).order_by("-pk").first()
