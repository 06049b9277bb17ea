"""Tells tests of a person's genes and tumour markers from every other test, by code first and by words second. Pure.

A live laboratory feed is every potassium in the house: only what these rules call molecular or pathology becomes a fact.
"""

from __future__ import annotations

import re
from functools import lru_cache

from . import codes
from .codes import Coded

PANELS = frozenset(["51969-4", "81247-9", "55232-3", "55233-1", "51968-6", "53041-0", "55207-5", "86206-0"])
"""LOINC codes of genetic reports as a whole."""

NEWBORN = frozenset(["54089-8", "57128-1", "57130-7", "57718-9"])
"""Newborn screening as a whole; its many analytes are no concern of ours."""

VARIANT, GENE, CODING, PROTEIN, CHANGE, SOURCE, VAF, COPIES, SIGNIFICANCE, GENOTYPE, METABOLISER, TMB, MSI, ALLELES, TRANSCRIPT = (
    "69548-6",
    "48018-6",
    "48004-6",
    "48005-3",
    "48019-4",
    "48002-0",
    "81258-6",
    "82155-3",
    "53037-8",
    "84413-4",
    "53040-2",
    "94076-7",
    "81695-9",
    "53034-5",
    "51958-7",
)
VARIANT_PARTS = frozenset(
    {VARIANT, GENE, CODING, PROTEIN, CHANGE, SOURCE, VAF, COPIES, SIGNIFICANCE, ALLELES}
    | {
        "81290-9",
        TRANSCRIPT,
        "48013-7",
        "62374-4",
        "82121-5",
        "81252-9",
        "48003-8",
        "48001-2",
        "48000-4",
        "51963-7",
        "93044-6",
        "83005-9",
        "48008-7",
        "69547-8",
        "69551-0",
        "47998-0",
        "81255-2",
        "81291-7",
        "81254-5",
        "48006-1",
    }
)
WRITTEN_OUT = ("81290-9", "47998-0", "81252-9", "81260-2")
"""Where a change may be written out in full when its coding and protein change are not: genomic HGVS, display name, ClinVar's names."""

POINTED_AT = ("81291-7", "81255-2")
"""What names a change without saying that it is there: ISCN, dbSNP."""

OVERALL, STUDIED = "51968-6", "53041-0"
"""The report's answer as a whole, and a region that was looked at."""
PD_L1 = frozenset(["85147-7", "83052-1", "83053-9", "83054-7", "83055-4", "83056-2", "83057-0"])
METABOLISM = frozenset(
    ["53040-2", "79713-4", "79714-2", "79715-9", "79716-7", "79717-5", "79718-3", "79719-1", "79720-9", "79721-7", "79722-5"]
)
RECEPTORS = {
    "85337-4": "ER", "16112-5": "ER", "40556-3": "ER", "85339-0": "PR", "16113-3": "PR",
    "85319-2": "ERBB2", "48676-1": "ERBB2", "18474-7": "ERBB2", "85318-4": "ERBB2", "31150-6": "ERBB2",
}  # fmt: skip
"""Receptors of breast cancer by stain or in-situ hybridisation; HER2 is the protein or copy number of ERBB2."""

HYBRIDISATION = frozenset({"85318-4", "31150-6"})
LOINC = PANELS | VARIANT_PARTS | PD_L1 | METABOLISM | {GENOTYPE, TMB, MSI} | RECEPTORS.keys()

