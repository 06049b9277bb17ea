"""*What to do* about a wait: one primary verb and at most three others, as its definition says; else what follows from whose turn it is."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from notifications.models import WorkItem
from notifications.views.entering import ELSEWHERE
from pathways.definitions.schema import Deed, Pathway, Stage
from pathways.kinds import FED
from pathways.models import Journey
from patients.templatetags.finalmile import translated, words

MOST = 4
CALLS = {
    "clinic": gettext_noop("Call the clinic"),
    "lab": gettext_noop("Call the laboratory"),
    "pathology": gettext_noop("Call pathology"),
    "payer": gettext_noop("Call the payer"),
    "patient": gettext_noop("Call the patient"),
    "pharmacy": gettext_noop("Call the pharmacy"),
    "courier": gettext_noop("Call the courier"),
}
PLACES = {"answer": "#answer", "judge": "#asks", "hold": "#steer", "hand_over": "#team"}


@dataclass(frozen=True, slots=True)
class ToDo:
    say: str
    url: str


def to_do(journey: Journey, pathway: Pathway, stage: Stage | None, item: WorkItem | None = None) -> list[ToDo]:
    """The verbs with where each leads; what the journey's state does not allow any more is left out."""
    if stage is None or journey.status != "active":
        return []
    return [_leads(deed, journey, item) for deed in (stage.do or _usual(pathway, stage))][:MOST]


def _usual(pathway: Pathway, stage: Stage) -> list[Deed]:
    """A definition that names no verb: call who has the ball, write down what is awaited, stop the clocks."""
    awaited = [kind for kind in stage.awaits if kind in FED and kind not in ELSEWHERE]
    deeds = (
        [Deed(say=CALLS.get(stage.ball) or _("Ask the %(party)s") % {"party": translated(stage.ball.replace("_", " "))}, does="call")]
        if stage.ball
        else []
    )
    deeds += [Deed(say=words(kind), record=kind) for kind in awaited[:2]]
    if "exited" in stage.awaits:
        deeds += [Deed(say=words(reason), exits=reason) for reason in list(pathway.exits)[:2]]
    return [*deeds, Deed(say=_("Put on hold"), does="hold")]


def _leads(deed: Deed, journey: Journey, item: WorkItem | None) -> ToDo:
    page, say = reverse("journey", args=[journey.uid]), translated(deed.say)
    if deed.record:
        return ToDo(say, reverse("enter", args=[journey.uid, deed.record]))
    if deed.exits:
        return ToDo(say, f"{page}#steer")
    if deed.does == "call":
        return ToDo(say, reverse("finish", args=[item.uid]) if item else f"{reverse('patient', args=[journey.patient.meant.uid])}#reach")
    return ToDo(say, f"{page}{PLACES[deed.does or 'hold']}")
