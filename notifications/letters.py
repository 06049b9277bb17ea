"""A letter instead of a text: a printed page that a person sends and says so. Anybody may choose one on an item; a rung that names `letter`
among its channels asks for one, in the words of its own wording, where no channel before it carries.

It says what a text may say and nothing else, because an envelope is opened by whoever lives there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec
from django.db import transaction
from django.utils.translation import gettext as _

from notifications import unsent, worklist
from notifications.models import Message, MessageState, WorkItem
from notifications.outcomes import Refused
from notifications.wording import pages, written
from notifications.wording.compiler import Unsayable, languages
from pathways import journeys
from pathways.facts import Grade
from patients import codes
from patients.models import Person, User

UNBROKEN = str.maketrans({" ": "\N{NO-BREAK SPACE}", "-": "\N{NON-BREAKING HYPHEN}"})
"""On paper a number stands on one line."""


class Letter(msgspec.Struct, frozen=True):
    """What is printed; `to` is whom it is for, a parent where the patient is a child."""

    to: Person
    code: str
    dated: str  # how a date is written in it
    dear: tuple[str, str]  # what stands before the reader's name, and behind it
    body: str
    bye: str


def words_for(item: WorkItem) -> Letter:
    """The letter in the reader's language, with the site's name and number in it.

    Raises:
        Refused: it is about no patient, or the patient may have died, or the site has no name or number; or we have no words in their language.
    """
    patient, site, asked = item.patient, item.site, asked_for(item)
    if patient is None or patient.meant.died_hi or patient.meant.death_hold_since:
        raise Refused(_("No letter goes out: the patient is not known, or may have died."))
    if not site.sender_name or not site.call_back:
        raise Refused(_("The site has no name or number for patients yet."))
    reader = asked.recipient if asked and asked.recipient else patient.meant.person
    code = reader.language.partition("-")[0] or "en"
    if code not in languages():
        raise Refused(_("There is no letter in the patient's language. Please call with an interpreter."))
    words = pages.words_in(code)
    names = {"org": site.sender_name, "phone": codes.readable(site.call_back).translate(UNBROKEN)}
    before, _name, behind = words["letter_dear"].partition("{name}")
    return Letter(reader, code, words["letter_date"], (before, behind), _body(asked, code, names), words["letter_bye"].format(**names))


def asked_for(item: WorkItem) -> Message | None:
    """The reminder that fell to a letter, where the item asks for one."""
    if item.cause_kind != "letter":
        return None
    return Message.objects.select_related("recipient").filter(uid=item.cause_key).first()


def why(item: WorkItem) -> list[str]:
    """What did not reach the reader before: `text: no permission`."""
    asked = asked_for(item)
    return unsent.why_not(asked) if asked else []


def _body(asked: Message | None, code: str, names: Mapping[str, str]) -> str:
    if asked is None:
        return pages.words_in(code)["letter_body"].format(**names)
    try:
        refs = [f"{asked.uid.int % 10_000:04d}"]
        return written.say(asked.wording, code, org=names["org"], phone=names["phone"], refs=refs, programme=asked.programme)[0]
    except Unsayable as fault:
        raise Refused("These words are not written out in the patient's language. Please call.") from fault


def sent(*, item: WorkItem, by: User, now: datetime) -> None:
    """Somebody put the letter into the post: a contact was tried. The item waits on, unless the letter was all that it asked for."""
    with transaction.atomic():
        letter = words_for(item)
        _was_tried(item, by, now)
        asked = asked_for(item)
        if asked is not None:
            _was_posted(asked, letter, by, now)
            worklist.answered_elsewhere(item=item, outcome="letter posted", by=by, now=now)


def _was_posted(asked: Message, letter: Letter, by: User, now: datetime) -> None:
    held = Message.objects.select_for_update().get(pk=asked.pk)
    if held.state != MessageState.PENDING:
        raise Refused("What this letter was for has happened meanwhile.")
    held.post()
    held.body, held.language, held.reason, held.sent_at, held.by = letter.body, letter.code, "", now, by
    held.attempt, held.claimed_at = 1, now
    held.save()


def _was_tried(item: WorkItem, by: User, now: datetime) -> None:
    body = {"channel": "letter", "outcome": "sent"}
    if item.journey is not None:
        journeys.record(journey=item.journey, kind="contact_attempted", body=body, occurred=now, now=now, by=by)
    elif item.patient is not None:
        journeys.record_for_patient(
            patient=item.patient,
            kind="contact_attempted",
            body=body,
            occurred=now,
            now=now,
            by=by,
            grade=Grade.STAFF_ATTESTED,
            business_id=f"{item.uid}-letter-{now.isoformat()}",
            site=item.site,
        )
