"""Is a finding actionable now? Four answers, never two: what the rules cannot know is asked of a person, not taken for a no.

Pure. It flags a process gap for review and recommends nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import msgspec

from .findings import ABSENT, FAILED, INDETERMINATE, NOT_TESTED, PRESENT, Finding, is_positive, normalise, panel
from .library import Knowledge
from .schema import TherapyFile, TherapyRule

Kind = Literal["flag_now", "later_line", "no_flag", "cannot_say"]
Verdict = Literal["now", "later", "no", "unknown"]
# What a person can pick to settle a cannot-say; genes and specimens need another test instead.
PICKS = ("stage", "line", "histology", "specimen", "detail")

_STAGE = re.compile(r"\b(IV|I{1,3}|[1-4])\s*([ABC])?\d?\b", re.IGNORECASE)
_ARABIC = {"1": "I", "2": "II", "3": "III", "4": "IV"}


class Answer(msgspec.Struct, frozen=True):
    """`missing` names what would let the rules decide: stage, line, histology, specimen, `detail:GENE`, `gene:GENE`.

    `rules` are ids of the rows that flag, or of those that wait for what is missing; `drugs` the generic names that those rows list, for the reader to check, not to follow.
    """

    kind: Kind
    rules: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    missing: tuple[str, ...] = ()
    drugs: tuple[str, ...] = ()

    @property
    def picks(self) -> tuple[str, ...]:
        """What of the missing a person can settle with one click."""
        return tuple(one for one in self.missing if one.partition(":")[0] in PICKS)


@dataclass(frozen=True, slots=True)
class _Case:
    """All that a rule may look at."""

    findings: Sequence[Finding]
    tissue: Mapping[str, str]
    stage: tuple[str, str] | None
    line: str | None
    histology: str | None
    on: date
    knowledge: Knowledge


def evaluate(
    findings: Iterable[Mapping[str, Any]],
    *,
    stage: str | None,
    line: int | str | None,
    histology: str | None,
    specimen_class: str | None,
    on: date,
    knowledge: Knowledge,
    tumour: str = "nsclc",
) -> Answer:
    """What the rules in force `on` that day say of all findings so far. `line` is 1, 2 ... or adjuvant, consolidation."""
    rows = knowledge.tumours[tumour]
    canonical = normalise(findings, specimen=specimen_class or "", knowledge=knowledge)
    somatic = [one for one in canonical if one["origin"] != "germline"]
    tissue = panel([one for one in somatic if one["specimen"] in rows.adequate_specimens], rows.panel, knowledge=knowledge)
    case = _Case(somatic, tissue, parse_stage(stage), _line(line), _histology(histology), on, knowledge)
    altered = {one["gene"] for one in somatic if is_positive(one)}
    judged = [(rule, *_judge(rule, case)) for rule in rows.rules if not altered.isdisjoint(rule.genes) and rule.holds_on(on)]
    return _combine(judged, case, rows)


def _combine(judged: Sequence[tuple[TherapyRule, Verdict, frozenset[str]]], case: _Case, rows: TherapyFile) -> Answer:
    if now := [rule for rule, verdict, _ in judged if verdict == "now"]:
        return _answer("flag_now", now, case)
    open_rules = [rule for rule, verdict, _ in judged if verdict == "unknown"]
    unknown = frozenset[str]().union(*(missing for _, verdict, missing in judged if verdict == "unknown"))
    unknown |= {f"detail:{gene}" for gene in _unread(case, rows)}
    asked = {one for one in unknown if one.partition(":")[0] in PICKS}
    if asked:
        return _answer("cannot_say", open_rules, case, unknown)
    unanswered = _unanswered(case, rows)
    if later := [rule for rule, verdict, _ in judged if verdict == "later"]:
        return _answer("later_line", later, case, unknown | unanswered)
    if unknown or unanswered:
        return _answer("cannot_say", open_rules, case, unknown | unanswered)
    return Answer("no_flag")


def _answer(kind: Kind, rules: Sequence[TherapyRule], case: _Case, missing: Iterable[str] = ()) -> Answer:
    genes = {gene for rule in rules for gene in rule.genes} | {one.partition(":")[2] for one in missing if one.startswith("detail:")}
    drugs = {name for rule in rules for part in rule.regimen for name in part}
    about = tuple(one for one in case.findings if one["gene"] in genes and one["presence"] == PRESENT)
    return Answer(kind, tuple(rule.id for rule in rules), about, tuple(sorted(missing)), tuple(sorted(drugs)))


def _unread(case: _Case, rows: TherapyFile) -> set[str]:
    """Genes called altered in words that no matcher reads, although a rule depends on the class: a person must read the report."""
    altered = [one for one in case.findings if is_positive(one) and one["gene"] in rows.panel]
    read = {one["gene"] for one in altered if one["klass"] or _is_spelled_out(one)}
    return {one["gene"] for one in altered} - read


def _is_spelled_out(finding: Finding) -> bool:
    """A protein or coding change that belongs to no class is read well: it is simply another alteration (KRAS G12D)."""
    return re.search(r"[A-Z]\d+|c\.\d+", finding["alteration"]) is not None and finding["gene"] != "ERBB2"


def _unanswered(case: _Case, rows: TherapyFile) -> set[str]:
    """Genes of the panel without an answer from adequate tissue. Plasma alone never answers with no."""
    answered = (PRESENT, ABSENT)
    positive = {one["gene"] for one in case.findings if is_positive(one)}
    unclear = [gene for gene, state in case.tissue.items() if state not in answered and gene not in positive]
    if unclear and case.findings and all(one["specimen"] in ("", "other") for one in case.findings):
        return {"specimen", *(f"gene:{gene}" for gene in unclear)}
    return {f"gene:{gene}" for gene in unclear}


def _judge(rule: TherapyRule, case: _Case) -> tuple[Verdict, frozenset[str]]:
    """One rule against the case. The finding decides first, then what must be absent, then stage, histology and line."""
    has = _has_finding(rule, case)
    if has is False:
        return "no", frozenset()
    missing = set() if has else {f"detail:{rule.genes[0]}"}
    for asked in (_absences(rule, case), _stage_fits(rule, case), _histology_fits(rule, case)):
        if asked is None:
            return "no", frozenset()
        missing |= asked
    return _by_line(rule, case, missing)


def _by_line(rule: TherapyRule, case: _Case, missing: set[str]) -> tuple[Verdict, frozenset[str]]:
    if rule.line == "any":
        return ("unknown", frozenset(missing)) if missing else ("now", frozenset())
    if case.line is None:
        return "unknown", frozenset(missing | {"line"})
    if rule.line == "later" and case.line in ("1", "adjuvant", "consolidation"):
        return ("unknown", frozenset(missing)) if missing else ("later", frozenset())
    if rule.line in ("adjuvant", "consolidation") and case.line == "1":
        # Somebody's first treatment may be the one around an operation: only a person knows which it is.
        return "unknown", frozenset(missing or {"line"})
    fits = {"first": case.line == "1", "later": case.line.isdigit()}.get(rule.line, case.line == rule.line)
    if not fits:
        return "no", frozenset()
    return ("unknown", frozenset(missing)) if missing else ("now", frozenset())


def _has_finding(rule: TherapyRule, case: _Case) -> bool | None:
    """Whether the alteration is there; None where a score spans the limit and a person must read it."""
    unclear = False
    for one in case.findings:
        if one["gene"] not in rule.genes or one["klass"] not in rule.classes or not is_positive(one):
            continue
        reaches = _reaches(rule, one)
        if reaches:
            return True
        unclear |= reaches is None
    return None if unclear else False


def _reaches(rule: TherapyRule, finding: Finding) -> bool | None:
    if rule.minimum is None:
        return True
    if finding["measure"] not in rule.minimum.measures:
        return False
    if finding["low"] is None or finding["high"] is None:
        return None
    if finding["low"] >= rule.minimum.value:
        return True
    return False if finding["high"] < rule.minimum.value else None


def _absences(rule: TherapyRule, case: _Case) -> set[str] | None:
    """None: a gene that must be without alteration has one. Else the genes of which tissue does not say yet."""
    if any(is_positive(one) and one["gene"] in rule.requires_absent for one in case.findings):
        return None
    unknown = (INDETERMINATE, FAILED, NOT_TESTED)
    return {f"gene:{gene}" for gene in rule.requires_absent if case.tissue.get(gene, NOT_TESTED) in unknown}


def parse_stage(stage: str | None) -> tuple[str, str] | None:
    """(roman, letter) of a stage as people and systems write it: `Stage IVA`, `3b`, `metastatic`, `M1c`."""
    said = (stage or "").strip()
    if re.search(r"metasta|\bM1", said, re.IGNORECASE):
        return "IV", ""
    match = _STAGE.search(said.replace("stage", " ").replace("Stage", " ").upper())
    return (_ARABIC.get(match[1], match[1]), match[2] or "") if match else ("advanced", "") if "advanced" in said.lower() else None


def _stage_fits(rule: TherapyRule, case: _Case) -> set[str] | None:
    if case.stage is None:
        return {"stage"}
    roman, letter = case.stage
    if roman == "advanced":
        return set() if "IV" in rule.stages else None
    allowed = [(wanted.rstrip("ABC"), wanted[len(wanted.rstrip("ABC")) :]) for wanted in rule.stages]
    if any(roman == r and part in ("", letter) for r, part in allowed):
        return set()
    return {"stage"} if not letter and any(roman == r for r, _ in allowed) else None


def _histology(said: str | None) -> str | None:
    words = (said or "").lower().replace("_", " ").replace("-", " ")
    if not words:
        return None
    if "small cell" in words and "non small" not in words:
        return "small cell"
    if re.search(r"non ?squamous|adeno(?!squamous)|large cell", words):
        return "nonsquamous"
    return "squamous" if "squamous" in words or "epidermoid" in words else None


def _histology_fits(rule: TherapyRule, case: _Case) -> set[str] | None:
    if case.histology == "small cell":
        return {"histology"}
    if rule.histology is None or case.histology == rule.histology:
        return set()
    return {"histology"} if case.histology is None else None


def _line(line: int | str | None) -> str | None:
    said = str(line if line is not None else "").strip().lower()
    return {"first": "1", "1l": "1", "second": "2", "2l": "2", "later": "2"}.get(said, said) or None
