"""What the lists of genes state of a journey's germline results: a variant that is to be returned, nothing, or what a person must say.

Only pathogenic and likely pathogenic variants in a listed gene flag. A variant of uncertain significance is neither a flag nor a negative,
and of a recessive condition one affected copy is none. What a laboratory said last of a variant counts: reclassified up it flags,
reclassified down the flag ends with a statement that somebody must act on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pathways.facts import Fact, Moment, Rank
from pathways.lineage import version_key

from . import case as core
from .findings import ABSENT, NOT_TESTED, PRESENT, Finding, normalise
from .library import DISCLAIMER, Knowledge
from .schema import GeneList, ListedGene

RETURNED = ("pathogenic", "likely_pathogenic")
HARMLESS = ("benign", "likely_benign")
TUMOUR = ("tissue", "cytology", "plasma")
NO_VARIANTS = ("phenotype", "genotype", "expression")
BOTH_COPIES = ("homozygous", "hemizygous")
TRUNCATING = re.compile(
    r"fs|\*|ter\b|ter\d|stop|nonsense|frameshift|splice|truncat|c\.\d+[+-][12][^\d]|deletion of exon|exon \d+ del", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Variant:
    """What a report says of one variant, or of a gene as a whole. `zygosity` is blank where nobody said it."""

    finding: Finding
    zygosity: str

    @property
    def gene(self) -> str:
        return self.finding["gene"]

    @property
    def name(self) -> tuple[str, str]:
        return self.finding["gene"], self.finding["alteration"]


@dataclass(frozen=True, slots=True)
class Answer:
    """`kind` is the event's: flagged_actionable, cannot_say, not_actionable, or blank where a report leaves nothing to say."""

    kind: str
    rules: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """Which lists are asked, and for which programme."""

    lists: Sequence[GeneList]
    pathway: str
    knowledge: Knowledge

    def answer(self, reports: Sequence[Fact]) -> Answer:
        """The answer to these reports together; of each variant the last one counts."""
        known: dict[tuple[str, str], Variant] = {}
        for report in reports:
            read = variants(report.body, self.knowledge)
            known.update({one.name: one for one in read if report.kind == "result_final" or one.finding["presence"] == PRESENT})
        is_final = reports[-1].kind == "result_final"
        return evaluate(list(known.values()), self.lists, self.pathway, on=reports[-1].occurred.hi.date(), is_final=is_final)


def statements(case: core.Case, asked: Asked, versions: Sequence[Fact]) -> list[core.Statement]:
    """One statement where the answer changed, at the time when it did: a report that is amended years later flags when it was amended.

    What an earlier version said, and the present one does not, is not stated any more; only that a flag has ended is.
    """
    kinds = {"result_final"} if all(one.confirmed_only for one in asked.lists) else core.RESULTS
    present = {fact.lineage: fact for fact in case.evidence if fact.kind in kinds and variants(fact.body, asked.knowledge)}
    seen: dict[str, Fact] = {}
    before, flagged = Answer(""), False
    out = []
    for when, version in sorted(_said(present, versions), key=lambda one: (one[0].lo, one[1].lineage, version_key(one[1]))):
        seen.pop(version.lineage, None)
        seen[version.lineage] = version
        answer = asked.answer(list(seen.values()))
        holds = asked.answer([present[lineage] for lineage in seen])
        if not answer.kind and flagged:
            answer = Answer("not_actionable")  # what was flagged is pathogenic no more: somebody acted on it, or may have
            holds = answer if not holds.kind else holds
        if answer.kind and answer != before:
            before, flagged = answer, answer.kind == "flagged_actionable"
            if holds == answer:
                out.append(_statement(version, when, answer, tuple(present[lineage] for lineage in seen)))
    return out


def _said(present: Mapping[str, Fact], versions: Sequence[Fact]) -> Iterator[tuple[Moment, Fact]]:
    """Every version of the reports that stand, with the time at which it was said: the first when the report came, the others when issued."""
    for lineage, fact in present.items():
        older = [
            one for one in versions if one.lineage == lineage and not one.retracted and one.rank >= Rank.FINAL and one.digest != fact.digest
        ]
        told = sorted([*(one for one in older if version_key(one) < version_key(fact)), fact], key=version_key)
        for n, one in enumerate(told):
            issued = one.issued_at
            yield Moment(issued, issued) if n and issued and issued > fact.occurred.lo else fact.occurred, one


