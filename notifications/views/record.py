"""One print for a journey: who knew what, when, and did what. Everything in the order in which it came to be known here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from notifications.models import Email, Incident, Message, Notice, Reply, WorkItem
from notifications.views import story
from notifications.views.lines import about, record_numbers
from notifications.views.steering import journey_of
from pathways.models import Alert, HandOver, Journey
from patients import access
from patients.models import AccessLog, Patient, Role, User
from patients.templatetags.finalmile import sentence, words
from patients.views.guard import CARE, StaffRequest, page

READING = (*CARE, Role.MANAGER, Role.AUDITOR, Role.ADMINISTRATOR)
MOST_READS = 2_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. `at` is when it came to be known or was done here; `happened` when it took place, where that is another time. `what` is one
    of learnt, asked, told, did, read."""

    at: datetime
    what: str
    who: str
    said: str
    happened: datetime | None = None


@require_GET
@page(*READING)
def record(request: StaffRequest, uid: UUID) -> HttpResponse:
    now, journey = timezone.now(), journey_of(request, uid)
    entries = sorted(_entries(journey), key=lambda entry: entry.at)
    access.saw(request, action="export", what="journey record", patients=[journey.patient_id], now=now)
    number = record_numbers([journey.patient.meant.pk]).get(journey.patient.meant.pk)
    context = {"journey": journey, "about": about(journey.patient, number, now.date()), "entries": entries, "now": now}
    return render(request, "notifications/record.html", context)


def _entries(journey: Journey) -> Iterator[Entry]:
    yield from _learnt(journey)
    yield from _asked(journey)
    yield from _told(journey)
    yield from _notices(journey)
    yield from _hand_overs(journey)
    yield from _reads(journey)


def _learnt(journey: Journey) -> Iterator[Entry]:
    """Facts as they arrived, later versions and retractions each by itself; what staff did is a fact too."""
    for fact in story.told(story.events_of(journey)):
        event = fact.event
        said = ": ".join(part for part in (fact.what, fact.detail) if part) + (f" ({fact.fate})" if event.retracted else "")
        yield Entry(event.received_at, "did" if event.by else "learnt", fact.source, said, event.occurred_lo)


def _asked(journey: Journey) -> Iterator[Entry]:
    alerts = Alert.objects.filter(stay__journey=journey).exclude(mode="shadow").select_related("stay__stage")
    for alert in alerts:
        label = sentence(alert.stay.stage.label) if alert.stay else ""
        yield Entry(
            alert.rang_at, "asked", words(alert.audience), _("%(label)s: due %(due_at)s") % {"label": label, "due_at": _said(alert.due_at)}
        )
        if alert.withdrawn_at:
            yield Entry(
                alert.withdrawn_at,
                "asked",
                words(alert.audience),
                _("%(label)s: withdrawn, %(reason)s") % {"label": label, "reason": alert.reason},
            )
    for item in WorkItem.objects.filter(journey=journey, shadow=False).select_related("owner"):
        who = _name(item.owner) if item.owner else words(item.audience)
        if item.claimed_at:
            yield Entry(item.claimed_at, "did", who, _("%(problem)s: took it on") % {"problem": words(item.problem)})
        if item.closed_at:
            note = f". {item.note}" if item.note else ""
            yield Entry(
                item.closed_at, "did", who, f"{words(item.problem)}: {words(item.outcome).lower() or item.get_state_display()}{note}"
            )


def _told(journey: Journey) -> Iterator[Entry]:
    handed_out = Q(attempt__gt=0) | Q(sent_at__isnull=False)
    for message in Message.objects.filter(handed_out, journey=journey, shadow=False).select_related("recipient"):
        at = message.sent_at or message.claimed_at or message.created_at
        yield Entry(at, "told", str(message.recipient or _("the patient")), f"{message.body} ({message.get_state_display()})")
    for reply in Reply.objects.filter(patient=journey.patient_id).select_related("read_by"):
        yield Entry(reply.received_at, "learnt", _("the patient"), _("wrote: %(body)s") % {"body": reply.body})
        if reply.read_at:
            yield Entry(reply.read_at, "read", _name(reply.read_by), _("the reply"))


def _notices(journey: Journey) -> Iterator[Entry]:
    for notice in Notice.objects.filter(journey=journey).select_related("practitioner", "item", "acknowledged_by", "answered_by", "email"):
        about_ = words(notice.item.problem).lower()
        yield Entry(notice.created_at, "told", str(notice.practitioner), _("notice about %(about)s") % {"about": about_})
        if notice.email.state != Email.State.PENDING and notice.email.claimed_at:
            yield Entry(
                notice.email.claimed_at,
                "told",
                str(notice.practitioner),
                _("e-mail that a notice waits: %(state)s") % {"state": notice.email.get_state_display()},
            )
        if notice.opened_at:
            yield Entry(notice.opened_at, "read", str(notice.practitioner), _("notice about %(about)s") % {"about": about_})


def _hand_overs(journey: Journey) -> Iterator[Entry]:
    for asked in HandOver.objects.filter(journey=journey).select_related("sender", "recipient", "to_site"):
        yield Entry(
            asked.asked_at, "asked", _name(asked.recipient), _("to take the journey over from %(sender)s") % {"sender": _name(asked.sender)}
        )
        if asked.settled_at:
            yield Entry(
                asked.settled_at, "did", _name(asked.recipient), _("hand-over %(outcome)s") % {"outcome": asked.get_outcome_display()}
            )
    for incident in Incident.objects.filter(journey=journey).select_related("by"):
        yield Entry(
            incident.reported_at,
            "did",
            _name(incident.by),
            _("reported an incident: %(kind)s") % {"kind": incident.get_kind_display()},
            incident.happened_at,
        )


def _reads(journey: Journey) -> Iterable[Entry]:
    """Who was shown this patient since the journey began; a person's reads of one page on one day are one line."""
    person = journey.patient.meant
    records = Patient.objects.filter(Q(pk=person.pk) | Q(survivor=person)).values_list("pk", flat=True)
    rows = AccessLog.objects.filter(patients__overlap=list(records), at__gte=journey.opened_at).select_related("user").order_by("at")
    lines: dict[tuple[str, str, object], Entry] = {}
    for row in rows[:MOST_READS]:
        lines.setdefault(
            (row.actor, row.what, timezone.localdate(row.at)), Entry(row.at, "read", _name(row.user) or row.actor, words(row.what))
        )
    return lines.values()


def _name(user: User | None) -> str:
    return (user.get_full_name() or user.username) if user else ""


def _said(moment: datetime) -> str:
    local = timezone.localtime(moment)
    return date_format(local, "j M Y")
