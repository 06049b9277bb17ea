"""What was done on paper while the screens were down, written down with its true time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from notifications import downtime
from notifications.models import WorkItem
from notifications.outcomes import BARRIERS, OUTCOMES, PARTIES, Refused
from notifications.views.entering import ELSEWHERE
from notifications.views.item import awaited
from notifications.views.item_forms import Choices, choices, day_field, morning, noon, not_past
from notifications.views.lines import line_of
from notifications.views.worklist import item_of
from pathways.kinds import FED
from patients import access
from patients.templatetags.finalmile import sentence, words
from patients.views.guard import CARE, StaffRequest, page

LONGEST_DOWN = timedelta(days=31)
ASKS: dict[str, tuple[str, ...]] = {
    "left_message": ("until",),
    "no_answer": ("until",),
    "appointment_made": ("starts",),
    "already_happened": ("what", "evidence"),
    "waiting_on": ("party", "until"),
    "barrier": ("barrier", "until"),
    "handled": ("note",),
}


class PaperForm(forms.Form):
    """The line on paper: what, on which day, at what hour."""

    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    on = day_field(gettext_lazy("Day on the paper"))
    at = forms.TimeField(label=gettext_lazy("Hour on the paper"), widget=forms.TimeInput(attrs={"type": "time"}))
    outcome = forms.ChoiceField(label=gettext_lazy("What was done"))
    starts = day_field(gettext_lazy("On which day"), required=False, help_text=gettext_lazy("For “Appointment made”."))
    what = forms.ChoiceField(
        label=gettext_lazy("What had happened"), required=False, help_text=gettext_lazy("For “It had already happened”.")
    )
    evidence = forms.CharField(label=gettext_lazy("How you know"), required=False, max_length=200)
    party = forms.ChoiceField(
        label=gettext_lazy("Who has to act"),
        choices=choices(PARTIES),
        required=False,
        help_text=gettext_lazy("For “Waiting for somebody”."),
    )
    barrier = forms.ChoiceField(
        label=gettext_lazy("What stands in the way"),
        choices=choices(BARRIERS),
        required=False,
        help_text=gettext_lazy("For “Something stands in the way”."),
    )
    until = day_field(
        gettext_lazy("Look again on"),
        required=False,
        help_text=gettext_lazy("For a message left, no answer, waiting for somebody, or what stands in the way."),
    )
    note = forms.CharField(label=gettext_lazy("Note"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, item: WorkItem, kinds: list[str], data: Any = None) -> None:
        super().__init__(data, initial={"revision": item.revision})
        fitting = [code for code in downtime.ON_PAPER if not OUTCOMES[code].causes or item.cause_kind in OUTCOMES[code].causes]
        self._choose("outcome", [("", _("Choose")), *((code, sentence(OUTCOMES[code].label)) for code in fitting)])
        self._choose("what", choices(dict.fromkeys(kind for kind in [*kinds, *FED] if kind in FED and kind not in ELSEWHERE)))

    def _choose(self, name: str, options: Choices) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = options

    def clean_until(self) -> datetime | None:
        until = self.cleaned_data.get("until")
        return morning(not_past(until)) if until else None

    def clean_starts(self) -> datetime | None:
        day = self.cleaned_data.get("starts")
        return noon(day) if day else None

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        for name in ASKS.get(given.get("outcome", ""), ()):
            if name not in self.errors and not given.get(name):
                self.add_error(name, _("What was done needs it."))
        if given.get("on") and given.get("at"):
            given["occurred"] = timezone.make_aware(datetime.combine(given["on"], given["at"]))
            if not timezone.now() - LONGEST_DOWN <= given["occurred"] <= timezone.now():
                self.add_error("on", _("The day and hour on the paper lie in the last 31 days."))
        return given

    @property
    def details(self) -> dict[str, Any]:
        asked = (name for name in ASKS.get(self.cleaned_data["outcome"], ()) if name != "note")
        return {name: self.cleaned_data[name] for name in asked}


@require_GET
@page(*CARE)
def entry(request: StaffRequest) -> HttpResponse:
    """Finds the item by the code on the paper; a code names nobody."""
    code = request.GET.get("code", "")
    found = downtime.by_code(request.user, code) if code else None
    if found is not None:
        return redirect("paper", uid=found.uid)
    access.saw(request, action="view", what="downtime entry", patients=[], now=timezone.now())
    return render(request, "notifications/downtime.html", {"code": code[:12]}, status=404 if code else 200)


@require_http_methods(["GET", "POST"])
@page(*CARE)
def paper(request: StaffRequest, uid: UUID) -> HttpResponse:
    """One line of the paper."""
    item, now = item_of(request, uid), timezone.now()
    form = PaperForm(item, awaited(item), request.POST or None)
    if form.is_valid():
        given = form.cleaned_data
        said = {"outcome": given["outcome"], "details": form.details, "occurred": given["occurred"], "note": given["note"]}
        try:
            downtime.write_down(item=item, by=request.user, revision=given["revision"], now=now, **said)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Written down: %(label)s. Next line.") % {"label": words(OUTCOMES[given["outcome"]].label).lower()})
            return redirect("downtime")
    access.saw(request, action="view", what="downtime entry", patients=[item.patient_id] if item.patient_id else [], now=now)
    context = {"item": item, "line": line_of(item, request.user, now), "code": downtime.code_of(item), "form": form}
    return render(request, "notifications/paper.html", context, status=422 if form.is_bound else 200)
