"""What record and laboratory send about tumours other than the lung's: diagnosis, order with its reason, stains, panels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from .letters import GENE, HOSPITAL, PANEL, PLASMA_PANEL, PROTEIN, SPECIMENS, VARIANT, Chart, Letter

SIGNIFICANCE, SOURCE = "53037-8^Genetic variation clinical significance^LN", "48002-0^Genomic source class^LN"
PATHOGENIC, LIKELY_GERMLINE = "LA6668-3^Pathogenic^LN", "LA18194-3^Likely germline^LN"
MSI = "81695-9^Microsatellite instability [Interpretation] in Cancer specimen^LN"
ER = "85337-4^Estrogen receptor Ag [Presence] in Breast cancer specimen by Immune stain^LN"
PR = "85339-0^Progesterone receptor Ag [Presence] in Breast cancer specimen by Immune stain^LN"
HER2, HER2_FISH = (
    "85319-2^HER2 [Presence] in Breast cancer specimen by Immune stain^LN",
    "85318-4^HER2 [Presence] in Breast cancer specimen by FISH^LN",
)
CETUXIMAB, PANITUMUMAB = "318341^cetuximab^RXNORM", "263034^panitumumab^RXNORM"
RIBOCICLIB, LETROZOLE = "1873916^ribociclib^RXNORM", "^letrozole 2.5 MG oral tablet^L"
OLAPARIB, ABIRATERONE, TALAZOPARIB = "1597582^olaparib^RXNORM", "^abiraterone acetate 250 mg tablet^L", "2099704^talazoparib^RXNORM"


class Tumour(NamedTuple):
    code: str
    words: str
    genes: tuple[str, ...]


COLON = Tumour("C18.7", "Adenocarcinoma of sigmoid colon", ("KRAS", "NRAS", "BRAF", "ERBB2"))
BREAST = Tumour("C50.411", "Carcinoma of upper-outer quadrant of right breast", ("PIK3CA", "AKT1", "PTEN", "ESR1"))
PROSTATE = Tumour("C61", "Adenocarcinoma of prostate", ("BRCA1", "BRCA2", "ATM", "PALB2", "CHEK2", "CDK12"))


def has(chart: Chart, tumour: Tumour, stage: str = "IV") -> Letter:
    """A final diagnosis by ADT; each tumour has a number of its own."""
    words = tumour.words + (f", stage {stage}" if stage else "")
    return _diagnosed(chart, tumour.code, words)


def resists_castration(chart: Chart) -> Letter:
    return _diagnosed(chart, "Z19.2", "Hormone resistant malignancy status")


def _diagnosed(chart: Chart, code: str, words: str) -> Letter:
    dg1 = f"DG1|1||{code}^{words}^I10C|{words}|{chart._now()}|F||||||||||||||{chart.number(f'DX{code[:3]}')}"
    return chart._hl7("ehr", "ADT^A08^ADT_A01", f"EVN|A08|{chart._now()}", "PV1|1|O|ONC^^^NORTH", dg1)


def ordered(chart: Chart, tumour: Tumour | None, order: str, specimen: str = "tissue") -> Letter:
    """A panel, asked for by reason of this tumour, or by no reason at all."""
    placer, test = f"{chart.number(order)}^{HOSPITAL}", PLASMA_PANEL if specimen == "plasma" else PANEL
    reason = f"{tumour.code}^{tumour.words}^I10C" if tumour else ""
    orc = f"ORC|NW|{placer}|||SC||||{chart._now()}|||1932102134^Lund^Petra^^^Dr^^^NPI"
    spm = f"SPM|1|{chart.number(f'S{order}')}&{HOSPITAL}||{SPECIMENS[specimen]}"
    return chart._hl7("ehr", "OML^O21^OML_O21", orc, f"OBR|1|{placer}||{test}{'|' * 27}{reason}", spm)


def stained(chart: Chart, order: str, accession: str, filler: str, **said: str) -> Letter:
    """A report of receptors: `ER="Positive"`, `HER2="Equivocal (2+)"`, `FISH="Not amplified"`, `MSI="MSI-H"`."""
    tests = {"ER": ER, "PR": PR, "HER2": HER2, "FISH": HER2_FISH, "MSI": MSI}
    lines = [f"CWE|{tests[name]}||^{value}||||||F" for name, value in said.items()]
    return chart._result("85904-9^Tumor marker panel^LN", lines, "F", "tissue", order, accession, filler)


def sequenced(
    chart: Chart,
    genes: Iterable[str],
    order: str,
    accession: str,
    filler: str,
    *,
    msi: str = "",
    source: str = "",
    status: str = "F",
    **present: str,
) -> Letter:
    """A tumour panel: `KRAS="p.Gly12Cys"` is there, the other genes are not. `source` is what the laboratory says of its origin."""
    lines = [line for n, gene in enumerate(genes, 1) for line in _gene(n, gene, present.get(gene, ""), source)]
    lines += [f"CWE|{MSI}||^{msi}"] if msi else []
    return chart._result(PANEL, [f"{line}||||||{status}" for line in lines], status, "tissue", order, accession, filler)


def _gene(n: int, gene: str, protein: str, source: str) -> list[str]:
    found = "LA9633-4^Present^LN" if protein else "LA9634-2^Absent^LN"
    lines = [f"CWE|{VARIANT}|{n}|{found}", f"CWE|{GENE}|{n}|^{gene}"]
    if protein:
        lines += [f"ST|{PROTEIN}|{n}|{protein}", f"CWE|{SIGNIFICANCE}|{n}|{PATHOGENIC}"]
        lines += [f"CWE|{SOURCE}|{n}|{source}"] if source else []
    return lines
