"""What happened on a journey, read for its page: facts, waits, phases, what was said. Builds values; the template only prints them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, F, OuterRef, Subquery, Value, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from notifications.models import Channel, Message, MessageState, Reply
from notifications.views.biomarkers import name_of
from pathways import ordering
from pathways.correcting import RETRACTABLE, is_ours
from pathways.facts import Fact, Grade, Moment
from pathways.lineage import current
from pathways.models import Binding, Event, Journey, Phase, Stay
from patients.templatetags.finalmile import sentence, words

GRADES = {
    Grade.PATIENT_REPORTED: gettext_lazy("told by the patient"),
    Grade.RULE: gettext_lazy("worked out by a rule"),
    Grade.STAFF_ATTESTED: gettext_lazy("attested by staff"),
    Grade.SYSTEM_OF_RECORD: gettext_lazy("from the record system"),
}
# What of a body is worth a line; findings and drugs have words of their own.
CODED = ("outcome", "decision", "entry", "reason", "sub_reason", "specimen_class")
SYSTEMS = {"icd10": "ICD-10", "loinc": "LOINC", "snomed": "SNOMED", "cpt": "CPT", "rxcui": "RxNorm", "ndc": "NDC", "hgnc": "HGNC"}
TELLING = (
    "text",
    "code",
    "stage",
    "histology",
    "reason",
    "outcome",
    "decision",
    "subject",
    "specimen_class",
    "entry",
    "payer",
    "clinician",
    "sub_reason",
)


@dataclass(frozen=True, slots=True)
class Told:
    """One fact of the journey, as a person reads it. `replaced`: it counts no more, and `fate` says why. `correction` is what a person
    may do about one that counts: take it back, part it from the journey, or nothing."""

    event: Event
    what: str
    detail: str
    grade: str
    source: str
    replaced: bool
    fate: str
    correction: str
    partial_date: bool
    asked: ordering.Asked | None


@dataclass(frozen=True, slots=True)
class Step:
    """One phase of the spine: `state` is reached, implied, not_applicable, unknown or waiting."""

    label: str
    state: str
    at: datetime | None
    here: bool


@dataclass(frozen=True, slots=True)
class Wait:
    stay: Stay
    days: int
    late: bool


@dataclass(frozen=True, slots=True)
class Said:
    """One line of the thread with the patient, theirs or ours."""

    at: datetime
    text: str
    theirs: bool
    state: str
    unsent: bool


def events_of(journey: Journey, *, as_of: datetime | None = None) -> list[Event]:
    """All events that ever were the journey's; `parted` names how the latest binding row took one away, blank where it is attached.

    With `as_of` only what had arrived by then, bound as it was then.
    """
    rows = Binding.objects.filter(journey=journey, **({"at__lte": as_of} if as_of else {}))
    last = rows.filter(event=OuterRef("pk")).order_by("-pk")
    how = Case(When(attached=False, then=F("how")), default=Value(""))
    taken = Subquery(last.annotate(taken=how).values("taken")[:1])
    bound = rows.values("event")
    found = Event.objects.filter(pk__in=bound).annotate(parted=taken)
    return list(found.select_related("by", "inbound__feed").order_by("occurred_lo", "pk"))


def parted(event: Event) -> str:
    return str(getattr(event, "parted", ""))


def attached(events: Iterable[Event]) -> list[Event]:
    """Those that are the journey's now."""
    return [event for event in events if not parted(event)]


def told(events: Sequence[Event]) -> list[Told]:
    """Newest first; what no longer counts stays visible, with the reason."""
    counts = {(fact.lineage, fact.digest) for fact in current([fact_of(event) for event in attached(events)])}
    return [_told(event, (event.lineage, event.digest) in counts) for event in reversed(events)]


def _told(event: Event, counts: bool) -> Told:
    return Told(
        event=event,
        what=words(event.kind),
        detail=detail(event.body),
        grade=str(GRADES[Grade(event.grade)]),
        source=source_of(event),
        replaced=not counts,
        fate="" if counts else fate(event),
        correction=correction(event) if counts else "",
        partial_date=event.occurred_lo != event.occurred_hi,
        asked=ordering.asked(event.body),
    )


def fate(event: Event) -> str:
    """Why a fact counts no more."""
    if event.retracted:
        because = event.body.get("retracted_because")
        return (
            _("taken back by %(event)s: %(because)s") % {"event": source_of(event), "because": because}
            if because
            else _("retracted by its source")
        )
    if parted(event) == "person":
        return _("parted from this journey by a person")
    if event.basis is not None:
        return _("no longer follows from what is known")
    return _("counts elsewhere now") if parted(event) else _("replaced by a later version")


def correction(event: Event) -> str:
    if event.basis is not None or event.kind == "enrolled":
        return ""
    if is_ours(event.lineage):
        return "retract" if event.kind in RETRACTABLE else ""
    return "part"


