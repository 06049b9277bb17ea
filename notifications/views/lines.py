"""One line of the queue: everything a navigator needs to know whom to call first, read in one statement for a whole page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from notifications.models import ItemState, WorkItem
from notifications.putting_off import CRITICAL, latest
from notifications.views.workdays import Distance, clock_of_site, distance
from pathways.abstracting import KINDS as READ
from pathways.candidates import CANDIDATE_KINDS
from pathways.deadlines import Clock
from pathways.models import MatterKind, Stay
from pathways.placing import PLACED
from pathways.sql import load, prepared
from patients.ages import age
from patients.models import Identifier, Patient, User
from patients.templatetags.finalmile import sentence, translated, words

BORN_HERE = {
    "reply": gettext_noop("Reply not read"),
    "mail_answer": gettext_noop("Answer to an e-mail"),
    "bad_number": gettext_noop("Number does not work"),
    "stopped_at_provider": gettext_noop("Said STOP to the provider, not to us"),
    "texts_stopped": gettext_noop("Texts have stopped"),
    "unknown_send": gettext_noop("Text may not have been sent"),
    "no_text": gettext_noop("No text possible, call instead"),
    "letter_to_print": gettext_noop("Letter to print and post"),
    "interpreter_call": gettext_noop("Call with an interpreter"),
    "hand_over": gettext_noop("Hand-over to accept"),
    "wants_a_call": gettext_noop("Asks for a call"),
    "wants_another_time": gettext_noop("Cannot come, asks for another time"),
    "cost": gettext_noop("Says that the cost is in the way"),
    "transport": gettext_noop("Says that there is no way to come"),
    "fear": gettext_noop("Says that they are afraid"),
    "no_time": gettext_noop("Says that there is no time"),
    "feels_worse": gettext_noop("Feels worse"),
    "verify": gettext_noop("Says that something changed: please verify"),
    "start_ambiguous": "START from a number of several people",
    "link_locked": gettext_noop("Secure page locked after wrong birth dates"),
    "hand_over_returned": gettext_noop("Hand-over came back unanswered"),
    "incident": gettext_noop("Incident to look into"),
    "notice_undelivered": gettext_noop("Notice did not reach the clinician, call"),
    "note_to_you": "A colleague asks you",
    "called": gettext_noop("Called us"),
    "wrong_clinician": gettext_noop("Clinician says: not my patient. Find who is"),
}


CALLED = {
    "reached": "reached",
    "left_message": gettext_noop("left message"),
    "no_answer": gettext_noop("no answer"),
    "wrong_number": gettext_noop("wrong number"),
}


@dataclass(frozen=True, slots=True)
class Risk:
    word: str
    icon: str
    look: str


@dataclass(frozen=True, slots=True)
class Action:
    """The one next step; `post` for a step that is done at once, else a page (or dialog) with a form; `outcome` ends what is yours."""

    label: str
    url: str
    post: bool = False
    dialog: bool = False
    outcome: bool = False


@dataclass(frozen=True, slots=True)
class Contact:
    """The last time that somebody tried to reach the patient, or heard from them."""

    at: datetime
    what: str


@dataclass(frozen=True, slots=True)
class Line:
    item: WorkItem
    who: str
    about: str
    missing: str
    late: Distance
    risk: Risk
    ball: str
    action: Action | None
    contact: Contact | None = None
    rests: bool = True  # whether it may be put off at all


@dataclass(frozen=True, slots=True)
class Wait:
    """The stay that an item is about, as far as its line speaks of it."""

    due_at: datetime | None
    label: str
    problem: str
    ball: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What a line says beside its item."""

    wait: Wait | None = None
    number: str | None = None
    contact: Contact | None = None


def lines(items: Sequence[WorkItem], user: User, now: datetime, facts: Mapping[int, Facts] | None = None) -> list[Line]:
    """`facts` where a page has them already."""
    facts = facts_of(items, now) if facts is None else facts
    clocks = {site: clock_of_site(site) for site in {item.site_id for item in items}}
    return [line(item, facts.get(item.pk, Facts()), user, now, clocks[item.site_id]) for item in items]


def facts_of(items: Iterable[WorkItem], now: datetime) -> dict[int, Facts]:
    """By item; one statement for a whole page."""
    ids = [item.pk for item in items]
    if not ids:
        return {}
    with prepared() as cursor:
        cursor.execute(load("notifications.sql", "line_facts"), {"items": ids, "now": now})
        return {item: facts_in(*row) for item, *row in cursor.fetchall()}


def facts_in(
    due: datetime | None, label: str | None, problem: str, ball: str, number: str | None, at: datetime | None, what: str, outcome: str
) -> Facts:
    """What a row of `line_joins` says."""
    wait = Wait(due, label, problem, ball) if label is not None else None
    return Facts(wait, number, Contact(at, said_of(what, outcome)) if at else None)


def line_of(item: WorkItem, user: User, now: datetime) -> Line:
    return lines([item], user, now)[0]


