"""Biomarker findings out of coded lines of a report, the same for OBX segments and FHIR Observations. Pure.

Presence comes from the *value* of a line, never from the gene it names: a line that lists NRAS, KIT and BRAF and says Absent is three
negatives. What the value leaves open is `indeterminate`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from . import molecular as names
from .codes import Coded
from .variant_names import gene_symbol, gene_within, hgvs, in_full, pointed_at

Finding = dict[str, Any]

OF_A_GENE = ("genotype", "phenotype")
PRESENCES = frozenset({"present", "absent", "indeterminate", "no_call", "failed", "not_tested"})


class Reading(msgspec.Struct, frozen=True):
    """One coded line: what was asked (`test`) and what was answered. `group` ties the parts of one variant (OBX-4)."""

    test: Coded
    value: Coded = Coded()
    number: float | None = None
    unit: str = ""
    comparator: str = ""
    group: str = ""
    failed: bool = False


NEGATIVE = Coded((("loinc", "LA9634-2", "Absent"),))

BY_CODE = {
    "LA9633-4": "present", "LA6576-8": "present", "LA11882-0": "present", "LA26203-2": "present", "10828004": "present",
    "260373001": "present", "52101004": "present", "LA33-6": "present", "POS": "present", "DET": "present",
    "LA9634-2": "absent", "LA6577-6": "absent", "LA11883-8": "absent", "LA14122-8": "absent", "LA26202-4": "absent",
    "260385009": "absent", "260415000": "absent", "2667000": "absent", "LA32-8": "absent", "NEG": "absent", "ND": "absent",
    "LA18198-4": "no_call", "LA11884-6": "indeterminate", "LA9663-1": "indeterminate", "82334004": "indeterminate",
    "419984006": "indeterminate", "IND": "indeterminate", "373121007": "not_tested", "LA7304-4": "not_tested",
    "125154007": "failed", "123840003": "failed", "LA15841-2": "failed", "QNS": "failed",
}  # fmt: skip

BY_WORDS = (
    ("not_tested", re.compile(r"not (tested|performed|assessed|ordered|done|evaluated|applicable)|test not", re.IGNORECASE)),
    (
        "failed",
        re.compile(
            r"\bQNS\b|not sufficient|insufficient|inadequate|failed|failure|unable|cancel+ed|invalid|uninterpretable|not evaluable",
            re.IGNORECASE,
        ),
    ),
    ("no_call", re.compile(r"no.?call", re.IGNORECASE)),
    (
        "indeterminate",
        re.compile(
            r"indeterminate|equivocal|inconclusive|borderline|pending|cannot (be )?(determine|exclude)|see (report|comment|note)",
            re.IGNORECASE,
        ),
    ),
    (
        "absent",
        re.compile(
            r"(not|none|un|non)[ -]?(detect|identif|found|present|amplified|rearranged|mutated|expressed|observed|reactive)|(?<!not )(?<!non-)\bnegative|\babsent\b|"
            r"wild[ -]?type|\bWT\b|\bno\b[\w\s,/-]{0,60}?(mutation|alteration|variant|fusion|rearrangement|amplification|deletion|insertion|"
            r"translocation|evidence|expression|skipping|reportable|abnormalit)|\bstable\b|\bMSS\b|MSI-?L\b|proficient|\bpMMR\b|intact|(?<!not )\bnormal\b",
            re.IGNORECASE,
        ),
    ),
    (
        "present",
        re.compile(
            r"positive|detected|present|identified|\bfound\b|mutated|\bmutant\b|rearranged|amplified|overexpress|MSI-?H|deficient|\bdMMR\b|"
            r"pathogenic|\bhigh\b|abnormal|not normal|reactive|\bgain\b",
            re.IGNORECASE,
        ),
    ),
)
LONGEST_ANSWER = 4_000
CLAUSES = re.compile(r";|\n|\.(?=\s|$)|\bbut\b|\bhowever\b", re.IGNORECASE)
ALTERATION = re.compile(
    r"p\.\(?[A-Z][a-z]{2}\d+[\w*=]*\)?|p\.\(?[A-Z]\d+[\w*=]*\)?|c\.[\d*+_-]+[\w>*+-]+|"
    r"ex(?:on)?\s?\d{1,2}[\s-]*(?:in-?frame\s*)?(?:deletion|insertion|skipping|del|ins|duplication|mutation)\w*|"
    r"\b[A-Z]\d{2,4}(?:[A-Z*]|_[A-Z]\d+\w+|del|ins\w*|fs\w*)(?![\w])|[A-Z0-9]{2,8}(?:::|--?)(?=[A-Z0-9]{2,8} )[A-Z0-9]{2,8} (?:fusion|rearrangement)|"
    r"[A-Z][A-Z0-9]{1,7}::[A-Z][A-Z0-9]{1,7}|(?:rearrangement|fusion|translocation|amplification|overexpression|copy number gain)",
    re.IGNORECASE,
)
TYPES = (
    ("skipping", re.compile(r"skipping|exon 14|ex14", re.IGNORECASE)),
    ("fusion", re.compile(r"fusion|rearrang|translocation|::|\bbreak.?apart", re.IGNORECASE)),
    ("amplification", re.compile(r"amplif|copy.?(number )?gain|CNV gain", re.IGNORECASE)),
    ("expression", re.compile(r"PD-?L1|TPS|tumou?r proportion|\bIHC\b|overexpress|immuno|CD274|expression", re.IGNORECASE)),
)
SIGNIFICANCE = (
    ("vus", re.compile(r"uncertain|unknown significance|\bVUS\b|LA26333-7|tier ?3|tier III\b", re.IGNORECASE)),
    ("likely_pathogenic", re.compile(r"(likely|presumed) (pathogenic|oncogenic)|LA26332-9|LA6669-1", re.IGNORECASE)),
    ("likely_benign", re.compile(r"(likely|presumed) benign|LA26334-5", re.IGNORECASE)),
    ("benign", re.compile(r"benign|LA6675-8", re.IGNORECASE)),
    ("pathogenic", re.compile(r"pathogenic|oncogenic|LA6668-3|tier ?[12]\b|tier I{1,2}\b", re.IGNORECASE)),
)
ZYGOSITY = (
    ("homozygous", re.compile(r"\bhomozygous|LA6705-3", re.IGNORECASE)),
    ("hemizygous", re.compile(r"hemizygous|LA6707-9", re.IGNORECASE)),
    ("heterozygous", re.compile(r"heterozygous|LA6706-1", re.IGNORECASE)),
)
"""Allelic state (LOINC 53034-5): whether one copy or both are affected decides about recessive conditions."""


def findings(readings: Iterable[Reading]) -> list[Finding]:
    """Every finding of the lines, variants first, in the order sent. Where the report as a whole says Negative, so does a gene named alone."""
    variants: list[list[Reading]] = []
    overall: set[str] = set()
    latest: dict[str, tuple[list[Reading], set[str]]] = {}
    single: list[Finding] = []
    described: set[tuple[str, str]] = set()
    for reading in readings:
        code = reading.test.code("loinc")
        if code not in names.VARIANT_PARTS:
            gene = _gene_of(latest[reading.group][0]) if reading.group in latest else ""
            found = [each | {"gene": gene} if each["type"] in OF_A_GENE and not each["gene"] else each for each in biomarker(reading)]
            described |= {(reading.group, each["gene"]) for each in found if each["type"] in OF_A_GENE}
            single += found
            overall |= {presence(reading.value)} if code == names.OVERALL else set()
            continue
        parts, said = latest.get(reading.group) or ([], set())
        if not parts or (_begins_another(code, said) and parts[-1].test.code("loinc") != code):
            parts, said = [], set()
            variants.append(parts)
            latest[reading.group] = parts, said
        parts.append(reading)
        said.add(code)
    assessment = NEGATIVE if overall == {"absent"} else None
    told = {each["gene"] for each in single} if assessment is None else set()
    variants = [
        parts
        for parts in variants
        if not (_is_gene_alone(parts) and ((parts[0].group, _gene_of(parts)) in described or _gene_of(parts) in told - {""}))
    ]
    return [finding for parts in variants for finding in variant(parts, assessment if _is_gene_alone(parts) else None)] + single


def negatives(found: Sequence[Finding], studied: Iterable[str]) -> list[Finding]:
    """Absent in every gene that was studied and of which nothing else is said: for a report that is negative as a whole."""
    said = {each["gene"] for each in found}
    return [
        {
            "gene": gene,
            "alteration": "",
            "presence": "absent",
            "type": "variant",
            "significance": "",
            "origin": "",
            "text": "negative report",
        }
        for gene in dict.fromkeys(studied)
        if gene and gene not in said
    ]


def _gene_of(parts: Sequence[Reading]) -> str:
    """The only gene of a group of lines: of its genotype and phenotype too, which do not repeat it."""
    genes = {gene_symbol(part.value) for part in parts if part.test.code("loinc") == names.GENE}
    return genes.pop() if len(genes) == 1 else ""


def _is_gene_alone(parts: Sequence[Reading]) -> bool:
    return all(part.test.code("loinc") in (names.GENE, names.TRANSCRIPT) for part in parts)


def _begins_another(code: str, said: set[str]) -> bool:
    """Senders without OBX-4 list one variant after the other: its own assessment or change, said again, begins the next."""
    return code in said and (code in (names.VARIANT, names.CODING, names.PROTEIN) or (code == names.GENE and len(said) > 1))


def variant(parts: Sequence[Reading], assessment: Coded | None = None, failed: bool = False) -> list[Finding]:
    """One finding per gene of one variant (several genes where a line lists what is absent, one for the partners of a fusion)."""
    value: dict[str, Reading] = {}
    genes: dict[str, None] = {}
    for part in parts:
        code = part.test.code("loinc")
        value.setdefault(code, part)
        if code == names.GENE and (gene := gene_symbol(part.value)):
            genes[gene] = None
    coding, protein = (hgvs(value[code].value) if code in value else "" for code in (names.CODING, names.PROTEIN))
    change = value[names.CHANGE].value.words if names.CHANGE in value else ""
    own = value.get(names.VARIANT)
    written = next((text for code in names.WRITTEN_OUT if code in value and (text := in_full(code, value[code].value))), "")
    by_code = {part.test.code("loinc") or part.test.code("local"): part.value for part in reversed(parts)}
    pointed = pointed_at(by_code) if genes or own or assessment else ""
    genes = genes or {gene: None for part in value.values() if (gene := gene_within(part.value))}
    if not (genes or coding or protein or change or written or pointed):
        return []
    is_named = bool(coding or protein or written or _type(change))  # a fusion or a gain of copies is named by what it is
    state = "failed" if failed or (own and own.failed) else _assessed(assessment or (own.value if own else None), is_named)
    copies = value.get(names.COPIES)
    kind = _type(f"{change} {coding} {protein}") or ("amplification" if copies and (copies.number or 0) >= AMPLIFIED else "variant")
    finding: Finding = {
        "alteration": protein or coding or written or pointed or change,
        "presence": state,
        "type": kind,
        "significance": _significance(value),
        "origin": _origin(value[names.SOURCE].value) if names.SOURCE in value else "",
        **({"zygosity": said} if (said := _named(ZYGOSITY, value[names.ALLELES].value) if names.ALLELES in value else "") else {}),
        "text": "; ".join(part for part in (coding, protein, "" if coding or protein else written or pointed, change) if part),
    } | _quantity(value.get(names.VAF), copies)
    if kind == "fusion" and state == "present" and len(genes) == 2:
        return _fused(list(genes), finding)
    return [{"gene": gene, **finding} for gene in genes or [""]]


def _significance(value: Mapping[str, Reading]) -> str:
    """Of its own line, else where a sender writes `Pathogenic` for the assessment."""
    said = (significance(value[code].value) for code in (names.SIGNIFICANCE, names.VARIANT) if code in value)
    return next(filter(None, said), "")


def _assessed(assessment: Coded | None, is_named: bool) -> str:
    """The assessment's presence; without one an alteration that is written out was found, and a gene alone says nothing."""
    if assessment and (assessment.codings or assessment.text):
        return presence(assessment) or "indeterminate"
    return "present" if is_named else "indeterminate"


