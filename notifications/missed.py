"""Replies that never reached us: the provider calls our webhook once, and what it could not hand over while we were away it tells nobody.
Its list knows them. What we have already heard changes nothing a second time."""

from __future__ import annotations

from datetime import datetime, timedelta

from notifications import inbox, transports
from notifications.models import Reply
from notifications.transports.base import Transport

MARGIN = timedelta(hours=1)
FIRST_LOOK = timedelta(days=1)
LONGEST_LOOK = timedelta(days=30)


class NotTold(RuntimeError):
    """The provider's list could not be had: the next look goes as far back."""


def catch_up(*, looked: datetime | None, now: datetime, transport: Transport | None = None) -> int:
    """Takes in what patients wrote since shortly before the last look (`looked`), each at the time it was written; how many were new.

    Raises:
        NotTold: nothing was taken in.
    """
    way = transport or transports.current()
    heard = way.heard(max(looked - MARGIN if looked else now - FIRST_LOOK, now - LONGEST_LOOK))
    if heard is None:
        raise NotTold
    known = set(Reply.objects.filter(provider_sid__in=[text.sid for text in heard]).values_list("provider_sid", flat=True))
    missed = [text for text in reversed(heard) if text.sid not in known and way.may_reach(text.from_)]
    for text in missed:
        inbox.receive(provider_sid=text.sid, from_=text.from_, to=text.to, body=text.body, now=min(text.at or now, now))
    return len(missed)
