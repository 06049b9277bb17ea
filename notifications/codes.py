"""What each of the provider's error codes means for a message, as data (twilio.com/docs/api/errors/<code>)."""

from __future__ import annotations

from enum import Enum

import msgspec


class Fate(Enum):
    FAILED = "failed"  # certainly not sent, or not delivered
    AGAIN = "again"  # certainly not taken; comes back with backoff
    PAUSE = "pause"  # our account or sender is at fault: not taken, and nothing else would be
    UNKNOWN = "unknown"  # may have been taken


class Policy(msgspec.Struct, frozen=True):
    """`phone` is what the number becomes: bad or stopped. `call`: a person should reach the patient another way."""

    fate: Fate
    reason: str
    phone: str = ""
    call: bool = False


CODES: dict[int, Policy] = {
    20429: Policy(Fate.AGAIN, "provider busy"),
    20003: Policy(Fate.PAUSE, "provider refuses our account"),
    20404: Policy(Fate.PAUSE, "provider does not know our account"),
    21603: Policy(Fate.PAUSE, "no sender number"),
    21606: Policy(Fate.PAUSE, "sender number not ours"),
    21612: Policy(Fate.FAILED, "no route to this number", phone="bad", call=True),
    21211: Policy(Fate.FAILED, "invalid number", phone="bad", call=True),
    21408: Policy(Fate.FAILED, "country not allowed", phone="bad", call=True),
    21602: Policy(Fate.FAILED, "empty text", call=True),
    21604: Policy(Fate.FAILED, "no number", phone="bad", call=True),
    21610: Policy(Fate.FAILED, "stopped at the provider", phone="stopped"),
    21614: Policy(Fate.FAILED, "not a mobile number", phone="bad", call=True),
    21617: Policy(Fate.FAILED, "text too long", call=True),
    21635: Policy(Fate.FAILED, "landline", phone="bad", call=True),
    30003: Policy(Fate.FAILED, "handset unreachable", call=True),
    30004: Policy(Fate.FAILED, "blocked", call=True),
    30005: Policy(Fate.FAILED, "unknown handset", phone="bad", call=True),
    30006: Policy(Fate.FAILED, "landline or unreachable carrier", phone="bad", call=True),
    30007: Policy(Fate.FAILED, "filtered by the carrier", call=True),
    30008: Policy(Fate.FAILED, "not delivered", call=True),
    30022: Policy(Fate.FAILED, "carrier's rate limit", call=True),
    30023: Policy(Fate.FAILED, "carrier's daily limit", call=True),
    30034: Policy(Fate.FAILED, "sender not registered", call=True),
    30036: Policy(Fate.FAILED, "validity expired", call=True),
}
OTHER = Policy(Fate.FAILED, "refused by the provider", call=True)
DOUBT = Policy(Fate.UNKNOWN, "provider in trouble")


def policy(code: int, status: int = 400) -> Policy:
    """What to do about an error code; `status` is the HTTP status of the answer (a server error says nothing for certain)."""
    if status == 429 or code == 20429:
        return CODES[20429]
    if status >= 500 or code == 20500:
        return DOUBT
    if status in (401, 403) and code not in CODES:
        return CODES[20003]
    return CODES.get(code, OTHER)
