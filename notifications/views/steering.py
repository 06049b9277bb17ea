"""Hold, resume, end and reopen a journey: each is an act of a named person with a coded reason."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from django.views.decorators.http import require_POST

from notifications.outcomes import CLINICIANS_DECISION, SUB_REASONS
from notifications.views.item_forms import choices, day_field
from pathways import journeys
from pathways.models import Journey
from pathways.views.written import pathway_of
from patients import access
from patients.templatetags.finalmile import words
from patients.views.guard import STEERING, StaffRequest, must_hold, page

HOLD_REASONS = (
    gettext_noop("patient asked to wait"),
    "travelling",
    gettext_noop("other illness first"),
    gettext_noop("radiation first"),
    gettext_noop("surgery first"),
    gettext_noop("waiting for a trial slot"),
    gettext_noop("moved, records awaited"),
)
REOPEN_REASONS = (gettext_noop("ended in error"), gettext_noop("patient came back"), gettext_noop("new information"))
LONGEST_HOLD = timedelta(days=180)


class HoldForm(forms.Form):
    reason = forms.ChoiceField(label=gettext_lazy("Why"), choices=choices(HOLD_REASONS))
    review_on = day_field(gettext_lazy("Look again on"), help_text=gettext_lazy("Every hold has a day on which somebody looks again."))

    def clean_review_on(self) -> datetime:
        day = self.cleaned_data["review_on"]
        if not timezone.localdate() < day <= timezone.localdate() + LONGEST_HOLD:
            raise forms.ValidationError(_("Choose a day after today, at most 180 days ahead."))
        return timezone.make_aware(datetime.combine(day, time(9)))


class ExitForm(forms.Form):
    """A decision for another therapy is the clinician's: it needs the name and the reason behind it."""

    reason = forms.ChoiceField(label=gettext_lazy("Why the journey ends"))
    sub_reason = forms.ChoiceField(label=gettext_lazy("Reason behind it"), choices=choices(SUB_REASONS), required=False)
    clinician = forms.CharField(
        label=gettext_lazy("Decided by"), max_length=120, required=False, help_text=gettext_lazy("For “clinician decision other therapy”.")
    )
    on = day_field(
        gettext_lazy("Decided on, or ended on"),
        required=False,
        help_text=gettext_lazy("Without a day it is today; a clinician's decision needs its own."),
    )
    note = forms.CharField(label=gettext_lazy("Note"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, exits: Iterable[tuple[str, str]], data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        field = self.fields["reason"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("Choose")), *((code, f"{words(code)} ({kind.replace('_', ' ')})") for code, kind in exits)]

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given.get("reason") == CLINICIANS_DECISION:
            for name in ("sub_reason", "clinician", "on"):
                if not given.get(name) and name not in self.errors:
                    self.add_error(name, _("A clinician's decision needs it."))
        if (day := given.get("on")) and day > timezone.localdate():
            self.add_error("on", _("This day has not come yet."))
        return given

    def occurred(self, now: datetime) -> datetime:
        """Noon of the day that was given, never later than now."""
        day = self.cleaned_data.get("on")
        return min(timezone.make_aware(datetime.combine(day, time(12))), now) if day and day < timezone.localdate() else now

    @property
    def details(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in ("sub_reason", "clinician", "note") if self.cleaned_data.get(name)}


class ReopenForm(forms.Form):
    reason = forms.ChoiceField(label=gettext_lazy("Why"), choices=choices(REOPEN_REASONS))


def exit_form(journey: Journey, data: object = None) -> ExitForm:
    return ExitForm(pathway_of(journey.version).exits.items(), data)


def journey_of(request: StaffRequest, uid: UUID) -> Journey:
    """A journey of the user's sites; all others do not exist for them, but what was opened in an emergency may be read."""
    related = ("patient__person", "version", "home_site", "accountable", "responsible")
    reading = request.method == "GET"
    seen = Journey.objects.within_reach_of(request.user, now=timezone.now()) if reading else Journey.objects.visible_to(request.user)
    return get_object_or_404(seen.select_related(*related), uid=uid)


def steered(request: StaffRequest, uid: UUID) -> Journey:
    """The journey, if the user may steer journeys at its home site."""
    journey = journey_of(request, uid)
    must_hold(request.user, journey.home_site_id, *STEERING)
    return journey


@require_POST
@page(*STEERING)
def hold(request: StaffRequest, uid: UUID) -> HttpResponse:
    journey, form = steered(request, uid), HoldForm(request.POST)
    if not form.is_valid():
        return again(request, journey, form, _("Put on hold"), "hold")
    given = form.cleaned_data
    journeys.hold(journey=journey, reason=given["reason"], review_at=given["review_on"], now=timezone.now(), by=request.user)
    return back(request, journey, _("On hold. The clocks stand until it is resumed."))


@require_POST
@page(*STEERING)
def resume(request: StaffRequest, uid: UUID) -> HttpResponse:
    journey = steered(request, uid)
    journeys.resume(journey=journey, now=timezone.now(), by=request.user)
    return back(request, journey, _("Resumed. The clocks run again."))


@require_POST
@page(*STEERING)
def end(request: StaffRequest, uid: UUID) -> HttpResponse:
    journey = steered(request, uid)
    form = exit_form(journey, request.POST)
    if not form.is_valid():
        return again(request, journey, form, _("End the journey"), "exit")
    now = timezone.now()
    journeys.exit(
        journey=journey, reason=form.cleaned_data["reason"], now=now, by=request.user, occurred=form.occurred(now), **form.details
    )
    return back(request, journey, _("The journey has ended."))


@require_POST
@page(*STEERING)
def reopen(request: StaffRequest, uid: UUID) -> HttpResponse:
    journey, form = steered(request, uid), ReopenForm(request.POST)
    if not form.is_valid():
        return again(request, journey, form, _("Reopen the journey"), "reopen")
    journeys.reopen(journey=journey, reason=form.cleaned_data["reason"], now=timezone.now(), by=request.user)
    return back(request, journey, _("Reopened. Its waits stand again as of now."))


def again(request: StaffRequest, journey: Journey, form: forms.Form, heading: str, route: str) -> HttpResponse:
    access.saw(request, action="view", what="journey form", patients=[journey.patient_id], now=timezone.now())
    return render(request, "notifications/steer.html", {"journey": journey, "form": form, "heading": heading, "route": route}, status=422)


def back(request: StaffRequest, journey: Journey, said: str) -> HttpResponse:
    messages.success(request, said)
    return redirect("journey", uid=journey.uid)