def _quantity(share: Reading | None, copies: Reading | None) -> Finding:
    """The allele fraction, else the number of copies."""
    if share and share.number is not None:
        return {"value": share.number, "unit": share.unit}
    return {"value": copies.number, "unit": copies.unit or "copies"} if copies and copies.number is not None else {}


def _fused(genes: list[str], finding: Finding) -> list[Finding]:
    """A fusion is found in both partners: whichever of them a rule names, it is there."""
    alteration = finding["alteration"] or "::".join(genes)
    return [{"gene": gene, **finding, "alteration": alteration} for gene in reversed(genes)]


def biomarker(reading: Reading) -> list[Finding]:
    """The finding of a line that names its marker itself: TMB, MSI, PD-L1, a phenotype, `EGFR mutation: not detected`."""
    code, asked = reading.test.code("loinc"), reading.test.words
    if code == names.TMB or re.search(r"tumou?r mutation(al)? burden|\bTMB\b", asked, re.IGNORECASE):
        return [
            _measured(
                reading, "", "tmb", "failed" if reading.failed else "present" if reading.number is not None else presence(reading.value)
            )
        ]
    if code == names.MSI or re.search(r"microsatellite|\bMSI\b|mismatch repair|\bd?MMR\b", asked, re.IGNORECASE):
        return [_measured(reading, "", "msi", "failed" if reading.failed else presence(reading.value))]
    if names.RESIDUAL.search(asked):
        return [_measured(reading, "", "mrd", _residual(reading))]
    if code in names.PD_L1 or names.PD_L1_NAME.search(asked):
        return [_measured(reading, "CD274", "expression", _expressed(reading))]
    if code in names.METABOLISM or code == names.GENOTYPE:
        return [_phenotype(reading, code)]
    if marker := names.receptor_named(code, asked):
        return [_receptor(reading, marker)]
    gene = names.gene_named(asked)
    if not gene or names.PATHOGEN.search(asked):
        return []
    if gene.startswith(("CYP", "DPYD", "TPMT", "NUDT", "UGT", "SLCO", "VKOR")) and re.search(
        r"metaboli|function|activity|\*\d", reading.value.words, re.IGNORECASE
    ):
        return [_phenotype(reading, code)]
    return [_mutation(reading, gene, asked)]


