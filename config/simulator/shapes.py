"""Twilio's resources, errors and dates as its API writes them (api.twilio.com, version 2010-04-01)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, NamedTuple

API = "2010-04-01"
ACCEPTED = "accepted"  # by a messaging service, which has not chosen a sender yet

# Characters that one GSM-7 septet carries; anything else makes the whole text UCS-2 (GSM 03.38, basic table).
GSM7 = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_EXTENDED = set("^{}\\[~]|€")


class Fault(NamedTuple):
    """An error of the API, or of the carrier: HTTP status (0: only ever seen on a message), and Twilio's words."""

    status: int
    message: str


FAULTS: dict[int, Fault] = {
    20003: Fault(401, "Authenticate"),
    20404: Fault(404, "The requested resource was not found"),
    20429: Fault(429, "Too Many Requests"),
    20500: Fault(500, "Internal Server Error"),
    21211: Fault(400, "Invalid 'To' Phone Number"),
    21408: Fault(400, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number"),
    21602: Fault(400, "Message body is required."),
    21603: Fault(400, "A 'From' phone number is required."),
    21604: Fault(400, "A 'To' phone number is required."),
    21610: Fault(400, "Attempt to send to unsubscribed recipient"),
    21612: Fault(400, "Message cannot be sent with the current combination of 'To' and/or 'From' parameters"),
    21614: Fault(400, "'To' number is not a valid mobile number"),
    21617: Fault(400, "The concatenated message body exceeds the 1600 character limit."),
    30003: Fault(0, "Unreachable destination handset"),
    30005: Fault(0, "Unknown destination handset"),
    30006: Fault(0, "Landline or unreachable carrier"),
    30007: Fault(0, "Message filtered"),
    30008: Fault(0, "Unknown error"),
    30036: Fault(0, "Validity Period Expired"),
}


class Refused(Exception):
    """The API answers with an error body instead of a resource."""

    def __init__(self, code: int) -> None:
        super().__init__(FAULTS[code].message)
        self.code = code

    @property
    def status(self) -> int:
        return FAULTS[self.code].status

    def body(self) -> dict[str, Any]:
        more = f"https://www.twilio.com/docs/errors/{self.code}"
        return {"code": self.code, "message": FAULTS[self.code].message, "more_info": more, "status": self.status}


def rfc2822(epoch: float | None) -> str | None:
    return None if epoch is None else format_datetime(datetime.fromtimestamp(epoch, UTC))


def segments(body: str) -> int:
    """Parts of a text on the wire: 160/153 septets of GSM-7, or 70/67 UTF-16 units."""
    if set(body) <= GSM7 | GSM7_EXTENDED:
        units, single, part = len(body) + sum(letter in GSM7_EXTENDED for letter in body), 160, 153
    else:
        units, single, part = len(body.encode("utf-16-le")) // 2, 70, 67
    return 1 if units <= single else math.ceil(units / part)


def message(row: Mapping[str, Any], account: str) -> dict[str, Any]:
    """A row of the ledger as Twilio's Message resource. Through a messaging service nobody knows the sender, nor the segments, before it is sent."""
    uri = f"/{API}/Accounts/{account}/Messages/{row['sid']}"
    code, undecided = row["error_code"], row["status"] == ACCEPTED
    return {
        "account_sid": account,
        "api_version": API,
        "body": row["body"],
        "date_created": rfc2822(row["created"]),
        "date_sent": rfc2822(row["sent"]),
        "date_updated": rfc2822(row["updated"]),
        "direction": row["direction"],
        "error_code": code,
        "error_message": FAULTS[code].message if code else None,
        "from": None if undecided else row["sender"],
        "messaging_service_sid": row["service"] or None,
        "num_media": "0",
        "num_segments": "0" if undecided else str(segments(row["body"])),
        "price": None,
        "price_unit": "USD",
        "sid": row["sid"],
        "status": row["status"],
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": row["recipient"],
        "uri": f"{uri}.json",
    }
