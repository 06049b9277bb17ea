"""Looks over the knowledge files for what validation of their shape cannot see. Each fault names its row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from . import germline
from .evaluate import Answer, evaluate
from .findings import normalise
from .library import Knowledge
from .pharmacogenetics import affects, plain
from .schema import Example, GeneList, ListedGene, PgxRule, TherapyFile, TherapyRule

STALE_AFTER = timedelta(days=365)
SYMBOL = re.compile(r"^[A-Z][A-Z0-9]{1,9}$")
LIST_HOSTS = ("pubmed.ncbi.nlm.nih.gov", "cdc.gov")
HOSTS = ("accessdata.fda.gov", "cpicpgx.org", "pubmed.ncbi.nlm.nih.gov", "fda.gov")
LINES: dict[str, int | str] = {"first": 1, "later": 2, "any": 1, "adjuvant": "adjuvant", "consolidation": "consolidation"}


def faults(knowledge: Knowledge, *, today: date) -> list[str]:
    """All faults, sorted as found; none means that every rule names known genes and drugs, in dates that can be, and shows that it works."""
    found: list[str] = []
    for rows in knowledge.tumours.values():
        found.extend(f"{rows.tumour}: panel names unknown gene {gene}" for gene in rows.panel if gene not in knowledge.genes)
        for rule in rows.rules:
            found.extend(f"{rule.id}: {fault}" for fault in _therapy(rule, rows, knowledge, today))
    for pair in knowledge.pgx.rules:
        found.extend(f"{pair.id}: {fault}" for fault in _pgx(pair, knowledge, today))
    for listed in knowledge.gene_lists:
        found.extend(f"{listed.id}: {fault}" for fault in _list(listed, knowledge, today))
    found.extend(_doubles(knowledge))
    return found


def _therapy(rule: TherapyRule, rows: TherapyFile, knowledge: Knowledge, today: date) -> Iterator[str]:
    for gene in (*rule.genes, *rule.requires_absent):
        if gene not in knowledge.genes:
            yield f"gene {gene} is not a known symbol"
    yield from _regimen(rule, knowledge)
    yield from _dates(rule.approved, rule.withdrawn, rule.checked_on, today)
    yield from _source(str(rule.source))
    if rule.status == "verified":
        yield from _examples(rule, rows, knowledge)


def _regimen(rule: TherapyRule, knowledge: Knowledge) -> Iterator[str]:
    for part in rule.regimen:
        for name, rxcui in part.items():
            drug = knowledge.drugs.get(name)
            if drug is None:
                yield f"drug {name} is not listed"
                continue
            if drug.rxcui != rxcui:
                yield f"drug {name} has RxCUI {rxcui or 'none'}, the list says {drug.rxcui or 'none'}"
            if drug.approved and rule.approved < drug.approved:
                yield f"approved {rule.approved}, before {name} itself ({drug.approved})"
            if drug.withdrawn and rule.withdrawn is None and rule.status == "verified":
                yield f"{name} was withdrawn on {drug.withdrawn}"


def _dates(since: date, until: date | None, checked: date, today: date) -> Iterator[str]:
    if until is not None and until <= since:
        yield f"withdrawn {until}, not after {since}"
    if not since <= checked <= today:
        yield f"checked on {checked}, which is not between {since} and today"
    if today - checked > STALE_AFTER:
        yield f"not checked since {checked}"


def _source(url: str) -> Iterator[str]:
    if not any(host in url for host in HOSTS):
        yield f"source {url} is neither FDA nor CPIC"


def _examples(rule: TherapyRule, rows: TherapyFile, knowledge: Knowledge) -> Iterator[str]:
    """The rule's own examples, asked as a laboratory would send them."""
    if rule.id not in ask(rule, rule.examples.positive, rows, knowledge).rules:
        yield "does not flag its positive example"
    for name, example in (("negative", rule.examples.negative), ("uncertain", rule.examples.uncertain)):
        answer = ask(rule, example, rows, knowledge)
        if answer.kind == "flag_now" and rule.id in answer.rules:
            yield f"flags its {name} example"


