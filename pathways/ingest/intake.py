"""The door: bytes in, every message accounted for as applied, duplicate or quarantined.

Raw rows and their application are one transaction per batch; whoever answers a sender does so after `receive` has returned.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from itertools import islice

import msgspec
from django.db import OperationalError, transaction
from django.db.models import Exists, OuterRef

from pathways import sweep
from pathways.models import Feed, Journey, Rollout
from pathways.writing.wire import one_trip, rows

from . import feeds, ledger, split, waiting
from .applying import Applier
from .ledger import Item, Known
from .message import FeedProfile, ParsedMessage, Unreadable

BATCH = 1_000
FEW = 64
TRIES = 3
LOADING = ("off", "backfill")
DEADLOCKS = ("40P01", "40001")


class Counts(msgspec.Struct):
    """Of the messages received, after files were split. `no_effect` is part of `applied`; `reasons` counts why the rest was not applied."""

    received: int = 0
    applied: int = 0
    duplicate: int = 0
    quarantined: int = 0
    no_effect: int = 0
    reasons: dict[str, int] = {}

    @classmethod
    def of(cls, items: Iterable[Item]) -> Counts:
        found = list(items)
        outcomes = Counter(item.outcome for item in found)
        return cls(
            received=len(found),
            applied=outcomes[ledger.APPLIED],
            duplicate=outcomes[ledger.DUPLICATE],
            quarantined=outcomes[ledger.QUARANTINED],
            no_effect=sum(item.no_effect for item in found if item.outcome == ledger.APPLIED),
            reasons=dict(sorted(Counter(item.reason for item in found if item.outcome == ledger.QUARANTINED).items())),
        )


class HistoricalRefused(Exception):
    """History is loaded only where nothing rings yet."""


def receive(payloads: Iterable[bytes | ParsedMessage], *, feed: Feed, now: datetime, historical: bool = False) -> Counts:
    """Takes in files, requests or parsed messages, in the order given.

    Raises:
        HistoricalRefused: `historical`, and a programme at the feed's site already rings.
    """
    return Counts.of(take(payloads, feed=feed, now=now, historical=historical))


def take(payloads: Iterable[bytes | ParsedMessage], *, feed: Feed, now: datetime, historical: bool = False) -> list[Item]:
    """As `receive`, answering what became of each message, in order."""
    if historical:
        with transaction.atomic():
            _refuse_where_it_rings(feed)
    profile = feeds.profile(feed, None if historical else now)
    done: list[Item] = []
    everything = (item for payload in payloads for item in items_of(payload, profile))
    while batch := list(islice(everything, BATCH)):
        _with_patience(batch, feed=feed, now=now, historical=historical)
        done += batch
    return waiting.as_it_ended(done)


def items_of(payload: bytes | ParsedMessage, profile: FeedProfile) -> Iterator[Item]:
    """The messages of a payload, read; what cannot be read is set aside here with its reason."""
    if isinstance(payload, ParsedMessage):
        yield Item(payload.body, payload.format, payload.digest, payload)
        return
    for piece in split.split(payload):
        item = Item(piece.body, piece.format, split.digest(piece.body))
        try:
            item.parsed = split.parse(piece, profile)
            item.digest = item.parsed.digest
        except Unreadable as trouble:
            item.set_aside(trouble.reason, trouble.explanation)
        yield item


def _with_patience(batch: list[Item], *, feed: Feed, now: datetime, historical: bool) -> None:
    """A deadlock with another worker is nobody's fault: the whole batch is tried again.

    Few messages are first tried without a savepoint and waiting for no answer but those they need, as nearly all of them can be; should
    one fail, with.
    """
    before = [(item.outcome, item.reason, item.explanation) for item in batch]
    careful = len(batch) > FEW
    for last in (False,) * (TRIES - 1) + (True,):
        try:
            with transaction.atomic(), ExitStack() as way:
                if not careful:
                    way.enter_context(one_trip())
                if historical:
                    _refuse_where_it_rings(feed)
                arrived = process(batch, feed=feed, now=now, careful=careful)
                _heard(feed, batch, now=now, historical=historical)
                waiting.let_in(arrived, now=now)
                if historical:
                    _refuse_if_others_follow(batch, feed)
            return
        except OperationalError as error:
            if last or (careful and getattr(error.__cause__, "sqlstate", "") not in DEADLOCKS):
                raise
            careful = True
        except Exception:
            if careful:
                raise
            careful = True
        for item, (outcome, reason, explanation) in zip(batch, before, strict=True):
            item.outcome, item.reason, item.explanation, item.waits_for, item.row_id = outcome, reason, explanation, [], None
            item.no_effect, item.patient_id = False, None


def process(batch: Sequence[Item], *, feed: Feed, now: datetime, careful: bool = True) -> set[str]:
    """One batch in the caller's transaction: duplicates out, the rest applied; the patient numbers that became known, for which others may wait.

    Not `careful`: whatever goes wrong is raised, and the caller's transaction is lost.
    """
    ledger.reserve(batch)  # in the order sent, whatever becomes of them
    fresh = _without_duplicates(batch, feed)
    ledger.write([item for item in batch if item.outcome != ledger.APPLIED], feed=feed, now=now)
    applier = Applier(feed, now, careful=careful)
    applier.apply(fresh)
    return applier.arrived


def _without_duplicates(batch: Sequence[Item], feed: Feed) -> list[Item]:
    """Those still to be applied. The same id with another body stops, unless the sender is known to begin counting anew."""
    known = Known(feed, batch)
    fresh = []
    for item in batch:
        if known.came_before(item):
            item.outcome, item.reason, item.explanation, item.waits_for = ledger.DUPLICATE, "", "", []
            continue
        other = known.other_body(item)
        known.remember(item)
        if item.outcome != ledger.APPLIED:
            continue
        if other and not feed.restarts_counter:
            item.set_aside(
                "same_id_other_body",
                f"The sender used this message number before for other content: compare with message {other}. If the sender began "
                "counting anew, mark the feed so and replay; if it corrected the first message, replay this one.",
            )
        else:
            fresh.append(item)
    return fresh


def _heard(feed: Feed, batch: Sequence[Item], *, now: datetime, historical: bool) -> None:
    """Moves the feed's clock: what it has told us about, and when we last heard it, and wakes who waited for that. History moves nothing."""
    if historical:
        return
    made = [item.parsed.message_at for item in batch if item.parsed and item.parsed.message_at]
    latest = min(max(made, default=now), now)
    kinds = {fact.kind for item in batch if item.parsed for fact in item.parsed.facts}
    sweep.hear(feed.pk, now=now, said=latest, kinds=kinds)


def _refuse_where_it_rings(feed: Feed) -> None:
    """Holds the site's modes still until the end of the transaction: a switch waits for the batch, or the batch is refused."""
    modes = rows("SELECT pathway, mode FROM pathways_rollout WHERE site_id = %s FOR KEY SHARE", [feed.site_id])
    if names := sorted(pathway for pathway, mode in modes if mode not in LOADING):
        raise HistoricalRefused(
            f"{', '.join(names)} already rings at {feed.site.name}: history would ring too. Set them to backfill first."
        )


def _refuse_if_others_follow(batch: Sequence[Item], feed: Feed) -> None:
    """Nor may it change what rings elsewhere: a patient of these messages may be followed by a site that is further on."""
    touched = {item.patient_id for item in batch if item.patient_id}
    followed = Journey.objects.open().filter(patient__in=touched).exclude(home_site=feed.site_id)
    rings = Rollout.objects.ringing().filter(site=OuterRef("home_site"), pathway=OuterRef("pathway"))
    if names := sorted({str(name) for name in followed.filter(Exists(rings)).values_list("home_site__name", flat=True)}):
        raise HistoricalRefused(
            f"Patients of these messages are followed at {', '.join(names)}, where history would ring. Nothing of this batch was kept."
        )
