"""Naming a clinician of the directory: by name or NPI, typed, with what fits offered on the way.

With script the browser's own list offers them; without, what is typed is sent, and several who fit come back as a choice.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from patients import practitioners
from patients.models import Practitioner
from patients.views import sent
from patients.views.guard import STEERING, StaffRequest, page

MOST = 12
SHORTEST = 2


class ClinicianWidget(forms.TextInput):
    template_name = "patients/clinician.html"
    matches: tuple[Practitioner, ...] = ()

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        text = value[0] if isinstance(value, tuple) else value
        return {**super().get_context(name, text, attrs), "matches": self.matches}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> tuple[str, str]:
        return data.get(name, "").strip(), data.get(f"{name}_pick", "")


class ClinicianField(forms.Field):
    """Ends in one clinician, or in None where nothing was typed. The beginning of a name decides nobody: who fits is a choice."""

    widget = ClinicianWidget

    def __init__(self, **options: Any) -> None:
        help_text = gettext_lazy("Name or NPI, or the beginning of the name.")
        super().__init__(**{"label": gettext_lazy("Clinician"), "required": False, "help_text": help_text, **options})

    def clean(self, value: tuple[str, str] | None) -> Practitioner | None:
        text, pick = value or ("", "")
        if pick:
            return self._one(list(Practitioner.objects.filter(pk=sent.number(pick))), "")
        return self._one(list(practitioners.find(text)[: MOST + 1]), text) if text else None

    def _one(self, found: list[Practitioner], text: str) -> Practitioner:
        if len(found) == 1 and (not text or found[0].is_named_by(text)):
            return found[0]
        if not found:
            raise forms.ValidationError(_("Nobody in the directory is called so, or has this number."))
        assert isinstance(self.widget, ClinicianWidget)
        self.widget.matches = tuple(found[:MOST])
        if len(found) > MOST:
            raise forms.ValidationError(_("More than %(most)s fit. Choose one of the first, or type more of the name.") % {"most": MOST})
        raise forms.ValidationError(_("Choose who is meant."))


@require_POST
@page(*STEERING)
def clinicians(request: StaffRequest) -> HttpResponse:
    """The lines of the browser's list while somebody types. The directory names no patient."""
    text = request.POST.get("clinician", "").strip()
    found = practitioners.find(text)[:MOST] if len(text) >= SHORTEST else ()
    return render(request, "patients/clinician_options.html", {"found": found})
