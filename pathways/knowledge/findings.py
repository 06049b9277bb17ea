"""Findings of results in one form, whatever laboratory wrote them, and what they say of a panel.

A finding is positive only by its own value: a gene that is named is not a gene that is altered. A variant of uncertain significance,
an indeterminate or missing call is neither a positive nor a negative.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypedDict, cast

from . import measures
from .alterations import classify, coding_change, fusion, is_fusion_word, protein_change
from .library import Knowledge, load
from .schema import Gene

PRESENT, ABSENT, INDETERMINATE, FAILED, NOT_TESTED, NO_CALL = "present", "absent", "indeterminate", "failed", "not_tested", "no_call"
ANSWERS = (PRESENT, ABSENT, INDETERMINATE, FAILED, NOT_TESTED)


class Finding(TypedDict):
    """The canonical form. `klass` is the class of alteration (`L858R`, `exon19_deletion`, `fusion`, `expression` ...), blank where
    none is recognised. `low` and `high` bound a measured value; `specimen` is the class of the specimen it was read from."""

    gene: str
    alteration: str
    klass: str
    presence: str
    type: str
    significance: str
    origin: str
    measure: str
    low: float | None
    high: float | None
    unit: str
    specimen: str
    text: str


_PRESENCE = {
    PRESENT: {"present", "positive", "pos", "detected", "la9633-4", "la6576-8", "mutated", "yes", "altered", "rearranged", "amplified"},
    ABSENT: {"absent", "negative", "neg", "not detected", "la9634-2", "la6577-6", "wild type", "wild-type", "wildtype", "none detected", "no",
             "no alteration detected", "no mutation detected", "no variant detected", "not rearranged", "not amplified", "undetected"},
    INDETERMINATE: {"indeterminate", "equivocal", "inconclusive", "uncertain", "la18198-4", "la11884-6", "borderline"},
    FAILED: {"failed", "failure", "qns", "insufficient", "quantity not sufficient", "invalid"},
    NOT_TESTED: {"not tested", "not_tested", "not performed", "not assessed", "not done", "pending"},
    NO_CALL: {"no call", "no_call", "nocall", "no-call", "la18198-4 no call"},
}  # fmt: skip
_SAID = {word: presence for presence, words in _PRESENCE.items() for word in words}
_TYPES = {
    "fusion": "fusion", "rearrangement": "fusion", "translocation": "fusion", "structural": "fusion", "expression": "expression",
    "ihc": "expression", "protein": "expression", "tmb": "tmb", "msi": "msi", "phenotype": "phenotype", "amplification": "amplification",
    "cnv": "amplification", "copy_number": "amplification", "skipping": "variant", "splice": "variant", "variant": "variant", "": "",
}  # fmt: skip
_SIGNIFICANCE = {
    "vus": "vus", "uncertain": "vus", "uncertain significance": "vus", "variant of uncertain significance": "vus", "la26333-7": "vus",
    "benign": "benign", "likely benign": "benign", "likely_benign": "benign", "la6675-8": "benign", "la26334-5": "benign",
    "pathogenic": "pathogenic", "la6668-3": "pathogenic", "likely pathogenic": "likely_pathogenic", "likely_pathogenic": "likely_pathogenic",
    "la26332-9": "likely_pathogenic",
}  # fmt: skip
_ORIGIN = {
    "germline": "germline", "la6683-2": "germline", "somatic": "somatic", "la6684-0": "somatic",
    "likely_germline": "likely_germline", "likely germline": "likely_germline", "la18194-3": "likely_germline",
    "likely_somatic": "likely_somatic", "likely somatic": "likely_somatic", "la18195-0": "likely_somatic",
}  # fmt: skip
_INHERITED = frozenset({"blood", "saliva", "dried_blood_spot"})
_STAIN = re.compile(r"\b(ihc|immunohisto\w*|stain\w*|d5f3)\b", re.IGNORECASE)
_GENES = re.compile(r"[,;|]|\band\b")
MEASURED = {"CD274": "expression", "TMB": "tmb", "MSI": "msi"}


def normalise(findings: Iterable[Mapping[str, Any]], *, specimen: str = "", knowledge: Knowledge | None = None) -> list[Finding]:
    """Findings as read from a message in canonical form, one per gene. Doing it twice changes nothing."""
    known = knowledge or load()
    out: list[Finding] = []
    for raw in findings:
        if "klass" in raw:
            out.append(cast("Finding", raw))
            continue
        out.extend(_normalise_one(raw, specimen, known))
    return out


def of_result(body: Mapping[str, Any], *, knowledge: Knowledge | None = None) -> list[Finding]:
    """All that a result's body says: its findings, and the genes of its `panel` map."""
    specimen = str(body.get("specimen_class") or "")
    raw: list[Mapping[str, Any]] = [item for item in body.get("findings") or () if isinstance(item, Mapping)]
    for gene, presence in (body.get("panel") or {}).items():
        raw.append({"gene": gene, "presence": presence, "type": "panel"})
    return normalise(raw, specimen=specimen, knowledge=knowledge)


