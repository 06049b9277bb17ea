"""Writes down by hand what happened and no feed told: what, when, and how one knows. Attested by whoever writes, with both times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from notifications.views.item_forms import choices, day_field
from notifications.views.steering import back, journey_of
from pathways import journeys
from pathways.definitions import registry
from pathways.kinds import FED
from pathways.models import Journey
from patients import access
from patients.models import Role
from patients.templatetags.finalmile import words
from patients.views.guard import STEERING, StaffRequest, must_hold, page

ENTERING = (*STEERING, Role.PHARMACIST, Role.LAB_LIAISON, Role.FINANCIAL_COUNSELOR)
SPECIMENS = ("tissue", "cytology", "plasma", "blood", "saliva", "dried_blood_spot", "other")
OLDEST = timedelta(days=3650)
# What a person is asked beside day and evidence: name in the body, label, and the choices where it is coded.
Asked: TypeAlias = "tuple[tuple[str, StrOrPromise, tuple[str, ...]], ...]"
SPECIMEN: Asked = (("specimen_class", gettext_lazy("Specimen"), SPECIMENS),)
DRUG: Asked = (("drug", gettext_lazy("Drug, as it is called on the order"), ()),)
SUBJECT: Asked = (
    ("subject", gettext_lazy("For"), ("test", "drug")),
    ("payer", gettext_lazy("Payer"), ()),
    ("reference", gettext_lazy("Reference number"), ()),
)

VISITS = ("visit_booked", "visit_moved")
"""What they say is when the visit will be; the day on which it was booked is another. No service is stated: whoever writes it down on a
journey means that journey, whatever its appointments are called elsewhere."""
SPEAK_FOR_THEMSELVES = frozenset({"visit_kept", "visit_missed", "visit_cancelled", "admitted", "discharged", "hospice_started", *VISITS})

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise
DETAILS: Mapping[str, Asked] = {
    "test_ordered": (("text", gettext_lazy("Test"), ()), *SPECIMEN),
    "specimen_collected": SPECIMEN,
    "specimen_sent": (("carrier", gettext_lazy("Carrier"), ()),),
    "specimen_received": SPECIMEN,
    "specimen_rejected": (("reason", gettext_lazy("Why"), ("quantity", "quality", "identity", "early", "transfused", "other")), *SPECIMEN),
    "order_cancelled": (("reason", gettext_lazy("Why"), ()),),
    "result_communicated": (("how", gettext_lazy("How"), ("visit", "phone", "letter", "portal")),),
    "result_reviewed": (("clinician", gettext_lazy("Clinician"), ()),),
    "treatment_decided": (
        ("decision", gettext_lazy("Decision"), ("matched", "other", "none")),
        *DRUG,
        ("clinician", gettext_lazy("Decided by"), ()),
    ),
    "mtb_reviewed": (("conclusion", gettext_lazy("Conclusion"), ()),),
    "counselled": (("how", gettext_lazy("How"), ("visit", "phone", "video")),),
    "biopsy_not_done": (("reason", gettext_lazy("Why"), ()),),
    "transferred_out": (("to", gettext_lazy("To which hospital"), ()),),
    "trial_screening": (("trial", gettext_lazy("Trial"), ()),),
    "trial_on_study": (("trial", gettext_lazy("Trial"), ()),),
    **dict.fromkeys(VISITS, (("text", gettext_lazy("With whom, or what for"), ()),)),
    **dict.fromkeys(
        ("drug_ordered", "drug_dispensed", "drug_administered", "drug_returned", "drug_not_given", "first_dose_attested"), DRUG
    ),
    **dict.fromkeys(("pa_submitted", "pa_pended", "pa_approved", "pa_denied", "pa_appealed", "pa_not_required"), SUBJECT),
}
# Results are abstracted and read a second time, and births and deaths have their own registers: none is typed here.
ELSEWHERE = frozenset(
    {"result_partial", "result_final", "result_document", "phenotype_assigned", "external_result", "screen_result", "born"}
)
ELSEWHERE |= {"death", "death_hint", "consent_recorded", "drug_received", "triaged", "confirmation_concluded", "prescriber_answered"}


class EventForm(forms.Form):
    """One thing that happened. Without an hour noon of the day stands for it."""

    on = day_field(gettext_lazy("When did it happen"))
    at = forms.TimeField(
        label=gettext_lazy("At"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}),
        help_text=gettext_lazy("If you know the hour."),
    )
    evidence = forms.CharField(
        label=gettext_lazy("How you know"), max_length=200, help_text=gettext_lazy("Who told you, or where it is written.")
    )
    note = forms.CharField(label=gettext_lazy("Note"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, kind: str, data: Any = None) -> None:
        super().__init__(data)
        self.asked = DETAILS.get(kind, (("text", gettext_lazy("What exactly"), ()),))
        for n, (name, label, options) in enumerate(self.asked):
            more: dict[str, Any] = {"label": label, "required": n == 0 and kind not in SPEAK_FOR_THEMSELVES}
            self.fields[name] = forms.ChoiceField(choices=choices(options), **more) if options else forms.CharField(max_length=200, **more)
        if kind in VISITS:
            self._ask_for_the_visit()
        self.order_fields(["start", "on", "at", *(name for name, _, _ in self.asked)])

    def _ask_for_the_visit(self) -> None:
        self.fields["start"] = forms.DateTimeField(
            label=gettext_lazy("Day and hour of the visit"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
        )
        self.fields["on"].label, self.fields["on"].initial = gettext_lazy("When was it booked"), timezone.localdate()
        del self.fields["at"]

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if day := given.get("on"):
            hour = given.get("at")
            moment = timezone.make_aware(datetime.combine(day, hour or time(12)))
            now = timezone.now()
            if day > timezone.localdate() or (hour and moment > now):
                self.add_error("on", gettext("This has not come yet."))
            elif now - moment > OLDEST:
                self.add_error("on", gettext("That is more than ten years ago."))
            given["occurred"] = min(moment, now)
            if (start := given.get("start")) and start < moment.replace(hour=0):
                self.add_error("start", gettext("The visit comes after the day on which it was booked."))
        return given

    @property
    def body(self) -> dict[str, Any]:
        """The fact as its kind carries it, with how one knows."""
        said = {name: self.cleaned_data[name] for name, _, _ in self.asked if self.cleaned_data.get(name)}
        if drug := said.pop("drug", ""):
            said["drugs"] = [{"text": drug}]
        if start := self.cleaned_data.get("start"):
            said["start"] = start.isoformat()
        note = {"note": self.cleaned_data["note"]} if self.cleaned_data["note"] else {}
        return {**said, "evidence": self.cleaned_data["evidence"], **note}


def enterable(journey: Journey, awaited: Iterable[str] = ()) -> list[tuple[str, str]]:
    """Kinds that a person may write down here, what is awaited now first. Only what the programme listens to."""
    listens = registry.load(journey.version_id).definition.listens
    kinds = [kind for kind in dict.fromkeys([*awaited, *FED]) if kind in listens and kind in FED and kind not in ELSEWHERE]
    return [(kind, words(kind)) for kind in kinds]


def awaited_by(journey: Journey) -> list[str]:
    return [kind for stay in journey.stays.open().select_related("stage") for kind in stay.stage.awaits]


@require_GET
@page(*ENTERING)
def choose(request: StaffRequest, uid: UUID) -> HttpResponse:
    """Which kind of thing happened."""
    journey = _entered_by(request, uid)
    awaited = set(awaited_by(journey))
    kinds = enterable(journey, awaited)
    access.saw(request, action="view", what="journey form", patients=[journey.patient_id], now=timezone.now())
    context = {
        "journey": journey,
        "awaited": [one for one in kinds if one[0] in awaited],
        "others": sorted((one for one in kinds if one[0] not in awaited), key=lambda one: one[1]),
    }
    return render(request, "notifications/entering.html", context)


@require_http_methods(["GET", "POST"])
@page(*ENTERING)
def enter(request: StaffRequest, uid: UUID, kind: str) -> HttpResponse:
    journey = _entered_by(request, uid)
    if kind not in dict(enterable(journey)):
        raise Http404
    form = EventForm(kind, request.POST or None)
    if form.is_valid():
        given = form.cleaned_data
        journeys.record(journey=journey, kind=kind, body=form.body, occurred=given["occurred"], now=timezone.now(), by=request.user)
        return back(request, journey, gettext("Written down: %(kind)s. It can be taken back on this page.") % {"kind": words(kind).lower()})
    access.saw(request, action="view", what="journey form", patients=[journey.patient_id], now=timezone.now())
    context = {"journey": journey, "kind": kind, "said": words(kind), "form": form}
    return render(request, "notifications/enter.html", context, status=422 if form.is_bound else 200)


def _entered_by(request: StaffRequest, uid: UUID) -> Journey:
    journey = journey_of(request, uid)
    must_hold(request.user, journey.home_site_id, *ENTERING)
    return journey
