"""What laboratory and clinic send about a person's germline: the order, the sample, the report with its reading of each variant."""

from __future__ import annotations

from collections.abc import Iterable

from .letters import GENE, HOSPITAL, PANEL, PROTEIN, VARIANT, Chart, Letter

GERMLINE_PANEL = "51969-4^Hereditary cancer germline panel^LN"
SCREEN = "51969-4^Germline population screen^LN"
SOURCE, SIGNIFICANCE, ALLELES = (
    "48002-0^Genomic source class^LN",
    "53037-8^Genetic variation clinical significance^LN",
    "53034-5^Allelic state^LN",
)
READINGS = {
    "pathogenic": "LA6668-3^Pathogenic^LN",
    "likely pathogenic": "LA26332-9^Likely pathogenic^LN",
    "uncertain": "LA26333-7^Uncertain significance^LN",
    "benign": "LA6675-8^Benign^LN",
}
GENES = ("BRCA1", "BRCA2", "PALB2", "MLH1", "MSH2", "MSH6", "PMS2", "TP53", "APC", "MUTYH")
BLOOD = "BLD^Whole blood^HL70487"


def has_ovarian_cancer(chart: Chart) -> Letter:
    words = "Malignant neoplasm of right ovary"
    dg1 = f"DG1|1||C56.1^{words}^I10C|{words}|{chart._now()}|F||||||||||||||{chart.number('DX')}"
    return chart._hl7("ehr", "ADT^A08^ADT_A01", f"EVN|A08|{chart._now()}", "PV1|1|O|GYN^^^NORTH", dg1)


def referred_to_genetics(chart: Chart) -> Letter:
    rf1 = f"RF1|A^Accepted^HL70283|R^Routine^HL70280|GEN^Genetics^HL70281|||{chart.number('REF')}^{HOSPITAL}|{chart._now()}|||Z80.3^Family history of malignant neoplasm of breast^I10C"
    return chart._hl7("ehr", "REF^I12^REF_I12", rf1, "PRD|RT^Referred to provider^HL70286|Tate^Gwen^^^MS")


def ordered(chart: Chart, test: str = GERMLINE_PANEL) -> Letter:
    placer = f"{chart.number('GORD')}^{HOSPITAL}"
    orc = f"ORC|NW|{placer}|||SC||||{chart._now()}|||1932102134^Lund^Petra^^^Dr^^^NPI"
    return chart._hl7("ehr", "OML^O21^OML_O21", orc, f"OBR|1|{placer}||{test}", f"SPM|1|{chart.number('GSP')}&{HOSPITAL}||{BLOOD}")


def blood_taken(chart: Chart, test: str = GERMLINE_PANEL) -> Letter:
    fields = ["SPM", "1", f"{chart.number('GSP')}&{HOSPITAL}^{chart.number('GACC')}&LAB", "", BLOOD, *[""] * 12, chart._now()]
    obr = f"OBR|1|{chart.number('GORD')}^{HOSPITAL}||{test}{'|' * 18}{chart._now()}|||I"
    return chart._hl7("lab", "OUL^R22^OUL_R22", "|".join(fields), obr)


def report(
    chart: Chart,
    status: str = "F",
    filler: str = "GREP",
    test: str = GERMLINE_PANEL,
    alleles: str = "LA6706-1^Heterozygous^LN",
    **read: str,
) -> Letter:
    """A germline panel: `BRCA2="pathogenic"` was found and read so, the rest is absent."""
    placer, mine = f"{chart.number('GORD')}^{HOSPITAL}", f"{chart.number(filler)}^LAB"
    obr = f"OBR|1|{placer}|{mine}|{test}{'|' * 18}{chart._now()}||GE|{status}"
    spm = f"SPM|1|{chart.number('GSP')}&{HOSPITAL}^{chart.number('GACC')}&LAB||{BLOOD}"
    lines = [line for n, gene in enumerate((*GENES, *(set(read) - set(GENES))), 1) for line in _gene(n, gene, read.get(gene, ""), alleles)]
    numbered = (f"OBX|{n}|{line}||||||{status}" for n, line in enumerate(lines, 1))
    return chart._hl7("lab", "ORU^R01^ORU_R01", f"ORC|RE|{placer}|{mine}", obr, *numbered, spm)


def tumour_report(chart: Chart, genes: Iterable[str], gene: str = "BRCA2") -> Letter:
    """A tumour panel of these genes, all absent, and one more with a pathogenic variant of which nobody says whether it is inherited."""
    lines = [
        line
        for n, name in enumerate(genes, 1)
        for line in (f"CWE|{VARIANT}|{n}|LA9634-2^Absent^LN||||||F", f"CWE|{GENE}|{n}|^{name}||||||F")
    ]
    lines += [
        line
        for line in (f"{one}||||||F" for one in _gene(99, gene, "pathogenic", "LA6706-1^Heterozygous^LN"))
        if SOURCE not in line and ALLELES not in line
    ]
    return chart._result(PANEL, lines, "F", "tissue", "ORD", "ACC", "LAB")


def _gene(n: int, gene: str, reading: str, alleles: str) -> list[str]:
    found = "LA9633-4^Present^LN" if reading else "LA9634-2^Absent^LN"
    lines = [f"CWE|{VARIANT}|{n}|{found}", f"CWE|{GENE}|{n}|^{gene}", f"CWE|{SOURCE}|{n}|LA6683-2^Germline^LN"]
    if reading:
        lines += [f"ST|{PROTEIN}|{n}|p.Ser1982Argfs", f"CWE|{SIGNIFICANCE}|{n}|{READINGS[reading]}", f"CWE|{ALLELES}|{n}|{alleles}"]
    return lines
