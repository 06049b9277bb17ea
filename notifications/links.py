"""Short links in texts and e-mails: given out with a claim, opened by a birth date, locked after five wrong ones.

A link is offered only to a reader whose birth date we know: it is theirs alone to prove. While a locked one waits for a person, the
reader gets no other. The token leaves with the text and is kept nowhere: the row has its digest, the stored text `MASK` in its place.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import date, datetime, timedelta
from functools import cache

import msgspec
from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import Sum
from django.urls import reverse

from notifications import worklist
from notifications.models import AnswerLink
from notifications.said import Voice
from notifications.worklist import NewItem
from patients.models import Site

LASTS = timedelta(days=7)
MOST_TRIES = 5
PROVED_FOR = timedelta(minutes=15)
CALL_WITHIN = timedelta(days=1)  # local default
MASK = "x" * 22  # as long as a token, so that a text costs the same with either
_SALT = "notifications.links"
_TOKEN = re.compile(rf"(?<=/a/)[\w-]{{{len(MASK)}}}")


class Refused(Exception):
    """The page says so in the reader's words: `gone` (unknown, expired, locked) or `wrong` (with the tries that are left)."""

    def __init__(self, why: str, left: int = 0) -> None:
        super().__init__(why)
        self.why, self.left = why, left


class Opened(msgspec.Struct, frozen=True):
    """A link whose reader proved who they are, and the proof that their next request carries."""

    link: AnswerLink
    proof: str


def address(token: str = MASK) -> str:
    return settings.PUBLIC_BASE_URL + _path().replace(MASK, token)


@cache
def _path() -> str:
    """The path of a link, asked of the router once."""
    return reverse("answer_link", args=[MASK])


def masked(text: str) -> str:
    """A text as it is stored: without the token."""
    return _TOKEN.sub(MASK, text)


def draw() -> str:
    """A token nobody can guess. Its link stands once its digest is stored, with the text, in the claim's transaction (`outbox.keep`)."""
    return secrets.token_urlsafe(16)


def prove(*, token: str, born: date | None, now: datetime) -> Opened:
    """Opens a link by the reader's birth date. Five wrong ones lock it, and a person finds out who holds the phone.

    Raises:
        Refused: the link is gone, or the date is wrong. A wrong try is kept although this is raised.
    """
    with transaction.atomic():
        link = _usable(AnswerLink.objects.filter(digest=digest(token)).first(), now)
        if born is not None and born == link.person.birth_lo == link.person.birth_hi:
            AnswerLink.objects.filter(pk=link.pk, opened_at=None).update(opened_at=now)
            AnswerLink.objects.filter(person=link.person).update(tries=0)
            return Opened(link, signing.dumps(link.pk, salt=_SALT))
        left = _wrong(link, now)
    raise Refused("wrong" if left else "gone", left)


def proved(*, token: str, proof: str, now: datetime) -> Opened:
    """The same reader again, within a quarter of an hour.

    Raises:
        Refused: the proof is old or another's.
    """
    try:
        pk = signing.loads(proof, salt=_SALT, max_age=PROVED_FOR)
    except signing.BadSignature as stale:
        raise Refused("again") from stale
    with transaction.atomic():
        return Opened(_usable(AnswerLink.objects.filter(pk=pk, digest=digest(token)).first(), now), proof)


def voice_of(link: AnswerLink) -> Voice:
    """Who speaks through a link: the reader of its text, about the patient that it was about."""
    message, site = link.message, site_of(link)
    return Voice(message.phone, message.patient, message.journey, site, {"link": str(link.uid)}, str(link.uid), message.mailbox)


def site_of(link: AnswerLink) -> Site | None:
    message = link.message
    if message.journey is not None:
        return message.journey.home_site
    known = message.patient.sites.select_related("site").order_by("since", "pk").first() if message.patient else None
    return known.site if known else None


def _usable(found: AnswerLink | None, now: datetime) -> AnswerLink:
    if found is None:
        raise Refused("gone")
    related = ("message__phone", "message__mailbox", "message__patient__person", "message__journey__home_site", "person")
    link = AnswerLink.objects.select_for_update(of=("self",)).select_related(*related).get(pk=found.pk)
    if link.locked_at is not None or link.expires_at <= now or (link.message.phone is None and link.message.mailbox is None):
        raise Refused("gone")
    return link


def _wrong(link: AnswerLink, now: datetime) -> int:
    """One more wrong date; how many tries are left. They are counted over all living links of the reader: a new text is no new set."""
    link.tries += 1
    others = AnswerLink.objects.filter(person=link.person, expires_at__gt=now).exclude(pk=link.pk)
    left = MOST_TRIES - link.tries - (others.aggregate(tries=Sum("tries"))["tries"] or 0)
    if left <= 0:
        link.locked_at = now
        _ask_a_person(link, now)
    link.save(update_fields=["tries", "locked_at"])
    return max(left, 0)


def _ask_a_person(link: AnswerLink, now: datetime) -> None:
    voice = voice_of(link)
    if voice.site is None:
        return
    item = NewItem(
        cause_kind="link",
        cause_key=str(link.person_id),
        site=voice.site.pk,
        patient=voice.patient.pk if voice.patient else None,
        journey=voice.journey.pk if voice.journey else None,
        problem="link-locked",
        priority=3,
        due_at=now + CALL_WITHIN,
        note="Five wrong birth dates. Ask the patient who has this phone, or reads this mail; until this is closed no message carries a link.",
    )
    worklist.open(item, now=now)


def digest(token: str) -> str:
    """All that is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