GENES = [
    "EGFR",
    "ALK",
    "ROS1",
    "BRAF",
    "MET",
    "RET",
    "NTRK1",
    "NTRK2",
    "NTRK3",
    "NTRK",
    "KRAS",
    "NRAS",
    "HRAS",
    "ERBB2",
    "HER2",
    "NRG1",
    "STK11",
    "KEAP1",
    "TP53",
    "PIK3CA",
    "AKT1",
    "PTEN",
    "ESR1",
    "BRCA1",
    "BRCA2",
    "PALB2",
    "ATM",
    "CHEK2",
    "CHEK1",
    "BARD1",
    "BRIP1",
    "CDK12",
    "FANCL",
    "RAD51B",
    "RAD51C",
    "RAD51D",
    "RAD54L",
    "ATR",
    "FANCA",
    "MRE11",
    "NBN",
    "MLH1",
    "MSH2",
    "MSH6",
    "PMS2",
    "EPCAM",
    "APC",
    "MUTYH",
    "CDH1",
    "FGFR1",
    "FGFR2",
    "FGFR3",
    "IDH1",
    "IDH2",
    "KIT",
    "PDGFRA",
    "CYP2C19",
    "CYP2D6",
    "CYP2C9",
    "CYP3A4",
    "CYP3A5",
    "CYP2B6",
    "CYP1A2",
    "CYP4F2",
    "DPYD",
    "TPMT",
    "NUDT15",
    "UGT1A1",
    "SLCO1B1",
    "VKORC1",
    "HLA-A",
    "HLA-B",
    "G6PD",
]
GENE_NAME = re.compile(r"(?<![A-Za-z0-9-])(" + "|".join(sorted(map(re.escape, GENES), key=len, reverse=True)) + r")(?![A-Za-z0-9])")
NOT_A_GENE = re.compile(
    r"\balk\.? ?phos|alkaline|\bmet(abolic|hanol|hadone)?\b (panel|encephal)|\bret(ic|iculocyte)?\.? ?count", re.IGNORECASE
)
AMBIGUOUS = frozenset({"MET", "RET", "KIT", "ALK", "ATM", "APC"})
"""Symbols that are words or abbreviations too: as a test's name they count only beside a word of the trade."""

RESIDUAL = re.compile(r"(minimal|measurable|molecular) residual|residual disease|\bsignatera\b|\bMRD\b", re.IGNORECASE)
RECEPTOR_NAMES = (
    ("ER", re.compile(r"\b(o?estrogen) receptor", re.IGNORECASE)),
    ("PR", re.compile(r"\bprogesterone receptor", re.IGNORECASE)),
    (
        "ERBB2",
        re.compile(
            r"\b(HER-?2|ERBB2)\b.*\b(IHC|immun\w*|stain|protein|F?ISH|hybridi[sz]ation|amplif\w*|copy|status|receptor)\b", re.IGNORECASE
        ),
    ),
)
HYBRIDISED = re.compile(r"\bF?ISH\b|hybridi[sz]ation|amplif|copy|gene duplication", re.IGNORECASE)
PD_L1_NAME = re.compile(r"PD-?L1\b|programmed (cell )?death[- ]ligand|CD274", re.IGNORECASE)
TRADE = re.compile(
    r"\bNGS\b|next.?gen|genom|genetic|genotyp|mutation|molecular|biomarker|gene (panel|fusion|analysis)|\bfusion|rearrangement|\bFISH\b|"
    r"microsatellite|\bMSI\b|\bMMR\b|mismatch repair|tumou?r mutation|\bTMB\b|c[ft]DNA|liquid biops|\bexome\b|pharmacogen|\bPGx\b|"
    r"residual disease|\bsignatera\b|foundation ?one|guardant|tempus|\bcaris\b|oncomine|oncotype|therascreen|\bcobas EGFR|comprehensive profil|sequencing|variant",
    re.IGNORECASE,
)
PATHOGEN = re.compile(
    r"sars|cov-?2|covid|influenza|virus|viral|\bHIV\b|\bHCV\b|\bHBV\b|\bHPV\b|bacter|mycobac|tubercul|chlamyd|gonorr|neisser|strep|staph|"
    r"salmonel|shigel|campylo|escherichia|coli\b|organism|pathogen|microb|\bAFB\b|culture|(antimicrobial|antibiotic|drug|mycobac\w*) ?(resist|suscept)|\bsuscept\w*|isolat|\bIslt\b|parasit|fung|"
    r"candida|auris|antibod|antigen|serotyp|\bPCR\b.*(virus|bact)|toxin|carbapenem|\bbla",
    re.IGNORECASE,
)
PATHOLOGY = frozenset(
    [
        "60568-3",
        "11526-1",
        "22637-3",
        "22634-0",
        "34574-4",
        "60567-5",
        "66110-8",
        "35265-8",
        "47528-5",
        "47526-9",
        "47527-7",
        "33746-9",
        "22636-5",
    ]
)
OURS = LOINC | PATHOLOGY | NEWBORN
NEWBORN_NAME = re.compile(r"new ?born (genom\w+ |blood ?spot )?screen", re.IGNORECASE)
PATHOLOGY_NAME = re.compile(r"patholog|histolog|cytolog(y|ic)|histopath|surgical path|frozen section", re.IGNORECASE)
IHC_NAME = re.compile(r"immunohist|\bIHC\b", re.IGNORECASE)
TISSUE_TAKEN = re.compile(
    r"biops|fine.?needle|\bFNA\b|\bEBUS\b|endobronchial ultrasound|core needle|mediastinoscop|thoracentesis|thoracoscop|"
    r"\b(wedge resection|lobectomy|pneumonectomy|segmentectomy)\b",
    re.IGNORECASE,
)

