"""Corrects a mistake on a journey: an entry is taken back with a reason, a fed fact is parted from the journey."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from notifications.views.item_forms import choices
from notifications.views.steering import again, back, steered
from pathways import correcting
from patients.views.guard import STEERING, StaffRequest, page


class CorrectForm(forms.Form):
    """`lineage` names the fact with all its versions. A fed fact has one reason only: it is not this journey's."""

    lineage = forms.CharField(widget=forms.HiddenInput)
    reason = forms.ChoiceField(label=gettext_lazy("What was wrong"), choices=choices(correcting.REASONS), required=False)

    def clean(self) -> dict[str, str]:
        given = self.cleaned_data
        if correcting.is_ours(given.get("lineage", "")) and not given.get("reason"):
            self.add_error("reason", _("Say what was wrong."))
        return given


@require_POST
@page(*STEERING)
def correct(request: StaffRequest, uid: UUID) -> HttpResponse:
    journey, form, now = steered(request, uid), CorrectForm(request.POST), timezone.now()
    if not form.is_valid():
        return again(request, journey, form, _("Correct this"), "correct")
    lineage = form.cleaned_data["lineage"]
    try:
        if correcting.is_ours(lineage):
            correcting.retract(journey=journey, lineage=lineage, reason=form.cleaned_data["reason"], by=request.user, now=now)
            return back(request, journey, _("Taken back. The entry stays visible, struck through, and nothing rests on it any more."))
        correcting.part(journey=journey, lineage=lineage, by=request.user, now=now)
    except correcting.CannotCorrect as refusal:
        form.add_error(None, str(refusal))
        return again(request, journey, form, _("Correct this"), "correct")
    return back(request, journey, _("Parted. It stays with the patient and counts for this journey no more."))
