"""What a patient can tell us in a structured way: by a number or a word of a text, or by a choice on the secure page. Data only.

A structured answer is a fact of the patient's (`patient_said`); it closes nothing. A guess from free text is never a fact: it only
says how the item is called under which a person reads the words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from patients.models import Role


class Topic(StrEnum):
    CONFIRM = "confirm"
    DECLINE = "decline"
    CALL = "call"
    STARTED = "started"
    CHANGED_DOCTOR = "changed_doctor"
    COST = "cost"
    TRANSPORT = "transport"
    FEAR = "fear"
    NO_TIME = "no_time"
    WORSE = "worse"


@dataclass(frozen=True)
class Rule:
    """What follows. `problem`: the item that asks a person; blank: nobody needs to act. `audience` falls back to the navigator where a
    site has nobody in that role. `thanks`: the wording of the answer while the site is open."""

    problem: str
    priority: int = 4
    audience: str = Role.NAVIGATOR
    thanks: str = "reply.noted"


TOPICS: Mapping[Topic, Rule] = {
    Topic.CONFIRM: Rule("", thanks="reply.confirmed"),
    Topic.DECLINE: Rule("wants-another-time"),
    Topic.CALL: Rule("wants-a-call"),
    Topic.STARTED: Rule("verify", 3),
    Topic.CHANGED_DOCTOR: Rule("verify", 3),
    Topic.COST: Rule("cost", audience=Role.FINANCIAL_COUNSELOR),
    Topic.TRANSPORT: Rule("transport"),
    Topic.FEAR: Rule("fear"),
    Topic.NO_TIME: Rule("no-time"),
    Topic.WORSE: Rule("feels-worse", 1, thanks="safety"),
}
BARRIERS = (Topic.COST, Topic.TRANSPORT, Topic.FEAR, Topic.NO_TIME, Topic.WORSE)

# Whole messages that mean a topic wherever they come from, in folded text.
WORDS: Mapping[str, Topic] = {
    **dict.fromkeys(("call", "call me", "llamar", "llameme", "llamame", "llamenme"), Topic.CALL),
    **dict.fromkeys(("started", "i started", "empece", "ya empece"), Topic.STARTED),
    **dict.fromkeys(("changed doctor", "changed doctors", "new doctor", "cambie de doctor", "cambie de medico"), Topic.CHANGED_DOCTOR),
    **dict.fromkeys(("cost", "money", "costo", "dinero"), Topic.COST),
    **dict.fromkeys(("transport", "transportation", "ride", "transporte"), Topic.TRANSPORT),
}
# Whole messages that mean something only where the last text asked: YES is no opt-in and no confirmation of anything else.
ASKED: Mapping[str, Topic] = {
    **dict.fromkeys(("yes", "y", "yep", "ok", "okay", "c", "confirm", "confirmed", "si", "claro", "confirmo", "confirmar"), Topic.CONFIRM),
    **dict.fromkeys(("no", "n", "cannot", "cant", "no puedo"), Topic.DECLINE),
}
