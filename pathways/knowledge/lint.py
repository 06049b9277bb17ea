"""Looks over the knowledge files for what is wrong with them. Each fault names file, line and row, and the rule that it breaks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import msgspec

from . import germline
from .answers import ASPECTS
from .evaluate import Answer, evaluate
from .findings import normalise
from .library import HERE, Knowledge, read
from .pharmacogenetics import affects, plain
from .places import Places, places, shape_faults
from .schema import Dated, Example, GeneList, Inhibitor, ListedGene, PgxRule, TherapyFile, TherapyRule

STALE = "stale"
STALE_AFTER = timedelta(days=365)
SYMBOL = re.compile(r"^[A-Z][A-Z0-9]{1,9}$")
LIST_HOSTS = ("pubmed.ncbi.nlm.nih.gov", "cdc.gov")
HOSTS = ("fda.gov", "federalregister.gov", "cpicpgx.org", "pubmed.ncbi.nlm.nih.gov", "pmc.ncbi.nlm.nih.gov")
LINES: dict[str, int | str] = {"first": 1, "later": 2, "any": 1, "adjuvant": "adjuvant", "consolidation": "consolidation"}

Found = tuple[str, str]
"""Name of the rule that is broken, and how."""


class Fault(msgspec.Struct, frozen=True):
    """One thing to mend. `rule` is the name of what is broken, `row` the id of the row."""

    file: str
    line: int
    rule: str
    row: str
    detail: str

    @property
    def is_of_age(self) -> bool:
        """Time alone made it: a reminder to look at the source again, no reason to stop a build."""
        return self.rule == STALE

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule}: {self.row}: {self.detail}"


def lint(folder: Path = HERE, *, today: date) -> list[Fault]:
    """All faults of the files of a folder: first of their shape, and when that is whole, of what they say."""
    shape = [Fault(file, line, "format", row, detail) for file, line, row, detail in shape_faults(folder)]
    return shape or faults(read(folder), today=today, at=places(folder))


def faults(knowledge: Knowledge, *, today: date, at: Places | None = None) -> list[Fault]:
    """What validation of their shape cannot see; none means that every row names known genes and drugs, in dates that can be, and shows
    by its own examples that it works."""
    known = places(HERE) if at is None else at
    found: list[Fault] = []
    for rows in knowledge.tumours.values():
        file = f"rules/{rows.tumour}.yaml"
        unknown = [gene for gene in _panel_genes(rows) if gene not in knowledge.genes]
        found.extend(Fault(file, 1, "unknown-gene", "panel", f"{gene} is not a known symbol") for gene in unknown)
        for rule in rows.rules:
            found.extend(Fault(*known.of(rule.id), name, rule.id, said) for name, said in _therapy(rule, rows, knowledge, today))
    for pair in knowledge.pgx.rules:
        found.extend(Fault(*known.of(pair.id), name, pair.id, said) for name, said in _pgx(pair, knowledge, today))
    for inhibitor in knowledge.pgx.inhibitors:
        found.extend(Fault(*known.of(inhibitor.id), name, inhibitor.id, said) for name, said in _inhibitor(inhibitor, knowledge, today))
    for listed in knowledge.gene_lists:
        file = f"lists/{listed.id}.yaml"
        found.extend(
            Fault(file, known.of(f"{listed.id}:{row}", file).line, name, f"{listed.id}:{row}", said)
            for name, row, said in _list(listed, knowledge, today)
        )
    found.extend(_doubles(knowledge))
    return found


def _panel_genes(rows: TherapyFile) -> list[str]:
    asked = [*rows.panel, *(one for more in rows.further for one in (*more.panel, *more.any_present, *more.absent))]
    return [one.partition(":")[0] for one in asked]


def _therapy(rule: TherapyRule, rows: TherapyFile, knowledge: Knowledge, today: date) -> Iterator[Found]:
    for asked in (*rule.genes, *rule.requires_absent, *rule.requires_any):
        gene, _, aspect = asked.partition(":")
        if gene not in knowledge.genes or aspect not in ASPECTS:
            yield "unknown-gene", f"{asked} is not a known symbol, or is asked in no known aspect"
    if not rule.genes and not rule.requires_absent:
        yield "no-finding", "names neither a gene nor what must be absent"
    if rule.setting is not None and rule.setting not in rows.settings:
        yield "unknown-setting", f"{rule.setting!r} is not in `settings` of the file"
    yield from _regimen(rule, knowledge)
    yield from _dates(rule, rule.approved, today)
    yield from _source(rule)
    yield from _examples(rule, rows, knowledge)


def _regimen(rule: TherapyRule, knowledge: Knowledge) -> Iterator[Found]:
    for part in rule.regimen:
        for name, rxcui in part.items():
            drug = knowledge.drugs.get(name)
            if drug is None:
                yield "unknown-drug", f"drug {name} is not listed"
                continue
            if drug.rxcui != rxcui:
                yield "wrong-code", f"drug {name} has RxCUI {rxcui or 'none'}, the list says {drug.rxcui or 'none'}"
            if drug.approved and rule.approved < drug.approved:
                yield "implausible-date", f"approved {rule.approved}, before {name} itself ({drug.approved})"
            if drug.withdrawn and rule.in_force and (rule.withdrawn is None or rule.withdrawn > drug.withdrawn):
                yield "withdrawn-drug", f"{name} was withdrawn on {drug.withdrawn}"


def _dates(rule: Dated | GeneList, since: date, today: date) -> Iterator[Found]:
    if rule.withdrawn is not None and rule.withdrawn <= since:
        yield "implausible-date", f"withdrawn {rule.withdrawn}, not after {since}"
    if rule.withdrawn is not None and not rule.source_note:
        yield "unexplained", "a withdrawn use says in `source_note` what ended it"
    if not since <= rule.checked_on <= today:
        yield "implausible-date", f"checked on {rule.checked_on}, which is not between {since} and today"
    if today - rule.checked_on > STALE_AFTER:
        yield STALE, f"not checked since {rule.checked_on}"
    if isinstance(rule, Dated) and rule.approved_on and not since <= rule.approved_on <= today:
        yield "implausible-date", f"approved on {rule.approved_on} by {rule.approved_by}, which is not between {since} and today"
    if rule.status == "unverified" and not rule.source_note:
        yield "unexplained", "an unverified row says in `source_note` what could not be checked"


def _source(rule: Dated) -> Iterator[Found]:
    if not any(host in str(rule.source) for host in HOSTS):
        yield "foreign-source", f"source {rule.source} is neither the FDA’s nor a guideline’s own"


def _examples(rule: TherapyRule, rows: TherapyFile, knowledge: Knowledge) -> Iterator[Found]:
    """The rule's own examples, asked as a laboratory would send them; an unverified rule is asked as if it were approved."""
    if rule.id not in ask(rule, rule.examples.positive, rows, knowledge).rules:
        yield "example", "does not flag its positive example"
    for name, example in (("negative", rule.examples.negative), ("uncertain", rule.examples.uncertain)):
        answer = ask(rule, example, rows, knowledge)
        if answer.kind == "flag_now" and rule.id in answer.rules:
            yield "example", f"flags its {name} example"


