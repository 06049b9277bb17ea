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

from .answers import panel
from .findings import ABSENT, FAILED, INDETERMINATE, NOT_TESTED, PRESENT, Finding, is_germline, is_positive, may_be_germline, normalise
from .library import Knowledge
from .schema import Further, TherapyFile, TherapyRule

Kind = Literal["flag_now", "later_line", "no_flag", "cannot_say"]
Verdict = Literal["now", "later", "no", "unknown"]
# What a person can pick to settle a cannot-say; genes and specimens need another test instead.
PICKS = ("stage", "line", "histology", "setting", "specimen", "detail")

_OPEN = (INDETERMINATE, FAILED, NOT_TESTED)
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
    answers: Mapping[str, str]
    stage: tuple[str, str] | None
    line: str | None
    histology: str | None
    setting: str | None
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
    setting: str | None = None,
) -> Answer:
    """What the rules in force `on` that day say of all findings so far. `line` is 1, 2 ... or adjuvant, consolidation."""
    rows = knowledge.tumours[tumour]
    canonical = _settled_by_ish(normalise(findings, specimen=specimen_class or "", knowledge=knowledge))
    case = _Case(
        canonical,
        _answers(canonical, rows, knowledge),
        parse_stage(stage),
        _line(line),
        _histology(histology),
        setting or None,
        on,
        knowledge,
    )
    named = {one["gene"] for one in canonical if is_positive(one) or _is_level(one, knowledge)}
    asked = [rule for rule in rows.rules if rule.holds_on(on) and (not rule.genes or not named.isdisjoint(rule.genes))]
    return _combine([(rule, *_judge(rule, case)) for rule in asked], case, rows)


def _settled_by_ish(findings: Sequence[Finding]) -> list[Finding]:
    """HER2 2+ is settled by in-situ hybridisation: amplified is positive (that finding says so), not amplified is HER2-low."""
    ish = {one["presence"] for one in findings if one["gene"] == "ERBB2" and one["type"] == "amplification"}
    if ish != {ABSENT}:
        return list(findings)
    return [{**one, "klass": "protein_low", "presence": ABSENT} if _is_equivocal(one) else one for one in findings]


def _is_equivocal(finding: Finding) -> bool:
    return finding["gene"] == "ERBB2" and finding["type"] == "expression" and finding["presence"] == INDETERMINATE


def _is_level(finding: Finding, knowledge: Knowledge) -> bool:
    """A grade that a rule may name although the report calls it negative (HER2 1+)."""
    row = knowledge.genes.get(finding["gene"])
    return row is not None and finding["klass"] in row.classes and row.classes[finding["klass"]].level


def _answers(findings: Sequence[Finding], rows: TherapyFile, knowledge: Knowledge) -> dict[str, str]:
    """Of everything that panel and rules ask: what adequate tissue answers, for inherited genes whatever was tested."""
    asked = [*_everything_asked(rows), *(one for more in rows.further for one in (*more.any_present, *more.absent))]
    asked += [one for rule in rows.rules for one in (*rule.requires_absent, *rule.requires_any)]
    read = [one for one in findings if one["specimen"] in rows.adequate_specimens or may_be_germline(one)]
    return panel(read, dict.fromkeys(asked), knowledge=knowledge)


def _everything_asked(rows: TherapyFile) -> list[str]:
    """What a complete panel may ask, whatever else was found."""
    return [*rows.panel, *(one for more in rows.further for one in more.panel)]


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
    about = tuple(one for one in case.findings if one["gene"] in genes and (one["presence"] == PRESENT or _is_level(one, case.knowledge)))
    about += _wild_types(rules, case)
    return Answer(kind, tuple(rule.id for rule in rules), about, tuple(sorted(missing)), tuple(sorted(drugs)))


def _wild_types(rules: Sequence[TherapyRule], case: _Case) -> tuple[Finding, ...]:
    """What rules rest on that rest on absences alone: each gene once, as the reader should see it."""
    genes = dict.fromkeys(gene for rule in rules if not rule.genes for gene in rule.requires_absent)
    absent = {one["gene"]: one for one in reversed(case.findings) if one["presence"] == ABSENT}
    return tuple({**absent[gene], "alteration": "wild type"} for gene in genes if gene in absent)


