"""Who of this house read the words that go to patients, and stands for them: a language at a time, by name, these very words.

What ships is the vendor's default: it keeps every rule (`wording check`) and may go, but nobody here has read it. A text that is changed has
another digest, and so no review. Going live lists what is not reviewed among what a lead signs (`pathways.signing`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from notifications.models import WordingReview
from notifications.wording import compiler, pages, written
from notifications.wording.compiler import LANGUAGES, languages
from pathways.definitions.schema import Pathway
from pathways.models import PathwayVersion
from pathways.signing import Unsourced
from patients.models import Role, User
from patients.templatetags.finalmile import translated
from patients.templatetags.finalmile import words as spoken

REVIEWERS = (Role.LEAD, Role.CLINICIAN, Role.ADMINISTRATOR)
TEXT, WRITTEN, PAGE = "text", "written", "page"
KINDS = {TEXT: gettext_noop("text message"), WRITTEN: gettext_noop("e-mail and letter"), PAGE: gettext_noop("greetings and pages")}
FRAME = "frame"


class Refused(ValueError):
    """The words are for the person who reviews."""


class Words(msgspec.Struct, frozen=True):
    """One text in one language, as it stands."""

    kind: str
    key: str
    language: str
    digest: str


class Review(msgspec.Struct, frozen=True):
    by: str
    at: datetime


def of_language(language: str) -> list[Words]:
    """Everything that a patient may read in it."""
    return list(_of_language(language))


def digest_of(words: list[Words]) -> str:
    """Of many: what a reviewer has on the screen, so that nothing is approved that they did not see."""
    return hashlib.sha256("".join(sorted(one.digest for one in words)).encode()).hexdigest()


def approve(*, language: str, seen: str, by: User, now: datetime) -> int:
    """A named person stands for every word of a language as it stands; how many had no review of theirs. `seen` is `digest_of` what they read.

    Raises:
        Refused: no such language, another role, or the words changed since they were shown.
    """
    if language not in LANGUAGES:
        raise Refused(_("There are no words in this language."))
    if not by.has_role(*REVIEWERS):
        raise Refused(_("A lead, a clinician or an administrator reviews what patients are told."))
    words = of_language(language)
    if seen != digest_of(words):
        raise Refused(_("The words have changed since you read them. Please read them again."))
    with transaction.atomic():
        known = set(WordingReview.objects.filter(by=by, digest__in=[one.digest for one in words]).values_list("digest", flat=True))
        new = [one for one in words if one.digest not in known]
        rows = [WordingReview(channel=one.kind, key=one.key, language=one.language, digest=one.digest, by=by, at=now) for one in new]
        WordingReview.objects.bulk_create(rows, ignore_conflicts=True)
        return len(new)


def reviews() -> Mapping[str, Review]:
    """By digest, the latest review of each text."""
    rows = WordingReview.objects.select_related("by").order_by("at", "pk")
    return {row.digest: Review(row.by.get_full_name() or row.by.get_username(), row.at) for row in rows}


def unreviewed(language: str, known: Mapping[str, Review] | None = None) -> list[Words]:
    found = reviews() if known is None else known
    return [one for one in of_language(language) if one.digest not in found]


def unsigned(version: PathwayVersion) -> list[Unsourced]:
    """What the version says to patients and nobody of this house has read: one line a text and language, for the signature of the lead."""
    if not version.body.get("tracks"):
        return []
    said, known = list(_said_by(version)), reviews()
    return [
        Unsourced("text", _described(kind, key, language), "", "vendor default, not yet reviewed by this house")
        for language in LANGUAGES
        for kind, key in said
        if (words := _find(kind, key, language, version.code)) and words.digest not in known
    ]


def _described(kind: str, key: str, language: str) -> str:
    told = {"text": spoken(key), "language": translated(languages()[language].name), "kind": _(KINDS[kind])}
    return _("%(text)s in %(language)s (%(kind)s)") % told


def _said_by(version: PathwayVersion) -> Iterator[tuple[str, str]]:
    """(kind, key) of each, once."""
    pathway, seen = Pathway.model_validate(version.body), dict[tuple[str, str], None]()
    for track in pathway.tracks.values():
        for rung in (rung for stage in track.stages.values() for rung in stage.ladder if rung.to == "patient"):
            channels = rung.channels or ["sms"]
            seen |= dict.fromkeys((kind, rung.wording) for kind in (TEXT,) if "sms" in channels)
            seen |= dict.fromkeys((kind, rung.wording) for kind in (WRITTEN,) if {"email", "letter"} & set(channels))
    yield from seen


def _find(kind: str, key: str, language: str, programme: str) -> Words | None:
    stand = {(one.kind, one.key): one for one in of_language(language)}
    return stand.get((kind, f"{key}@{programme}")) or stand.get((kind, key))


def _of_language(language: str) -> Iterator[Words]:
    for key, text in compiler.load(language).items():
        menu = {number: topic.value for number, topic in text.menu.items()}
        yield _words(TEXT, key, language, [text.text, text.nameless, text.several, menu])
    for key, long in written.load(language).items():
        yield _words(WRITTEN, key, language, [long.text, long.several])
    yield _words(PAGE, FRAME, language, dict(pages.words()[language]))


def _words(kind: str, key: str, language: str, said: object) -> Words:
    told = msgspec.json.encode([kind, key, language, said], order="sorted")
    return Words(kind, key, language, hashlib.sha256(told).hexdigest())
