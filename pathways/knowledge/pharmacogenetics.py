"""What the pharmacogenetic rules state of a journey: a phenotype with an affected drug, a phenotype that affects nothing, or neither."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from pathways.facts import Fact

from . import case as core
from .exposure import LASTS, Span, spans
from .library import DISCLAIMER, Knowledge
from .schema import PgxRule

_SPELLING = {"metaboliser": "metabolizer", "im": "intermediate metabolizer", "pm": "poor metabolizer", "nm": "normal metabolizer",
             "rm": "rapid metabolizer", "um": "ultrarapid metabolizer", "extensive metabolizer": "normal metabolizer"}  # fmt: skip
POOR = "poor metabolizer"
_UNCLEAR = ("indeterminate", "unknown", "uncertain", "no result", "no call", "")


@dataclass(frozen=True, slots=True)
class Phenotype:
    """What is on file of a gene; `converted_by` is the course of another drug under which the enzyme works as if it were poor."""

    gene: str
    phenotype: str
    activity: float | None
    fact: Fact
    converted_by: Span | None = None

    @property
    def since(self) -> datetime:
        known = self.fact.occurred.lo
        return max(known, self.converted_by.since) if self.converted_by else known

    @property
    def until(self) -> datetime | None:
        return self.converted_by.until if self.converted_by else None


def statements(case: core.Case, knowledge: Knowledge, *, every_exposure: bool = False) -> list[core.Statement]:
    """`every_exposure`: each course of an affected drug is stated by itself (results on file for life); else the first of each rule."""
    read = list(_phenotypes(case, knowledge))
    if not read:
        return []
    on = max(one.fact.occurred.hi for one in read).date()
    rules = [rule for rule in knowledge.pgx.rules if rule.holds_on(on)]
    effective = [*read, *_converted(read, case, knowledge, on)]
    hits = [(rule, one) for one in effective for rule in rules if affects(rule, one.gene, one.phenotype, one.activity)]
    out = list(_interactions(hits, case, knowledge, every_exposure=every_exposure))
    looked_at = tuple(one.fact for one in read)
    last = core.latest(one.fact.occurred for one in read)
    if out or any(one.converted_by is None for _, one in hits):
        return out
    if unclear := sorted({one.gene for one in read if one.phenotype in _UNCLEAR and one.activity is None}):
        body: dict[str, Any] = {"missing": [f"phenotype:{gene}" for gene in unclear], "note": DISCLAIMER}
        out.append(core.Statement("evaluation", "phenotype", "cannot_say", last, body, looked_at, "phenotype"))
    elif any(one.gene == rule.gene for one in read for rule in rules):
        body = {"phenotypes": [[one.gene, one.phenotype] for one in read], "note": DISCLAIMER}
        out.append(core.Statement("evaluation", "phenotype", "not_actionable", last, body, looked_at, "phenotype"))
    return out


def _converted(read: Sequence[Phenotype], case: core.Case, knowledge: Knowledge, on: date) -> Iterator[Phenotype]:
    """Phenotypes as they are while a strong inhibitor of the enzyme is in use: a normal metaboliser works like a poor one."""
    rows = [row for row in knowledge.pgx.inhibitors if row.holds_on(on)]
    if not rows:
        return
    courses = spans(case.drugs, knowledge, lasts=LASTS)
    for one in read:
        if one.phenotype == POOR or one.phenotype in _UNCLEAR:
            continue
        for row in rows:
            if row.gene == one.gene:
                wanted = knowledge.drug_id(row.drug)
                yield from (
                    replace(one, phenotype=POOR, activity=0.0, converted_by=course) for course in courses if course.ingredient == wanted
                )


def _phenotypes(case: core.Case, knowledge: Knowledge) -> Iterator[Phenotype]:
    """Phenotypes given apart, and those that results carry as findings of type phenotype."""
    for fact in sorted((*case.phenotypes, *case.evidence), key=core.order):
        if fact.kind in core.PHENOTYPES:
            yield _phenotype(fact.body, fact, knowledge)
        elif fact.kind in core.RESULTS:
            for raw in fact.body.get("findings") or ():
                if str(raw.get("type") or "").lower() == "phenotype":
                    said = raw.get("phenotype") or raw.get("alteration") or raw.get("text")
                    yield _phenotype({"gene": raw.get("gene"), "phenotype": said, "activity_score": raw.get("value")}, fact, knowledge)


def _phenotype(body: Any, fact: Fact, knowledge: Knowledge) -> Phenotype:
    gene = str(body.get("gene") or "").strip().upper()
    score = body.get("activity_score")
    try:
        activity = None if score in (None, "") else float(score)
    except (TypeError, ValueError):
        activity = None
    return Phenotype(knowledge.symbols.get(gene, gene), plain(str(body.get("phenotype") or "")), activity, fact)


def plain(phenotype: str) -> str:
    """A phenotype in the guideline's words, without the gene before it: `CYP2C19 Poor Metaboliser` -> poor metabolizer."""
    words = re.sub(
        r"^(cyp2c19|cyp2d6|cyp2c9|cyp2b6|cyp3a5|dpyd|tpmt|nudt15|slco1b1|ugt1a1|g6pd|hla-[ab])\s+", "", phenotype.strip().lower()
    )
    words = words.replace("metaboliser", "metabolizer")
    return _SPELLING.get(words, words)


