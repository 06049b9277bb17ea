"""The shape of the knowledge files. Each row says where it comes from; a row that nobody verified is kept and shown, but cannot flag."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field

Status = Literal["verified", "unverified"]
Origin = Literal["somatic", "germline", "any"]
Line = Literal["first", "later", "any", "adjuvant", "consolidation"]
Rxcui = Annotated[str, Field(pattern=r"^\d+$")]


class Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Example(Row):
    """A finding as a laboratory might send it; see `pathways.knowledge.findings.Finding`."""

    gene: str = ""
    alteration: str = ""
    type: str = ""
    presence: str = "present"
    significance: str = ""
    origin: str = ""
    specimen: str = ""
    value: float | None = None
    comparator: str = ""
    unit: str = ""
    text: str = ""


class Examples(Row):
    """Every rule shows what it flags, what it does not, and what it must not be fooled by (a VUS or an unclear result)."""

    positive: Example
    negative: Example
    uncertain: Example


class Minimum(Row):
    """The least value of a measured marker. `measures` are the scores that count: TPS, TC, IC, CPS, TMB."""

    value: float
    unit: str
    measures: tuple[str, ...]


class Dated(Row):
    """A row that flags only while it is in force: looked up in its source by somebody (`verified`), or approved by a named person."""

    withdrawn: date | None = None
    source: AnyHttpUrl
    source_note: str = ""
    checked_on: date
    status: Status
    approved_by: str = ""
    approved_on: date | None = None

    @property
    def in_force(self) -> bool:
        return self.status == "verified" or bool(self.approved_by and self.approved_on)


class TherapyRule(Dated):
    """One labelled use: this alteration, at this stage and line, has these drugs.

    A rule without `genes` rests on absences alone (RAS wild type). `regimen` is a list of parts that must all be received; the drugs of
    one part are alternatives (generic name -> ingredient RxCUI). `requires_absent` lists what must be known to be without alteration,
    `requires_any` markers of which one must be there: genes, or an aspect of a gene (`ERBB2:protein`, see `answers.py`). `origin` says
    whose alteration counts. `approved` is the date of the label edition with the present wording; a rule holds from then until `withdrawn`.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    genes: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    origin: Origin = "somatic"
    minimum: Minimum | None = None
    histology: Literal["nonsquamous"] | None = None
    setting: str | None = None
    line: Line
    stages: tuple[str, ...]
    requires_absent: tuple[str, ...] = ()
    requires_any: tuple[str, ...] = ()
    regimen: tuple[dict[str, str], ...]
    approved: date
    examples: Examples

    def holds_on(self, day: date) -> bool:
        return self.in_force and self.approved <= day and (self.withdrawn is None or day < self.withdrawn)


class Further(Row):
    """What a complete panel needs besides, where one of `any_present` is there and all of `absent` are not."""

    any_present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    panel: tuple[str, ...]


class TherapyFile(Row):
    """The rules of one tumour, the programmes that ask them, and what a complete panel is.

    `settings` are words that rules ask for besides stage and line (castration-resistant), each with the diagnosis codes that say so.
    """

    version: date
    tumour: str
    pathways: tuple[str, ...]
    panel: tuple[str, ...]
    further: tuple[Further, ...] = ()
    settings: dict[str, tuple[str, ...]] = {}
    adequate_specimens: tuple[str, ...]
    rules: tuple[TherapyRule, ...]


class PgxExamples(Row):
    positive: str
    negative: str
    uncertain: str


class PgxRule(Dated):
    """A gene and a drug for which the guideline says something other than the label dose for these phenotypes."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    gene: str
    drugs: dict[str, str]
    phenotypes: tuple[str, ...]
    action: str
    activity_below: float | None = None
    published: date
    examples: PgxExamples

    def holds_on(self, day: date) -> bool:
        return self.in_force and self.published <= day and (self.withdrawn is None or day < self.withdrawn)


class Inhibitor(Dated):
    """A drug under which the enzyme of a gene works as if both copies were without function: the phenotype counts as poor meanwhile."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    gene: str
    drug: str
    strength: Literal["strong"]
    published: date

    def holds_on(self, day: date) -> bool:
        return self.in_force and (self.withdrawn is None or day < self.withdrawn)


class PgxFile(Row):
    """`every_exposure` are the programmes in which each course of an affected drug asks anew."""

    version: date
    pathways: tuple[str, ...]
    every_exposure: tuple[str, ...] = ()
    inhibitors: tuple[Inhibitor, ...] = ()
    rules: tuple[PgxRule, ...]


class Drug(Row):
    """One ingredient. `rxcui` is blank where nobody checked it: then only the name places the drug. `systemic` is anticancer therapy."""

    rxcui: str = ""
    names: tuple[str, ...] = ()
    systemic: bool = False
    immunotherapy: bool = False
    approved: date | None = None
    withdrawn: date | None = None


class DrugFile(Row):
    version: date
    source_note: str
    drugs: dict[str, Drug]


class AlterationClass(Row):
    """How an alteration is recognised: exact proteins (`G719*` any change), coding changes, range of codons in which one amino acid is
    exchanged (`missense`), in-frame codon range, splice site, words. A `level` is there whatever the report calls it: HER2 1+ is *negative*.
    A `vague` class is enough only for rules that name it; elsewhere a person reads the report (HER2 *positive* without its grade).
    """

    proteins: tuple[str, ...] = ()
    coding: tuple[str, ...] = ()
    missense: tuple[int, int] | None = None
    level: bool = False
    vague: bool = False
    codons: tuple[int, int] | None = None
    changes: tuple[Literal["loss", "gain"], ...] = ()
    splice: tuple[int, ...] = ()
    words: tuple[str, ...] = ()
    answers_gene: bool = True
    source_note: str = ""


class Gene(Row):
    """A gene or marker. `pathogenic_class` is the class of an alteration that the laboratory calls (likely) pathogenic; of such a gene no
    other wording is taken for harmless: a person reads it. A `marker` is no gene: a stain alone answers it."""

    hgnc: str = ""
    pathogenic_class: str = ""
    aliases: tuple[str, ...] = ()
    marker: bool = False
    fusion: bool = False
    stain_is_fusion: bool = False
    classes: dict[str, AlterationClass] = {}


class GeneFile(Row):
    version: date
    source_note: str
    genes: dict[str, Gene]


class ListedGene(Row):
    """A gene whose pathogenic or likely pathogenic germline variants are to be returned. `needs: two` is recessive: both copies must be
    affected. `proteins` or `truncating` narrow which variants count. A row without a status of its own has its list's."""

    group: str
    needs: Literal["one", "two"]
    condition: str
    proteins: tuple[str, ...] = ()
    truncating: bool = False
    status: Status | None = None
    source_note: str = ""


class GeneList(Row):
    """A published list of genes and the programmes that follow it, each with the groups of genes that it follows.

    `confirmed_only`: a preliminary report or a research call is not acted on before a clinical laboratory has confirmed it.
    """

    version: date
    id: Annotated[str, Field(pattern=r"^[a-z0-9.-]+$")]
    title: str
    pathways: dict[str, tuple[str, ...]]
    size: int
    published: date
    withdrawn: date | None = None
    source: AnyHttpUrl
    source_note: str = ""
    checked_on: date
    status: Status
    confirmed_only: bool = False
    genes: dict[str, ListedGene]

    def holds_on(self, day: date) -> bool:
        return self.published <= day and (self.withdrawn is None or day < self.withdrawn)

    def flags(self, gene: str) -> bool:
        """Whether the row was verified: an unverified one is kept and shown, and cannot flag."""
        return (self.genes[gene].status or self.status) == "verified"
