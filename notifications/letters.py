"""A letter instead of a text: where no number works, or nobody agreed to texts, a printed page that a person sends and says so.

It says what a text may say and nothing else, because an envelope is opened by whoever lives there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from notifications.models import WorkItem
from notifications.outcomes import Refused
from notifications.wording import pages
from notifications.wording.compiler import languages
from pathways import journeys
from pathways.facts import Grade
from patients.models import User


def words_for(item: WorkItem) -> Mapping[str, str]:
    """The letter in the reader's language, with the site's name and number in it.

    Raises:
        Refused: it is about no patient, or the patient may have died, or the site has no name or number; or we have no words in their language.
    """
    patient, site = item.patient, item.site
    if patient is None or patient.meant.died_hi or patient.meant.death_hold_since:
        raise Refused("No letter goes out: the patient is not known, or may have died.")
    if not site.sender_name or not site.call_back:
        raise Refused("The site has no name or number for patients yet.")
    code = patient.meant.person.language.partition("-")[0] or "en"
    if code not in languages():
        raise Refused("There is no letter in the patient's language. Please call with an interpreter.")
    words = pages.words_in(code)
    names = {"org": site.sender_name, "phone": site.call_back}
    return {
        "code": code,
        "dear": words["letter_dear"],
        "body": words["letter_body"].format(**names),
        "bye": words["letter_bye"].format(**names),
    }


def sent(*, item: WorkItem, by: User, now: datetime) -> None:
    """Somebody put the letter into the post: a contact was tried, and the item waits on."""
    words_for(item)
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