def affects(rule: PgxRule, gene: str, phenotype: str, activity: float | None) -> bool:
    """Whether the guideline of the rule says something other than the label dose for this phenotype or activity score."""
    if gene != rule.gene:
        return False
    if activity is not None and rule.activity_below is not None:
        return activity < rule.activity_below
    return phenotype in rule.phenotypes


def _interactions(
    hits: Sequence[tuple[PgxRule, Phenotype]], case: core.Case, knowledge: Knowledge, *, every_exposure: bool
) -> Iterator[core.Statement]:
    """Where a course of an affected drug and the phenotype (its own, or under an inhibitor) fall together."""
    courses = spans(case.drugs, knowledge, lasts=LASTS if every_exposure else None)
    first: dict[str, tuple[datetime, PgxRule, Phenotype, Span]] = {}
    for rule, phenotype in hits:
        wanted = {knowledge.drug_id(name) for name in rule.drugs}
        for course in courses:
            if course.ingredient in wanted and course.overlaps(phenotype.since, phenotype.until):
                subject = f"{rule.id}:{course.begun_by.lineage}" if every_exposure else rule.id
                begins = max(phenotype.since, course.since)
                if subject not in first or begins < first[subject][0]:
                    first[subject] = begins, rule, phenotype, course
    for subject, (_, rule, phenotype, course) in sorted(first.items()):
        yield _interaction(subject, rule, phenotype, course, knowledge)


def _interaction(subject: str, rule: PgxRule, phenotype: Phenotype, course: Span, knowledge: Knowledge) -> core.Statement:
    by = phenotype.converted_by
    body = {
        "gene": rule.gene,
        "phenotype": phenotype.phenotype,
        "activity_score": phenotype.activity,
        "drugs": [
            {"rxcui": "" if course.ingredient.startswith("name:") else course.ingredient, "text": knowledge.drug_ids[course.ingredient]}
        ],
        "rules": [rule.id],
        "action": rule.action,
        "note": DISCLAIMER,
    }
    if by is not None:
        body["converted_by"] = knowledge.drug_ids[by.ingredient]
    moments = [phenotype.fact.occurred, course.begun_by.occurred, *([by.begun_by.occurred] if by else [])]
    rests_on = {fact.lineage: fact for fact in (phenotype.fact, course.begun_by, *([by.begun_by] if by else []))}
    return core.Statement(
        "interaction_flagged", subject, "interaction_flagged", core.latest(moments), body, tuple(rests_on.values()), rule.id
    )
