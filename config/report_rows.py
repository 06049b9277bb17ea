"""The rows behind a number of a report, each with its patient and the way to it; only what the user may see."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from notifications.models import Message, Reply, WorkItem
from pathways.models import Inbound, Journey, Matter, Stay
from pathways.reports.rows import Behind
from patients.models import Patient, User


@dataclass(frozen=True, slots=True)
class Line:
    """One row: whom it is about, where it leads, and what is said of it."""

    patient_id: int | None
    who: str
    url: str
    what: str
    where: str
    state: str
    since: datetime | None


def listed(rows: Sequence[tuple[Behind, str]], *, user: User) -> list[Line]:
    """In the order of `rows`; those of sites that the user does not see are left out."""
    kinds = {kind for kind, _ in rows}
    found = {(kind, uid): line for kind in kinds for uid, line in LISTS[kind]([uid for one, uid in rows if one is kind], user)}
    return [found[row] for row in rows if row in found]


Lines = Iterator[tuple[str, Line]]


def _journeys(uids: Sequence[str], user: User) -> Lines:
    rows = Journey.objects.visible_to(user).filter(uid__in=uids).select_related("patient__person", "home_site")
    for one in rows:
        ended = one.exit_reason or one.outcome
        state = f"{one.get_status_display()}: {ended}" if ended else _("on hold") if one.held_until else one.get_status_display()
        where = f"{one.home_site}, {one.pathway}"
        yield (
            str(one.uid),
            Line(one.patient_id, str(one.patient), reverse("journey", args=[one.uid]), one.phase, where, state, one.opened_at),
        )


def _waits(ids: Sequence[str], user: User) -> Lines:
    """A wait opens its journey."""
    seen = Journey.objects.visible_to(user)
    rows = Stay.objects.filter(pk__in=ids, journey__in=seen).select_related("stage", "journey__patient__person", "journey__home_site")
    for one in rows:
        journey = one.journey
        state = (
            _("on hold")
            if journey.held_until
            else _("due %(due_at)s") % {"due_at": date_format(one.due_at, "d M Y")}
            if one.due_at
            else _("no date")
        )
        url = reverse("journey", args=[journey.uid])
        yield (
            str(one.pk),
            Line(journey.patient_id, str(journey.patient), url, one.stage.label, str(journey.home_site), state, one.entered_at),
        )


def _items(uids: Sequence[str], user: User) -> Lines:
    rows = WorkItem.objects.visible_to(user).filter(uid__in=uids).select_related("patient__person", "site")
    for one in rows:
        state = one.outcome or one.get_state_display()
        yield (
            str(one.uid),
            Line(one.patient_id, _who(one.patient), reverse("work_item", args=[one.uid]), one.problem, str(one.site), state, one.opened_at),
        )


def _messages(uids: Sequence[str], user: User) -> Lines:
    """A text belongs to the sites of its journey; it opens the journey, or the patient."""
    journeys = Journey.objects.visible_to(user)
    patients = Patient.objects.visible_to(user)
    rows = Message.objects.filter(uid__in=uids).select_related("patient__person", "journey")
    seen = set(journeys.filter(pk__in=rows.values("journey")).values_list("pk", flat=True))
    known = set(patients.filter(pk__in=rows.values("patient")).values_list("pk", flat=True))
    for one in rows:
        if one.journey is not None and one.journey_id in seen:
            url = reverse("journey", args=[one.journey.uid])
        elif one.patient is not None and one.patient_id in known:
            url = reverse("patient", args=[one.patient.uid])
        else:
            continue
        state = f"{one.get_state_display()}{f': {one.reason}' if one.reason else ''}"
        yield str(one.uid), Line(one.patient_id, _who(one.patient), url, one.purpose, one.programme, state, one.created_at)


def _matters(uids: Sequence[str], user: User) -> Lines:
    rows = Matter.objects.filter(uid__in=uids, site__in=user.site_ids()).select_related("patient__person", "journey", "site")
    for one in rows:
        url = (
            reverse("journey", args=[one.journey.uid]) if one.journey else reverse("patient", args=[one.patient.uid]) if one.patient else ""
        )
        state = one.reason or ("settled" if one.closed_at else "open")
        yield str(one.uid), Line(one.patient_id, _who(one.patient), url, one.get_kind_display(), str(one.site), state, one.opened_at)


def _inbound(uids: Sequence[str], user: User) -> Lines:
    rows = Inbound.objects.filter(uid__in=uids, feed__site__in=user.site_ids()).select_related("feed")
    for one in rows:
        url = reverse("inbound", args=[one.uid])
        yield str(one.uid), Line(None, one.type or one.format, url, one.reason, one.feed.name, one.outcome, one.received_at)


def _replies(uids: Sequence[str], user: User) -> Lines:
    """Whose reply it is; the words stay where they are read and answered."""
    rows = Reply.objects.filter(uid__in=uids, patient__in=Patient.objects.visible_to(user)).select_related("patient__person")
    for one in rows:
        assert one.patient is not None
        url = reverse("patient", args=[one.patient.uid])
        yield (
            str(one.uid),
            Line(one.patient_id, str(one.patient), url, one.get_kind_display(), "", "read" if one.read_at else "unread", one.received_at),
        )


def _who(patient: Patient | None) -> str:
    return str(patient) if patient else _("nobody we know")


LISTS: Mapping[Behind, Callable[[Sequence[str], User], Lines]] = {
    Behind.JOURNEYS: _journeys,
    Behind.WAITS: _waits,
    Behind.ITEMS: _items,
    Behind.MESSAGES: _messages,
    Behind.MATTERS: _matters,
    Behind.INBOUND: _inbound,
    Behind.REPLIES: _replies,
}
