"""Reads how laboratories write an alteration, and says to which class of a gene it belongs. Pure string work."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from .library import Knowledge
from .schema import AlterationClass, Gene

AMINO = {
    "Ala": "A", "Arg": "R", "Asn": "N", "Asp": "D", "Cys": "C", "Gln": "Q", "Glu": "E", "Gly": "G", "His": "H", "Ile": "I", "Leu": "L",
    "Lys": "K", "Met": "M", "Phe": "F", "Pro": "P", "Ser": "S", "Thr": "T", "Trp": "W", "Tyr": "Y", "Val": "V", "Ter": "*",
}  # fmt: skip
_THREE = re.compile("|".join(AMINO))
_PROTEIN = re.compile(
    r"(?<![A-Za-z0-9.>+-])(?:p\.\(?)?([ACDEFGHIKLMNPQRSTVWY])(\d{1,4})(?:_([ACDEFGHIKLMNPQRSTVWY])(\d{1,4}))?"
    r"(delins[A-Z*]+|>[A-Z]+|del[A-Z]*|ins[A-Z]+|ins\d*|dup[A-Z]*|fs\S*|[ACDEFGHIKLMNPQRSTVWYX*=])(?![a-z])"
)
_CODING = re.compile(
    r"\bc\.\(?(\d+)([+-]\d+)?(?:_(\d+)([+-]\d+)?)?(delins[ACGT]+|del[ACGT]*ins[ACGT]+|del[ACGT]*|ins[ACGT]+|dup[ACGT]*|([ACGT])>([ACGT]))"
)
_FUSION_WORD = re.compile(r"\b(fusion|rearrange\w*|translocation|fish\b)", re.IGNORECASE)
_PARTNERS = re.compile(r"\b([A-Z][A-Z0-9]{1,9})\s?(?:::|-|/|;)\s?([A-Z][A-Z0-9]{1,9})\b")
SPLICE_REACH = 30


@dataclass(frozen=True, slots=True)
class Change:
    """A change in the protein or the coding sequence. `net` is how many amino acids are gained (positive) or lost, None: not in frame."""

    name: str
    first: int
    last: int
    what: str
    net: int | None


def protein_change(text: str) -> Change | None:
    """The protein change in `text`, one-letter: `NP_005219.2:p.(Leu858Arg)` -> L858R."""
    short = _THREE.sub(lambda match: AMINO[match.group()], text).replace(":", " ")
    match = _PROTEIN.search(short)
    if match is None:
        return None
    first, last = int(match[2]), int(match[4] or match[2])
    tail = match[5].replace(">", "delins") if match[5].startswith(">") else match[5]
    what, net = _measure(tail, last - first + 1, per=1)
    start = f"{match[1]}{first}" + (f"_{match[3]}{last}" if match[3] else "")
    return Change(f"{start}{tail}", first, last, what, net)


def coding_change(text: str) -> Change | None:
    """The coding change in `text`; `first` and `last` are codons, `name` is what follows `c.`."""
    match = _CODING.search(text)
    if match is None:
        return None
    start, end = int(match[1]), int(match[3] or match[1])
    what, net = _measure(match[5], end - start + 1, per=3)
    return Change(match.group().removeprefix("c.").lstrip("("), (start + 2) // 3, (end + 2) // 3, what, net)


def _measure(tail: str, span: int, *, per: int) -> tuple[str, int | None]:
    """What kind of change it is, and its net length in amino acids; `span` and inserted letters count in units of 1/`per`."""
    inserted = tail.rpartition("ins")[2]
    if tail.startswith("fs"):
        return "frameshift", None
    if tail.startswith("del"):
        gained = (len(inserted) if "ins" in tail else 0) - span
        what = "delins" if "ins" in tail else "deletion"
    elif tail.startswith("ins"):
        gained, what = int(inserted) if inserted.isdigit() else max(len(inserted), per), "insertion"
    elif tail.startswith("dup"):
        gained, what = span, "duplication"
    else:
        gained, what = 0, "substitution"
    return what, gained // per if gained % per == 0 else None


def fusion(text: str, knowledge: Knowledge) -> tuple[str, str] | None:
    """(gene, name) where `text` names a fusion of a gene that fuses: `EML4-ALK` -> (ALK, EML4::ALK)."""
    for left, right in _PARTNERS.findall(text.upper()):
        for gene in (right, left):
            symbol = knowledge.symbols.get(gene, gene)
            if symbol in knowledge.genes and knowledge.genes[symbol].fusion and left != right:
                return symbol, f"{left}::{right}"
    return None


def is_fusion_word(text: str) -> bool:
    return _FUSION_WORD.search(text) is not None


def classify(gene: Gene, *, alteration: str, text: str, kind: str) -> str:
    """The class of `gene` that the alteration belongs to, or blank. `kind` is the finding's type in our words."""
    if kind == "fusion":
        return "fusion" if gene.fusion else ""
    if not (alteration or text):
        return "amplification" if kind == "amplification" and "amplification" in gene.classes else ""
    for name, row in gene.classes.items():
        if _belongs(row, alteration, text):
            return name
    if kind == "amplification":
        return "amplification" if "amplification" in gene.classes else ""
    return ""


def _belongs(row: AlterationClass, alteration: str, text: str) -> bool:
    said = f"{alteration} {text}"
    protein, coding = protein_change(said), coding_change(said)
    if protein is not None and (_names(row.proteins, protein) or _in_range(row, protein) or _exchanged(row, protein)):
        return True
    if coding is not None and (coding.name in row.coding or (protein is None and _in_range(row, coding))):
        return True
    if row.splice and _at_splice_site(row, said):
        return True
    return any(_word(word).search(said) for word in row.words)


def _names(proteins: tuple[str, ...], change: Change) -> bool:
    return any(
        change.name == name or (name.endswith("*") and change.what == "substitution" and change.name.startswith(name[:-1]))
        for name in proteins
    )


def _exchanged(row: AlterationClass, change: Change) -> bool:
    """One amino acid for another, within the codons of the class; a stop is none."""
    if row.missense is None or change.what != "substitution" or change.name.endswith(("*", "X", "=")):
        return False
    return row.missense[0] <= change.first and change.last <= row.missense[1]


def _in_range(row: AlterationClass, change: Change) -> bool:
    """In-frame loss or gain that lies wholly within the codons of the class. Equal length counts as loss only with a deletion."""
    if row.codons is None or change.net is None or change.what in ("substitution", "frameshift"):
        return False
    if not (row.codons[0] <= change.first and change.last <= row.codons[1]):
        return False
    return ("gain" in row.changes and change.net > 0) or (
        "loss" in row.changes and change.what in ("deletion", "delins") and change.net <= 0
    )


def _at_splice_site(row: AlterationClass, said: str) -> bool:
    match = _CODING.search(said)
    if match is None or not (match[2] or match[4]):
        return False
    ends = [(int(match[1]), match[2]), (int(match[3] or match[1]), match[4] or match[2])]
    return any(offset and position in row.splice and abs(int(offset)) <= SPLICE_REACH for position, offset in ends)


@lru_cache(maxsize=256)
def _word(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)
