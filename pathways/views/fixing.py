"""A message that could not be placed, and what a person does about it: whose it is, side by side; whose the number is; all again."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from pathways.ingest import quarantine as verbs
from pathways.models import Feed, Inbound
from pathways.views.quarantine import visible_to
from pathways.views.side_by_side import side_by_side
from patients import access, registry
from patients.demographics import Demographics
from patients.models import Patient
from patients.registry import Candidate
from patients.views import sent
from patients.views.guard import INTAKE, StaffRequest, must_hold, page
from patients.views.search import SHORTEST, find

MOST = 8


class WhoForm(forms.Form):
    text = forms.CharField(label=gettext_lazy("Name, record number or phone"), max_length=100, min_length=SHORTEST, required=False)


class AssignerForm(forms.Form):
    assigner = forms.CharField(label=gettext_lazy("Record numbers of this feed are given by"), max_length=80)


@require_http_methods(["GET", "POST"])
@page(*INTAKE)
@access.reads_patients
def whose(request: StaffRequest, uid: UUID) -> HttpResponse:
    """Who the message says it is about, beside whom we know. POST with `text` looks further, with `patient` decides."""
    found = get_object_or_404(visible_to(request.user).quarantined().select_related("feed__site"), uid=uid, reason__in=verbs.WHOSE)
    parsed = verbs.parsed_of(found)
    said = parsed.person if parsed and parsed.person else Demographics()
    form = WhoForm(request.POST if "text" in request.POST else None)
    if chosen := request.POST.get("patient"):
        return _decided(request, found, chosen)
    candidates = registry.match(said)[:MOST]
    if form.is_valid() and form.cleaned_data["text"]:
        known = {one.patient_id for one in candidates}
        looked = find(form.cleaned_data["text"].strip(), request.user)[:MOST]
        candidates = [*(Candidate(one.pk, _("found by your search")) for one in looked if one.pk not in known), *candidates]
    beside = [one for one in side_by_side(candidates, said, request.user) if one.visible]
    access.saw(request, action="search", what="whose message", patients=[one.patient.pk for one in beside], now=timezone.now())
    context = {
        "message": found,
        "said": said,
        "known": beside,
        "form": form,
        "facts": parsed.facts if parsed else (),
        "several": bool(parsed and len(parsed.subjects) > 1),
    }
    return render(request, "pathways/whose.html", context)


def _decided(request: StaffRequest, found: Inbound, chosen: str) -> HttpResponse:
    must_hold(request.user, found.feed.site_id, *INTAKE)
    now, add = timezone.now(), "add_number" in request.POST
    try:
        if chosen == "new":
            after = verbs.is_somebody_new(inbound=found, by=request.user, now=now)
        else:
            patient = get_object_or_404(Patient.objects.visible_to(request.user), uid=sent.uid(chosen))
            access.saw(request, action="view", what="whose message", patients=[patient.pk], now=now)
            after = verbs.is_about(inbound=found, patient=patient, add_number=add, by=request.user, now=now)
    except verbs.Refused as refused:
        messages.error(request, str(refused))
        return redirect("whose", uid=found.uid)
    return _told(request, after)


def _told(request: StaffRequest, after: Inbound) -> HttpResponse:
    if after.outcome == Inbound.Outcome.QUARANTINED:
        messages.warning(request, _("Still in quarantine: %(explanation)s") % {"explanation": after.explanation})
        return redirect("inbound", uid=after.uid)
    messages.success(request, _("Applied."))
    return redirect("quarantine")


@require_POST
@page(*INTAKE)
def replay_all(request: StaffRequest, feed: str) -> HttpResponse:
    """Everything that waits on the feed, or all of one reason, once more."""
    found = _feed(request, feed)
    reason = request.POST.get("reason", "")
    done = verbs.replay_all(feed=found, by=request.user, now=timezone.now(), reason=reason)
    messages.success(request, _("%(done)s applied.") % {"done": done}) if done else messages.warning(
        request, _("None got in. Each says why.")
    )
    return redirect("received_feed", feed=found.name)


@require_POST
@page(*INTAKE)
def assign(request: StaffRequest, feed: str) -> HttpResponse:
    """Which authority the feed's numbers belong to, where a message names none."""
    found, form = _feed(request, feed), AssignerForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Name the authority."))
        return redirect("received_feed", feed=found.name)
    try:
        done = verbs.assign(feed=found, assigner=form.cleaned_data["assigner"].strip(), by=request.user, now=timezone.now())
    except verbs.Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Kept. %(done)s messages that waited were applied.") % {"done": done})
    return redirect("received_feed", feed=found.name)


def _feed(request: StaffRequest, name: str) -> Feed:
    """A feed of a site where the user looks after the intake."""
    found = get_object_or_404(Feed.objects.select_related("site"), name=name, site__in=request.user.site_ids())
    must_hold(request.user, found.site_id, *INTAKE)
    return found
