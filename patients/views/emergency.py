"""Opening a chart of another site in an emergency. Whoever is meant must be named exactly: this is no search."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from patients import access, emergencies
from patients.models import AccessLog, EmergencyAccess, Patient, User
from patients.views.guard import CARE, StaffRequest, page

TRIES, WITHIN = 10, timedelta(hours=1)
"""More questions than this are no emergency but a search (local default)."""
WHAT = "emergency access"


class EmergencyForm(forms.Form):
    number = forms.CharField(
        label=gettext_lazy("Record number"), required=False, max_length=60, help_text=gettext_lazy("Complete, of any site.")
    )
    family = forms.CharField(label=gettext_lazy("Family name"), required=False, max_length=120)
    given = forms.CharField(label=gettext_lazy("Given name"), required=False, max_length=120)
    born = forms.DateField(label=gettext_lazy("Born"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.ChoiceField(label=gettext_lazy("Reason"), choices=EmergencyAccess.Reason.choices)
    why = forms.CharField(
        label=gettext_lazy("In your words"),
        max_length=500,
        min_length=10,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("The leads and auditors of the patient's site read this."),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for name in ("number", "family", "given", "born"):
            self.fields[name].widget.attrs["autocomplete"] = "off"

    def clean(self) -> None:
        said = self.cleaned_data
        if not said.get("number") and not all(said.get(name) for name in ("family", "given", "born")):
            raise forms.ValidationError(_("Give the record number, or family name, given name and birth date."))

    def matches(self, user: User) -> list[Patient]:
        said = self.cleaned_data
        if number := said["number"].strip():
            return list(emergencies.found_by_number(user, number)[:2])
        return list(emergencies.found_by_name(user, family=said["family"].strip(), given=said["given"].strip(), born=said["born"])[:2])


@require_http_methods(["GET", "POST"])
@page(*CARE)
def emergency(request: StaffRequest) -> HttpResponse:
    """POST opens exactly one chart for an hour and says so to the patient's site."""
    form, now = EmergencyForm(request.POST or None), timezone.now()
    if form.is_valid():
        if tries(request.user, now) >= TRIES:
            form.add_error(None, _("That was asked too often within the hour. Call the patient's site."))
        else:
            found = form.matches(request.user)
            access.saw(request, action="search", what=WHAT, patients=[one.pk for one in found], now=now)
            if len(found) == 1:
                return _open(request, found[0], form, now)
            form.add_error(None, _not_one(found))
    return render(request, "patients/emergency.html", {"form": form}, status=422 if form.is_bound else 200)


def tries(user: User, now: datetime) -> int:
    return AccessLog.objects.filter(user=user, what=WHAT, at__gt=now - WITHIN).count()


def _not_one(found: list[Patient]) -> str:
    return (
        _("More than one person is called so. Give the record number.")
        if found
        else _("Nobody has exactly this number, or name and birth date.")
    )


def _open(request: StaffRequest, patient: Patient, form: EmergencyForm, now: datetime) -> HttpResponse:
    if Patient.objects.visible_to(request.user).filter(pk=patient.pk).exists():
        messages.info(request, _("This patient is known at your site: nothing had to be opened."))
    else:
        opened = emergencies.open_chart(
            patient=patient, by=request.user, reason=form.cleaned_data["reason"], why=form.cleaned_data["why"], now=now
        )
        emergencies.tell(opened, address=f"{settings.PUBLIC_BASE_URL}{reverse('oversight')}")
    return redirect("patient", uid=patient.uid)
