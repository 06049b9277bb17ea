"""The go/no-go page of a trial run: agreed, missed and false against the navigators' own list, and what would have been texted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from notifications import shadow as verbs
from notifications.models import ShadowNote
from notifications.views.lines import about, record_numbers
from notifications.wording.compiler import Unsayable
from notifications.wording.compiler import render as say
from pathways import signing, uploads
from pathways.models import PathwayVersion, Rollout
from pathways.signing import State
from pathways.views.rollouts import row_at
from patients import access
from patients.models import Patient, Role, Site
from patients.templatetags.finalmile import words
from patients.views import sent
from patients.views.guard import GOING_LIVE, StaffRequest, must_hold, page

OPENS = (Role.NAVIGATOR, Role.LEAD)
MAY = (*GOING_LIVE, Role.NAVIGATOR)
MOST_TEXTS = 100


@dataclass(frozen=True, slots=True)
class Row:
    """One patient: what we would have asked, or why we would not, and what was said of it."""

    patient: Patient
    about: str
    said: Sequence[str]
    note: ShadowNote | None


class ListForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("Your own list, CSV"),
        help_text=gettext_lazy("With a heading. Columns: mrn; problem and note if you like. Nothing of the file is kept."),
    )


class NumberForm(forms.Form):
    mrn = forms.CharField(label=gettext_lazy("Record number"), max_length=120)
    note = forms.CharField(label=gettext_lazy("What you had noted"), max_length=500, required=False)


@require_GET
@page(*MAY)
@access.reads_patients
def shadow(request: StaffRequest, site: str, code: str) -> HttpResponse:
    """The numbers for everybody who decides; the patients behind them for those who care for them."""
    now = timezone.now()
    rollout, version = opened(request, site, code)
    found = verbs.compare(rollout.site, code)
    signed = signing.state(site=rollout.site, version=version, now=now) in (State.SIGNED, State.NOTHING)
    sees = bool(request.user.roles_at(rollout.site_id) & set(OPENS))
    groups = groups_of(rollout, found, now) if sees else {}
    shown = {row.patient.pk for rows in groups.values() for row in rows}
    access.saw(request, action="list", what="shadow comparison", patients=shown, now=now)
    criteria = verbs.criteria(found, signed=signed)
    context = {
        "row": rollout,
        "version": version,
        "found": found,
        "criteria": criteria,
        "go": all(one.met for one in criteria),
        "groups": groups,
        "texts": would_be_texts(rollout) if sees else [],
        "texts_n": verbs.texts(rollout.site, code).count(),
        "sees": sees,
        "list_form": ListForm(),
        "number_form": NumberForm(),
        "verdicts": ShadowNote.Verdict.choices,
    }
    return render(request, "notifications/shadow.html", context)


@require_POST
@page(*OPENS)
def put_on_list(request: StaffRequest, site: str, code: str) -> HttpResponse:
    """The navigators' list, as a file or one by one."""
    rollout, _ = caring(request, site, code)
    try:
        known, unknown = verbs.put_on_list(site=rollout.site, pathway=code, lines=_lines(request), by=request.user, now=timezone.now())
    except uploads.Unusable as wrong:
        messages.error(request, str(wrong))
    else:
        messages.success(request, gettext("%(known)s put on your list.") % {"known": known})
        if unknown:
            messages.warning(
                request, gettext("%(unknown)s are not known at this site by that number; they count as missed.") % {"unknown": unknown}
            )
    return redirect("shadow", site=site, code=code)


@require_POST
@page(*OPENS)
def judge(request: StaffRequest, site: str, code: str) -> HttpResponse:
    """The ticks of the whole page at once; only what differs is written."""
    rollout, _ = caring(request, site, code)
    mine = set(verbs.ours(rollout.site, code).values_list("patient__uid", "patient")) | set(
        ShadowNote.objects.filter(site=rollout.site, pathway=code, patient__isnull=False).values_list("patient__uid", "patient")
    )
    said = {pk: ticked for uid, pk in mine if (ticked := _ticked(request, str(uid))) is not None}
    changed = verbs.judge(site=rollout.site, pathway=code, said=said, by=request.user, now=timezone.now())
    messages.success(request, gettext("%(changed)s changed.") % {"changed": changed} if changed else gettext("Nothing differs."))
    return redirect("shadow", site=site, code=code)


