"""Reads the knowledge files once and keeps them as one value with a digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, TypeVar

import yaml

try:  # libyaml's reader is ten times as fast, and as safe
    from yaml import CSafeLoader as SafeLoader
except ImportError:  # a wheel without libyaml
    from yaml import SafeLoader  # type: ignore[assignment]

from .schema import Drug, DrugFile, Gene, GeneFile, GeneList, ListedGene, PgxFile, PgxRule, TherapyFile, TherapyRule

HERE = Path(__file__).parent
THERAPIES = ("rules/nsclc.yaml", "rules/colorectal.yaml", "rules/breast.yaml", "rules/prostate.yaml")
PGX = "rules/pgx.yaml"
LISTS = ("lists/acmg-sf.yaml", "lists/cdc-tier1.yaml")
DRUGS = "drugs.yaml"
GENES = "genes.yaml"
Shape = TherapyFile | PgxFile | DrugFile | GeneFile | GeneList
SHAPES: Mapping[str, type[Shape]] = {
    **dict.fromkeys(THERAPIES, TherapyFile),
    PGX: PgxFile,
    DRUGS: DrugFile,
    GENES: GeneFile,
    **dict.fromkeys(LISTS, GeneList),
}
FILES = tuple(SHAPES)
Rule = TypeVar("Rule", TherapyRule, PgxRule)
DISCLAIMER = "Flags a process gap for review; recommends nothing."


@dataclass(frozen=True, eq=False)
class Knowledge:
    """All rules, drugs and genes; told apart by their digest, never compared row by row. `version` is the youngest file's date with the start of the digest of all of them."""

    version: str
    dated: date
    digest: str
    tumours: Mapping[str, TherapyFile]
    pgx: PgxFile
    drugs: Mapping[str, Drug]
    genes: Mapping[str, Gene]
    rules: Mapping[str, TherapyRule] = field(default_factory=dict)
    pgx_rules: Mapping[str, PgxRule] = field(default_factory=dict)
    symbols: Mapping[str, str] = field(default_factory=dict)
    drug_ids: Mapping[str, str] = field(default_factory=dict)
    drug_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    gene_lists: tuple[GeneList, ...] = ()

    def for_pathway(self, code: str) -> TherapyFile | None:
        """The therapy rules that a programme asks, or None where it asks none."""
        return next((tumour for tumour in self.tumours.values() if code in tumour.pathways), None)

    def lists_for(self, code: str) -> tuple[GeneList, ...]:
        """The lists of genes that a programme follows."""
        return tuple(one for one in self.gene_lists if code in one.pathways)

    def drug_id(self, name: str) -> str:
        """The ingredient's RxCUI, or `name:<generic>` where no code was checked."""
        return self.drugs[name].rxcui or f"name:{name}"

    def drug_of(self, ingredient: str) -> Drug | None:
        name = self.drug_ids.get(ingredient)
        return self.drugs[name] if name else None


class Approval(NamedTuple):
    """Somebody took a row over on their own judgement, as it read then: `digest` is `row_digest` of that reading."""

    rule: str
    digest: str
    by: str
    on: date


def row_digest(rule: TherapyRule | PgxRule | ListedGene) -> str:
    """What the row says, whoever approved it: an approval is of this, and of no later wording."""
    said = rule.model_dump_json(exclude={"approved_by", "approved_on"})
    return hashlib.sha256(said.encode()).hexdigest()


@lru_cache(maxsize=8)
def with_approvals(knowledge: Knowledge, approvals: frozenset[Approval]) -> Knowledge:
    """The knowledge with the unverified rows in force that named persons approved; the same value for the same approvals."""
    stand = {one.rule: one for one in approvals}
    if not stand:
        return knowledge
    tumours = {name: file.model_copy(update={"rules": _approved(file.rules, stand)}) for name, file in knowledge.tumours.items()}
    pgx = knowledge.pgx.model_copy(update={"rules": _approved(knowledge.pgx.rules, stand)})
    said = "|".join(f"{one.rule} {one.digest} {one.on}" for one in sorted(stand.values()))
    digest = hashlib.sha256(f"{knowledge.digest}|{said}".encode()).hexdigest()
    return replace(
        knowledge,
        version=f"{knowledge.dated.isoformat()}-{digest[:8]}",
        digest=digest,
        tumours=tumours,
        pgx=pgx,
        rules={rule.id: rule for file in tumours.values() for rule in file.rules},
        pgx_rules={rule.id: rule for rule in pgx.rules},
        gene_lists=tuple(_list_with_approvals(one, stand) for one in knowledge.gene_lists),
    )