def _normalise_one(raw: Mapping[str, Any], specimen: str, known: Knowledge) -> list[Finding]:
    words = f"{raw.get('alteration') or ''} {raw.get('text') or ''}".strip()
    kind = _type(raw, words)
    named = _gene_names(raw, known)
    if joined := _fusion_of(raw, words, named, kind, known):
        return [_finding(raw, joined[0], specimen, known, kind="fusion", alteration=joined[1])]
    if kind == "tmb" or kind == "msi":
        named = [kind.upper()]
    found = [_finding(raw, gene, specimen, known, kind=kind) for gene in named or [""]]
    if len(found) > 1:
        # Several genes under one value: an absence holds for each, a presence for an unknown one of them.
        found = [_unclear(one) if one["presence"] == PRESENT else one for one in found]
    return found


def _unclear(finding: Finding) -> Finding:
    return {**finding, "presence": INDETERMINATE}


def _gene_names(raw: Mapping[str, Any], known: Knowledge) -> list[str]:
    listed = raw.get("genes") or _GENES.split(str(raw.get("gene") or "").strip())
    names = []
    for name in listed:
        upper = str(name).strip().upper()
        if upper == "NTRK":
            names.extend(["NTRK1", "NTRK2", "NTRK3"])
        elif upper:
            names.append(known.symbols.get(upper, upper))
    return list(dict.fromkeys(names))


def _type(raw: Mapping[str, Any], words: str) -> str:
    kind = _TYPES.get(str(raw.get("type") or "").strip().lower(), str(raw.get("type") or "").strip().lower())
    if kind in ("", "variant") and is_fusion_word(words):
        return "fusion"
    if kind == "" and _STAIN.search(words):
        return "expression"
    return kind


def _fusion_of(raw: Mapping[str, Any], words: str, named: Sequence[str], kind: str, known: Knowledge) -> tuple[str, str] | None:
    """The fusion gene where two genes or a written fusion are meant: `EML4::ALK`, genes EML4 and ALK, gene `EML4-ALK`."""
    joined = fusion(f"{raw.get('gene') or ''} {words}", known)
    if joined:
        return joined
    fusing = [gene for gene in named if gene in known.genes and known.genes[gene].fusion]
    if kind == "fusion" and len(named) == 2 and len(fusing) == 1 and _presence(raw) == PRESENT:
        return fusing[0], "::".join(named)
    return None


