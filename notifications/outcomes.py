"""How a work item can end, as data; and what each end says to the journey.

Every outcome writes an event, ends the journey, or sets a next date: none leaves a patient without one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from notifications import halts
from notifications.models import Reply, WorkItem
from pathways import journeys, matters
from pathways.facts import Grade
from pathways.kinds import FED
from patients import contacts, registry
from patients.models import Phone, Role, User


class Refused(Exception):
    """The act is not possible; the message says why, in words for the person who tried."""


class Then(Enum):
    """What becomes of the item."""

    DONE = "done"
    NEXT_DATE = "next date"
    HAND_ON = "hand on"


@dataclass(frozen=True)
class Outcome:
    """`needs` are the details that must be given; `causes` the kinds of cause it fits (empty: all); `exits` ends the journey, by the
    reason that is chosen or by the only one whose code begins so."""

    label: str
    then: Then
    needs: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    exits: str = ""


ABOUT_A_JOURNEY = ("problem", "reply", "mail_answer", "matter", "no_text", "interpreter", "result_changed", "hand_over", "note", "call")
CLINICIANS_DECISION = "clinician_decision_other_therapy"
OUTCOMES: dict[str, Outcome] = {
    "reached": Outcome(gettext_noop("Spoke with the patient"), Then.DONE),
    "left_message": Outcome(gettext_noop("Left a message"), Then.NEXT_DATE, ("until",)),
    "no_answer": Outcome(gettext_noop("No answer, try again"), Then.NEXT_DATE, ("until",)),
    "wrong_number": Outcome(gettext_noop("Wrong number"), Then.NEXT_DATE, ("number", "until")),
    "appointment_made": Outcome(gettext_noop("Appointment made"), Then.DONE, ("starts",), ABOUT_A_JOURNEY),
    "already_happened": Outcome(
        gettext_noop("It had already happened"),
        Then.DONE,
        ("what", "on", "evidence"),
        ("problem", "no_text", "interpreter", "letter", "unknown_send"),
    ),
    "not_a_stall": Outcome(gettext_noop("Not a stall"), Then.DONE, ("why",), ("problem", "matter")),
    "waiting_on": Outcome(gettext_noop("Waiting for somebody"), Then.NEXT_DATE, ("party", "until")),
    "barrier": Outcome(gettext_noop("Something stands in the way"), Then.NEXT_DATE, ("barrier", "until")),
    "escalated_to": Outcome(gettext_noop("Handed on to another role"), Then.HAND_ON, ("to",)),
    "clinician_decided": Outcome(
        gettext_noop("Clinician decided otherwise"), Then.DONE, ("clinician", "sub_reason"), ABOUT_A_JOURNEY, exits=CLINICIANS_DECISION
    ),
    "transferred": Outcome(gettext_noop("Care goes on elsewhere"), Then.DONE, ("where",), ABOUT_A_JOURNEY, exits="transferred"),
    "declined": Outcome(gettext_noop("Patient declined"), Then.DONE, ("declines",), ABOUT_A_JOURNEY, exits="declined"),
    "deceased": Outcome(gettext_noop("Patient has died"), Then.DONE, ("source",), ABOUT_A_JOURNEY, exits="deceased"),
    "exited": Outcome(
        gettext_noop("The journey ends for another reason"),
        Then.DONE,
        ("reason",),
        ("problem", "reply", "mail_answer", "matter"),
        exits="*",
    ),
    "settled": Outcome(gettext_noop("Settled"), Then.DONE, ("why",), ("matter", "result_changed")),
    "read": Outcome(gettext_noop("Read and answered"), Then.DONE, (), ("reply",)),
    "number_updated": Outcome(gettext_noop("Number updated"), Then.DONE, (), ("bad_number", "no_text")),
    "released": Outcome(gettext_noop("Looked at, texts may go again"), Then.DONE, (), ("halt",)),
    "handled": Outcome(gettext_noop("Handled"), Then.DONE, ("note",)),
}
NOT_A_STALL = (gettext_noop("rule wrong"), gettext_noop("not eligible"), "duplicate", gettext_noop("data late"))
PARTIES = ("clinic", "lab", "payer", "patient", "pharmacy", gettext_noop("other hospital"))
BARRIERS = (
    "cost",
    "transport",
    "fear",
    "language",
    gettext_noop("work or childcare"),
    gettext_noop("does not understand why"),
    gettext_noop("no phone"),
    "family",
    "other",
)
SUB_REASONS = ("performance_status", "comorbidity", "started_before_result", "preference", "access", "not_aware")
CHOSEN_FROM: dict[str, tuple[str, tuple[str, ...], str]] = {
    "not_a_stall": ("why", NOT_A_STALL, ""),
    "waiting_on": ("party", PARTIES, ""),
    "barrier": ("barrier", BARRIERS, ""),
    "already_happened": ("what", tuple(FED), gettext_noop("Choose what had happened.")),
    "escalated_to": ("to", tuple(Role.values), gettext_noop("Choose a role.")),
    "clinician_decided": ("sub_reason", SUB_REASONS, gettext_noop("Choose the reason behind the decision.")),
}


def check(item: WorkItem, outcome: str, details: Mapping[str, Any]) -> Outcome:
    """The outcome's rule, if it fits the item and has what it needs; else `Refused`."""
    rule = OUTCOMES.get(outcome)
    if rule is None or (rule.causes and item.cause_kind not in rule.causes):
        raise Refused(_("This outcome does not fit this item."))
    missing = [name for name in rule.needs if name != "note" and not details.get(name)]
    if missing:
        raise Refused(_("Please give: %(missing)s.") % {"missing": ", ".join(missing)})
    name, allowed, words = CHOSEN_FROM.get(outcome, ("", (), ""))
    if allowed and details[name] not in allowed:
        raise Refused((words and _(words)) or _("Choose one of: %(allowed)s.") % {"allowed": ", ".join(allowed)})
    if rule.exits and item.journey is None:
        raise Refused(_("There is no journey to end."))
    if rule.exits:
        exit_reason(item, rule, details)
    return rule


