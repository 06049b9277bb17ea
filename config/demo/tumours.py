"""The true course of a patient with metastatic colorectal, breast or prostate cancer, from the coded diagnosis to the drug."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from . import lung
from .course import Course, Pen
from .findings import PEMBROLIZUMAB, Alteration, Drug, Report
from .people import SyntheticPerson

FATES = (("matched", 7), ("not_ordered", 3), ("insufficient", 2), ("nothing_found", 1), ("nobody_acted", 1), ("died", 1))
"""Local assumption, after the lung's."""

MSI, ER, PR, HER2 = (
    ("81695-9", "Microsatellite instability"),
    ("85337-4", "Estrogen receptor Ag"),
    ("85339-0", "Progesterone receptor Ag"),
    ("85319-2", "HER2 by immune stain"),
)
PANITUMUMAB = Drug("263034", "panitumumab", "iv")
HER2_ANTIBODIES = (Drug("1298944", "pertuzumab", "iv"), Drug("224905", "trastuzumab", "iv"))
ENDOCRINE = (Drug("1873916", "ribociclib"), Drug("", "letrozole"))
PARP = (Drug("1597582", "olaparib"), Drug("", "abiraterone acetate"))


class Tumour(msgspec.Struct, frozen=True):
    """`also` are codes that stand beside the diagnosis. `actionable` and `nothing` write a report."""

    pathway: str
    code: str
    text: str
    genes: tuple[str, ...]
    actionable: Callable[[random.Random, tuple[str, ...]], Report]
    nothing: Callable[[tuple[str, ...]], Report]
    also: tuple[tuple[str, str], ...] = ()


def _colon(dice: random.Random, genes: tuple[str, ...]) -> Report:
    if dice.random() < 0.7:
        return Report(None, 0, genes=genes, markers=((*MSI, "MSS"),), calls_for=(PANITUMUMAB,))
    mutated = Alteration("KRAS", "variant", "p.Gly12Asp", "c.35G>A", (PEMBROLIZUMAB,))
    return Report(mutated, 0, genes=genes, markers=((*MSI, "MSI-H"),))


def _colon_nothing(genes: tuple[str, ...]) -> Report:
    return Report(Alteration("KRAS", "variant", "p.Gly12Asp", "c.35G>A"), 0, genes=genes, markers=((*MSI, "MSS"),))


def _breast(dice: random.Random, genes: tuple[str, ...]) -> Report:
    if dice.random() < 0.3:
        stains, drugs = ((*ER, "Negative"), (*PR, "Negative"), (*HER2, "Positive (3+)")), HER2_ANTIBODIES
    else:
        stains, drugs = ((*ER, "Positive"), (*PR, "Positive"), (*HER2, "Negative (0)")), ENDOCRINE
    return Report(None, 0, genes=genes, markers=stains, calls_for=drugs)


def _prostate(dice: random.Random, genes: tuple[str, ...]) -> Report:
    altered = Alteration("BRCA2", "variant", "p.Ser1982ArgfsTer22", "c.5946del", PARP, significance="LA6668-3")
    return Report(altered, 0, genes=genes, markers=((*MSI, "MSS"),))


def _prostate_nothing(genes: tuple[str, ...]) -> Report:
    return Report(None, 0, genes=genes, markers=((*MSI, "MSS"),))


COLON = Tumour(
    "colorectal-biomarker", "C18.7", "Adenocarcinoma of sigmoid colon", ("KRAS", "NRAS", "BRAF", "ERBB2"), _colon, _colon_nothing
)
# A breast cancer without any receptor still wants further tests: its report with nothing is one with hormone receptors nobody acts on.
BREAST = Tumour(
    "breast-biomarker",
    "C50.411",
    "Carcinoma of upper-outer quadrant of right female breast",
    ("PIK3CA", "AKT1", "PTEN", "ESR1"),
    _breast,
    lambda genes: _breast(random.Random(0), genes),
)
PROSTATE = Tumour(
    "prostate-biomarker",
    "C61",
    "Adenocarcinoma of prostate",
    ("BRCA1", "BRCA2", "ATM", "PALB2", "CHEK2", "CDK12"),
    _prostate,
    _prostate_nothing,
    (("Z19.2", "Hormone resistant malignancy status"),),
)


def course(tumour: Tumour, person: SyntheticPerson, fate: str, dice: random.Random, start: datetime) -> Course:
    """`start` is the day of the coded diagnosis with its stage, which enrols by itself."""
    pen = Pen(person, dice, start)
    pen.write("diagnosis", id=pen.id("D"), code=tumour.code, text=tumour.text, stage="IV")
    for minute, (code, text) in enumerate(tumour.also, 1):
        pen.write("diagnosis", pen.now + timedelta(minutes=minute), id=pen.id("D"), code=code, text=text)
    if fate == "not_ordered":
        lung.lost(pen, fate)
    else:
        _test(pen, tumour, fate)
    return pen.course(tumour.pathway, fate)


def _test(pen: Pen, tumour: Tumour, fate: str) -> None:
    order, filler, accession = pen.id("T"), pen.id("F"), pen.id("S")
    pen.wait(1.2, 0.6)
    pen.write("test_ordered", id=order, accession=accession, reason=(tumour.code, tumour.text))
    pen.wait(3, 0.5)
    pen.collect(accession, specimen_class="tissue", order=order)
    pen.wait(1.5, 0.5)
    pen.write("specimen_received", accession=accession, order=order, specimen_class="tissue")
    if fate == "insufficient":
        pen.wait(1.5, 0.5)
        pen.write("specimen_rejected", accession=accession, reason="QNS", text="Quantity not sufficient")
        lung.lost(pen, fate)
        return
    pen.wait(8, 0.3)
    report = tumour.nothing(tumour.genes) if fate == "nothing_found" else tumour.actionable(pen.dice, tumour.genes)
    pen.report("result_final", accession, id=filler, order=order, report=report, specimen_class="tissue")
    lung.treat(pen, "nobody_acted" if fate == "nothing_found" and report.drugs else fate, report)
