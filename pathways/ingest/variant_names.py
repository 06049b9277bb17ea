"""How senders name a gene and a change of it: HGVS with or without its sequence, full names, ISCN, dbSNP, the place itself. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from . import molecular as names
from .codes import Coded

HGNC = {
    "3236": "EGFR", "427": "ALK", "10261": "ROS1", "1097": "BRAF", "7029": "MET", "9967": "RET", "8031": "NTRK1", "8032": "NTRK2",
    "8033": "NTRK3", "6407": "KRAS", "7989": "NRAS", "3430": "ERBB2", "7997": "NRG1", "8975": "PIK3CA", "1100": "BRCA1", "1101": "BRCA2",
    "2621": "CYP2C19", "2625": "CYP2D6", "3012": "DPYD", "12014": "TPMT", "17635": "CD274",
}  # fmt: skip


def gene_symbol(value: Coded) -> str:
    """The gene's symbol: as displayed, else as text, else of its HGNC number where we know it."""
    display = next((display for _, _, display in value.codings if display), "") or value.text
    if display:
        return {"HER2": "ERBB2"}.get(display, display).split(" ")[0]
    code = next((code for _, code, _ in value.codings), "")
    return HGNC.get(code.upper().removeprefix("HGNC:"), code)


def hgvs(value: Coded) -> str:
    """The change as written, without its reference sequence: `NP_005219.2:p.(Leu858Arg)` is `p.(Leu858Arg)`."""
    written = value.text or next((display or code for _, code, display in value.codings if display or code), "")
    return written.rpartition(":")[2].strip() if re.search(r":[cpg]\.", written) else written.strip()


GENE_WITHIN = re.compile(r"\(([A-Z][A-Z0-9-]{1,11})\):[cgmnpr]\.")
"""The gene that a full name carries: `NM_014049.4(ACAD9):c.1249C>T`."""


def gene_within(value: Coded) -> str:
    found = GENE_WITHIN.search(f"{value.words} {' '.join(code for _, code, _ in value.codings)}")
    return found[1] if found else ""


def in_full(code: str, value: Coded) -> str:
    """A change written out; a mere number of a catalogue is none. Genomic names keep their sequence, which says the chromosome."""
    text = next((part for part in (value.text, *(part for _, code, name in value.codings for part in (name, code))) if part), "")
    if code == "81290-9":
        return text.strip()
    return hgvs(Coded((), text)) if code == "47998-0" or re.search(r"\b[cgmnpr]\.|::", text) else ""


def pointed_at(value: Mapping[str, Coded]) -> str:
    """What names a change without saying that it is there: ISCN, dbSNP, else the place with its two alleles."""
    said = {code: answer.label for code, answer in value.items()}
    found = next((said[code] for code in names.POINTED_AT if said.get(code)), "")
    if found or not (said.get("69547-8") and said.get("69551-0")):
        return found
    start = said.get("81254-5") or said.get("exact-start-end") or ""
    sequence = said.get("48013-7") or said.get(names.TRANSCRIPT) or ""
    return f"{sequence}:{'g.' if sequence.startswith(('NC_', 'NG_')) else ''}{start}{said['69547-8']}>{said['69551-0']}".lstrip(":")
