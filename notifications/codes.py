"""What each of the provider's error codes means for a message, as data (twilio.com/docs/api/errors/<code>)."""

from __future__ import annotations

from datetime import timedelta
from enum import Enum

import msgspec
from django.utils.translation import gettext_noop


class Fate(Enum):
    FAILED = "failed"  # certainly not sent, or not delivered
    AGAIN = "again"  # certainly not taken; comes back with backoff, and no try is counted
    PAUSE = "pause"  # our account or sender is at fault: not taken, and nothing else would be
    UNKNOWN = "unknown"  # may have been taken


class Policy(msgspec.Struct, frozen=True):
    """`phone` is what the number becomes: bad or stopped. `call`: a person should reach the patient another way. `again`: worth one more
    try after so long. `rest`: how long everything rests after a PAUSE. `filtered`: counts against the wording. `vague`: the patient may
    have it all the same, so the day of the number stays taken."""

    fate: Fate
    reason: str
    phone: str = ""
    call: bool = False
    again: timedelta | None = None
    rest: timedelta | None = None
    filtered: bool = False
    vague: bool = False


MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

CODES: dict[int, Policy] = {
    # not processed, always safe to repeat
    20429: Policy(Fate.AGAIN, gettext_noop("provider busy")),
    # our account or our sender
    20003: Policy(Fate.PAUSE, gettext_noop("provider refuses our account"), rest=MINUTE),
    20404: Policy(Fate.PAUSE, gettext_noop("provider does not know our account"), rest=MINUTE),
    21603: Policy(Fate.PAUSE, gettext_noop("no sender number"), rest=MINUTE),
    21606: Policy(Fate.PAUSE, gettext_noop("sender number not ours"), rest=MINUTE),
    30022: Policy(Fate.PAUSE, gettext_noop("carrier's rate limit"), rest=HOUR),
    30023: Policy(Fate.PAUSE, gettext_noop("carrier's daily limit"), rest=12 * HOUR),
    30034: Policy(Fate.PAUSE, gettext_noop("sender not registered"), rest=12 * HOUR),
    # the number
    21211: Policy(Fate.FAILED, gettext_noop("invalid number"), phone="bad", call=True),
    21408: Policy(Fate.FAILED, gettext_noop("country not allowed"), phone="bad", call=True),
    21604: Policy(Fate.FAILED, gettext_noop("no number"), phone="bad", call=True),
    21612: Policy(Fate.FAILED, gettext_noop("no route to this number"), phone="bad", call=True),
    21614: Policy(Fate.FAILED, gettext_noop("not a mobile number"), phone="bad", call=True),
    21635: Policy(Fate.FAILED, "landline", phone="bad", call=True),
    30005: Policy(Fate.FAILED, gettext_noop("unknown handset"), phone="bad", call=True),
    30006: Policy(Fate.FAILED, gettext_noop("landline or unreachable carrier"), phone="bad", call=True),
    21610: Policy(Fate.FAILED, gettext_noop("stopped at the provider"), phone="stopped"),
    # the text
    21602: Policy(Fate.FAILED, gettext_noop("empty text"), call=True),
    21617: Policy(Fate.FAILED, gettext_noop("text too long"), call=True),
    30007: Policy(Fate.FAILED, gettext_noop("filtered by the carrier"), call=True, filtered=True),
    # the handset, today
    30003: Policy(Fate.FAILED, gettext_noop("handset unreachable"), call=True, again=4 * HOUR),
    30004: Policy(Fate.FAILED, "blocked", call=True),
    30036: Policy(Fate.FAILED, gettext_noop("validity expired"), call=True, again=4 * HOUR),
    30008: Policy(Fate.FAILED, gettext_noop("not delivered"), call=True, vague=True),
}
OTHER = Policy(Fate.FAILED, gettext_noop("refused by the provider"), call=True)
DOUBT = Policy(Fate.UNKNOWN, gettext_noop("provider in trouble"))


def policy(code: int, status: int = 400) -> Policy:
    """What an answer to our own request means; `status` is its HTTP status (a server error says nothing for certain)."""
    if status == 429 or code == 20429:
        return CODES[20429]
    if status >= 500 or code == 20500:
        return DOUBT
    if status in (401, 403) and code not in CODES:
        return CODES[20003]
    return CODES.get(code, OTHER)


def lost(code: int) -> Policy:
    """What a receipt means that says *failed* or *undelivered*: a code that we do not know leaves open whether the patient has it."""
    return CODES.get(code, CODES[30008])
