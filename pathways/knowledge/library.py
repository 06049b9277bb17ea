"""Reads the knowledge files once and keeps them as one value with a digest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path

import yaml

try:  # libyaml's reader is ten times as fast, and as safe
    from yaml import CSafeLoader as SafeLoader
except ImportError:  # a wheel without libyaml
    from yaml import SafeLoader  # type: ignore[assignment]

from .schema import Drug, DrugFile, Gene, GeneFile, GeneList, PgxFile, PgxRule, TherapyFile, TherapyRule

HERE = Path(__file__).parent
THERAPIES = ("rules/nsclc.yaml",)
PGX = "rules/pgx.yaml"
LISTS = ("lists/acmg-sf.yaml", "lists/cdc-tier1.yaml")
DRUGS = "drugs.yaml"
GENES = "genes.yaml"
DISCLAIMER = "Flags a process gap for review; recommends nothing."


@dataclass(frozen=True)
class Knowledge:
    """All rules, drugs and genes. `version` is the youngest file's date with the start of the digest of all of them."""

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
    drug_names: Mapping[str, str] = field(default_factory=dict)
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
    digest = hashlib.sha256(b"".join((folder / name).read_bytes() for name in (*THERAPIES, PGX, DRUGS, GENES, *LISTS))).hexdigest()
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


def _drug_names(drugs: Mapping[str, Drug]) -> dict[str, str]:
    """Every name of a drug in small letters -> its generic name."""
    return {name.lower(): generic for generic, drug in drugs.items() for name in (generic, *drug.names)}