def _unread(case: _Case, rows: TherapyFile) -> set[str]:
    """Genes called altered in words that no matcher reads, although a rule depends on the class: a person must read the report."""
    asked = {one.partition(":")[0] for one in _everything_asked(rows) if not one.endswith(":protein")}
    altered = [one for one in case.findings if is_positive(one) and not is_germline(one) and one["gene"] in asked]
    named = {klass for rule in rows.rules for klass in rule.classes}
    read = {one["gene"] for one in altered if _is_read(one, named, case.knowledge)}
    return {one["gene"] for one in altered} - read


def _is_read(finding: Finding, named: set[str], knowledge: Knowledge) -> bool:
    """A protein or coding change that belongs to no class is read well: it is simply another alteration (KRAS G12D). Not so of genes
    in which it is the laboratory's judgement that counts."""
    row = knowledge.genes.get(finding["gene"])
    if finding["klass"]:
        return not (row and finding["klass"] in row.classes and row.classes[finding["klass"]].vague) or finding["klass"] in named
    return re.search(r"[A-Z]\d+|c\.\d+", finding["alteration"]) is not None and not (row and row.pathogenic_class)


def _unanswered(case: _Case, rows: TherapyFile) -> set[str]:
    """What the panel asks and adequate tissue does not answer. Plasma alone never answers with no."""
    asked = [*rows.panel, *(one for more in rows.further if _applies(more, case) for one in more.panel)]
    positive = {one["gene"] for one in case.findings if is_positive(one)}
    unclear = [one for one in asked if case.answers[one] not in (PRESENT, ABSENT) and one not in positive]
    if unclear and case.findings and all(one["specimen"] in ("", "other") for one in case.findings):
        return {"specimen", *(f"gene:{one}" for one in unclear)}
    return {f"gene:{one}" for one in unclear}


def _applies(more: Further, case: _Case) -> bool:
    there = not more.any_present or any(case.answers[one] == PRESENT for one in more.any_present)
    return there and all(case.answers[one] == ABSENT for one in more.absent)


def _judge(rule: TherapyRule, case: _Case) -> tuple[Verdict, frozenset[str]]:
    """One rule against the case. The finding decides first, then what must be absent, then stage, histology and line."""
    has = _has_finding(rule, case)
    if has is False:
        return "no", frozenset()
    missing = set() if has else {f"detail:{rule.genes[0]}"}
    fits = (_absences(rule, case), _companions(rule, case), _stage_fits(rule, case), _histology_fits(rule, case), _setting_fits(rule, case))
    for asked in fits:
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
    if not rule.genes:
        return True  # it rests on what is absent
    unclear = False
    for one in case.findings:
        if one["gene"] not in rule.genes or one["klass"] not in rule.classes or not _is_of(rule, one):
            continue
        if not (is_positive(one) or _is_level(one, case.knowledge)):
            continue
        reaches = _reaches(rule, one)
        if reaches:
            return True
        unclear |= reaches is None
    return None if unclear else False


def _is_of(rule: TherapyRule, finding: Finding) -> bool:
    """Whether it is the genome that the rule is about: the tumour's, the inherited one, or either."""
    if rule.origin == "any":
        return True
    return may_be_germline(finding) if rule.origin == "germline" else not is_germline(finding)


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
    """None: what must be without alteration has one. Else that of which tissue does not say yet."""
    if any(is_positive(one) and not is_germline(one) and one["gene"] in rule.requires_absent for one in case.findings):
        return None
    answers = {asked: case.answers[asked] for asked in rule.requires_absent}
    if PRESENT in answers.values():
        return None
    return {f"gene:{asked}" for asked, answer in answers.items() if answer in _OPEN}


def _companions(rule: TherapyRule, case: _Case) -> set[str] | None:
    """None: none of the markers of which one must be there is. Else those that are still open."""
    answers = {asked: case.answers[asked] for asked in rule.requires_any}
    if not answers or PRESENT in answers.values():
        return set()
    return {f"gene:{asked}" for asked, answer in answers.items() if answer in _OPEN} or None


def _setting_fits(rule: TherapyRule, case: _Case) -> set[str] | None:
    if rule.setting is None or case.setting == rule.setting:
        return set()
    return {"setting"} if case.setting is None else None


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
