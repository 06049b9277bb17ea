"""Finding out what became of texts whose sending nobody saw end.

A receipt settles it at once (`receipts`). Else, after a quiet time longer than the provider may still be working on a request, the
provider's own list is asked. *Absent* is believed only if the same list shows a text that we know was accepted after this one was
tried; an empty list proves nothing. What cannot be shown goes to a person; it is never sent again on a guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import connection, transaction
from django.db.models import QuerySet

from notifications import endings, links, outbox, transports, worklist
from notifications.models import Channel, Message, MessageState, Receipt
from notifications.receipts import LOST, apply_status
from notifications.send import LEASE
from notifications.transports.base import Seen, Transport
from notifications.unsent import CHANNELS
from notifications.worklist import NewItem
from pathways.models.edges import edges
from pathways.sql import load

QUIET = timedelta(minutes=15)
GIVE_UP = timedelta(minutes=30)
MARGIN = timedelta(minutes=5)
WITH_A_PERSON = "a person looks into it"
CALL_WITHIN = timedelta(days=1)  # local default


class Reconciled(msgspec.Struct, frozen=True):
    """Leases that ran out; unknown texts found, put back for one more try, handed to a person."""

    lost: int = 0
    found: int = 0
    put_back: int = 0
    handed_over: int = 0


def reconcile(*, now: datetime, transport: Transport | None = None, quiet: timedelta = QUIET, give_up: timedelta = GIVE_UP) -> Reconciled:
    """Settles texts in doubt, as far as it can be shown what became of them."""
    lost = _expire_leases(now)
    asked = [_ask_about_mail(message.pk, now) for message in _unknown().filter(channel=Channel.EMAIL, unknown_since__lte=now - quiet)]
    doubtful = list(_unknown().filter(channel=Channel.SMS, unknown_since__lte=now - quiet).select_related("phone"))
    if not doubtful:
        return Reconciled(lost=lost, handed_over=sum(asked))
    counts = ["handed over"] * sum(asked)
    for way, some in _by_way(doubtful, transport or transports.current()):
        seen = _listed(some, way) if way else Listing()
        counts += [_settle(message.pk, seen, now, give_up) for message in some]
    return Reconciled(lost, counts.count("found"), counts.count("put back"), counts.count("handed over"))


def _by_way(doubtful: list[Message], way: Transport) -> list[tuple[Transport | None, list[Message]]]:
    """Texts of training sites are known to the simulator alone."""
    training = {row.id for row in outbox.rows_of([message.pk for message in doubtful]) if row.training}
    trained = [message for message in doubtful if message.pk in training]
    real = [message for message in doubtful if message.pk not in training]
    return [(one, some) for one, some in ((way, real), (transports.training(), trained)) if some]


def _unknown() -> QuerySet[Message]:
    return Message.objects.filter(state=MessageState.UNKNOWN).exclude(reason=WITH_A_PERSON).order_by("pk")


def _expire_leases(now: datetime) -> int:
    pairs = edges(Message, "state")
    params: dict[str, Any] = {
        "now": now,
        "before": now - LEASE,
        "sources": [source for source, _ in pairs],
        "targets": [target for _, target in pairs],
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(load("notifications.sql", "expire_leases"), params)
        return int(cursor.rowcount)


class Listing(msgspec.Struct, frozen=True):
    """What the provider shows. `taken`: those that are other messages, or earlier tries. `control`: when the latest text was accepted of
    which we know it, and which the list shows: about what came later it says nothing."""

    texts: Sequence[Seen] = ()
    taken: frozenset[str] = frozenset()
    control: datetime | None = None

    def proves_absence(self, claimed_at: datetime | None) -> bool:
        return self.control is not None and claimed_at is not None and self.control >= claimed_at


def _listed(doubtful: list[Message], way: Transport) -> Listing:
    """One list for all: outgoing texts since shortly before the first claim in doubt, without those that are other messages."""
    since = min(message.claimed_at for message in doubtful if message.claimed_at) - MARGIN
    texts = way.listed(since)
    if texts is None:
        return Listing()
    sids = [text.sid for text in texts]
    ours = dict(Message.objects.exclude(provider_sid="").filter(provider_sid__in=sids).values_list("provider_sid", "sent_at"))
    over = Receipt.objects.filter(provider_sid__in=sids, status__in=LOST).values_list("provider_sid", flat=True)
    return Listing(texts, frozenset({*ours, *over}), max((at for at in ours.values() if at), default=None))


def _settle(message_id: int, listing: Listing, now: datetime, give_up: timedelta) -> str:
    with transaction.atomic():
        message = _unknown().select_for_update(of=("self",), skip_locked=True).filter(pk=message_id).first()
        if message is None or message.phone is None or message.unknown_since is None:
            return "left"
        matches = [text for text in listing.texts if text.to == message.phone.e164 and text.sid not in listing.taken]
        same = [text for text in matches if links.masked(text.body) in ("", message.body)]
        if len(same) == 1:
            apply_status(message, sid=same[0].sid, status=same[0].status, error_code=same[0].error_code, now=now)
            return "found"
        absent = listing.proves_absence(message.claimed_at) and not matches
        if absent and endings.try_again(message, reason="shown not to have been sent", now=now):
            return "put back"
        if absent or message.unknown_since <= now - give_up:
            _hand_over(message, now)
            return "handed over"
        return "left"


def _ask_about_mail(message_id: int, now: datetime) -> bool:
    """No mail server has a list to look into: only the reader can say whether it came."""
    with transaction.atomic():
        message = _unknown().select_for_update(of=("self",), skip_locked=True).filter(pk=message_id).first()
        if message is not None:
            _hand_over(message, now)
        return message is not None


def _hand_over(message: Message, now: datetime) -> None:
    """A person finds out: the text may or may not have reached the patient."""
    message.reason = WITH_A_PERSON
    message.save(update_fields=["reason"])
    site = outbox.site_of(message.pk)
    if site is None or message.purpose != "reminder":
        return
    item = NewItem(
        cause_kind="unknown_send",
        cause_key=str(message.uid),
        site=site,
        patient=message.patient_id,
        journey=message.journey_id,
        problem="unknown-send",
        priority=message.priority,
        due_at=now + CALL_WITHIN,
        note=f"Nobody said whether this {CHANNELS[Channel(message.channel)]} went out. Please ask the patient.",
    )
    worklist.open(item, now=now)