def fact_of(event: Event) -> Fact:
    occurred = Moment(event.occurred_lo, event.occurred_hi, event.assumed_zone)
    return Fact(
        kind=event.kind,
        lineage=event.lineage,
        occurred=occurred,
        digest=event.digest,
        rank=event.rank,
        issued_at=event.issued_at,
        message_at=event.message_at,
        recorded_at=event.recorded_at,
        retracted=event.retracted,
        grade=event.grade,
        keys=tuple(event.keys),
        body=event.body,
        basis=event.basis,
        received_at=event.received_at,
        id=event.pk,
    )


def source_of(event: Event) -> str:
    if event.by:
        return event.by.get_full_name() or event.by.username
    system = event.lineage.partition("|")[0]
    return "Finalmile" if system == "finalmile" else system


def detail(body: Mapping[str, Any]) -> str:
    """What of a fact's content a person wants to read, in one line."""
    told = [spoken(name, body[name]) for name in TELLING if body.get(name)]
    parts = [*told, *listed(body), str(body.get("note") or "")]
    return " · ".join(dict.fromkeys(part for part in parts if part))


def spoken(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return str(value.get("text") or coded(str(value.get("code") or "")))
    if name == "code":
        return coded(str(value))
    return words(value) if name in CODED and isinstance(value, str) else str(value)


def coded(code: str) -> str:
    """`icd10|C34.11` -> ICD-10 C34.11."""
    system, bar, value = code.rpartition("|")
    return f"{SYSTEMS.get(system, system)} {value}" if bar else value


def listed(body: Mapping[str, Any]) -> Iterator[str]:
    """Drugs, findings that were flagged or confirmed, and what the rules miss."""
    yield from (str(drug.get("text") or "") for drug in body.get("drugs") or () if isinstance(drug, Mapping))
    if body.get("gene"):
        yield f"{body['gene']} {body.get('alteration') or ''}".strip()
    if rules := body.get("rules"):
        yield from dict.fromkeys(name_of(finding) for finding in body.get("findings") or ())
        named = ", ".join(rules[:3]) + (" ..." if len(rules) > 3 else "")
        yield ngettext("%(n)s rule: %(named)s", "%(n)s rules: %(named)s", len(rules)) % {"n": len(rules), "named": named}
    if missing := body.get("missing"):
        yield _("missing: %(missing)s") % {"missing": ", ".join(str(one).replace(":", " ") for one in missing)}


def steps(journey: Journey, labels: Mapping[str, str]) -> list[Step]:
    """The spine with the programme's own labels. Milestones of the same names say what was only implied."""
    reached = [phase for phase in Phase.values if getattr(journey, f"{phase}_at")]
    return [
        Step(
            label=sentence(labels.get(phase, phase)),
            state=state_of(journey, phase, phase in reached),
            at=getattr(journey, f"{phase}_at"),
            here=phase == journey.phase and journey.status == "active",
        )
        for phase in Phase.values
    ]


def state_of(journey: Journey, phase: str, reached: bool) -> str:
    stated = journey.milestones.get(phase)
    if stated:
        return str(stated[0])
    return "reached" if reached or phase == Phase.IDENTIFIED else "waiting"


def waits(journey: Journey, now: datetime) -> list[Wait]:
    """Every wait of the present timeline, open ones first."""
    found = Stay.objects.current().filter(journey=journey).select_related("stage").order_by("entered_at", "pk")
    built = [Wait(stay, ((stay.left_at or now) - stay.entered_at).days, is_late(stay, now)) for stay in found]
    return sorted(built, key=lambda wait: wait.stay.left_at is not None)


def is_late(stay: Stay, now: datetime) -> bool:
    return stay.due_at is not None and (stay.left_at or now) > stay.due_at


def thread(journey: Journey) -> list[Said]:
    """Texts of this journey and all replies of the patient, in time order."""
    ours = Message.objects.filter(journey=journey, shadow=False).order_by("created_at")
    theirs = Reply.objects.filter(patient=journey.patient_id).order_by("received_at")
    lines = [said(message) for message in ours]
    lines += [Said(reply.received_at, reply.body, True, "read" if reply.read_at else _("not read yet"), False) for reply in theirs]
    return sorted(lines, key=lambda line: line.at)


def said(message: Message) -> Said:
    went = message.state in (MessageState.SENT, MessageState.DELIVERED, MessageState.SENDING, MessageState.UNKNOWN)
    state = message.get_state_display() + (f": {words(message.reason).lower()}" if message.reason else "")
    if message.channel != Channel.SMS:
        state = f"{message.get_channel_display()}, {state}"
    text = message.body or _("%(purpose)s (the words are chosen when it is sent)") % {"purpose": words(message.wording or message.purpose)}
    return Said(message.sent_at or message.created_at, text, False, state, not went)