def unverified_row(knowledge: Knowledge, row: str) -> TherapyRule | PgxRule | ListedGene | None:
    """The row of that id that waits for an approval: of a rule its id, of a list `<list>:<gene>`."""
    rule = knowledge.rules.get(row) or knowledge.pgx_rules.get(row)
    if rule is not None:
        return None if rule.in_force else rule
    listed, _, gene = row.partition(":")
    found = next((one for one in knowledge.gene_lists if one.id == listed and gene in one.genes), None)
    return None if found is None or found.flags(gene) else found.genes[gene]


def _list_with_approvals(listed: GeneList, approvals: Mapping[str, Approval]) -> GeneList:
    genes = dict(listed.genes)
    for gene, row in listed.genes.items():
        mine = approvals.get(f"{listed.id}:{gene}")
        if mine is not None and not listed.flags(gene) and mine.digest == row_digest(row):
            genes[gene] = row.model_copy(update={"status": "verified", "source_note": f"approved by {mine.by} on {mine.on}"})
    return listed.model_copy(update={"genes": genes})


def _approved(rules: Iterable[Rule], approvals: Mapping[str, Approval]) -> tuple[Rule, ...]:
    out = []
    for rule in rules:
        mine = approvals.get(rule.id)
        stands = mine is not None and rule.status == "unverified" and mine.digest == row_digest(rule)
        out.append(rule.model_copy(update={"approved_by": mine.by, "approved_on": mine.on}) if mine is not None and stands else rule)
    return tuple(out)


@lru_cache(maxsize=1)
def load() -> Knowledge:
    """The knowledge shipped with this release, validated; the same value on every call of a process."""
    return read(HERE)


def read(folder: Path) -> Knowledge:
    """Reads and validates the files of a folder laid out as this one."""
    therapies = [TherapyFile.model_validate(_yaml(folder / name)) for name in THERAPIES]
    pgx = PgxFile.model_validate(_yaml(folder / PGX))
    drugs = DrugFile.model_validate(_yaml(folder / DRUGS))
    genes = GeneFile.model_validate(_yaml(folder / GENES))
    lists = tuple(GeneList.model_validate(_yaml(folder / name)) for name in LISTS)
    digest = hashlib.sha256(b"".join((folder / name).read_bytes() for name in FILES)).hexdigest()
    dated = max(*(file.version for file in therapies), pgx.version, drugs.version, genes.version, *(one.version for one in lists))
    return Knowledge(
        version=f"{dated.isoformat()}-{digest[:8]}",
        dated=dated,
        digest=digest,
        tumours={file.tumour: file for file in therapies},
        pgx=pgx,
        drugs=drugs.drugs,
        genes=genes.genes,
        rules={rule.id: rule for file in therapies for rule in file.rules},
        pgx_rules={rule.id: rule for rule in pgx.rules},
        symbols=_symbols(genes.genes),
        drug_ids={drug.rxcui or f"name:{name}": name for name, drug in drugs.drugs.items()},
        drug_names=_drug_names(drugs.drugs),
        gene_lists=lists,
    )


def shape_of(folder: Path, name: str) -> Shape:
    """One file, validated. Raises yaml.YAMLError and pydantic.ValidationError."""
    return SHAPES[name].model_validate(_yaml(folder / name))


def _yaml(path: Path) -> object:
    with path.open(encoding="utf-8") as file:
        content: dict[str, object] = yaml.load(file, Loader=SafeLoader)
    content.pop("shared", None)
    return content


def _symbols(genes: Mapping[str, Gene]) -> dict[str, str]:
    """Every way to write a gene, in capitals -> its symbol."""
    known: dict[str, str] = {}
    for symbol, gene in genes.items():
        for name in (symbol, gene.hgnc, gene.hgnc.removeprefix("HGNC:"), *gene.aliases):
            if name:
                known[name.upper()] = symbol
    return known


def _drug_names(drugs: Mapping[str, Drug]) -> dict[str, tuple[str, ...]]:
    """Every name of a drug in small letters -> its generic name; one brand may hold two drugs."""
    known: dict[str, tuple[str, ...]] = {}
    for generic, drug in drugs.items():
        for name in (generic, *drug.names):
            known[name.lower()] = (*known.get(name.lower(), ()), generic)
    return known
