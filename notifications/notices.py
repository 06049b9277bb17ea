"""Notices to clinicians: raised for what asks them, acknowledged, answered. The only writer of notices besides the statement that raises them.

Acknowledged is not acted: the work item stays until the clinician says what was done, or why nothing is to be done.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from notifications import worklist
from notifications.models import Notice
from notifications.models.work_item import OPEN_STATES
from notifications.worklist import NewItem
from pathways import journeys
from pathways.models import Stay
from pathways.sql import load, prepared
from patients import registry
from patients.models import Practitioner, User

# Coded reasons for which nothing is to be done; each ends what was asked. That somebody is not the right clinician is an answer of its own.
NOT_APPROPRIATE = (
    "patient's condition",
    gettext_noop("patient does not want it"),
    gettext_noop("already treated otherwise"),
    gettext_noop("not reliable in this specimen"),
    gettext_noop("not the treated tumour"),
    "other",
)
ASK_ANEW_WITHIN = timedelta(days=1)  # local default


class Answered(Exception):
    """Somebody answered first; the message says so to the person who tried."""


def raise_notices(*, now: datetime) -> int:
    """A notice and an e-mail for each new item that asks a clinician. Returns how many."""
    with transaction.atomic(), prepared() as cursor:
        cursor.execute(load("notifications.sql", "raise_notices"), {"now": now})
        return int(cursor.rowcount)


def for_reader(user: User) -> QuerySet[Notice]:
    """Notices that this person may read and answer: their own, and those of clinicians who made them a delegate."""
    theirs = Practitioner.objects.filter(Q(user=user) | Q(delegates=user)).values("pk")
    related = (
        "journey__patient__person",
        "journey__patient__survivor__person",
        "journey__version",
        "journey__home_site",
        "practitioner",
        "item__matter",
        "item__site",
    )
    return Notice.objects.filter(practitioner__in=theirs).select_related(*related)


def is_open(notice: Notice) -> bool:
    """Whether it still asks something: nobody answered, and the item stands."""
    return notice.answered_at is None and notice.item.state in OPEN_STATES and notice.item.reason_gone_at is None


def opened(*, notice: Notice, now: datetime) -> None:
    """The page was opened, which delivers it also where the e-mail did not arrive."""
    Notice.objects.filter(pk=notice.pk, opened_at=None).update(opened_at=now)
    Notice.objects.filter(pk=notice.pk, delivered_at=None).update(delivered_at=now)


def acknowledge(*, notice: Notice, by: User, now: datetime) -> Notice:
    """Seen and understood. The item stays as it is."""
    with transaction.atomic():
        locked = _lock(notice)
        if locked.acknowledged_at is None:
            locked.acknowledged_at, locked.acknowledged_by = now, by
            locked.save(update_fields=["acknowledged_at", "acknowledged_by"])
            _record(locked, "notice_acknowledged", {}, by=by, now=now)
        return locked


def acted(*, notice: Notice, kind: str, body: dict[str, Any], occurred: datetime, by: User, now: datetime) -> Notice:
    """What the clinician did, as an attested event of its own day; it ends the item, whatever else the journey still waits for.

    `kind` is an event kind, or blank for something that has none: then the words in `body` stand on the notice alone.
    """
    with transaction.atomic():
        locked = _unanswered(notice)
        if kind:
            journeys.record(journey=locked.journey, kind=kind, body=body, occurred=occurred, now=now, by=by)
        words = str(body.get("note") or body.get("evidence") or "")
        return _answer(locked, Notice.Answer.ACTED, kind or words, by=by, now=now, outcome="clinician_acted")


def not_appropriate(*, notice: Notice, reason: str, by: User, now: datetime) -> Notice:
    """Nothing is to be done, for a coded reason. Where a flag waits for the clinician's word, this is that word."""
    with transaction.atomic():
        locked = _unanswered(notice)
        if _awaits(locked, "actionable_confirmed"):
            body = {"clinician": str(locked.practitioner), "reason": reason}
            journeys.record(journey=locked.journey, kind="not_actionable_confirmed", body=body, occurred=now, now=now, by=by)
        return _answer(locked, Notice.Answer.NOT_APPROPRIATE, reason, by=by, now=now, outcome="not_appropriate")


def not_mine(*, notice: Notice, by: User, now: datetime) -> Notice:
    """Somebody else answers for the patient: the item stays open, and a navigator finds out who."""
    with transaction.atomic():
        locked = _unanswered(notice)
        answered = _answer(locked, Notice.Answer.NOT_MINE, "", by=by, now=now, outcome="")
        call(answered, "wrong-clinician", now=now)
        return answered


def call(notice: Notice, problem: str, *, now: datetime) -> None:
    """A navigator calls, because a notice did not reach the right person."""
    journey = notice.journey
    worklist.open(
        NewItem(
            cause_kind="notice",
            cause_key=f"{notice.pk}:{problem}",
            site=journey.home_site_id,
            patient=journey.patient_id,
            journey=journey.pk,
            problem=problem,
            priority=min(2, notice.item.priority),
            due_at=now + ASK_ANEW_WITHIN,
            note=str(notice.practitioner),
        ),
        now=now,
    )


def _answer(locked: Notice, answer: Notice.Answer, reason: str, *, by: User, now: datetime, outcome: str) -> Notice:
    locked.answer, locked.reason, locked.answered_at, locked.answered_by = answer, reason[:200], now, by
    if locked.acknowledged_at is None:
        locked.acknowledged_at, locked.acknowledged_by = now, by
    locked.save(update_fields=["answer", "reason", "answered_at", "answered_by", "acknowledged_at", "acknowledged_by"])
    _record(locked, "notice_answered", {"answer": answer.value, "reason": reason}, by=by, now=now)
    if outcome and locked.role == Notice.Role.RESPONSIBLE:
        worklist.answered_elsewhere(item=locked.item, outcome=outcome, by=by, now=now)
    return locked


def _record(notice: Notice, kind: str, said: dict[str, str], *, by: User, now: datetime) -> None:
    body = {"notice": str(notice.uid), "clinician": str(notice.practitioner), **said}
    journeys.record(journey=notice.journey, kind=kind, body=body, occurred=now, now=now, by=by)


def _awaits(notice: Notice, kind: str) -> bool:
    return Stay.objects.open().filter(journey=notice.journey, stage__awaits__contains=[kind]).exists()


def _unanswered(notice: Notice) -> Notice:
    locked = _lock(notice)
    if locked.answered_at is not None:
        raise Answered(_("This was answered already: %(answer)s.") % {"answer": locked.get_answer_display()})
    return locked


def _lock(notice: Notice) -> Notice:
    """The patient is locked before the notice, and the notice before the item."""
    registry.lock([notice.journey.patient_id])
    related = Notice.objects.select_for_update(of=("self",)).select_related("journey", "practitioner", "item")
    return related.get(pk=notice.pk)