def opened(request: StaffRequest, site: str, code: str) -> tuple[Rollout, PathwayVersion]:
    held = request.user.memberships.filter(until__isnull=True, role__in=MAY).values("site")
    place = Site.objects.filter(pk__in=held, code=site).first()
    if place is None:
        raise Http404
    return row_at(place, code)


def caring(request: StaffRequest, site: str, code: str) -> tuple[Rollout, PathwayVersion]:
    """As `opened`, for those who may see the site's patients."""
    found = opened(request, site, code)
    must_hold(request.user, found[0].site_id, *OPENS)
    return found


def groups_of(rollout: Rollout, found: verbs.Compared, now: datetime) -> dict[str, list[Row]]:
    """What waits for a judgement first."""
    ids = {*found.agreed, *found.missed, *found.false, *found.alone, *found.unjudged}
    people, numbers = verbs.named(ids), record_numbers(ids)
    notes, asked = verbs.notes(rollout.site, rollout.pathway), would_be_asked(rollout)
    missed = verbs.why_missed(found.missed, rollout, now=now)

    def rows(some: Iterable[int]) -> list[Row]:
        return [
            Row(people[pk], about(people[pk], numbers.get(pk), now.date()), asked.get(pk) or [missed.get(pk, "")], notes.get(pk))
            for pk in some
            if pk in people
        ]

    return {
        "Ours, not judged yet": rows(found.unjudged),
        "We missed": rows(found.missed),
        "Agreed": rows(found.agreed),
        "Ours alone, and right": rows(found.alone),
        "False": rows(found.false),
    }


def would_be_asked(rollout: Rollout) -> dict[int, list[str]]:
    asked: dict[int, list[str]] = {}
    for item in verbs.ours(rollout.site, rollout.pathway).order_by("priority", "opened_at", "pk"):
        assert item.patient_id is not None
        what = gettext("%(problem)s, to the %(audience)s") % {"problem": words(item.problem), "audience": words(item.audience).lower()}
        if what not in asked.setdefault(item.patient_id, []):
            asked[item.patient_id].append(what)
    return asked


def would_be_texts(rollout: Rollout) -> list[tuple[Patient | None, datetime, str]]:
    site = rollout.site
    return [
        (text.patient, text.created_at, _said(text.wording, text.patient, site)) for text in verbs.texts(site, rollout.pathway)[:MOST_TEXTS]
    ]


def _said(wording: str, patient: Patient | None, site: Site) -> str:
    given = patient.person.given.split() if patient else []
    language = patient.person.language if patient else ""
    try:
        return say(wording, language, first_name=given[0] if given else "", org=site.sender_name, phone=site.call_back).body
    except Unsayable as fault:
        return gettext("%(wording)s (could not be written: %(reason)s)") % {"wording": wording, "reason": fault.reason}


def _lines(request: StaffRequest) -> list[uploads.Line]:
    file = request.FILES.get("file")
    if isinstance(file, UploadedFile):
        return uploads.read(sent.body(file, uploads.LARGEST))
    form = NumberForm(request.POST)
    if not form.is_valid():
        raise uploads.Unusable(gettext("Choose a file, or give a record number."))
    return [uploads.Line(1, form.cleaned_data["mrn"].strip(), {"note": form.cleaned_data["note"]})]


def _ticked(request: StaffRequest, uid: str) -> tuple[bool, str, str] | None:
    """What the form says of a patient; None where the page did not show them."""
    verdict = request.POST.get(f"verdict-{uid}")
    if verdict is None or verdict not in ("", *ShadowNote.Verdict.values):
        return None
    return f"listed-{uid}" in request.POST, verdict, request.POST.get(f"note-{uid}", "").strip()