def _receptor(reading: Reading, marker: str) -> Finding:
    """A stain or a hybridisation. HER2 is graded 0 to 3+: 2+ is equivocal by itself; ER and PR count from one percent of the cells."""
    if marker != "ERBB2":
        return _measured(reading, marker, "expression", _expressed(reading))
    if names.HYBRIDISED.search(reading.test.words) or reading.test.code("loinc") in names.HYBRIDISATION:
        return _measured(reading, marker, "amplification", "failed" if reading.failed else presence(reading.value))
    match = HER2_GRADE.search(reading.value.words or _number(reading))
    grade = next(part for part in match.groups() if part) if match else ""
    by_grade = {"3": "present", "2": "indeterminate", "1": "absent", "0": "absent"}.get(grade)
    said = "failed" if reading.failed else by_grade or presence(reading.value)
    return _measured(reading, marker, "expression", said, f"IHC {grade}{'+' if grade != '0' else ''}" if grade else "")


def _mutation(reading: Reading, gene: str, asked: str) -> Finding:
    said = reading.value.words
    answer = "failed" if reading.failed else presence(reading.value)
    named_in_value = ALTERATION.search(said)
    if not answer and named_in_value:
        answer = "present"  # `EGFR: p.Leu858Arg` states the alteration itself
    named = named_in_value or ALTERATION.search(asked)
    alteration = named[0] if named and not (answer == "absent" and named is named_in_value) else ""
    kind = _type(f"{asked} {alteration}") or "variant"
    return _measured(reading, gene, kind, answer or "indeterminate", alteration)


