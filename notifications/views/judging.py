"""What only a person can say of a journey: the stage, line or histology that the rules miss, and a clinician's answer to a flag."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from django.views.decorators.http import require_POST

from notifications.views.steering import again, back, steered
from pathways import journeys
from pathways.knowledge import load
from pathways.models import Event, Journey, Matter, MatterKind, Stay
from patients.models import Role, User
from patients.templatetags.finalmile import later, words
from patients.views.guard import STEERING, StaffRequest, page

STAGES = ("I", "II", "IIIA", "IIIB", "IIIC", "IV")
LINES = {
    "1": gettext_lazy("first line"),
    "2": gettext_lazy("second or later line"),
    "adjuvant": "adjuvant",
    "consolidation": "consolidation",
}
HISTOLOGIES = ("adenocarcinoma", gettext_noop("non-squamous, other"), "squamous", gettext_noop("small cell"))
NOT_ACTIONABLE = (
    gettext_noop("not reliable in this specimen"),
    gettext_noop("not the treated tumour"),
    gettext_noop("already treated with it"),
    "patient's condition",
    "other",
)
NOTHING = ("", gettext_noop("as it is"))


class PickForm(forms.Form):
    """One click each; what is left as it is stays as it is. `settings` are those of the journey's rules, where they ask for one."""

    stage = forms.ChoiceField(choices=[NOTHING, *((one, one) for one in STAGES)], required=False)
    line = forms.ChoiceField(choices=[NOTHING, *LINES.items()], required=False)
    histology = forms.ChoiceField(choices=[NOTHING, *((one, one) for one in HISTOLOGIES)], required=False)

    def __init__(self, settings: Iterable[str] = (), data: Any = None) -> None:
        super().__init__(data)
        if choices := [(one, words(one)) for one in settings]:
            self.fields["setting"] = forms.ChoiceField(choices=[NOTHING, *choices], required=False)

    def clean(self) -> dict[str, Any]:
        if not any(self.cleaned_data.values()):
            raise forms.ValidationError(_("Choose at least one."))
        return self.cleaned_data

    @property
    def picked(self) -> dict[str, str]:
        return {name: value for name, value in self.cleaned_data.items() if value}


class ConfirmForm(forms.Form):
    """The answer is the clinician's; whoever writes it down names them."""

    answer = forms.ChoiceField(label=gettext_lazy("The clinician says"))
    clinician = forms.CharField(label=gettext_lazy("Clinician"), max_length=120)
    why_not = forms.ChoiceField(
        label=gettext_lazy("Why not, if not"),
        choices=[("", gettext_lazy("Choose")), *((one, later(one)) for one in NOT_ACTIONABLE)],
        required=False,
    )

    def __init__(self, flagged: Iterable[tuple[str, str]], clinician: str = "", data: Any = None) -> None:
        super().__init__(data, initial={"clinician": clinician})
        self.flagged = {f"{gene}|{alteration}": (gene, alteration) for gene, alteration in flagged}
        field = self.fields["answer"]
        assert isinstance(field, forms.ChoiceField)
        actionable = [
            (code, _("%(strip)s: actionable now") % {"strip": f"{gene} {alteration}".strip()})
            for code, (gene, alteration) in self.flagged.items()
        ]
        field.choices = [("", _("Choose")), *actionable, ("no", _("not actionable now"))]

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("answer") == "no" and not self.cleaned_data.get("why_not"):
            self.add_error("why_not", _("“Not actionable” needs a reason."))
        return self.cleaned_data

    @property
    def said(self) -> tuple[str, dict[str, str]]:
        """Kind and body of the act."""
        clinician = self.cleaned_data["clinician"]
        if self.cleaned_data["answer"] == "no":
            return "not_actionable_confirmed", {"clinician": clinician, "reason": self.cleaned_data["why_not"]}
        gene, alteration = self.flagged[self.cleaned_data["answer"]]
        return "actionable_confirmed", {"gene": gene, "alteration": alteration, "clinician": clinician}


def forms_for(journey: Journey, open_stays: Iterable[Stay], events: Iterable[Event], user: User) -> dict[str, forms.Form]:
    """What this journey asks for now."""
    awaited = {kind for stay in open_stays for kind in stay.stage.awaits}
    asked: dict[str, forms.Form] = {}
    if "actionable_confirmed" in awaited:
        asked["confirm_form"] = ConfirmForm(flagged_by(events), name_of(user))
    cannot_say = Matter.objects.filter(journey=journey, kind=MatterKind.CANNOT_SAY, closed_at__isnull=True).exists()
    if "picked" in awaited or cannot_say:
        asked["pick_form"] = PickForm(settings_of(journey))
    return asked


def settings_of(journey: Journey) -> list[str]:
    """What the programme's rules may ask of the disease besides stage and line."""
    rows = load().for_pathway(journey.pathway)
    return list(rows.settings) if rows else []


def flagged_by(events: Iterable[Event]) -> list[tuple[str, str]]:
    """Findings that a rule flagged on this journey, each once; a gene alone only where no alteration of it is named."""
    found = [finding for event in events if event.kind == "flagged_actionable" for finding in event.body.get("findings") or ()]
    pairs = dict.fromkeys((str(one.get("gene") or ""), str(one.get("alteration") or "")) for one in found)
    named = {gene for gene, alteration in pairs if alteration}
    return [(gene, alteration) for gene, alteration in pairs if alteration or gene not in named]


def name_of(user: User) -> str:
    return user.get_full_name() if user.has_role(Role.CLINICIAN) else ""


@require_POST
@page(*STEERING)
def pick(request: StaffRequest, uid: UUID) -> HttpResponse:
    journey = steered(request, uid)
    form = PickForm(settings_of(journey), data=request.POST)
    if not form.is_valid():
        return again(request, journey, form, _("Add what is missing"), "pick")
    now = timezone.now()
    journeys.record(journey=journey, kind="picked", body=form.picked, occurred=now, now=now, by=request.user)
    return back(request, journey, _("Added. The rules have looked again."))


@require_POST
@page(*STEERING)
def confirm(request: StaffRequest, uid: UUID) -> HttpResponse:
    journey = steered(request, uid)
    flags = Event.objects.filter(patient=journey.patient_id, kind="flagged_actionable", keys__contains=[f"journey:{journey.pk}"])
    form = ConfirmForm(flagged_by(flags), data=request.POST)
    if not form.is_valid():
        return again(request, journey, form, _("Answer the flag"), "confirm")
    kind, body = form.said
    now = timezone.now()
    journeys.record(journey=journey, kind=kind, body=body, occurred=now, now=now, by=request.user)
    return back(request, journey, _("The clinician's answer is recorded."))
