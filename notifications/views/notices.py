"""A clinician's notices: what waits, one of them with its patient, and the three things that can be said of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, time
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from notifications import notices
from notifications.models import Notice
from notifications.views import story
from notifications.views.biomarkers import findings
from notifications.views.entering import DETAILS, ELSEWHERE, awaited_by
from notifications.views.grounds import grounds
from notifications.views.item import proofs_of
from notifications.views.item_forms import choices, day_field
from notifications.views.judging import flagged_by
from notifications.views.lines import line_of, lines
from pathways.kinds import FED
from pathways.models import Journey
from patients import access
from patients.models import Role
from patients.templatetags.finalmile import words
from patients.views.guard import CARE, StaffRequest, page

READERS = (Role.CLINICIAN, *(role for role in CARE if role != Role.CLINICIAN))  # delegates hold other roles
OTHER = "other"
LATEST = 30


class ActedForm(forms.Form):
    """What was done, on which day."""

    what = forms.ChoiceField(label=gettext_lazy("What was done"))
    on = day_field(gettext_lazy("When"))
    text = forms.CharField(
        label=gettext_lazy("What exactly"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("The drug, the test, or whatever it was."),
    )

    def __init__(self, offered: Iterable[tuple[str, str]], data: Any = None) -> None:
        super().__init__(data, initial={"on": timezone.localdate()})
        field = self.fields["what"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", gettext("Choose")), *offered, (OTHER, gettext("Something else"))]

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given.get("what") and _needs_words(given["what"]) and not given.get("text"):
            self.add_error("text", gettext("Please say what."))
        if (day := given.get("on")) and day > timezone.localdate():
            self.add_error("on", gettext("This day has not come yet."))
        return given

    def said(self, clinician: str) -> tuple[str, dict[str, Any], datetime]:
        """Kind, body and time of the event; the kind is blank for something that has none."""
        given = self.cleaned_data
        occurred = min(timezone.make_aware(datetime.combine(given["on"], time(12))), timezone.now())
        kind, _, option = given["what"].partition(":")
        body: dict[str, Any] = {"clinician": clinician, "evidence": "said by the clinician on the notice"}
        if kind == OTHER:
            return "", {"note": given["text"]}, occurred
        if kind == "actionable_confirmed":
            gene, _, alteration = option.partition("|")
            return kind, body | {"gene": gene, "alteration": alteration}, occurred
        asked = DETAILS.get(kind, (("text", "", ()),))
        named = {asked[0][0]: option or given["text"]}
        drug = named.pop("drug", "") or (given["text"] if any(name == "drug" for name, _, _ in asked) else "")
        return kind, body | {key: value for key, value in named.items() if value} | ({"drugs": [{"text": drug}]} if drug else {}), occurred


def _needs_words(what: str) -> bool:
    kind, _, option = what.partition(":")
    return what == OTHER or (not option and kind in DETAILS)


class RefusalForm(forms.Form):
    reason = forms.ChoiceField(label=gettext_lazy("Not appropriate because"), choices=choices(notices.NOT_APPROPRIATE))


def offered(journey: Journey, flagged: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """What the open waits would be cleared by, as one choice each; a coded detail is part of the choice."""
    found: list[tuple[str, str]] = []
    for kind in dict.fromkeys(awaited_by(journey)):
        if kind == "actionable_confirmed":
            found += [
                (
                    f"{kind}:{gene}|{alteration}",
                    (gettext("Confirmed actionable now: %(gene)s %(alteration)s") % {"gene": gene, "alteration": alteration}).strip(),
                )
                for gene, alteration in flagged
            ]
        elif kind in FED and kind not in ELSEWHERE:
            first = DETAILS.get(kind, (("text", "", ()),))[0]
            found += [(f"{kind}:{one}", f"{words(kind)}: {words(one).lower()}") for one in first[2]] or [(kind, words(kind))]
    return found


@require_GET
@page(*READERS)
def mine(request: StaffRequest) -> HttpResponse:
    """Open notices, the longest waiting first, and what was answered lately."""
    now = timezone.now()
    seen = Journey.objects.visible_to(request.user).values("pk")
    found = list(notices.for_reader(request.user).filter(journey__in=seen).order_by("created_at")[:500])
    waiting = [notice for notice in found if notices.is_open(notice)]
    settled = sorted((one for one in found if not notices.is_open(one)), key=lambda one: one.created_at, reverse=True)[:LATEST]
    shown = [*waiting, *settled]
    access.saw(request, action="list", what="notices", patients=[one.journey.patient_id for one in shown], now=now)
    told = dict(zip((one.pk for one in shown), lines([one.item for one in shown], request.user, now), strict=True))
    context = {"waiting": [(one, told[one.pk]) for one in waiting], "settled": [(one, told[one.pk]) for one in settled]}
    return render(request, "notifications/notices.html", context)


@require_GET
@page(*READERS)
def notice(request: StaffRequest, uid: UUID) -> HttpResponse:
    found, now = _of(request, uid), timezone.now()
    notices.opened(notice=found, now=now)
    found.refresh_from_db(fields=["opened_at", "delivered_at"])
    return _page(request, found)


def _page(request: StaffRequest, found: Notice, *, status: int = 200, **bound: forms.Form) -> HttpResponse:
    now = timezone.now()
    access.saw(request, action="view", what="notice", patients=[found.journey.patient_id], now=now)
    told = story.told(story.events_of(found.journey))
    standing = [fact.event for fact in told if not fact.replaced]
    forms_: Mapping[str, forms.Form] = {
        "acted_form": ActedForm(offered(found.journey, flagged_by(standing))),
        "refusal_form": RefusalForm(),
    }
    context = {
        "notice": found,
        "line": line_of(found.item, request.user, now),
        "open": notices.is_open(found),
        "proofs": proofs_of(found.item, now),
        "findings": findings(event for event in standing if event.kind.startswith("result_")),
        "grounds": grounds(standing),
        "for_somebody": found.practitioner.user_id != request.user.pk,
        **forms_,
        **bound,
    }
    return render(request, "notifications/notice.html", context, status=status)


@require_POST
@page(*READERS)
def acknowledge(request: StaffRequest, uid: UUID) -> HttpResponse:
    found = _of(request, uid)
    notices.acknowledge(notice=found, by=request.user, now=timezone.now())
    messages.success(request, gettext("Acknowledged. It stays open until you say what was done, or why nothing is to be done."))
    return redirect("notice", uid=found.uid)


@require_POST
@page(*READERS)
def act(request: StaffRequest, uid: UUID) -> HttpResponse:
    found = _of(request, uid)
    flags = [event for event in story.attached(story.events_of(found.journey)) if event.kind == "flagged_actionable"]
    form = ActedForm(offered(found.journey, flagged_by(flags)), request.POST)
    if not form.is_valid():
        return _page(request, found, status=422, acted_form=form)
    kind, body, occurred = form.said(str(found.practitioner))
    return _say(
        request,
        found,
        gettext("Written down. Thank you."),
        lambda now: notices.acted(notice=found, kind=kind, body=body, occurred=occurred, by=request.user, now=now),
    )


@require_POST
@page(*READERS)
def refuse(request: StaffRequest, uid: UUID) -> HttpResponse:
    """Not appropriate because; or not this clinician's patient."""
    found = _of(request, uid)
    if request.POST.get("mine") == "no":
        return _say(
            request,
            found,
            gettext("A navigator will find out whose patient this is."),
            lambda now: notices.not_mine(notice=found, by=request.user, now=now),
        )
    form = RefusalForm(request.POST)
    if not form.is_valid():
        return _page(request, found, status=422, refusal_form=form)
    reason = form.cleaned_data["reason"]
    return _say(
        request,
        found,
        gettext("Written down: nothing is to be done."),
        lambda now: notices.not_appropriate(notice=found, reason=reason, by=request.user, now=now),
    )


def _say(request: StaffRequest, found: Notice, said: str, verb: Any) -> HttpResponse:
    try:
        verb(timezone.now())
    except notices.Answered as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, said)
    return redirect("notice", uid=found.uid)


def _of(request: StaffRequest, uid: UUID) -> Notice:
    """A notice to this person, or to somebody who made them a delegate; all others do not exist."""
    seen = Journey.objects.visible_to(request.user).values("pk")
    return get_object_or_404(notices.for_reader(request.user).filter(journey__in=seen), uid=uid)