def _measured(reading: Reading, gene: str, kind: str, answer: str, alteration: str = "") -> Finding:
    finding: Finding = {
        "gene": gene,
        "alteration": alteration,
        "presence": answer or "indeterminate",
        "type": kind,
        "significance": significance(reading.value),
        "origin": "",
        "text": f"{reading.test.label}: {reading.value.label or _number(reading)}",
    }
    if reading.number is not None:
        finding |= {"value": reading.number, "unit": reading.unit} | ({"comparator": reading.comparator} if reading.comparator else {})
    return finding


def _residual(reading: Reading) -> str:
    """Tumour molecules per millilitre, or the word beside them."""
    if reading.failed or reading.number is None:
        return "failed" if reading.failed else presence(reading.value)
    return "present" if reading.number > 0 and reading.comparator != "<" else "absent"


def _expressed(reading: Reading) -> str:
    if reading.failed:
        return "failed"
    if reading.number is None:
        return presence(reading.value)
    return "absent" if reading.number < 1 or (reading.comparator == "<" and reading.number <= 1) else "present"


def _phenotype(reading: Reading, code: str) -> Finding:
    gene = names.gene_named(f"{reading.test.words} {reading.value.words}")
    said = reading.value.label
    kind = "genotype" if code == names.GENOTYPE or re.search(r"\*\d+[A-Z]?\s*/\s*\*\d+", said) else "phenotype"
    answer = (
        "failed"
        if reading.failed
        else {"not_tested": "not_tested", "failed": "failed", "no_call": "no_call"}.get(
            presence(reading.value), "present" if said else "indeterminate"
        )
    )
    return _measured(reading, gene, kind, answer, said)


