"""What the pharmacogenetic rules state of a journey: a phenotype with an affected drug, a phenotype that affects nothing, or neither."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pathways.facts import Fact

from . import case as core
from .library import DISCLAIMER, Knowledge
from .schema import PgxRule
from .therapy import ingredients_of

_SPELLING = {"metaboliser": "metabolizer", "im": "intermediate metabolizer", "pm": "poor metabolizer", "nm": "normal metabolizer",
             "rm": "rapid metabolizer", "um": "ultrarapid metabolizer", "extensive metabolizer": "normal metabolizer"}  # fmt: skip
_UNCLEAR = ("indeterminate", "unknown", "uncertain", "no result", "no call", "")


@dataclass(frozen=True, slots=True)
class Phenotype:
    gene: str
    phenotype: str
    activity: float | None
    fact: Fact


def statements(case: core.Case, knowledge: Knowledge) -> list[core.Statement]:
    read = list(_phenotypes(case, knowledge))
    if not read:
        return []
    rules = [rule for rule in knowledge.pgx.rules if rule.holds_on(max(one.fact.occurred.hi for one in read).date())]
    hits = [(rule, one) for one in read for rule in rules if affects(rule, one.gene, one.phenotype, one.activity)]
    out = list(_interactions(hits, case, knowledge))
    looked_at = tuple(one.fact for one in read)
    last = core.latest(one.fact.occurred for one in read)
    if hits:
        return out
    if unclear := sorted({one.gene for one in read if one.phenotype in _UNCLEAR and one.activity is None}):
        body: dict[str, Any] = {"missing": [f"phenotype:{gene}" for gene in unclear], "note": DISCLAIMER}
        out.append(core.Statement("evaluation", "phenotype", "cannot_say", last, body, looked_at, "phenotype"))
    elif any(one.gene == rule.gene for one in read for rule in rules):
        body = {"phenotypes": [[one.gene, one.phenotype] for one in read], "note": DISCLAIMER}
        out.append(core.Statement("evaluation", "phenotype", "not_actionable", last, body, looked_at, "phenotype"))
    return out


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
    words = re.sub(r"^(cyp2c19|cyp2d6|cyp2c9|dpyd|tpmt|nudt15|slco1b1|ugt1a1|hla-b)\s+", "", phenotype.strip().lower())
    words = words.replace("metaboliser", "metabolizer")
    return _SPELLING.get(words, words)


def affects(rule: PgxRule, gene: str, phenotype: str, activity: float | None) -> bool:
    """Whether the guideline of the rule says something other than the label dose for this phenotype or activity score."""
    if gene != rule.gene:
        return False
    if activity is not None and rule.activity_below is not None:
        return activity < rule.activity_below
    return phenotype in rule.phenotypes


def _interactions(hits: Sequence[tuple[PgxRule, Phenotype]], case: core.Case, knowledge: Knowledge) -> Iterator[core.Statement]:
    """One statement per rule whose drug the patient has been ordered or given while the phenotype is on file."""
    seen: set[str] = set()
    for rule, phenotype in hits:
        wanted = {knowledge.drug_id(name) for name in rule.drugs}
        exposed = [fact for fact in case.drugs if fact.kind not in core.REVERSALS and wanted & ingredients_of(fact, knowledge)]
        active = [fact for fact in exposed if fact.kind != "drug_order_stopped"]
        if rule.id in seen or not active or _stopped_before(phenotype.fact, active, exposed):
            continue
        seen.add(rule.id)
        given = sorted(wanted & set().union(*(ingredients_of(fact, knowledge) for fact in active)))
        body = {
            "gene": rule.gene,
            "phenotype": phenotype.phenotype,
            "activity_score": phenotype.activity,
            "drugs": [{"rxcui": one, "text": knowledge.drug_ids[one]} for one in given],
            "rules": [rule.id],
            "note": DISCLAIMER,
        }
        when = core.latest([phenotype.fact.occurred, active[0].occurred])
        yield core.Statement(
            "interaction_flagged", rule.id, "interaction_flagged", when, body, (*case.phenotypes, *case.evidence, *exposed), rule.id
        )


def _stopped_before(phenotype: Fact, active: Sequence[Fact], exposed: Sequence[Fact]) -> bool:
    """Whether the drug had been stopped, and not begun again, when the phenotype came."""
    stops = [fact for fact in exposed if fact.kind == "drug_order_stopped" and fact.occurred.lo <= phenotype.occurred.lo]
    if not stops:
        return False
    last_stop = max(fact.occurred.lo for fact in stops)
    return not any(fact.occurred.lo > last_stop for fact in active)