def ways_out(exits: Iterable[str], outcome: str) -> list[str]:
    """Of a programme's exit reasons those that this outcome stands for; the general one takes what no other outcome does."""
    wanted = OUTCOMES[outcome].exits
    if wanted != "*":
        return [reason for reason in exits if reason.startswith(wanted)]
    named = tuple(rule.exits for rule in OUTCOMES.values() if rule.exits not in ("", "*"))
    return [reason for reason in exits if not reason.startswith(named)]


def exit_reason(item: WorkItem, rule: Outcome, details: Mapping[str, Any]) -> str:
    """The coded reason by which the journey ends, one that its programme knows."""
    assert item.journey is not None
    known = item.journey.version.body.get("exits", {})
    chosen = details.get("reason") or details.get("declines") or rule.exits
    if chosen not in known:
        raise Refused(_("This programme does not know that reason."))
    return str(chosen)


def perform(
    item: WorkItem, outcome: str, details: Mapping[str, Any], *, note: str, by: User, now: datetime, at: datetime | None = None
) -> None:
    """What the outcome says to the journey, as of `at`, when it was said. The caller holds the transaction, and no lock on the item yet."""
    said_at = at or now
    rule = OUTCOMES[outcome]
    if rule.exits:
        assert item.journey is not None
        more = {name: str(details[name]) for name in ("clinician", "sub_reason", "where", "source") if details.get(name)}
        reason = exit_reason(item, rule, details)
        journeys.exit(journey=item.journey, reason=reason, now=now, by=by, occurred=said_at, note=note, **more)
        if outcome == "deceased":  # texts stop now; the registration system's word is still awaited
            registry.death_hint(patient_id=item.journey.patient_id, now=now, source="staff")
        return
    match outcome:
        case "reached" | "no_answer" | "left_message" | "wrong_number":
            body = {"channel": details.get("channel", "phone"), "outcome": outcome}
            _record(item, "contact_attempted", body, by=by, now=now, occurred=said_at)
            if outcome == "wrong_number":
                _mark_number(item, str(details["number"]), now)
        case "appointment_made":
            body = {"start": details["starts"].isoformat(), "service": details.get("service", ""), "note": note}
            _record(item, "visit_booked", body, by=by, now=now, occurred=said_at)
        case "already_happened":
            body = {"evidence": details["evidence"], "note": note}
            _record(item, details["what"], body, by=by, now=now, occurred=details["on"])
        case "read":
            _mark_read(item, by=by, now=now)
        case "released":
            release(item, by=by, now=now)
        case _:
            if outcome == "settled" and item.matter is not None:
                matters.close(matter=item.matter, reason=str(details["why"])[:60], by=by, now=now)
            said = {key: value for key, value in details.items() if isinstance(value, str)}
            body = {"outcome": outcome, "problem": item.problem, "note": note, **said}
            _record(item, "work_outcome", body, by=by, now=now, occurred=said_at)


def _mark_number(item: WorkItem, e164: str, now: datetime) -> None:
    """Somebody else answers there: no text about this patient goes to them any more."""
    phone = Phone.objects.filter(e164=e164, contact_points__person=item.patient.person_id).first() if item.patient else None
    if phone is not None:
        contacts.mark_bad(phone=phone, reason="wrong number, said a person there", now=now)


def release(item: WorkItem, *, by: User, now: datetime) -> None:
    """The wording, or what a person stopped, goes out again. What the provider refuses ends by itself, and a restored database is no matter of opinion."""
    if item.cause_key != halts.STAFF and not item.cause_key.startswith(halts.WORDING):
        raise Refused(_("This ends by itself as soon as it works again; a restored database needs `manage.py texts reconcile`."))
    halts.lift(item.cause_key, now=now, by=by)


def _mark_read(item: WorkItem, *, by: User, now: datetime) -> None:
    unread = Reply.objects.filter(phone=int(item.cause_key), read_at__isnull=True).order_by("received_at")
    for reply in unread:
        _record(item, "reply_read", {"reply": str(reply.uid)}, by=by, now=now)
    unread.update(read_at=now, read_by=by)


def _record(item: WorkItem, kind: str, body: dict[str, Any], *, by: User, now: datetime, occurred: datetime | None = None) -> None:
    """On the journey where there is one, else on the patient; an item about nobody we know keeps its outcome to itself."""
    if item.journey is not None:
        journeys.record(journey=item.journey, kind=kind, body=body, occurred=occurred or now, now=now, by=by)
    elif item.patient is not None:
        journeys.record_for_patient(
            patient=item.patient,
            kind=kind,
            body=body,
            occurred=occurred or now,
            now=now,
            by=by,
            grade=Grade.STAFF_ATTESTED,
            business_id=f"{item.uid}-{item.revision}-{kind}",
            site=item.site,
        )
