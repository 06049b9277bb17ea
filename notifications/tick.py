"""One tick: the doors, schedules, ring, plan, settle, in this order because it matters, then what only time decides and what a switch left."""

from __future__ import annotations

from datetime import datetime

import msgspec

from notifications import handing, hands, notices, second_thoughts, worklist
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
    heartbeats.watch(now=now)
    outcomes = second_thoughts.apply_due(now=now)  # what people decided counts before anything rings
    families_told = tell_families(now=now)  # before ringing: a wish that was withdrawn must not ring once more
    return Ticked(
        turned=take_turns(now=now),
        rang=ring(now=now),
        planned=plan(now=now),
        settled=settle(now=now),
        woken=worklist.wake_parked(now=now),
        escalated=worklist.escalate_overdue(now=now),
        caught_up=catch_up(now=now) + reread(now=now) + unreading.reread(now=now) + zones.follow(now=now) + judge_again(now=now),
        families_told=families_told,
        outcomes=outcomes,
        returned=handing.return_unanswered(now=now),
        handed=hands.keep_in_hands(now=now),
        notices=notices.raise_notices(now=now),  # last: what was planned, settled or escalated just now decides whom it asks
    )