def _finding(raw: Mapping[str, Any], gene: str, specimen: str, known: Knowledge, *, kind: str, alteration: str | None = None) -> Finding:
    said = str(raw.get("alteration") or "").strip() if alteration is None else alteration
    text = str(raw.get("text") or "").strip()
    row = known.genes.get(gene)
    if row is not None and kind == "expression" and row.stain_is_fusion:
        kind = "fusion"
    kind = MEASURED.get(gene, kind) if kind != "panel" else kind
    finding: Finding = {
        "gene": gene,
        "alteration": _short(said),
        "klass": classify(row, alteration=said, text=text, kind=kind) if row is not None and kind != "panel" else "",
        "presence": _presence(raw),
        "type": kind or "variant",
        "significance": _SIGNIFICANCE.get(str(raw.get("significance") or "").strip().lower(), ""),
        "origin": _ORIGIN.get(str(raw.get("origin") or "").strip().lower(), ""),
        "measure": "",
        "low": None,
        "high": None,
        "unit": str(raw.get("unit") or "").strip(),
        "specimen": str(raw.get("specimen") or specimen),
        "text": text,
    }
    if gene in MEASURED and kind != "panel":
        return _measured(finding, raw)
    if row is not None and kind == "expression":
        return _stained(finding, row)
    called = finding["significance"] in ("pathogenic", "likely_pathogenic") and finding["type"] == "variant"
    if row is not None and row.pathogenic_class and finding["klass"] == "" and called:
        finding["klass"] = row.pathogenic_class
    return finding


def _stained(finding: Finding, row: Gene) -> Finding:
    """A marker's stain is the marker; of a gene it is a vague class of its own where the grade is not said."""
    if row.marker:
        finding["klass"] = "expression"
    elif finding["presence"] == PRESENT and not finding["klass"]:
        finding["klass"] = next((name for name, klass in row.classes.items() if klass.vague), "")
    return finding


def _short(alteration: str) -> str:
    change = protein_change(alteration) or coding_change(alteration)
    if change is None:
        return alteration
    return change.name if protein_change(alteration) else f"c.{change.name}"


def _presence(raw: Mapping[str, Any]) -> str:
    """By the value alone. Nothing said is indeterminate: to name a gene is not to find it altered."""
    for said in (raw.get("presence"), raw.get("text"), raw.get("alteration")):
        presence = _SAID.get(str(said or "").strip().lower())
        if presence:
            return presence
    return INDETERMINATE


def _measured(finding: Finding, raw: Mapping[str, Any]) -> Finding:
    """Reads the score; the score, where there is one, says whether the marker is present."""
    gene = finding["gene"]
    words = f"{raw.get('alteration') or ''} {finding['text']}".strip()
    if gene == "MSI":
        finding["klass"] = "msi_high"
        unstable = measures.unstable(f"{words} {raw.get('presence') or ''} {raw.get('value') or ''}")
        if unstable is not None:
            finding["presence"] = PRESENT if unstable else ABSENT
        return finding
    finding["klass"] = finding["type"]
    finding["measure"] = "TMB" if gene == "TMB" else measures.measure_of(f"{words} {finding['unit']}", "TPS")
    interval = _interval(raw, words, gene)
    if interval is None:
        return finding
    finding["low"], finding["high"] = interval
    least = 1.0 if gene == "CD274" else 10.0
    if finding["presence"] in (PRESENT, ABSENT, INDETERMINATE):
        finding["presence"] = PRESENT if interval[0] >= least else ABSENT if interval[1] < least else INDETERMINATE
    return finding


def _interval(raw: Mapping[str, Any], words: str, gene: str) -> measures.Interval | None:
    ceiling = measures.HUNDRED if gene == "CD274" else 10_000.0
    value = raw.get("value")
    if isinstance(value, int | float) and not isinstance(value, bool):
        interval: measures.Interval | None = measures.bounded(str(raw.get("comparator") or ""), float(value), ceiling=ceiling)
    else:
        interval = measures.interval_of(str(value) if value else words, ceiling=ceiling)
    if interval is None or gene == "TMB":
        return interval
    unit = str(raw.get("unit") or "").strip()
    return measures.scaled(interval, "%" if not unit and "%" in f"{value or ''}{words}" else unit)


def is_positive(finding: Finding) -> bool:
    """Altered, and not of uncertain or benign meaning."""
    return finding["presence"] == PRESENT and finding["significance"] not in ("vus", "benign")


def is_germline(finding: Finding) -> bool:
    """Of the inherited genome, as said. *Likely germline* in a tumour's report is still the tumour's."""
    return finding["origin"] == "germline"


def may_be_germline(finding: Finding) -> bool:
    """Said so, or read from blood cells or saliva without a word about it."""
    return is_germline(finding) or (finding["origin"] == "" and finding["specimen"] in _INHERITED)
