"""How a text ends: what the provider said to an attempt, by its answer, a receipt or its own list, written down under the message's lock.

A refusal is final, a busy provider costs no try, whatever leaves room for doubt is `unknown`. What is at fault besides the text (number,
consent, wording, account) is marked in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import connection, transaction
from msgspec import json

from notifications import halts, outbox, unsent, worklist
from notifications.codes import Fate, Policy, policy
from notifications.models import ItemState, Message, MessageState, WorkItem
from notifications.outbox import Claimed
from notifications.transports.base import Accepted, Answer, Declined
from notifications.worklist import NewItem
from pathways.sql import load
from patients import consent, contacts
from patients.models import Phone, User

IN_DOUBT = (MessageState.SENDING, MessageState.UNKNOWN)
MOST_SECOND_TRIES = 1
MISMATCH_WITHIN = timedelta(days=2)  # local default
ALARM_WITHIN = timedelta(hours=4)  # local default
FILTERED_AT_LEAST, FILTERED_SHARE = 3, 0.05  # of a wording's texts in the last hour

log = structlog.get_logger(__name__)


def record(*, claimed: Claimed, answer: Answer, now: datetime) -> Policy | None:
    """Records what the provider said to this attempt; a late answer to an older attempt changes nothing. The policy of an error."""
    with transaction.atomic():
        message = Message.objects.select_for_update(of=("self",)).select_related("phone", "mailbox").get(pk=claimed.id)
        if message.attempt != claimed.attempt:
            return None
        if isinstance(answer, Accepted):
            _accepted_late(message, answer.sid, now)
            return None
        if message.state not in IN_DOUBT:
            return None
        if not isinstance(answer, Declined):
            lose_sight(message, answer.why, now)
            return None
        rule = policy(answer.code, answer.status)
        message.error_code = str(answer.code or answer.status)
        if rule.fate is Fate.UNKNOWN:
            lose_sight(message, rule.reason, now)
        else:
            refuse(message, rule, now=now, training=claimed.training)
        return rule


def record_accepted(taken: Sequence[tuple[Claimed, str]], *, now: datetime) -> None:
    """Records many acceptances in one statement, each fenced by its attempt; one that is not as it was left is looked at by itself."""
    with transaction.atomic(), connection.cursor() as cursor:
        params: dict[str, Any] = {
            "taken": json.encode([{"id": claimed.id, "attempt": claimed.attempt, "sid": sid} for claimed, sid in taken]).decode(),
            "now": now,
            **outbox.edges_of_messages(),
        }
        cursor.execute(load("notifications.sql", "accept_texts"), params)
        written = {row[0] for row in cursor.fetchall()}
    for claimed, sid in taken:
        if claimed.id not in written:
            record(claimed=claimed, answer=Accepted(sid), now=now)


def refuse(message: Message, rule: Policy, *, now: datetime, training: bool = False) -> None:
    """Certainly not taken, or reported as not delivered: by its row of the code table it comes back, or it has failed."""
    match rule.fate:
        case Fate.AGAIN:
            outbox.put_back(message, reason=rule.reason, not_before=now + _backoff(message))
        case Fate.PAUSE:
            outbox.put_back(message, reason=rule.reason, not_before=now)
            if not training:
                stop_everything(rule, message=message, now=now)
        case _ if rule.again and message.purpose == "reminder" and message.second_tries < MOST_SECOND_TRIES:
            message.second_tries += 1
            outbox.put_back(message, reason=rule.reason, not_before=now + rule.again)
        case _:
            fail(message, rule, now=now)


def fail(message: Message, rule: Policy, *, now: datetime) -> None:
    """Certainly over: marks what is at fault, and asks a person where the patient should still hear."""
    message.fail()
    message.reason, message.unknown_since = rule.reason, None
    if rule.phone == "stopped":
        _stopped_elsewhere(message, now)
    message.save()
    if not rule.vague:
        outbox.free(message)
    if rule.phone == "bad" and message.phone is not None:
        contacts.mark_bad(phone=message.phone, reason=rule.reason, now=now)
    if rule.phone == "bad" and message.mailbox is not None:
        contacts.mark_bounced(mailbox=message.mailbox, reason=rule.reason, now=now)
    if rule.call and message.purpose == "reminder":
        why, row = "bad number" if rule.phone == "bad" and message.phone is not None else rule.reason, outbox.row_of(message.pk)
        # What the patient may have all the same is not said again another way.
        unsent.ask_people([(row, why)], now=now) if rule.vague else unsent.settle([(row, why)], now=now, failed=True)
    if rule.filtered:
        _judge_wording(message, rule, now)


def lose_sight(message: Message, why: str, now: datetime) -> None:
    """Nobody knows whether it was taken: never sent again without proof."""
    if message.state == MessageState.SENDING:
        message.lose_sight()
        message.unknown_since = now
    message.reason = why[:60]
    message.save()


def accept(message: Message, sid: str, *, now: datetime) -> None:
    """The provider has it: by its answer, a receipt or its own list. Never moves a message back."""
    if message.state in IN_DOUBT:
        message.accept()
    elif message.state == MessageState.PENDING and message.attempt:
        message.turn_up()
    message.provider_sid = message.provider_sid or sid
    message.sent_at = message.sent_at or now
    message.unknown_since, message.reason = None, ""
    message.save()


def try_again(message: Message, *, reason: str, now: datetime) -> bool:
    """Shown not to have been taken: it goes once more, unless it has had its second try or is a confirmation."""
    if message.purpose != "reminder" or message.second_tries >= MOST_SECOND_TRIES:
        return False
    message.second_tries += 1
    outbox.put_back(message, reason=reason, not_before=now)
    return True


def stop_everything(rule: Policy, *, message: Message, now: datetime) -> None:
    """Our account or sender is at fault: nothing more is tried until one text has shown that it works again. One alarm."""
    if halts.trip(halts.PROVIDER, reason=rule.reason, now=now, rest=rule.rest):
        alarm(halts.PROVIDER, rule.reason, site=outbox.site_of(message.pk), now=now)


def alarm(key: str, reason: str, *, site: int | None, now: datetime) -> None:
    """Texts have stopped: an error in the log and one item for the lead; further trips join both."""
    log.error("texts_stopped", halt=key, reason=reason)
    if site is not None:
        item = NewItem(
            cause_kind="halt",
            cause_key=key,
            site=site,
            problem="texts-stopped",
            audience="lead",
            priority=1,
            due_at=now + ALARM_WITHIN,
            note=f"No text is lost; they wait. Reason: {reason}.",
        )
        worklist.open(item, now=now)


def all_clear(key: str, *, now: datetime, by: User | None = None) -> bool:
    """It works again: texts go, and the item that asked somebody to look is taken back unless they are at it. Whether it had stopped."""
    with transaction.atomic():
        lifted = halts.lift(key, now=now, by=by)
        if lifted:
            log.warning("texts_go_again", halt=key)
            for item in WorkItem.objects.filter(cause_kind="halt", cause_key=key, state__in=[ItemState.OPEN, ItemState.PARKED]):
                worklist.withdraw(item=item, reason="it works again", now=now)
        return lifted


def _accepted_late(message: Message, sid: str, now: datetime) -> None:
    if message.state in (*IN_DOUBT, MessageState.PENDING):
        accept(message, sid, now=now)
    elif not message.provider_sid:
        Message.objects.filter(pk=message.pk).update(provider_sid=sid)


def _stopped_elsewhere(message: Message, now: datetime) -> None:
    """The provider knows of a STOP. Where we knew, too (it confirms STOP itself, before we do), all is well; where we did not, our
    consents are wrong and a person finds out why."""
    phone = message.phone
    if phone is None or phone.stopped_at is not None:
        message.reason = "the provider had confirmed it" if message.purpose == "stop_confirmation" else message.reason
        return
    consent.stop(phone=phone, now=now, evidence=consent.Evidence("provider", reference=message.reason))
    _ask_about_consent(message, phone, now)


def _ask_about_consent(message: Message, phone: Phone, now: datetime) -> None:
    site = outbox.site_of(message.pk)
    if site is None:
        return
    item = NewItem(
        cause_kind="consent",
        cause_key=str(phone.pk),
        site=site,
        patient=message.patient_id,
        journey=message.journey_id,
        problem="stopped-at-provider",
        priority=3,
        due_at=now + MISMATCH_WITHIN,
        note="This number said STOP to the provider and we had a permission. Texts have stopped; ask how to reach the patient.",
    )
    worklist.open(item, now=now)


def _judge_wording(message: Message, rule: Policy, now: datetime) -> None:
    """Carriers that filter a wording would filter its next text, too: it rests until a person has looked at it."""
    claimed = Message.objects.filter(wording=message.wording, claimed_at__gt=now - timedelta(hours=1))
    filtered = claimed.filter(error_code="30007").count()
    if filtered >= FILTERED_AT_LEAST and filtered > FILTERED_SHARE * claimed.count():
        key = halts.WORDING + message.wording
        if halts.trip(key, reason=rule.reason, now=now):
            alarm(key, rule.reason, site=outbox.site_of(message.pk), now=now)


def _backoff(message: Message) -> timedelta:
    """Doubles from a minute to an hour, spread by the row so that a crowd does not come back as one."""
    return timedelta(minutes=min(2 ** min(message.attempt - 1, 6), 60), seconds=message.pk % 30)
