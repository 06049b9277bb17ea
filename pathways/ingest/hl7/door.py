"""HL7 v2 bytes in, acknowledgements out, whatever carries them (HTTP or MLLP). The answer is made after the commit and never fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from pathways.ingest import intake, split
from pathways.ingest.ledger import Item
from pathways.models import Feed

from . import ack
from .tokens import decode

log = structlog.get_logger(__name__)
Clock = Callable[[], datetime]


def answer(body: bytes, *, feed: Feed, clock: Clock) -> tuple[bytes, bool]:
    """Takes one request of one or many messages in; their acknowledgements in order, and whether anything was kept."""
    try:
        items = intake.take([body], feed=feed, now=clock())
    except Exception as error:  # whatever it was, the sender must hear that nothing was kept
        log.error("inbound_failed", feed=feed.name, error=type(error).__name__)
        return not_kept(body, now=clock()), False
    return acknowledgements(items, now=clock()), True


def acknowledgements(items: Sequence[Item], *, now: datetime) -> bytes:
    return b"".join(
        ack.acknowledge(
            item.body, code=ack.code_for(item.reason), answer_id=item.uid.hex[:20], now=now, reason=item.reason, words=item.explanation
        )
        for item in items
    )


def not_kept(body: bytes, *, now: datetime) -> bytes:
    """Our own trouble: every message of the request is to be sent again."""
    pieces = [piece.body for piece in split.split(body)]
    return b"".join(
        ack.acknowledge(each, code=ack.ERROR, answer_id=_answer_id(each), now=now, words="not stored: send again") for each in pieces
    )


def _answer_id(body: bytes) -> str:
    return split.digest(decode(body)[0].encode("utf-8", "replace"))[:20]