OUTSIDE = (
    ("third_party", re.compile(r"promethease|genetic genie|genomelink|third.party interpretation", re.IGNORECASE)),
    ("dtc_raw", re.compile(r"raw (genetic|genotype|dna|variant)?\s?data", re.IGNORECASE)),
    (
        "dtc_report",
        re.compile(
            r"direct.to.consumer|\bDTC\b|23andme|ancestry ?dna|myheritage|consumer (genomic|genetic)|not (been )?confirmed in a (clinical|CLIA)",
            re.IGNORECASE,
        ),
    ),
)


def outside_class(words: str) -> str:
    """What kind of document from outside a clinical laboratory this is; blank for a clinical report."""
    return next((name for name, pattern in OUTSIDE if pattern.search(words)), "")


SURGERY = re.compile(
    r"colectomy|proctectomy|anterior resection|abdominoperineal|sigmoidectomy|mastectomy|lumpectomy|cystectomy|pancreatectomy|"
    r"resection of (tumou?r|colon|rectum|pancreas|bladder)",
    re.IGNORECASE,
)
"""Operations that take a tumour out, and after which surveillance begins."""


RAPID = re.compile(r"\brapid (whole )?(genome|exome)|\brw[ge]s\b|\bultra-?rapid", re.IGNORECASE)


def report_name(name: str, test: Coded, *, partial: bool) -> str:
    """The business id of a report. The provisional answer of a rapid genome is a thing of its own, told and acted on days before the final
    one, and so no earlier version of it."""
    return f"{name}/provisional" if partial and RAPID.search(test.words) else name


def system(name: str, code: str) -> str:
    """The code system, as `codes.system`; a LOINC number of ours is one also where the sender names no system, or its own."""
    found = codes.system(name)
    return "loinc" if found == "local" and code in OURS else found


def category(test: Coded, section: str = "") -> str:
    """molecular, pathology, newborn (screening), biopsy (a procedure) or other. `section` is OBR-24 or DiagnosticReport.category."""
    return _category(test.code("loinc"), test.words, section.upper())


@lru_cache(maxsize=8192)
def _category(loinc: str, words: str, section: str) -> str:
    if loinc in NEWBORN or NEWBORN_NAME.search(words):
        return "newborn"
    if loinc in LOINC:
        return "molecular"
    if loinc in PATHOLOGY:
        return "pathology"
    if is_molecular_name(words) or (section in ("GE", "CG") and not PATHOGEN.search(words)):
        return "molecular"
    if TISSUE_TAKEN.search(words) and not PATHOLOGY_NAME.search(words):
        return "biopsy"
    if section in ("SP", "CP", "PAT", "PATH", "CY") or (PATHOLOGY_NAME.search(words) and not PATHOGEN.search(words)):
        return "pathology"
    return "other"


def is_molecular_name(words: str) -> bool:
    """Whether a test's name speaks of a person's genes or tumour markers; what names a pathogen does not."""
    if PD_L1_NAME.search(words) or receptor_named("", words):
        return True
    if PATHOGEN.search(words):
        return False
    return bool(TRADE.search(words)) or any(name not in AMBIGUOUS for name in GENE_NAME.findall(words))


def receptor_named(loinc: str, words: str) -> str:
    """ER, PR or ERBB2 where the line is about the receptor itself; blank for the gene's sequence and everything else."""
    return RECEPTORS.get(loinc) or next((name for name, pattern in RECEPTOR_NAMES if pattern.search(words)), "")


def gene_named(words: str) -> str:
    """The gene that a test's or line's name speaks of; PD-L1 is the gene CD274. Blank where it names none."""
    if PD_L1_NAME.search(words):
        return "CD274"
    found = None if NOT_A_GENE.search(words) else GENE_NAME.search(words)
    return {"HER2": "ERBB2"}.get(found[1], found[1]) if found else ""
