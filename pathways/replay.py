"""Replay: what a journey's facts say of it. A pure function; a journey's stored stays are always its answer.

`replaying.reading` reads the facts in order and moves the tracks; `replaying.telling` computes deadlines, rungs, phase and ball from what
was read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from pathways.facts import Fact
from pathways.lineage import current
from pathways.replaying.migration import Versions, unknown
from pathways.replaying.reading import Reader
from pathways.replaying.telling import tell
from pathways.timeline import Context, Timeline

if TYPE_CHECKING:
    from pathways.definitions.compiled import Definition


def replay(
    definition: Definition, facts: Sequence[Fact], context: Context, as_of: datetime | None = None, versions: Versions = unknown
) -> Timeline:
    """The timeline of one journey.

    Args:
        definition: the version that the journey was opened with.
        facts: all facts bound to the journey, in any order, with any duplicates, old versions and stale derivations among them.
        as_of: leaves out what happened later; None tells everything. Nothing else depends on time.
        versions: the programme's other versions by number, asked only where the journey was migrated to one.
    """
    told = current(facts)
    if as_of is not None:
        told = [fact for fact in told if fact.occurred.lo <= as_of]
    return retell(definition, told, context, versions)


def retell(definition: Definition, told: Sequence[Fact], context: Context, versions: Versions = unknown) -> Timeline:
    """As `replay`, of the facts that count now, in their order (`lineage.current`)."""
    reader = Reader(definition, context, told, versions)
    state = reader.read()
    return tell(reader.definition, state, context)