def ask(rule: TherapyRule, example: Example, rows: TherapyFile, knowledge: Knowledge) -> Answer:
    """The rule's answer to an example in the very situation that it is for: what must be absent is, what must be there is."""
    said = {name.strip() for name in example.gene.split(",")}
    absent = [_stands(asked, "absent") for asked in rule.requires_absent if asked.partition(":")[0] not in said]
    there = [_stands(asked, "present") for asked in rule.requires_any[:1]]
    alone = rule.model_copy(update={"status": "verified"})
    tumours = {**knowledge.tumours, rows.tumour: rows.model_copy(update={"rules": (alone,)})}
    return evaluate(
        [example.model_dump(), *absent, *there],
        stage=rule.stages[-1],
        line=LINES[rule.line],
        histology=rule.histology or "adenocarcinoma",
        specimen_class="tissue",
        on=rule.approved,
        knowledge=replace(knowledge, tumours=tumours),
        tumour=rows.tumour,
        setting=rule.setting,
    )


def _stands(asked: str, presence: str) -> dict[str, str]:
    gene, _, aspect = asked.partition(":")
    kind = "expression" if aspect == "protein" or gene in ("ER", "PR") else "panel"
    return {"gene": gene, "type": kind, "presence": presence}


def _pgx(rule: PgxRule, knowledge: Knowledge, today: date) -> Iterator[Found]:
    if rule.gene not in knowledge.genes:
        yield "unknown-gene", f"gene {rule.gene} is not a known symbol"
    for name, rxcui in rule.drugs.items():
        if name not in knowledge.drugs:
            yield "unknown-drug", f"drug {name} is not listed"
        elif knowledge.drugs[name].rxcui != rxcui:
            yield "wrong-code", f"drug {name} has RxCUI {rxcui or 'none'}, the list says {knowledge.drugs[name].rxcui or 'none'}"
    yield from _dates(rule, rule.published, today)
    yield from _source(rule)
    if not affects(rule, rule.gene, plain(rule.examples.positive), None):
        yield "example", "does not flag its positive example"
    for name, said in (("negative", rule.examples.negative), ("uncertain", rule.examples.uncertain)):
        if affects(rule, rule.gene, plain(said), None):
            yield "example", f"flags its {name} example"


def _inhibitor(row: Inhibitor, knowledge: Knowledge, today: date) -> Iterator[Found]:
    if row.gene not in knowledge.genes:
        yield "unknown-gene", f"gene {row.gene} is not a known symbol"
    if row.drug not in knowledge.drugs:
        yield "unknown-drug", f"drug {row.drug} is not listed"
    yield from _dates(row, row.published, today)
    yield from _source(row)


def _list(listed: GeneList, knowledge: Knowledge, today: date) -> Iterator[tuple[str, str, str]]:
    """(name, gene, how): symbols, size, dates, source; and that each gene flags what it should and nothing else."""
    if len(listed.genes) != listed.size:
        yield "size", "", f"has {len(listed.genes)} genes, its source {listed.size}"
    if not any(host in str(listed.source) for host in LIST_HOSTS):
        yield "foreign-source", "", f"source {listed.source} is neither a paper nor the CDC"
    yield from ((name, "", said) for name, said in _dates(listed, listed.published, today))
    groups = {row.group for row in listed.genes.values()}
    for followed in listed.pathways.values():
        yield from (("unknown-group", "", f"follows group {group}, which no gene has") for group in followed if group not in groups)
    for gene, row in listed.genes.items():
        if not SYMBOL.match(gene):
            yield "unknown-gene", gene, f"{gene} is no gene symbol"
        yield from (("example", gene, f"{gene} {said}") for said in _listed_gene(gene, row, listed, knowledge))


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


def _doubles(knowledge: Knowledge) -> Iterator[Fault]:
    if len(knowledge.pgx_rules) != len(knowledge.pgx.rules):
        yield Fault("rules/pgx.yaml", 1, "double", "", "two pairs share an id")
    if len(knowledge.rules) != sum(len(rows.rules) for rows in knowledge.tumours.values()):
        yield Fault("rules", 1, "double", "", "two therapy rules share an id")
    if len(knowledge.drug_ids) != len(knowledge.drugs):
        yield Fault("drugs.yaml", 1, "double", "", "two drugs share an RxCUI")
