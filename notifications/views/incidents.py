"""Incidents: report one from a journey, read those of one's sites, close one with what was found and done."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from notifications import incidents
from notifications.models import Incident, Message
from notifications.views.item_forms import day_field
from notifications.views.steering import journey_of
from pathways.models import Journey, Stage
from patients import access
from patients.models import Role
from patients.templatetags.finalmile import sentence
from patients.views.guard import CARE, StaffRequest, page

LOOKING = (Role.LEAD, Role.MANAGER, Role.ADMINISTRATOR, Role.AUDITOR)
CLOSING = (Role.LEAD, Role.MANAGER)
LATEST = 200


class ReportForm(forms.Form):
    kind = forms.ChoiceField(label=gettext_lazy("What kind"), choices=[("", gettext_lazy("Choose")), *Incident.Kind.choices])
    on = day_field(gettext_lazy("When did it happen"))
    at = forms.TimeField(label=gettext_lazy("At"), required=False, widget=forms.TimeInput(attrs={"type": "time"}))
    stage = forms.ChoiceField(
        label=gettext_lazy("Rule that it concerns"),
        required=False,
        help_text=gettext_lazy("The wait that rang wrongly, or should have rung."),
    )
    rule = forms.CharField(label=gettext_lazy("Or a rule of the knowledge, by its name"), max_length=120, required=False)
    message = forms.ChoiceField(label=gettext_lazy("Text that it concerns"), required=False)
    harm = forms.ChoiceField(label=gettext_lazy("What harm did it do"), choices=Incident.Harm.choices, initial=Incident.Harm.UNKNOWN)
    what = forms.CharField(label=gettext_lazy("What happened"), max_length=4000, widget=forms.Textarea(attrs={"rows": 5}))

    def __init__(self, journey: Journey, data: Any = None) -> None:
        super().__init__(data)
        self.stages = {str(one.pk): one for one in Stage.objects.filter(version=journey.version_id).order_by("track", "pk")}
        self.texts = {str(one.uid): one for one in Message.objects.filter(journey=journey, shadow=False).order_by("-created_at")[:50]}
        self._choose("stage", [(key, f"{sentence(one.label or one.name)} ({one.track})") for key, one in self.stages.items()])
        self._choose("message", [(key, f"{_day(one)}: {one.body[:60] or one.wording}") for key, one in self.texts.items()])

    def _choose(self, name: str, options: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("None in particular")), *options]

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if day := given.get("on"):
            given["happened_at"] = timezone.make_aware(datetime.combine(day, given.get("at") or time(12)))
            if day > timezone.localdate():
                self.add_error("on", _("This day has not come yet."))
        if given.get("kind") == Incident.Kind.TEXT_HARM and self.texts and not given.get("message"):
            self.add_error("message", _("Which text was it?"))
        return given

    @property
    def said(self) -> dict[str, Any]:
        given = self.cleaned_data
        named = {"stage": self.stages.get(given["stage"]), "message": self.texts.get(given["message"])}
        return {
            **{name: given[name] for name in ("kind", "harm", "what", "rule")},
            **named,
            "happened_at": min(given["happened_at"], timezone.now()),
        }


class CloseForm(forms.Form):
    harm = forms.ChoiceField(
        label=gettext_lazy("Harm, as found"), choices=[one for one in Incident.Harm.choices if one[0] != Incident.Harm.UNKNOWN]
    )
    finding = forms.CharField(label=gettext_lazy("What was found"), max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))
    action = forms.CharField(
        label=gettext_lazy("What was done, and what changes"), max_length=4000, widget=forms.Textarea(attrs={"rows": 3})
    )


def _day(message: Message) -> str:
    local = timezone.localtime(message.sent_at or message.created_at)
    return date_format(local, "j M")


@require_http_methods(["GET", "POST"])
@page(*CARE)
def report(request: StaffRequest, uid: UUID) -> HttpResponse:
    journey, now = journey_of(request, uid), timezone.now()
    form = ReportForm(journey, request.POST or None)
    if form.is_valid():
        incident = incidents.report(journey=journey, by=request.user, now=now, **form.said)
        messages.success(request, _("Written down. The lead navigators have been asked to look into it."))
        return redirect("incident", uid=incident.uid)
    access.saw(request, action="view", what="incident form", patients=[journey.patient_id], now=now)
    return render(request, "notifications/incident_form.html", {"journey": journey, "form": form}, status=422 if form.is_bound else 200)


@require_GET
@page(*LOOKING)
def listed(request: StaffRequest) -> HttpResponse:
    """Open ones first, then the latest."""
    found = Incident.objects.at_sites(request.user.site_ids()).select_related(*_related()).order_by("closed_at", "-reported_at")[:LATEST]
    rows = sorted(found, key=lambda one: one.closed_at is not None)
    access.saw(
        request, action="list", what="incidents", patients=[one.journey.patient_id for one in rows if one.journey], now=timezone.now()
    )
    return render(request, "notifications/incidents.html", {"rows": rows, "open": sum(one.closed_at is None for one in rows)})


@require_http_methods(["GET", "POST"])
@page(*CARE, *LOOKING)
def incident(request: StaffRequest, uid: UUID) -> HttpResponse:
    """For those who look into it, and for who reported it."""
    found = get_object_or_404(Incident.objects.at_sites(request.user.site_ids()).select_related(*_related()), uid=uid)
    roles = request.user.roles_at(found.site_id)
    if not roles & set(LOOKING) and found.by_id != request.user.pk:
        return render(request, "403.html", status=403)
    form = CloseForm(request.POST or None) if roles & set(CLOSING) and found.closed_at is None else None
    if form is not None and form.is_valid():
        incidents.close(incident=found, by=request.user, now=timezone.now(), **form.cleaned_data)
        messages.success(request, _("Closed."))
        return redirect("incident", uid=found.uid)
    access.saw(request, action="view", what="incident", patients=[found.journey.patient_id] if found.journey else [], now=timezone.now())
    bound = form is not None and form.is_bound
    return render(request, "notifications/incident.html", {"incident": found, "form": form}, status=422 if bound else 200)


def _related() -> tuple[str, ...]:
    return (
        "site",
        "journey__patient__person",
        "journey__patient__survivor__person",
        "journey__version",
        "stage",
        "message",
        "by",
        "closed_by",
    )