def _number(reading: Reading) -> str:
    return f"{reading.comparator}{reading.number:g} {reading.unit}".strip() if reading.number is not None else ""


@lru_cache(maxsize=8192)
def presence(value: Coded) -> str:
    """present, absent, indeterminate, no_call, failed, not_tested; blank where the value says none of them."""
    for _, code, _ in value.codings:
        if code.upper() in BY_CODE:
            return BY_CODE[code.upper()]
    said = {answer for clause in CLAUSES.split(value.words[:LONGEST_ANSWER]) if (answer := _said(clause))}
    if said == {"present", "absent"}:
        return "indeterminate"  # positive for the one, negative for the other: a person reads which
    return next((name for name, _ in BY_WORDS if name in said), "")


def _said(words: str) -> str:
    return next((name for name, pattern in BY_WORDS if pattern.search(words)), "")


@lru_cache(maxsize=4096)
def _type(words: str) -> str:
    return next((name for name, pattern in TYPES if pattern.search(words)), "")


def _named(table: Sequence[tuple[str, re.Pattern[str]]], value: Coded) -> str:
    words = " ".join((value.words, *(code for _, code, _ in value.codings)))
    return next((name for name, pattern in table if pattern.search(words)), "")


def significance(value: Coded) -> str:
    return _named(SIGNIFICANCE, value)


ORIGINS = (
    ("likely_germline", re.compile(r"(likely|possibl[ye]|potential(ly)?|presumed|suspected) germline|LA18194-3", re.IGNORECASE)),
    ("likely_somatic", re.compile(r"(likely|presumed) somatic|LA18195-0", re.IGNORECASE)),
    ("germline", re.compile(r"germline|LA6683-2", re.IGNORECASE)),
    ("somatic", re.compile(r"somatic|LA6684-0", re.IGNORECASE)),
)
"""LOINC 48002-0, genomic source class. *Likely germline* is what a tumour panel can say at most: it is a question to the counselor."""


def _origin(value: Coded) -> str:
    return _named(ORIGINS, value)


HER2_GRADE = re.compile(r"(?<![\d.])([0-3])\s?\+|\b(?:IHC|score)\s*:?\s*([0-3])\b|^\s*([0-3])\s*$", re.IGNORECASE)

AMPLIFIED = 4
"""Copies from which a copy number is called an amplification here (local default; rules that ask for more read the value)."""
