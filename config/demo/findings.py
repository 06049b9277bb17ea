"""What the laboratories of the cohort find: one report line per gene, and the drug that the label names for it (FDA labels, RxNorm ingredients)."""

from __future__ import annotations

import random

import msgspec

GENES = ("EGFR", "ALK", "ROS1", "BRAF", "KRAS", "MET", "RET", "ERBB2", "NTRK1", "NTRK2", "NTRK3")


class Drug(msgspec.Struct, frozen=True):
    """An RxNorm ingredient. `route` is oral or iv."""

    rxcui: str
    text: str
    route: str = "oral"


OSIMERTINIB = Drug("1721560", "osimertinib")
PEMBROLIZUMAB = Drug("1547545", "pembrolizumab", "iv")
CARBOPLATIN = Drug("40048", "carboplatin", "iv")
CLOPIDOGREL = Drug("32968", "clopidogrel")
TICAGRELOR = Drug("1116632", "ticagrelor")
CODEINE = Drug("2670", "codeine")
PAROXETINE = Drug("32937", "paroxetine")
FLUOROURACIL = Drug("4492", "fluorouracil", "iv")


class Alteration(msgspec.Struct, frozen=True):
    """What a report calls present. `protein` is HGVS, blank for fusions; `drugs` those that the first-line label names, none for later lines."""

    gene: str
    kind: str
    protein: str = ""
    coding: str = ""
    drugs: tuple[Drug, ...] = ()
    weight: int = 1
    significance: str = ""


ACTIONABLE = (
    Alteration("EGFR", "variant", "p.Leu858Arg", "c.2573T>G", (OSIMERTINIB,), 26),
    Alteration("EGFR", "variant", "p.Glu746_Ala750del", "c.2235_2249del", (OSIMERTINIB,), 24),
    Alteration("ALK", "fusion", "", "", (Drug("1727455", "alectinib"),), 12),
    Alteration("ROS1", "fusion", "", "", (Drug("2197862", "entrectinib"),), 5),
    Alteration("BRAF", "variant", "p.Val600Glu", "c.1799T>A", (Drug("1424911", "dabrafenib"), Drug("1425099", "trametinib")), 5),
    Alteration("RET", "fusion", "", "", (Drug("2370147", "selpercatinib"),), 5),
    Alteration("CD274", "expression", "", "", (PEMBROLIZUMAB,), 28),
)
LATER_LINE = Alteration("KRAS", "variant", "p.Gly12Cys", "c.34G>T")


class Report(msgspec.Struct, frozen=True):
    """A whole panel: the one alteration present, if any, and the tumour proportion score of PD-L1 in percent.

    Of other tumours than the lung's: their genes, further markers (LOINC code, name, value) instead of a score, and in `calls_for` the drugs
    that no single alteration calls for but a stain, or that something is absent.
    """

    present: Alteration | None
    tps: int
    genes: tuple[str, ...] = GENES
    markers: tuple[tuple[str, str, str], ...] = ()
    calls_for: tuple[Drug, ...] = ()

    @property
    def drugs(self) -> tuple[Drug, ...]:
        return self.calls_for or (self.present.drugs if self.present else ())


def actionable(dice: random.Random) -> Report:
    """A report with something that a first-line label names."""
    found = dice.choices(ACTIONABLE, [each.weight for each in ACTIONABLE])[0]
    return Report(found, dice.randint(50, 95) if found.gene == "CD274" else 0)


def later_line() -> Report:
    return Report(LATER_LINE, 0)


def nothing() -> Report:
    return Report(None, 0)
