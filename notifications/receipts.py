"""What the provider reports of a text. Receipts come twice, late, in any order, and before our own record: a message only moves on."""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from notifications import endings, outbox
from notifications.codes import lost
from notifications.models import Message, MessageState, Receipt
from pathways.sql import load

TAKEN = frozenset({"accepted", "scheduled", "queued", "sending", "sent", "delivered", "read"})
ARRIVED = frozenset({"delivered", "read"})
LOST = frozenset({"failed", "undelivered", "canceled"})


def receive(*, uid: str, token: str, sid: str, status: str, error_code: str, now: datetime) -> bool:
    """Keeps a receipt and moves its message on; a repeated one changes nothing. Whether it named a message of ours.

    The token in the callback's address is the message's own: a receipt without it is kept but moves nothing.
    """
    if status in TAKEN and _take(uid, token, sid, status, now):
        return True
    with transaction.atomic():
        message = Message.objects.select_for_update().filter(uid=uid).first()
        if message is not None and not (message.token and hmac.compare_digest(message.token, token)):
            message = None
        receipt, new = Receipt.objects.get_or_create(
            provider_sid=sid, status=status[:20], defaults={"message": message, "error_code": error_code[:20], "received_at": now}
        )
        if message is None:
            return False
        if receipt.message_id is None:
            receipt.message = message
            receipt.save(update_fields=["message"])
        if new or message.state in endings.IN_DOUBT:
            apply_status(message, sid=sid, status=status, error_code=error_code, now=now)
        return True


def _take(uid: str, token: str, sid: str, status: str, now: datetime) -> bool:
    """The common case; false where anything is not as it should be."""
    with connection.cursor() as cursor:
        named = {"uid": uid, "token": token, "sid": sid, "status": status, "arrived": status in ARRIVED, "now": now}
        params: dict[str, Any] = named | outbox.edges_of_messages()
        cursor.execute(load("notifications.sql", "take_receipt"), params)
        row = cursor.fetchone()
    return bool(row and row[0])


def apply_status(message: Message, *, sid: str, status: str, error_code: str, now: datetime) -> None:
    """Moves a message under lock to what the provider says, never backwards; an end (delivered, failed) is final."""
    if message.state in (MessageState.DELIVERED, MessageState.FAILED, MessageState.WITHDRAWN):
        return
    if status in LOST:
        if message.state == MessageState.PENDING:
            return  # it was put back already and will be judged anew
        message.error_code, message.provider_sid = error_code, message.provider_sid or sid
        endings.refuse(message, lost(int(error_code) if error_code.isdigit() else 0), now=now)
    elif status in TAKEN and not (message.state == MessageState.PENDING and _was_lost(sid)):
        endings.accept(message, sid, now=now)
        if status in ARRIVED and message.state == MessageState.SENT:
            message.deliver()
            message.delivered_at = now
            message.save()


def _was_lost(sid: str) -> bool:
    """The end of that attempt came before its beginning: the text goes again, and *sent* is old news."""
    return Receipt.objects.filter(provider_sid=sid, status__in=LOST).exists()
