"""Closed journeys that the rules of today would flag and those of then did not: shown with the difference, opened by a clinician only.

A journey is judged by the rules in force when its results came, so a rule that is approved later changes nothing by itself, and a variant that
a laboratory reclassifies after the end moves nothing. Both may be a second chance for the patient.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import TypeVar

import msgspec

from pathways import journeys
from pathways.facts import Fact
from pathways.knowledge import Knowledge
from pathways.knowledge.derive import derive
from pathways.knowledge.schema import GeneList, PgxRule, TherapyRule
from pathways.lineage import current
from pathways.models import Journey
from pathways.writing.house import House
from pathways.writing.load import load
from pathways.writing.state import JourneyState, PatientState
from patients.models import User

Dated = TypeVar("Dated", TherapyRule, PgxRule, GeneList)
FLAGS = frozenset({"flagged_actionable", "later_line_actionable", "interaction_flagged"})
DECLINED = "not_actionable_confirmed"
MATCHED = "matched_therapy"
OVER = "deceased"
BATCH = 200
ADDED = "a rule that was not there, or not in force, when it was judged"
RECLASSIFIED = "a result that was reclassified or corrected after the end"


class Chance(msgspec.Struct, frozen=True):
    """One closed journey. `rules` flag now and did not before the end; `judged_by` and `would_be` are versions of the knowledge."""

    journey_id: int
    kind: str
    rules: tuple[str, ...]
    before: tuple[str, ...]
    genes: tuple[str, ...]
    why: str
    judged_by: str
    would_be: str


def find(*, now: datetime, sites: Sequence[int] | None = None, only: int | None = None) -> list[Chance]:
    """All second chances of the sites (None: of all), the youngest end first; of one journey where `only` names it. Reads only."""
    house = House.load(now)
    today = as_of(house.knowledge, now.date())
    ended = _ended(sites, only)
    found: dict[int, Chance] = {}
    ids = list(dict.fromkeys(ended.values()))
    for start in range(0, len(ids), BATCH):
        for patient in load(ids[start : start + BATCH], lock=False).values():
            for journey in patient.journeys:
                if journey.id in ended and (chance := _chance(house, patient, journey, today)) is not None:
                    found[journey.id] = chance
    return [found[journey_id] for journey_id in ended if journey_id in found]


def reopen(*, journey: Journey, chance: Chance, reason: str, by: User, now: datetime) -> None:
    """The clinician's decision: it goes on where it stopped."""
    journeys.reopen(journey=journey, reason=f"second chance: {', '.join(chance.rules)}; {reason}", now=now, by=by)


def decline(*, journey: Journey, chance: Chance, reason: str, by: User, now: datetime) -> None:
    """The clinician looked and it stays closed; these rules do not bring it back."""
    body = {"clinician": by.get_full_name() or by.username, "reason": reason, "rules": list(chance.rules)}
    journeys.record(journey=journey, kind=DECLINED, body=body, occurred=now, now=now, by=by)


def as_of(knowledge: Knowledge, day: date) -> Knowledge:
    """The rules of a day as if they had always held: what they would say of results that came before them."""
    tumours = {
        name: file.model_copy(update={"rules": tuple(_always(file.rules, day, "approved"))}) for name, file in knowledge.tumours.items()
    }
    pgx = knowledge.pgx.model_copy(update={"rules": tuple(_always(knowledge.pgx.rules, day, "published"))})
    return replace(
        knowledge,
        digest=f"{knowledge.digest}@{day.isoformat()}",
        tumours=tumours,
        pgx=pgx,
        rules={rule.id: rule for file in tumours.values() for rule in file.rules},
        pgx_rules={rule.id: rule for rule in pgx.rules},
        gene_lists=tuple(_always(knowledge.gene_lists, day, "published")),
    )


def _always(rules: Iterable[Dated], day: date, since: str) -> Iterator[Dated]:
    return (rule.model_copy(update={since: date.min}) for rule in rules if rule.holds_on(day))


def _ended(sites: Sequence[int] | None, only: int | None) -> dict[int, int]:
    """Journeys that ended otherwise than with the matched therapy or death, with their patients."""
    closed = Journey.objects.filter(status__in=["completed", "exited"]).exclude(outcome=MATCHED).exclude(exit_reason=OVER)
    if sites is not None:
        closed = closed.filter(home_site__in=sites)
    if only is not None:
        closed = closed.filter(pk=only)
    return dict(closed.order_by("-ended_at", "pk").values_list("pk", "patient_id"))


def _chance(house: House, patient: PatientState, journey: JourneyState, today: Knowledge) -> Chance | None:
    attached = [fact for fact in patient.facts if fact.id in journey.attached]
    received = [fact for fact in attached if fact.basis is None]
    told = current(received)
    would = [fact for fact in derive(house.definition(journey), told, today, versions=received) if fact.kind in FLAGS]
    stored = [fact for fact in attached if fact.kind in FLAGS]
    known_at = _known_at(journey, attached)
    before = rules_of(
        fact for fact in stored if _received(fact) <= known_at and fact.occurred.lo <= (journey.columns["ended_at"] or known_at)
    )
    later = rules_of(stored) - before
    new = (rules_of(would) | later) - before - _declined(told)
    if not new or any(fact.kind == "matched_therapy" for fact in attached):
        return None
    says = [fact for fact in (*would, *stored) if new & set(fact.body.get("rules") or ())]
    return Chance(
        journey_id=journey.id,
        kind=says[-1].kind,
        rules=tuple(sorted(new)),
        before=tuple(sorted(before)),
        genes=tuple(sorted({gene for fact in says for gene in genes_of(fact)})),
        why=RECLASSIFIED if new & later else ADDED,
        judged_by=max((str((fact.basis or {}).get("version", "")) for fact in attached if fact.basis is not None), default=""),
        would_be=today.version,
    )


def _known_at(journey: JourneyState, attached: Sequence[Fact]) -> datetime:
    """When it was known that the journey had ended."""
    ended_at: datetime = journey.columns["ended_at"]
    left_by = {stay.left_by for stay in journey.stays if stay.left_at == ended_at}
    return max((_received(fact) for fact in attached if fact.lineage in left_by), default=ended_at)


def _received(fact: Fact) -> datetime:
    return fact.received_at or fact.occurred.hi


def rules_of(facts: Iterable[Fact]) -> set[str]:
    return {str(rule) for fact in facts for rule in fact.body.get("rules") or ()}


def genes_of(fact: Fact) -> Iterator[str]:
    yield from (str(one["gene"]) for one in fact.body.get("findings") or () if one.get("gene"))
    if fact.body.get("gene"):
        yield str(fact.body["gene"])


def _declined(told: Sequence[Fact]) -> set[str]:
    return rules_of(fact for fact in told if fact.kind == DECLINED)
