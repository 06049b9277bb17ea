"""What the provider does with a text: take or refuse it, carry it to the handset, report on it, hear the answer.

Usable over HTTP (`server.py`) and in process under any clock: every verb takes `now`.

Magic numbers, the first five as with Twilio's own test credentials:

    +15005550001  21211 invalid number             +15005550103  undelivered, 30003 handset unreachable
    +15005550002  21612 no route                   +15005550105  undelivered, 30005 unknown handset
    +15005550003  21408 country not allowed        +15005550106  undelivered, 30006 landline
    +15005550004  21610 recipient opted out        +15005550107  undelivered, 30007 filtered by the carrier
    +15005550009  21614 not a mobile number        +15005550108  undelivered, 30008 unknown error
    +15005550029  20429 too many requests          +15005550136  handset off: 30036 when the validity period is over
    +15005550050  20500 and nothing was taken
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from . import shapes
from .faults import Faults
from .ledger import Ledger
from .shapes import Refused

ACCOUNT = "AC00000000000000000000000000000001"
SENDER = "+15550100000"
REFUSED_NUMBERS = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
    "+15005550029": 20429,
    "+15005550050": 20500,
}
HANDSETS = {f"+150055501{code % 100:02d}": code for code in (30003, 30005, 30006, 30007, 30008, 30036)}
STOP = {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"}
START = {"start", "unstop", "yes"}
STOPPED_TEXT = (
    "You have successfully been unsubscribed. You will not receive any more messages from this number. Reply START to resubscribe."
)
STARTED_TEXT = "You have successfully been re-subscribed to messages from this number. Reply HELP for help. Reply STOP to unsubscribe."
LONGEST_VALIDITY = 36_000  # seconds, Twilio's default and maximum
SECONDS_TO_SENT = 0.5
SECONDS_TO_DELIVERED = 1.0


class Callback(NamedTuple):
    """A form POST the provider owes to `url`."""

    n: int
    url: str
    fields: dict[str, str]


class Provider:
    """One account. `faults` are those of the carrier side; those of the HTTP side are the server's."""

    def __init__(self, ledger: Ledger, *, account: str = ACCOUNT, faults: Faults | None = None) -> None:
        self.ledger = ledger
        self.account = account
        self.faults = faults or Faults()

    def create_message(self, params: Mapping[str, str], now: datetime) -> dict[str, Any]:
        """`params` as the API names them (To, From, Body, StatusCallback, ValidityPeriod). The Message resource; else `Refused`."""
        sender = params.get("From") or (SENDER if params.get("MessagingServiceSid") else "")
        with self.ledger.together():
            self._refuse(params, sender)
            validity = min(int(params.get("ValidityPeriod") or LONGEST_VALIDITY), LONGEST_VALIDITY)
            service = "" if params.get("From") else params.get("MessagingServiceSid", "")
            sid = self._insert(sender, params["To"], params["Body"], now, params.get("StatusCallback", ""), validity, service=service)
            return self.fetch_message(sid)

    def _refuse(self, params: Mapping[str, str], sender: str) -> None:
        to, body = params.get("To", ""), params.get("Body", "")
        if not to:
            raise Refused(21604)
        if not sender:
            raise Refused(21603)
        if not body:
            raise Refused(21602)
        if len(body) > 1600:
            raise Refused(21617)
        if not re.fullmatch(r"\+[1-9]\d{6,14}", to):
            raise Refused(21211)
        if to in REFUSED_NUMBERS:
            raise Refused(REFUSED_NUMBERS[to])
        if self.ledger.rows("SELECT 1 FROM opted_out WHERE number = ? AND sender = ?", (to, sender)):
            raise Refused(21610)

    def _insert(
        self, sender: str, to: str, body: str, now: datetime, callback: str = "", validity: int = LONGEST_VALIDITY, *,
        inbound: bool = False, service: str = "",
    ) -> str:  # fmt: skip
        sid, at = f"SM{uuid.uuid4().hex}", now.timestamp()
        direction, status = ("inbound", "received") if inbound else ("outbound-api", shapes.ACCEPTED if service else "queued")
        sent, next_at = (at, None) if inbound else (None, at + SECONDS_TO_SENT)
        self.ledger.write(
            "INSERT INTO message (sid, direction, sender, recipient, body, status, created, updated, sent, callback, expires, next_at, service) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (sid, direction, sender, to, body, status, at, at, sent, callback, at + validity, next_at, service),
        )
        return sid

    def fetch_message(self, sid: str) -> dict[str, Any]:
        found = self.ledger.rows("SELECT * FROM message WHERE sid = ?", (sid,))
        if not found:
            raise Refused(20404)
        return shapes.message(dict(found[0]), self.account)

    def advance(self, now: datetime) -> int:
        """Carry every text as far as it has come by `now`; the number of steps taken. The callbacks are then owed."""
        steps = 0
        with self.ledger.together():
            while rows := self.ledger.rows("SELECT * FROM message WHERE next_at <= ? ORDER BY next_at LIMIT 1000", (now.timestamp(),)):
                for row in rows:
                    self._step(dict(row))
                steps += len(rows)
        return steps

    def hurry(self, sid: str, now: datetime) -> list[Callback]:
        """This text arrives at once; the callbacks that are owed for it by now."""
        with self.ledger.together():
            for _step in range(2):
                self.ledger.write("UPDATE message SET next_at = ? WHERE sid = ? AND next_at IS NOT NULL", (now.timestamp(), sid))
                for row in self.ledger.rows("SELECT * FROM message WHERE sid = ? AND next_at <= ?", (sid, now.timestamp())):
                    self._step(dict(row))
        found = self.ledger.rows(
            "SELECT n, url, fields FROM callback WHERE done IS NULL AND due <= ? AND fields LIKE ?", (now.timestamp(), f"%{sid}%")
        )
        return [Callback(row["n"], row["url"], json.loads(row["fields"])) for row in found]

    def _step(self, row: dict[str, Any]) -> None:
        at = float(row["next_at"])
        if row["status"] in (shapes.ACCEPTED, "queued"):
            row |= {"status": "sent", "sent": at, "next_at": at + SECONDS_TO_DELIVERED}
        else:
            self._arrive(row, at)
        row["updated"] = at
        self.ledger.write(
            "UPDATE message SET status = :status, sent = :sent, error_code = :error_code, updated = :updated, next_at = :next_at "
            "WHERE sid = :sid",
            row,  # type: ignore[arg-type]
        )
        if row["callback"]:
            self._owe(row, at)

    def _arrive(self, row: dict[str, Any], at: float) -> None:
        code = self._handset(row["recipient"])
        if code == 30036 and at < row["expires"]:
            row["next_at"] = row["expires"]
            return
        row |= {"status": "undelivered" if code else "delivered", "error_code": code, "next_at": None}

    def _handset(self, number: str) -> int | None:
        """What is wrong with the handset: None if nothing."""
        known = self.ledger.rows("SELECT error_code FROM handset WHERE number = ?", (number,))
        if known:
            return int(known[0]["error_code"])
        return HANDSETS.get(number) or (30003 if self.faults.strikes("undelivered") else None)

    def _owe(self, row: dict[str, Any], at: float) -> None:
        fields = {
            "AccountSid": self.account,
            "ApiVersion": shapes.API,
            "From": row["sender"],
            "MessageSid": row["sid"],
            "MessageStatus": row["status"],
            "SmsSid": row["sid"],
            "SmsStatus": row["status"],
            "To": row["recipient"],
        }
        if row["error_code"]:
            fields["ErrorCode"] = str(row["error_code"])
        if row["service"]:
            fields["MessagingServiceSid"] = row["service"]
        if self.faults.strikes("lost_callback"):
            return
        due = at + (self.faults.late_seconds if self.faults.strikes("late_callback") else 0)
        for _copy in range(2 if self.faults.strikes("duplicate_callback") else 1):
            self.owe(row["callback"], fields, due)

    def owe(self, url: str, fields: Mapping[str, str], due: float) -> None:
        self.ledger.write("INSERT INTO callback (url, fields, due) VALUES (?, ?, ?)", (url, json.dumps(dict(fields)), due))

    def callbacks(self, now: datetime, limit: int = 100) -> list[Callback]:
        """What is owed by `now`, oldest first."""
        rows = self.ledger.rows(
            "SELECT n, url, fields FROM callback WHERE done IS NULL AND due <= ? ORDER BY due, n LIMIT ?", (now.timestamp(), limit)
        )
        return [Callback(row["n"], row["url"], json.loads(row["fields"])) for row in rows]

    def settled(self, n: int, now: datetime, answer: int) -> None:
        """The callback was answered with this HTTP status (0: given up)."""
        self.ledger.write("UPDATE callback SET done = ?, answer = ?, tries = tries + 1 WHERE n = ?", (now.timestamp(), answer, n))

    def receive_reply(self, number: str, body: str, now: datetime, sender: str = SENDER) -> dict[str, str]:
        """A handset texts `sender`: the fields of Twilio's inbound webhook. STOP and START act here, as they do at Twilio."""
        word = re.sub(r"[^a-z]", "", body.casefold())
        with self.ledger.together():
            sid = self._insert(number, sender, body, now, inbound=True)
            stopping = (number, sender, now.timestamp())
            if word in STOP and self.ledger.write("INSERT OR IGNORE INTO opted_out VALUES (?, ?, ?)", stopping):
                self._insert(sender, number, STOPPED_TEXT, now)
            if word in START and self.ledger.write("DELETE FROM opted_out WHERE number = ? AND sender = ?", (number, sender)):
                self._insert(sender, number, STARTED_TEXT, now)
        return {
            "AccountSid": self.account,
            "ApiVersion": shapes.API,
            "Body": body,
            "From": number,
            "FromCountry": "US",
            "MessageSid": sid,
            "NumMedia": "0",
            "NumSegments": str(shapes.segments(body)),
            "SmsMessageSid": sid,
            "SmsSid": sid,
            "SmsStatus": "received",
            "To": sender,
            "ToCountry": "US",
        }

    def break_handset(self, number: str, error_code: int | None) -> None:
        """From now on texts to `number` end with this carrier error; None mends it."""
        if error_code is None:
            self.ledger.write("DELETE FROM handset WHERE number = ?", (number,))
        elif shapes.FAULTS.get(error_code, shapes.Fault(1, "")).status == 0:
            self.ledger.write("INSERT OR REPLACE INTO handset VALUES (?, ?)", (number, error_code))
        else:
            raise ValueError(f"{error_code} is no carrier error")
