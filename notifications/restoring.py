"""After a restore: what went out and came in since the backup is on the provider's list and nowhere else.

Replies are taken in first, so that a STOP of the lost hours counts. Then everything that is due rings and is planned anew, and each text of
the list that we do not know is set against what would now go to its number: the same words are that text, and it is sent. Where words
are missing or differ nobody can say: a person calls. Only then may texts go again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import msgspec
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from notifications import endings, epoch, halts, hours, inbox, links, outbox, transports, unsent
from notifications.models import Message, MessageState, Reply, SendSlot
from notifications.tick import tick
from notifications.transports.base import Seen, Transport
from notifications.wording.compiler import Unsayable
from patients.models import ContactPoint, Permission, Phone
from patients.permissions import HOLDS

MARGIN = timedelta(hours=1)
PERHAPS = "perhaps sent before the restore"
WAITING = (MessageState.PENDING, MessageState.SENDING, MessageState.UNKNOWN)


class ListMissing(RuntimeError):
    """The provider's list could not be had, or not to its end: without it nothing may go."""


class Settled(msgspec.Struct, frozen=True):
    """Replies taken in; texts of the list that we did not know; of them ours that are now sent; messages that a person looks into."""

    replies: int
    unknown: int
    found: int
    with_a_person: int


def settle(*, since: datetime, now: datetime, transport: Transport | None = None) -> Settled:
    """Sets the outbox against the provider's list since the backup, and lets texts go again.

    Raises:
        ListMissing: nothing is released.
    """
    way = transport or transports.current()
    heard, listed = way.heard(since - MARGIN), way.listed(since - MARGIN)
    if heard is None or listed is None:
        raise ListMissing("The provider's list could not be read to its end.")
    replies = sum(_take_in(text, now) for text in reversed(heard))
    tick(now=now)
    known = set(Message.objects.filter(provider_sid__in=[text.sid for text in listed]).values_list("provider_sid", flat=True))
    lost = [text for text in listed if text.sid not in known and text.status not in ("failed", "canceled")]
    found, asked = _match(lost, now)
    asked += _ask_about_mail(now)
    with transaction.atomic():
        epoch.adopt(now=now)
        endings.all_clear(halts.RESTORE, now=now)
    return Settled(replies, len(lost), found, asked)


def _take_in(text: Seen, now: datetime) -> bool:
    """A reply that came while we do not remember it; its time is the provider's."""
    if Reply.objects.filter(provider_sid=text.sid).exists():
        return False
    inbox.receive(provider_sid=text.sid, from_=text.from_, to=text.to, body=text.body, now=text.at or now)
    return True


def _match(lost: Sequence[Seen], now: datetime) -> tuple[int, int]:
    found = asked = 0
    by_number: dict[str, list[Seen]] = defaultdict(list)
    for text in lost:
        by_number[text.to].append(text)
    for number, texts in by_number.items():
        with transaction.atomic():
            phone = Phone.objects.select_for_update().filter(e164=number).first()
            waiting = list(_waiting_for(phone)) if phone else []
            for message in waiting:
                same = next((text for text in texts if text.body and links.masked(text.body) == _words(message)), None)
                if same is not None and phone is not None:
                    texts.remove(same)
                    found += _was_sent(message, same, phone, now)
                elif texts:
                    asked += _ask(message, now)
    return found, asked


def _ask_about_mail(now: datetime) -> int:
    """No mail server keeps a list: an e-mail that is due, or a text that would fall to one, may have gone in the hours that were lost."""
    permitted = Permission.objects.filter(HOLDS, person=OuterRef("recipient"), patient=OuterRef("patient"))
    falls = Q(channel="sms", rung__channels__contains=["email"]) & ~Exists(permitted)
    waiting = Message.objects.select_for_update(of=("self",)).filter(state__in=WAITING, shadow=False, not_before__lte=now)
    with transaction.atomic():
        return sum(_ask(message, now) for message in waiting.filter(Q(channel="email") | falls).order_by("pk"))


def _waiting_for(phone: Phone) -> QuerySet[Message]:
    """What would, or might, go to the number: the most urgent first."""
    people = ContactPoint.objects.filter(phone=phone, until=None).values("person")
    waiting = Message.objects.select_for_update(of=("self",)).filter(state__in=WAITING, shadow=False, channel="sms")
    theirs = Q(phone=phone) | Q(recipient__in=people, purpose="reminder")
    return waiting.filter(theirs).order_by("priority", "not_before", "pk")


def _words(message: Message) -> str:
    try:
        return outbox.words_of(message.pk)
    except (Unsayable, LookupError, ValueError):
        return ""


def _was_sent(message: Message, text: Seen, phone: Phone, now: datetime) -> int:
    at = text.at or now
    message.phone, message.attempt = phone, max(message.attempt, 1)
    message.claimed_at, message.body = message.claimed_at or at, links.masked(text.body)
    message.save()
    if message.purpose == "reminder":
        SendSlot.objects.get_or_create(phone=phone, local_day=_day(message, at), defaults={"message": message})
    endings.accept(message, text.sid, now=at)
    return 1


def _day(message: Message, at: datetime) -> date:
    row = outbox.row_of(message.pk)
    return hours.local_day(row.zone or "", row.address_zone, row.country, at=at)


def _ask(message: Message, now: datetime) -> int:
    """Words that the provider does not keep, or others than ours: the text may be outside."""
    if message.state == MessageState.SENDING:
        message.lose_sight()
    message.withdraw()
    message.reason = PERHAPS
    message.save()
    unsent.ask_people([(outbox.row_of(message.pk), PERHAPS)], now=now)
    return 1
