"""Messages that waited for a person to become known apply themselves when that person comes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from pathways.models import Inbound
from pathways.writing.wire import apart, rows

from . import feeds, ledger, split
from .applying import Applier
from .ledger import Item
from .message import Unreadable

WAITED = "SELECT id FROM pathways_inbound WHERE outcome = 'quarantined' AND waits_for ?| %s"
ROUNDS = 8
"""Merges of merges: each round may bring in whom the next one waits for."""


def let_in(arrived: Collection[str], *, now: datetime) -> None:
    """Tries again what waited for any of these patient numbers, in the order received, on whichever feed it came."""
    keys = set(arrived)
    for _ in range(ROUNDS):
        waited = [row_id for (row_id,) in rows(WAITED, [sorted(keys)])] if keys else []
        if not waited:
            return
        keys = set()
        with apart():
            for row in Inbound.objects.filter(pk__in=waited).select_related("feed__site").order_by("pk"):
                keys |= again(row, now=now)


def again(row: Inbound, *, now: datetime) -> set[str]:
    """Reads and applies one quarantined message anew; the patient numbers that became known by it."""
    item = item_of(row)
    applier = Applier(row.feed, now)
    if item.outcome == ledger.QUARANTINED:
        ledger.write([item], feed=row.feed, now=now)
    else:
        applier.apply([item])
    return applier.arrived if item.outcome == ledger.APPLIED else set()


def item_of(row: Inbound) -> Item:
    """The stored message, read with the feed's profile of today."""
    item = Item(bytes(row.body), row.format, row.digest, row_id=row.pk, uid=row.uid, is_replay=True, about=row.about_id)
    piece = split.Piece(row.format, item.body) if row.format in split.READERS else next(split.split(item.body))
    try:
        item.parsed = split.parse(piece, feeds.profile(row.feed, row.received_at))
    except Unreadable as trouble:
        item.set_aside(trouble.reason, trouble.explanation)
    return item


def as_it_ended(items: list[Item]) -> list[Item]:
    """A message that waited may have been let in by a later one of the same delivery: count it as it ended."""
    waited = {item.row_id: item for item in items if item.row_id and item.outcome == ledger.QUARANTINED and item.waits_for}
    if waited:
        for row in (
            Inbound.objects.filter(pk__in=waited).exclude(outcome=ledger.QUARANTINED).only("pk", "outcome", "no_effect", "patient_id")
        ):
            waited[row.pk].settle(no_effect=row.no_effect)
    return items
