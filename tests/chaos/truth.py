"""What must be true after any number of deaths, asked of the database, of the doctor and of the provider's own ledger."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec
from django.db import transaction

from config.management.commands.doctor import examine
from notifications.models import Message, MessageAlert, WorkItem, WorkItemAlert
from notifications.reconcile import WITH_A_PERSON
from notifications.tick import tick
from pathways.models import Alert
from tests.chaos.processes import until


class Rung(msgspec.Struct, frozen=True):
    """What rang and what followed, as counted sets: by wait and rung, by cause, by wait, rung and recipient."""

    alerts: Counter[tuple[object, ...]]
    items: Counter[tuple[object, ...]]
    texts: Counter[tuple[object, ...]]
    links: Counter[tuple[object, ...]]


def rung() -> Rung:
    return Rung(
        Counter(Alert.objects.values_list("stay", "matter", "rung", "round", "nth", "audience", "acts", "reason")),
        Counter(WorkItem.objects.values_list("cause_kind", "cause_key", "audience", "priority", "state")),
        Counter(Message.objects.values_list("stay", "matter", "rung", "recipient")),
        Counter(
            [
                *WorkItemAlert.objects.values_list("item__cause_key", "alert__stay", "alert__rung"),
                *MessageAlert.objects.values_list("message__recipient", "alert__stay", "alert__rung"),
            ]
        ),
    )


def sweep(sweeps: Sequence[datetime]) -> None:
    for now in sweeps:
        tick(now=now)


def calm(sweeps: Sequence[datetime]) -> Rung:
    """What these sweeps make where nothing is killed; taken back afterwards."""
    with transaction.atomic():
        sweep(sweeps)
        made = rung()
        transaction.set_rollback(True)
    return made


def differs(calm: Rung) -> list[str]:
    """What was made by the killed ones and not by the calm, and the other way round; a tick that still runs is waited for."""
    until(lambda: rung() == calm, seconds=10, pause=0.2)
    made = rung()
    return [
        f"{name}: more {getattr(made, name) - getattr(calm, name)}, fewer {getattr(calm, name) - getattr(made, name)}"
        for name in made.__struct_fields__
        if getattr(made, name) != getattr(calm, name)
    ]


def copies(ledger: Path) -> Counter[str]:
    """Accepted copies of each of our messages, by the id that its callback carries."""
    with sqlite3.connect(ledger) as book:
        rows = book.execute("SELECT callback FROM message WHERE direction LIKE 'outbound%'").fetchall()
    book.close()
    return Counter(callback.rstrip("/").split("/")[-2] for (callback,) in rows)


def sick(now: datetime) -> list[str]:
    """What the doctor finds."""
    return [f"{found.row}: {found.invariant}: {found.detail}" for found in examine(now=now)]


def wrong_texts(ledger: Path) -> list[str]:
    """Texts of which the provider took two, that we call sent and it never had, that it had and we do not know of, or that hang."""
    taken, asked = copies(ledger), set(WorkItem.objects.filter(cause_kind="unknown_send").values_list("cause_key", flat=True))
    found = []
    for message in Message.objects.all():
        uid, state = str(message.uid), message.state
        if taken[uid] > 1:
            found.append(f"{uid}: {taken[uid]} copies were accepted")
        if state in ("sent", "delivered") and not taken[uid]:
            found.append(f"{uid}: {state}, and the provider never had it")
        if state in ("pending", "withdrawn") and taken[uid]:
            found.append(f"{uid}: {state}, and the provider has it")
        if state in ("pending", "sending") or (state == "unknown" and (message.reason != WITH_A_PERSON or uid not in asked)):
            found.append(f"{uid}: still {state}")
    return found
