"""What follows when the knowledge changes: an approval, the end of one, or a release with other rows. Open journeys are judged anew.

The tick notices that the knowledge in force is not the one of before, and goes through the journeys that it may be about, some at a time; the
place is kept, so that a killed process loses nothing. A journey that has ended is not touched: it may be a second chance, which a clinician
opens. Messages that come meanwhile are judged by the new knowledge at once.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from pathways import approvals, journeys
from pathways.knowledge import Knowledge
from pathways.models import Event, Journey, KnowledgeApproval, KnowledgeInForce, Status

BATCH = 200
READ = ("result_partial", "result_final", "external_result", "phenotype_assigned")
"""Without one of these there is nothing to judge."""
WHOSE = Coalesce("patient__survivor", "patient")


def judge_again(*, now: datetime, batches: int = 5) -> int:
    """Goes on where a change of the knowledge left open journeys to be judged; how many were looked at. `batches` bounds one call."""
    knowledge = approvals.in_force()
    if _note(knowledge, now).judged_after is None:
        return 0
    judged = 0
    for _ in range(batches):
        found = _some(knowledge, now)
        judged += found
        if found < BATCH:
            break
    return judged


def _note(knowledge: Knowledge, now: datetime) -> KnowledgeInForce:
    """Writes down that other knowledge is in force. What the very first judged needs no second look."""
    last = KnowledgeInForce.objects.order_by("-pk").first()
    if last is not None and last.digest == knowledge.digest:
        return last
    is_first = last is None and not KnowledgeApproval.objects.exists()
    return KnowledgeInForce.objects.create(
        version=knowledge.version, digest=knowledge.digest, since=now, judged_after=None if is_first else 0
    )


def _some(knowledge: Knowledge, now: datetime) -> int:
    """One batch, in a transaction of its own with the place where it ended; where the knowledge changed again, from the beginning."""
    with transaction.atomic():
        row = KnowledgeInForce.objects.select_for_update(skip_locked=True).order_by("-pk").first()
        if row is None or row.judged_after is None:
            return 0
        rows = under_way(programmes(knowledge)).filter(pk__gt=row.judged_after)
        found = dict(rows.values_list("pk", WHOSE)[:BATCH])
        journeys.judge_again(found, now=now)
        row.judged_after = max(found) if len(found) == BATCH else None
        row.save(update_fields=["judged_after"])
    return len(found)


def programmes(knowledge: Knowledge) -> set[str]:
    """Those that ask the rules anything."""
    lists = {code for one in knowledge.gene_lists for code in one.pathways}
    return {code for tumour in knowledge.tumours.values() for code in tumour.pathways} | set(knowledge.pgx.pathways) | lists


def under_way(pathways: Collection[str]) -> QuerySet[Journey]:
    """Open journeys of these programmes, of somebody of whom something was found, in the order of their ids."""
    found = Event.objects.filter(kind__in=READ).values_list(WHOSE, flat=True)
    rows = Journey.objects.filter(status=Status.ACTIVE, pathway__in=pathways)
    return rows.filter(Q(patient__in=found) | Q(patient__survivor__in=found)).order_by("pk")
