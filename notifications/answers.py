"""What staff answer a patient by text: within a day of what the patient wrote, outside the cap of reminders, with a cap of its own.

The words are a person's; what they may say is the same as for every text, because anybody may read it on a locked screen.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from notifications.models import Message, Reply
from notifications.outcomes import Refused
from notifications.wording.compiler import GSM, GSM_TWO, LONGEST_SEGMENTS, denied, segments
from notifications.wording.rules import LINK
from pathways.models import Journey
from patients import codes
from patients.models import Patient, Phone, Site, User

WITHIN = timedelta(hours=24)
MOST_A_DAY = 10


def answer(*, reply: Reply, words: str, site: Site, by: User, now: datetime) -> Message:
    """Puts a typed answer into the outbox, signed with the site's name; the conversation it belongs to is the reply's number.

    Raises:
        Refused: too late, too many, stopped, the number is nobody's or the patient may have died; or the words say too much.
    """
    body = f"{site.sender_name}: {' '.join(words.split())}"
    if faults := [*faults_of(body)]:
        raise Refused(_("The text cannot be sent: %(faults)s.") % {"faults": "; ".join(faults)})
    with transaction.atomic():
        phone = Phone.objects.select_for_update(no_key=True).get(pk=reply.phone_id)
        if refusal := why_not(reply, phone, now=now):
            raise Refused(refusal)
        return Message.objects.create(
            reply=reply,
            purpose="answer",
            phone=phone,
            recipient=reply.person,
            patient=reply.patient,
            journey=_journey_of(reply),
            wording="",
            body=body,
            priority=1,
            created_at=now,
            not_before=now,
            expires_at=now + WITHIN,
            by=by,
        )


def why_not(reply: Reply, phone: Phone, *, now: datetime) -> str:
    """Why nobody may answer by text now, in words; blank where they may."""
    if Reply.objects.filter(phone=phone).latest("received_at").received_at < now - WITHIN:
        return _("The patient last wrote more than a day ago. Please call instead.")
    if phone.stopped_at is not None:
        return _("This number said STOP, or asked us to stop. Please call instead.")
    if phone.bad_since is not None or not codes.is_number(phone.e164):
        return _("This number does not work, or is somebody else's.")
    if reply.patient is not None and _may_have_died(reply.patient):
        return _("The patient may have died. Texts rest until somebody knows; please call.")
    if Message.objects.filter(phone=phone, purpose="answer", created_at__gt=now - timedelta(days=1)).count() >= MOST_A_DAY:
        return _("%(MOST_A_DAY)s answers went to this number within a day. Please call instead.") % {"MOST_A_DAY": MOST_A_DAY}
    return ""


def faults_of(body: str) -> Iterator[str]:
    """What a typed text may not hold, in words for who typed it."""
    if not body.partition(":")[2].strip():
        yield _("it is empty")
    if word := denied(body):
        yield _("“%(word)s” may be read by others on the patient's phone") % {"word": word}
    if found := LINK.search(body):
        yield _("“%(group)s” is an address, and patients are told to trust none") % {"group": found.group()}
    if (count := segments(body)) > LONGEST_SEGMENTS:
        odd = [char for char in body if char not in GSM and char not in GSM_TWO]
        yield (_("it takes %(count)s texts, %(LONGEST_SEGMENTS)s at most") % {"count": count, "LONGEST_SEGMENTS": LONGEST_SEGMENTS}) + (
            _(" (“%(odd)s” makes it three times as long)") % {"odd": odd[0]} if odd else ""
        )


def _may_have_died(patient: Patient) -> bool:
    return bool(patient.meant.died_hi or patient.meant.death_hold_since)


def _journey_of(reply: Reply) -> Journey | None:
    last = Message.objects.filter(phone=reply.phone, journey__isnull=False, attempt__gt=0).order_by("-claimed_at").first()
    return last.journey if last else None
