"""A patient's own yes or no to texts, as staff hear it: at a visit, on the phone, on a form."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from django.views.decorators.http import require_POST

from notifications.views.item_forms import choices
from notifications.views.linked import LINKING, patient_to_link
from notifications.wording.compiler import languages
from patients import access, consent
from patients.models import ContactPoint, Patient, Phone
from patients.templatetags.finalmile import translated
from patients.views.guard import StaffRequest, page

HEARD = (gettext_noop("verbal at a visit"), gettext_noop("verbal on the phone"), gettext_noop("signed form"), "portal", "e-mail", "letter")
AGREES, STOPS, ONE = "agrees", "stops", "one"


class ConsentForm(forms.Form):
    """STOP said aloud is the STOP of a text: it silences the number for everybody who uses it."""

    does = forms.ChoiceField(
        label=gettext_lazy("What was said"),
        widget=forms.RadioSelect,
        choices=[
            (AGREES, gettext_lazy("Agrees to texts")),
            (STOPS, gettext_lazy("Wants no more texts, from anybody here")),
            (ONE, gettext_lazy("Wants no texts about this patient")),
        ],
    )
    number = forms.ChoiceField(label=gettext_lazy("On which number"))
    how = forms.ChoiceField(label=gettext_lazy("How it was said"), choices=choices(HEARD))
    wording_version = forms.CharField(label=gettext_lazy("Version of the form or script"), max_length=40, required=False)
    language = forms.ChoiceField(label=gettext_lazy("In which language"), required=False)
    reference = forms.CharField(label=gettext_lazy("Where the proof is kept"), max_length=200, required=False)

    def __init__(self, patient: Patient, data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        self.phones = self.ways(patient)
        self._offer("number", [("", _("Choose")), *((key, str(way)) for key, way in self.phones.items())])
        self._offer(
            "language",
            [
                ("", _("unknown")),
                *((code, translated(one.name)) for code, one in languages().items()),
                ("other", _("another, interpreted")),
            ],
        )

    def ways(self, patient: Patient) -> dict[str, Phone]:
        """What the yes or no is about, by the value of its choice."""
        return {str(one.pk): one for one in _phones(patient)}

    def _offer(self, name: str, options: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = options

    def clean(self) -> dict[str, str]:
        if self.cleaned_data.get("does") == AGREES and not self.cleaned_data.get("wording_version"):
            self.add_error("wording_version", _("A yes needs the version of the words that were read or signed."))
        return self.cleaned_data


@require_POST
@page(*LINKING)
def consenting(request: StaffRequest, uid: UUID) -> HttpResponse:
    patient = patient_to_link(request, uid)
    form, now = ConsentForm(patient, request.POST), timezone.now()
    if not form.is_valid():
        access.saw(request, action="view", what="consent form", patients=[patient.pk], now=now)
        context = {"patient": patient, "form": form}
        return render(request, "notifications/consenting.html", context, status=422)
    messages.success(request, _do(patient, form, request))
    return redirect("patient", uid=patient.uid)


def _do(patient: Patient, form: ConsentForm, request: StaffRequest) -> str:
    said, now = form.cleaned_data, timezone.now()
    phone = form.phones[said["number"]]
    evidence = consent.Evidence(said["how"], said["wording_version"], said["language"], said["reference"])
    match said["does"]:
        case "stops":
            consent.stop(phone=phone, now=now, evidence=evidence, by=request.user)
            return _("Nothing goes to this number any more.")
        case "one":
            consent.revoke(person=patient.person, patient=patient, phone=phone, at=now, evidence=evidence, by=request.user)
            return _("No more texts about this patient to this number.")
        case _ if phone.stopped_at is not None:
            consent.start(phone=phone, now=now, evidence=evidence, person=patient.person, by=request.user)
    consent.grant(person=patient.person, patient=patient, phone=phone, at=now, evidence=evidence, by=request.user)
    return _("Recorded: agrees to texts on this number.")


def _phones(patient: Patient) -> list[Phone]:
    points = ContactPoint.objects.filter(person=patient.person_id, until=None, phone__isnull=False).select_related("phone")
    return [point.phone for point in points.order_by("rank", "pk") if point.phone]
