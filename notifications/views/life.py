"""Death: what somebody heard, what a person found out, and what was entered in error."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from notifications import dying
from notifications.views.item_forms import choices, day_field
from patients import access
from patients.models import Patient, Site
from patients.views.guard import STEERING, StaffRequest, page

ALIVE, DIED = "alive", "died"


class HintForm(forms.Form):
    """Nothing is known yet."""

    source = forms.ChoiceField(label=gettext_lazy("How you heard"), choices=choices(dying.SOURCES))


class SettleForm(forms.Form):
    """Somebody found out."""

    answer = forms.ChoiceField(
        label=gettext_lazy("What is true"),
        widget=forms.RadioSelect,
        choices=[(ALIVE, gettext_lazy("The patient lives")), (DIED, gettext_lazy("The patient died"))],
    )
    died_on = day_field(gettext_lazy("Day of death, if known"), required=False)
    told_by = forms.CharField(
        label=gettext_lazy("How you know"), max_length=50, help_text=gettext_lazy("Who told you, or where it is written.")
    )

    def clean_died_on(self) -> date | None:
        day: date | None = self.cleaned_data.get("died_on")
        if day and day > timezone.localdate():
            raise forms.ValidationError(_("This day has not come yet."))
        return day


class ReverseForm(forms.Form):
    """The record says that the patient died."""

    why = forms.CharField(label=gettext_lazy("How you know that the patient lives"), max_length=200)


@require_http_methods(["GET", "POST"])
@page(*STEERING)
@access.reads_patients
def death(request: StaffRequest, uid: UUID) -> HttpResponse:
    patient = get_object_or_404(Patient.objects.visible_to(request.user).select_related("person"), uid=uid)
    site, now = _site(request, patient), timezone.now()
    form = _form(patient)(request.POST or None)
    if form.is_valid():
        messages.success(request, _do(patient, form, request, site))
        return redirect("patient", uid=patient.uid)
    access.saw(request, action="view", what="death form", patients=[patient.pk], now=now)
    context = {"patient": patient, "form": form}
    return render(request, "notifications/death.html", context, status=422 if form.is_bound else 200)


def _form(patient: Patient) -> type[forms.Form]:
    if patient.died_hi:
        return ReverseForm
    return SettleForm if patient.death_hold_since else HintForm


def _do(patient: Patient, form: forms.Form, request: StaffRequest, site: Site) -> str:
    said, now = form.cleaned_data, timezone.now()
    match form:
        case HintForm():
            dying.report(patient=patient, source=said["source"], site=site, by=request.user, now=now)
            return _("All texts rest until somebody knows.")
        case ReverseForm():
            dying.reverse(patient=patient, why=said["why"], site=site, by=request.user, now=now)
            return _("The record says again that the patient lives. Ask anew before texting, and reopen the journeys that go on.")
        case _:
            alive = said["answer"] == ALIVE
            settled = dying.settle(
                patient=patient, alive=alive, died_on=said["died_on"], told_by=said["told_by"], site=site, by=request.user, now=now
            )
            if not settled:
                return _("Somebody else had settled it before.")
            return _("Texts may go on.") if alive else _("Written down. Nothing is sent to the patient any more.")


def _site(request: StaffRequest, patient: Patient) -> Site:
    """A site of the patient's at which the user may act."""
    for known in patient.sites.select_related("site").order_by("since", "pk"):
        if request.user.roles_at(known.site_id) & set(STEERING):
            return known.site
    raise PermissionDenied