def line(item: WorkItem, facts: Facts, user: User, now: datetime, clock: Clock) -> Line:
    wait = facts.wait
    late = distance(due_of(item, wait), now, clock)
    return Line(
        item=item,
        who=str(item.patient) if item.patient else item.site.name,
        about=about(item.patient, facts.number, now.date()),
        missing=missing(item, wait),
        late=late,
        risk=risk(item, late),
        ball=words(item.waiting_on or (wait.ball if wait else item.audience)),
        action=next_step(item, user),
        contact=facts.contact,
        rests=latest(item, now=now) > now,
    )


def open_stays(items: Iterable[WorkItem]) -> dict[tuple[int | None, str], Stay]:
    """The wait that each item is about, by (journey, problem); a journey has at most one open stay a track."""
    journeys = {item.journey_id for item in items if item.journey_id}
    found = (
        Stay.objects.open().filter(journey__in=journeys).select_related("stage__version").defer("stage__version__body")
        if journeys
        else Stay.objects.none()
    )
    found = found.order_by(F("due_at").desc(nulls_first=True))  # two waits of one problem: the line speaks of the one due first
    return {(stay.journey_id, stay.stage.problem): stay for stay in found}


def record_numbers(patient_ids: Iterable[int]) -> dict[int | None, str]:
    found = Identifier.objects.filter(patient__in=set(patient_ids), type="MR", until__isnull=True).order_by("-since")
    return dict(found.values_list("patient", "value"))


def said_of(what: str, outcome: str) -> str:
    """How a contact went, in the words of the outcome that was recorded."""
    if what == "text":
        return _("text %(outcome)s") % {"outcome": translated(outcome)}
    if what == "patient_replied":
        return _("patient wrote")
    return translated(CALLED.get(outcome, "")) or words(outcome).lower()


def due_of(item: WorkItem, wait: Wait | None) -> datetime:
    """When the awaited fact should have come; for a matter when it should have been settled."""
    if wait and wait.due_at:
        return wait.due_at
    return item.matter.due_at if item.matter else item.due_at


def missing(item: WorkItem, wait: Wait | None) -> str:
    if wait:
        said = wait.label or words(wait.problem)
        return _("Not known: %(said)s. Please confirm") % {"said": translated(said)} if item.to_confirm else sentence(said)
    if item.matter:
        return words(str(MatterKind(item.matter.kind).label))
    return sentence(BORN_HERE.get(item.problem.replace("-", "_"), "")) or words(item.problem or item.cause_kind)


def about(patient: Patient | None, number: str | None, today: date) -> str:
    """Age and the tail of the record number: enough to tell two patients of one name apart."""
    if patient is None:
        return ""
    born = patient.meant.person.birth_lo
    old = age(born, today) if born else _("age unknown")
    return f"{old} · MRN\N{NO-BREAK SPACE}…\N{WORD JOINER}{number[-4:]}" if number else old  # a line may not end within the number


def risk(item: WorkItem, late: Distance) -> Risk:
    if item.state == ItemState.PARKED:
        return Risk("Waiting", "clock", "") if item.waiting_on else Risk("Snoozed", "snooze", "")
    if item.state == ItemState.WITHDRAWN:
        return Risk("Withdrawn", "stop", "")
    if item.state == ItemState.DONE:
        return Risk("Done", "done", "good")
    if item.reason_gone_at:
        return Risk(_("Reason gone"), "circle-done", "good")
    if item.priority <= CRITICAL:
        return Risk("Critical", "alert", "critical")
    if late.passed:
        return Risk("Overdue", "clock", "overdue")
    return Risk(_("Due soon"), "soon", "soon")


def next_step(item: WorkItem, user: User) -> Action | None:
    """Claim what nobody has, decide a candidate, accept what is offered, record an outcome for what is yours, take over what is another's."""
    if item.state == ItemState.WITHDRAWN:
        return None
    if item.state == ItemState.DONE:
        return Action("Reopen", reverse("reopen_item", args=[item.uid]), dialog=True)
    if item.offered_to_id == user.pk:
        return Action("Accept", reverse("accept_item", args=[item.uid]), post=True)
    if item.matter and item.matter.kind in CANDIDATE_KINDS:
        return Action("Decide", reverse("candidate", args=[item.matter.uid]))
    if item.matter and item.matter.kind == MatterKind.DEATH_HINT and item.patient:
        return Action("Settle", reverse("death", args=[item.patient.meant.uid]))
    if item.matter and item.matter.kind in PLACED and item.patient and not item.matter.subject.startswith("unmerge:"):
        return Action(_("Place it"), reverse("place", args=[item.matter.uid]))
    if item.matter and item.matter.kind in READ:
        return Action(_("Read the report"), reverse("read_report", args=[item.matter.uid]))
    if item.owner_id is None and item.state == ItemState.OPEN:
        return Action("Claim", reverse("claim", args=[item.uid]), post=True)
    if item.owner_id not in (None, user.pk):
        return Action(_("Take over"), reverse("take_over", args=[item.uid]), dialog=True)
    if item.state == ItemState.PARKED:
        return Action("Wake", reverse("put_back", args=[item.uid]), post=True)
    return Action("Record outcome", reverse("finish", args=[item.uid]), dialog=True, outcome=True)