def ask(rule: TherapyRule, example: Example, rows: TherapyFile, knowledge: Knowledge) -> Answer:
    """The answer to an example in the very situation that the rule is for; genes that must be absent are."""
    absent = [{"gene": gene, "presence": "absent"} for gene in rule.requires_absent]
    return evaluate(
        [example.model_dump(), *absent],
        stage=rule.stages[-1],
        line=LINES[rule.line],
        histology=rule.histology or "adenocarcinoma",
        specimen_class="tissue",
        on=rule.approved,
        knowledge=knowledge,
        tumour=rows.tumour,
    )


def _pgx(rule: PgxRule, knowledge: Knowledge, today: date) -> Iterator[str]:
    if rule.gene not in knowledge.genes:
        yield f"gene {rule.gene} is not a known symbol"
    for name, rxcui in rule.drugs.items():
        if name not in knowledge.drugs:
            yield f"drug {name} is not listed"
        elif knowledge.drugs[name].rxcui != rxcui:
            yield f"drug {name} has RxCUI {rxcui}, the list says {knowledge.drugs[name].rxcui or 'none'}"
    yield from _dates(rule.published, rule.withdrawn, rule.checked_on, today)
    yield from _source(str(rule.source))
    if not affects(rule, rule.gene, plain(rule.examples.positive), None):
        yield "does not flag its positive example"
    for name, said in (("negative", rule.examples.negative), ("uncertain", rule.examples.uncertain)):
        if affects(rule, rule.gene, plain(said), None):
            yield f"flags its {name} example"


def _list(listed: GeneList, knowledge: Knowledge, today: date) -> Iterator[str]:
    """Symbols, size, dates, source; and that each gene flags what it should and nothing else."""
    if len(listed.genes) != listed.size:
        yield f"has {len(listed.genes)} genes, its source {listed.size}"
    if not any(host in str(listed.source) for host in LIST_HOSTS):
        yield f"source {listed.source} is neither a paper nor the CDC"
    yield from _dates(listed.published, listed.withdrawn, listed.checked_on, today)
    for groups in listed.pathways.values():
        yield from (
            f"follows group {group}, which no gene has" for group in groups if group not in {row.group for row in listed.genes.values()}
        )
    for gene, row in listed.genes.items():
        if not SYMBOL.match(gene):
            yield f"{gene} is no gene symbol"
        yield from (f"{gene} {fault}" for fault in _listed_gene(gene, row, listed, knowledge))


def _listed_gene(gene: str, row: ListedGene, listed: GeneList, knowledge: Knowledge) -> Iterator[str]:
    """Asked as a laboratory would send it: affected as the condition needs, uncertain, absent."""
    named = row.proteins[0] if row.proteins else "c.100del p.Gln34fs"
    verified = listed.flags(gene)
    for significance, presence, flags in (("pathogenic", "present", verified), ("vus", "present", False), ("", "absent", False)):
        example = {"gene": gene, "alteration": named, "presence": presence, "significance": significance, "origin": "germline"}
        found = [germline.Variant(one, "homozygous") for one in normalise([example], knowledge=knowledge)]
        whole = listed.model_copy(update={"pathways": {"any": (row.group,)}})
        answer = germline.evaluate(found, [whole], "any", on=listed.published, is_final=True)
        if (answer.kind == "flagged_actionable") is not flags:
            yield f"{'does not flag' if flags else 'flags'} its {significance or presence} example"


def _doubles(knowledge: Knowledge) -> Iterator[str]:
    if len(knowledge.rules) != sum(len(rows.rules) for rows in knowledge.tumours.values()):
        yield "two therapy rules share an id"
    if len(knowledge.drug_ids) != len(knowledge.drugs):
        yield "two drugs share an RxCUI"