def evaluate(known: Sequence[Variant], lists: Sequence[GeneList], pathway: str, *, on: date, is_final: bool) -> Answer:
    """The answer to all that is known of a person's germline.

    Args:
        known: variants and genes as the reports say them, each once.
        pathway: decides which groups of a list count.
        on: the day of the last report; lists hold from their publication until they are replaced.
        is_final: only a final report can say that there is nothing.
    """
    rows = dict(_rows(lists, pathway, on))
    missing: dict[str, None] = {}
    hits = [(rule, one) for one in known for rule in _judged(one, known, rows, missing)]
    if hits:
        rules = tuple(sorted({rule for rule, _ in hits}))
        return Answer("flagged_actionable", rules, tuple({one.name: one.finding for _, one in hits}.values()))
    if missing:
        return Answer("cannot_say", missing=tuple(missing))
    is_open = any(_is_open(one.finding) for one in known)
    return Answer("not_actionable") if is_final and known and not is_open else Answer("")


def variants(body: Mapping[str, Any], knowledge: Knowledge) -> list[Variant]:
    """What a result says of the germline: what is called germline, and what was read from blood or saliva and is not called somatic."""
    specimen = str(body.get("specimen_class") or "")
    told = [raw for raw in body.get("findings") or () if isinstance(raw, Mapping) and raw.get("type") not in NO_VARIANTS]
    read = [(one, raw) for raw in told for one in normalise([raw], specimen=specimen, knowledge=knowledge)]
    return [Variant(one, str(raw.get("zygosity") or "").lower()) for one, raw in read if one["gene"] and _is_germline(one)]


def _is_germline(finding: Finding) -> bool:
    return finding["origin"] == "germline" or (finding["origin"] == "" and finding["specimen"] not in TUMOUR)


def _rows(lists: Sequence[GeneList], pathway: str, on: date) -> Iterator[tuple[str, tuple[GeneList, ListedGene]]]:
    for one in lists:
        if one.holds_on(on):
            groups = one.pathways[pathway]
            yield from ((gene, (one, row)) for gene, row in one.genes.items() if row.group in groups and one.flags(gene))


def _judged(
    one: Variant, known: Sequence[Variant], rows: Mapping[str, tuple[GeneList, ListedGene]], missing: dict[str, None]
) -> Iterator[str]:
    """The rule by which the variant is to be returned; what only a person can say is added to `missing`."""
    finding = one.finding
    if finding["presence"] != PRESENT or finding["significance"] in (*HARMLESS, "vus"):
        return
    if not finding["significance"]:
        missing[f"significance:{one.gene}"] = None
    elif one.gene not in rows:
        missing[f"actionability:{one.gene}"] = None
    else:
        listed, row = rows[one.gene]
        if not _counts(finding, row):
            missing[f"detail:{one.gene}"] = None
        elif (copies := _copies(one, known, row)) is None:
            missing[f"zygosity:{one.gene}"] = None
        elif copies:
            yield f"{listed.id}:{one.gene}"


def _counts(finding: Finding, row: ListedGene) -> bool:
    said = f"{finding['alteration']} {finding['text']}"
    if row.proteins:
        return any(protein.lower() in said.lower() for protein in row.proteins)
    return not row.truncating or TRUNCATING.search(said) is not None


def _copies(one: Variant, known: Sequence[Variant], row: ListedGene) -> bool | None:
    """Whether as many copies are affected as the condition needs; None where the report does not say. Two different variants of one gene
    are taken for two copies only by a person: they may lie on the same one."""
    if row.needs == "one" or one.zygosity in BOTH_COPIES:
        return True
    others = [other for other in known if other.gene == one.gene and other.name != one.name and other.finding["significance"] in RETURNED]
    return None if others or not one.zygosity else False


def _is_open(finding: Finding) -> bool:
    """Something that a negative must not be said over: an uncertain variant, an unclear call, a gene that failed."""
    if finding["presence"] == PRESENT:
        return finding["significance"] == "vus"
    return finding["presence"] not in (ABSENT, NOT_TESTED)


def _statement(fact: Fact, when: Moment, answer: Answer, seen: tuple[Fact, ...]) -> core.Statement:
    body: dict[str, Any] = {
        "findings": [dict(one) for one in answer.findings],
        "rules": list(answer.rules),
        "missing": list(answer.missing),
        "preliminary": fact.kind == "result_partial",
        "note": DISCLAIMER,
    }
    return core.Statement("germline", fact.lineage.replace("|", "/"), answer.kind, when, body, seen, "germline lists")
