"""What mail servers send back (RFC 3464): which e-mail of ours did not arrive, and whether for good.

Anybody can write such a message, so it is only believed where it names an attempt of ours, whose id nobody can guess, and its address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage as Report
from email.message import Message as Part
from uuid import UUID

from notifications import emailing
from notifications.models import Channel, Message

OURS = re.compile(r"<([0-9a-f]{32})\.(\d{1,3})@")


def receive(raw: bytes, *, now: datetime) -> str:
    """What became of a message that came to the address that we send from: bounced, later, unknown (none of ours) or nothing (no report)."""
    report = message_from_bytes(raw, policy=policy.default)
    assert isinstance(report, Report)
    said = list(_recipients(report))
    if not said:
        return "nothing"
    found = _message(raw)
    if found is None or found.mailbox is None:
        return "unknown"
    of_it = [permanent for address, permanent in said if address == found.mailbox.address]
    if not of_it:
        return "unknown"
    return "bounced" if emailing.bounced(message=found, permanent=any(of_it), now=now) else "later"


def _recipients(report: Report) -> Iterator[tuple[str, bool]]:
    """Address, and whether it failed for good, of every recipient that a delivery report names."""
    for part in report.walk():
        if part.get_content_type() == "message/delivery-status":
            for block in part.get_payload():
                if isinstance(block, Part) and (recipient := str(block.get("Final-Recipient", "") or block.get("Original-Recipient", ""))):
                    failed = str(block.get("Action", "")).strip().lower() == "failed"
                    yield (
                        recipient.rpartition(";")[2].strip().strip("<>").casefold(),
                        failed and str(block.get("Status", "")).strip().startswith("5"),
                    )


def _message(raw: bytes) -> Message | None:
    """The attempt of ours that the report encloses or answers to."""
    for uid, _ in OURS.findall(raw.decode("latin-1")):
        found = Message.objects.filter(uid=UUID(uid), channel=Channel.EMAIL).select_related("mailbox").first()
        if found is not None:
            return found
    return None
