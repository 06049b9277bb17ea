"""What a wait asks of a person in so many words: triaged or not, confirmed or not, told how, answered what, handed over to whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_POST

from notifications.views.steering import again, back, journey_of
from pathways import handing_over, journeys
from pathways.definitions import registry
from pathways.models import Journey, Stay
from patients.models import Role, User
from patients.views.guard import STEERING, StaffRequest, must_hold, page

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

ANSWERING = (*STEERING, Role.PHARMACIST)
# Kind of fact, field of its body, what may be answered.
ANSWERS: Mapping[str, tuple[str, Mapping[str, StrOrPromise]]] = {
    "triaged": (
        "decision",
        {"confirm": gettext_lazy("To be confirmed in a clinical laboratory"), "nothing": gettext_lazy("Nothing in it to confirm")},
    ),
    "confirmation_concluded": (
        "conclusion",
        {
            "confirmed": gettext_lazy("Confirmed by the clinical result"),
            "not_confirmed": gettext_lazy("Not confirmed"),
            "reclassified": gettext_lazy("Found, and of no consequence"),
        },
    ),
    "result_communicated": (
        "how",
        {
            "visit": gettext_lazy("Told at a visit"),
            "phone": gettext_lazy("Told by telephone"),
            "letter": gettext_lazy("Told by letter"),
            "portal": gettext_lazy("Told through the portal"),
        },
    ),
    "prescriber_answered": (
        "answer",
        {
            "changed": gettext_lazy("Prescriber changes the drug"),
            "dose_adjusted": gettext_lazy("Prescriber adjusts the dose"),
            "overridden": gettext_lazy("Prescriber keeps the drug, with a reason"),
            "stopped": gettext_lazy("Prescriber stops the drug"),
        },
    ),
}
HANDED_OVER = "handed_over"
NEEDS_A_REASON = "prescriber_answered:overridden"


class AnswerForm(forms.Form):
    """One choice of all that the open waits ask for."""

    answer = forms.ChoiceField(label=gettext_lazy("Answer"))
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=500, required=False, help_text=gettext_lazy("Needed where a prescriber keeps the drug.")
    )

    def __init__(self, awaited: Iterable[str], pathway: str, data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        kinds = set(awaited)
        offered = [(f"{kind}:{code}", said) for kind, (_, answers) in ANSWERS.items() if kind in kinds for code, said in answers.items()]
        if HANDED_OVER in kinds:
            offered += _programmes(pathway)
        field = self.fields["answer"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", gettext("Choose")), *offered]
        self.asks = bool(offered)
        if "prescriber_answered" not in kinds:
            del self.fields["reason"]

    def clean(self) -> dict[str, str]:
        if self.cleaned_data.get("answer") == NEEDS_A_REASON and not self.cleaned_data.get("reason"):
            self.add_error("reason", gettext("An override needs its reason."))
        return self.cleaned_data


def _programmes(pathway: str) -> list[tuple[str, str]]:
    """Programmes that go on with a confirmed result: those that somebody can enter by one."""
    found = []
    for code, published in registry.published().items():
        for name, entry in published.definition.entries.items():
            if code != pathway and name in ("resulted", "on_file"):
                found.append(
                    (
                        f"{HANDED_OVER}:{code}:{name}",
                        gettext("Handed over to %(title)s (%(label)s)") % {"title": published.definition.title, "label": entry.label},
                    )
                )
    return found


def answering(journey: Journey, user: User, open_stays: Iterable[Stay]) -> dict[str, AnswerForm]:
    """The form of those who may answer, where a wait asks."""
    if journey.status != "active" or not user.roles_at(journey.home_site_id) & set(ANSWERING):
        return {}
    form = AnswerForm({kind for stay in open_stays for kind in stay.stage.awaits}, journey.pathway)
    return {"answer_form": form} if form.asks else {}


@require_POST
@page(*ANSWERING)
def answer(request: StaffRequest, uid: UUID) -> HttpResponse:
    journey = journey_of(request, uid)
    must_hold(request.user, journey.home_site_id, *ANSWERING)
    awaited = {kind for stay in journey.stays.open().select_related("stage") for kind in stay.stage.awaits}
    form = AnswerForm(awaited, journey.pathway, request.POST)
    if not form.is_valid():
        return again(request, journey, form, gettext("Write down what happened"), "answer")
    kind, _, said = form.cleaned_data["answer"].partition(":")
    now = timezone.now()
    if kind == HANDED_OVER:
        return _hand_over(request, journey, *said.split(":"))
    body = {ANSWERS[kind][0]: said, "reason": form.cleaned_data.get("reason", "")}
    journeys.record(journey=journey, kind=kind, body=body, occurred=now, now=now, by=request.user)
    return back(request, journey, gettext("Written down."))


def _hand_over(request: StaffRequest, journey: Journey, to: str, entry: str) -> HttpResponse:
    try:
        opened = handing_over.hand_over(journey=journey, to=to, entry=entry, by=request.user, now=timezone.now())
    except handing_over.NothingToHandOver:
        messages.error(request, gettext("No clinical result belongs to this journey yet: there is nothing to hand over."))
        return back(request, journey, gettext("Nothing was changed."))
    return back(request, opened, gettext("Handed over. This is the journey that goes on."))
