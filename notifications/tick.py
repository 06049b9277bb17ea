"""One tick: the doors, schedules, ring, plan, settle, in this order because it matters, then what only time decides and what a switch left."""

from __future__ import annotations

from datetime import datetime

import msgspec

from notifications import handing, hands, notices, second_thoughts, worklist
from notifications.at_hand import AtHand, at_hand
from notifications.plan import Counts, plan
from notifications.settle import Settled, settle
from pathways import heartbeats, zones
from pathways.cascade import tell_families
from pathways.catching_up import catch_up
from pathways.ingest import unreading
from pathways.ingest.rereading import reread
from pathways.rejudging import judge_again
from pathways.sweep import Rang, ring
from pathways.turns import take_turns
from patients.lapsing import lapse


class Ticked(msgspec.Struct, frozen=True):
    turned: int
    rang: Rang
    planned: Counts
    settled: Settled
    woken: int
    escalated: int
    caught_up: int = 0
    families_told: int = 0
    notices: int = 0
    returned: int = 0
    outcomes: int = 0
    handed: hands.Handed = hands.Handed()


def tick(*, now: datetime) -> Ticked:
    """Does everything that is due at `now`. Several ticks may run at once, or none for a day: the next one catches up."""
    before = _before_ringing(now)
    rang, planned, settled = ring(now=now), plan(now=now), settle(now=now)
    woken, escalated = worklist.wake_parked(now=now), worklist.escalate_overdue(now=now)
    found = at_hand(now=now)  # anew: what was planned or settled just now may have nobody to take it
    return Ticked(
        turned=before.turned,
        rang=rang,
        planned=planned,
        settled=settled,
        woken=woken,
        escalated=escalated,
        caught_up=_caught_up(found, now),
        families_told=before.families_told,
        outcomes=before.outcomes,
        returned=handing.return_unanswered(now=now) if found.hand_overs else 0,
        handed=hands.keep_in_hands(now=now) if found.hands else hands.Handed(),
        notices=notices.raise_notices(now=now),  # last: what was planned, settled or escalated just now decides whom it asks
    )


class _Before(msgspec.Struct, frozen=True):
    outcomes: int
    families_told: int
    turned: int


def _before_ringing(now: datetime) -> _Before:
    """What counts before anything rings: a wish that was withdrawn must not ring once more."""
    found = at_hand(now=now)
    if found.doors:
        heartbeats.watch(now=now)
    if found.consents:
        lapse(now=now)
    outcomes = second_thoughts.apply_due(now=now) if found.outcomes else 0
    families_told = tell_families(now=now) if found.families or found.outcomes else 0  # what people decided may be news to a family
    return _Before(outcomes, families_told, take_turns(now=now) if found.turns or found.outcomes or families_told else 0)


def _caught_up(found: AtHand, now: datetime) -> int:
    caught_up = catch_up(now=now) if found.catching_up else 0
    read_again = reread(now=now) + unreading.reread(now=now) if found.rereading else 0
    told_anew = zones.follow(now=now) if found.calendars else 0
    return caught_up + read_again + told_anew + judge_again(now=now)  # whether the knowledge changed is no question to the database alone
