"""Feeds: their tokens, what readers must know of them, and the one that the command line makes for itself."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from pathways.models import Feed
from pathways.writing.wire import rows
from patients.models import Site

from .message import FeedProfile
from .vocabulary import Meanings

COMMAND_LINE, UNASSIGNED = "command-line", "unassigned"


def profile(feed: Feed, received_at: datetime | None = None) -> FeedProfile:
    """What readers need: an unnamed system or assigner is the feed itself."""
    return FeedProfile(
        name=feed.name,
        system=feed.system or feed.name,
        time_zone=feed.time_zone,
        assigner=feed.assigner or feed.name,
        sentinel_ids=frozenset(map(str, feed.sentinel_ids or [])),
        received_at=received_at,
        attested=feed.attested,
        holds_tests=feed.holds_tests,
        meanings=Meanings(meanings(feed)),
    )


def meanings(feed: Feed) -> dict[tuple[str, str], str]:
    """What the feed's own codes mean now, by place and code."""
    stand = rows("SELECT place, code, target FROM pathways_codemap WHERE feed_id = %s AND ended_at IS NULL", [feed.pk])
    return {(place, code): target for place, code, target in stand}


def assigner_of(site: Site) -> str:
    """Who gives the record numbers that staff of the site type: the assigner that its feeds name, else the site itself."""
    named = Feed.objects.filter(site=site).exclude(assigner="").order_by("pk").values_list("assigner", flat=True).first()
    return named or site.code


def change(feed: Feed, **stated: Any) -> Feed:
    """Say something of a feed, new or known: `system`, `assigner`, `time_zone`, `mode`, `may_register`, `longest_silence` ...

    Raises:
        ValueError: no such time zone.
    """
    if stated.get("time_zone", "UTC") not in available_timezones():
        raise ValueError(f"no time zone {stated['time_zone']}")
    for name, value in stated.items():
        setattr(feed, name, value)
    feed.save()
    return feed


def withdraw_token(*, feed: Feed) -> None:
    """Nothing is taken from the feed over HTTP any more, until a new token is issued."""
    feed.token_digest = ""
    feed.save(update_fields=["token_digest"])


def issue_token(*, feed: Feed) -> str:
    """A new bearer token, shown once; only its digest is kept. The old one stops working."""
    token = secrets.token_urlsafe(32)
    feed.token_digest = _digest(token)
    feed.save(update_fields=["token_digest"])
    return token


def of_token(token: str) -> Feed | None:
    """The feed that the token was issued for. Found by digest, compared in constant time."""
    if not token:
        return None
    digest = _digest(token)
    found = Feed.objects.select_related("site").filter(token_digest=digest).first()
    return found if found and hmac.compare_digest(found.token_digest, digest) else None


def feed_for_command_line() -> Feed:
    """The feed of `ingest` without `--feed`: may register people, at a site where nothing is rolled out and so nothing rings.

    Files come from many senders whose message numbers know nothing of each other, so only the content tells a resend.
    """
    site, _ = Site.objects.get_or_create(code=UNASSIGNED, defaults={"name": "Unassigned"})
    own = {"site": site, "may_register": True, "restarts_counter": True, "mode": Feed.Mode.BATCH}
    feed, _ = Feed.objects.get_or_create(name=COMMAND_LINE, defaults=own)
    return feed


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
