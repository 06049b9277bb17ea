"""What the therapy rules state of a journey: the answer after each piece of evidence, the drugs received, and whether they match."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import Any

from pathways.facts import Fact, Moment

from . import case as core
from . import drugs
from .evaluate import Answer, evaluate
from .findings import Finding, of_result
from .library import DISCLAIMER, Knowledge
from .schema import TherapyFile

TOGETHER = timedelta(days=28)
EPISODE_LINE = {"initial": "1", "second_primary": "1", "progression": "2"}
ANSWERED = {"flag_now": "flagged_actionable", "later_line": "later_line_actionable", "no_flag": "not_actionable"}


@dataclass(frozen=True, slots=True)
class Step:
    """What was known, and what the rules answered, when a piece of evidence had come."""

    fact: Fact
    answer: Answer
    seen: tuple[Fact, ...]
    preliminary: bool
    line: str | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """A drug that reached the patient, and by what we know it."""

    ingredient: str
    fact: Fact
    by: str


def statements(case: core.Case, rows: TherapyFile, knowledge: Knowledge) -> list[core.Statement]:
    steps = list(_steps(case.evidence, rows, knowledge))
    received = _received(case.drugs, knowledge)
    out = list(_answers(steps))
    out.extend(_received_statements(received, knowledge))
    out.extend(_unplaced(case.drugs, knowledge))
    out.extend(_empiric(received, case, knowledge))
    out.extend(_matched(steps, received, knowledge))
    return out


@dataclass(frozen=True, slots=True)
class _Read:
    """Something to be read, known by the digests of what it is read from: the same is not read twice."""

    digests: tuple[str, ...]
    facts: tuple[Fact, ...] = field(compare=False)
    knowledge: Knowledge = field(compare=False)


def _findings(fact: Fact, knowledge: Knowledge) -> list[Finding]:
    return _read_result(_Read((fact.digest, knowledge.digest), (fact,), knowledge))


@lru_cache(maxsize=2048)
def _read_result(asked: _Read) -> list[Finding]:
    return of_result(asked.facts[0].body, knowledge=asked.knowledge)


def _steps(evidence: Sequence[Fact], rows: TherapyFile, knowledge: Knowledge) -> Iterator[Step]:
    """Asks the rules again after each piece of evidence, once there is a result that can be read."""
    seen: list[Fact] = []
    has_result = False
    for fact in evidence:
        seen.append(fact)
        has_result = has_result or (fact.kind in core.RESULTS and bool(_findings(fact, knowledge)))
        if has_result:
            digests = (rows.tumour, knowledge.digest, *(one.digest for one in seen))
            answered = _ask(_Read(digests, tuple(seen), knowledge), rows.tumour)
            if answered is not None:
                yield Step(fact, answered.answer, tuple(seen), fact.kind == "result_partial", answered.line)


@dataclass(frozen=True, slots=True)
class _Answered:
    answer: Answer
    line: str | None


@lru_cache(maxsize=2048)
def _ask(asked: _Read, tumour: str) -> _Answered | None:
    """The rules' answer to all of these facts together; None where no finding can be read."""
    findings: list[Finding] = []
    stage = histology = line = specimen = setting = ""
    for fact in asked.facts:
        body = fact.body
        if fact.kind in core.RESULTS:
            found = _findings(fact, asked.knowledge)
            findings.extend(found if fact.kind == "result_final" else [one for one in found if one["presence"] == "present"])
        elif fact.kind == "enrolled":
            line = line or EPISODE_LINE.get(str(body.get("episode_kind") or "initial"), "")
            stage = stage or ("advanced" if body.get("entry") == "advanced" else "")
        elif fact.kind != "diagnosis" or body.get("role", "primary") == "primary":
            stage = str(body.get("stage") or stage)
            histology = str(body.get("histology") or histology)
            line = str(body.get("line") or line)
            specimen = str(body.get("specimen") or specimen)
            setting = str(body.get("setting") or "") or _setting_by_code(body.get("code"), tumour, asked.knowledge) or setting
            findings.extend(_findings(fact, asked.knowledge) if fact.kind == "picked" else ())
    if not findings:
        return None
    answer = evaluate(
        [one if one["specimen"] else {**one, "specimen": specimen} for one in findings],
        stage=stage or None,
        line=line or None,
        histology=histology or None,
        specimen_class=None,
        on=asked.facts[-1].occurred.hi.date(),
        knowledge=asked.knowledge,
        tumour=tumour,
        setting=setting or None,
    )
    return _Answered(answer, line or None)


def _setting_by_code(code: Any, tumour: str, knowledge: Knowledge) -> str:
    """What a diagnosis code says of the setting (Z19.2 hormone resistant); blank where it says nothing."""
    bare = str(code or "").rpartition("|")[2].upper()
    settings = knowledge.tumours[tumour].settings
    return next((name for name, codes in settings.items() if bare in codes), "")


def _answers(steps: Sequence[Step]) -> Iterator[core.Statement]:
    """One statement where the answer changes. An incomplete panel alone is no statement: the tests that are still out are awaited."""
    before: tuple[Any, ...] = ()
    for step in steps:
        answer = step.answer
        kind = ANSWERED.get(answer.kind) or ("cannot_say" if answer.picks else "")
        said = (kind, answer.rules, answer.missing if kind == "cannot_say" else ())
        if not kind or said == before:
            continue
        before = said
        yield core.Statement("evaluation", _subject(step.fact), kind, step.fact.occurred, _answer_body(step), step.seen, "therapy")


def _answer_body(step: Step) -> dict[str, Any]:
    return {
        "findings": [dict(one) for one in step.answer.findings],
        "rules": list(step.answer.rules),
        "missing": list(step.answer.missing),
        "drugs": list(step.answer.drugs),
        "line": step.line,
        "preliminary": step.preliminary,
        "note": DISCLAIMER,
    }


def _subject(fact: Fact) -> str:
    return fact.lineage.replace("|", "/")


def _received(facts: Sequence[Fact], knowledge: Knowledge) -> list[Receipt]:
    """First receipt of each ingredient that nothing took back: infusion completed; first dose attested, else dispense handed over."""
    first: dict[str, Receipt] = {}
    for fact in facts:
        by = _how(fact)
        if by is None or _taken_back(fact, facts, knowledge):
            continue
        for ingredient in sorted(ingredients_of(fact, knowledge)):
            known = first.get(ingredient)
            if known is None:
                first[ingredient] = Receipt(ingredient, fact, by)
    return sorted(first.values(), key=lambda receipt: (core.order(receipt.fact), receipt.ingredient))


def _how(fact: Fact) -> str | None:
    if fact.kind == "drug_administered":
        return "administration" if fact.body.get("complete", True) else None
    if fact.kind == "first_dose_attested":
        return "first dose attested"
    return "dispense handed over" if fact.kind == "drug_dispensed" and fact.body.get("handed_over") else None


def _taken_back(fact: Fact, facts: Sequence[Fact], knowledge: Knowledge) -> bool:
    """A return takes back the same drug's last dispense before it; a *not given* takes back its own administration."""
    for other in facts:
        if other.kind == "drug_not_given" and fact.kind == "drug_administered" and _business_id(other) == _business_id(fact):
            return True
        if other.kind == "drug_returned" and fact.kind == "drug_dispensed" and other.occurred.hi >= fact.occurred.lo:
            same = ingredients_of(other, knowledge) & ingredients_of(fact, knowledge)
            if same and not _dispensed_between(fact, other, facts, knowledge):
                return True
    return False


def _business_id(fact: Fact) -> str:
    return fact.lineage.rpartition("|")[2]


def _dispensed_between(first: Fact, returned: Fact, facts: Sequence[Fact], knowledge: Knowledge) -> bool:
    same = ingredients_of(first, knowledge)
    return any(
        one.kind == "drug_dispensed"
        and first.occurred.lo < one.occurred.lo <= returned.occurred.lo
        and same & ingredients_of(one, knowledge)
        for one in facts
    )


def ingredients_of(fact: Fact, knowledge: Knowledge) -> set[str]:
    """All ingredients that the fact's drugs could be placed as."""
    placed = (drugs.ingredients(drug, knowledge=knowledge) for drug in fact.body.get("drugs") or ())
    return set().union(*(one for one in placed if one))


def _received_statements(received: Sequence[Receipt], knowledge: Knowledge) -> Iterator[core.Statement]:
    """Anticancer drugs only: that the patient had an antacid moves nothing."""
    for receipt in received:
        if not drugs.is_systemic([receipt.ingredient], knowledge):
            continue
        body = {"drugs": _named([receipt.ingredient], knowledge), "basis": receipt.by, "confirmed": receipt.by != "dispense handed over"}
        yield core.Statement("drug_received", receipt.ingredient, "drug_received", receipt.fact.occurred, body, (receipt.fact,), "receipt")


def _named(ingredients: Sequence[str], knowledge: Knowledge) -> list[dict[str, str]]:
    return [{"rxcui": "" if one.startswith("name:") else one, "text": knowledge.drug_ids[one]} for one in ingredients]


def _unplaced(facts: Sequence[Fact], knowledge: Knowledge) -> Iterator[core.Statement]:
    """Drugs that neither code nor name could place: a person must look before anyone says that there is no therapy."""
    for fact in facts:
        if fact.kind not in core.RECEIPTS | {"drug_ordered"}:
            continue
        unknown = [drug for drug in fact.body.get("drugs") or () if drugs.ingredients(drug, knowledge=knowledge) is None]
        if unknown:
            body = {"drugs": [dict(drug) for drug in unknown], "note": DISCLAIMER}
            yield core.Statement("unmatched_therapy", _subject(fact), "unmatched_therapy", fact.occurred, body, (fact,), "drug names")


def _empiric(received: Sequence[Receipt], case: core.Case, knowledge: Knowledge) -> Iterator[core.Statement]:
    """Systemic therapy that began before any result, and not before the disease was known (that would be an earlier line)."""
    results = [fact for fact in case.evidence if fact.kind in core.RESULTS and _findings(fact, knowledge)]
    known_from = min((fact.occurred.lo for fact in case.evidence if fact.kind in ("enrolled", "diagnosis")), default=None)
    systemic = [one for one in received if drugs.is_systemic([one.ingredient], knowledge)]
    systemic = [one for one in systemic if known_from is None or one.fact.occurred.hi >= known_from]
    if not systemic or any(fact.occurred.lo <= systemic[0].fact.occurred.lo for fact in results):
        return
    start = systemic[0].fact.occurred
    together = [one for one in systemic if one.fact.occurred.lo - start.lo <= TOGETHER and _before(one.fact, results)]
    begun = [one.ingredient for one in together]
    rests_on = tuple({one.fact.lineage: one.fact for one in together}.values())
    body = {"drugs": _named(begun, knowledge), "immunotherapy": drugs.is_immunotherapy(begun, knowledge), "note": DISCLAIMER}
    yield core.Statement("empiric_started", "first", "empiric_started", start, body, rests_on, "before the result")


def _before(fact: Fact, results: Sequence[Fact]) -> bool:
    return all(fact.occurred.lo < result.occurred.lo for result in results)


def _matched(steps: Sequence[Step], received: Sequence[Receipt], knowledge: Knowledge) -> Iterator[core.Statement]:
    """The first flag whose regimen was received whole, all parts within 28 days; at the later of flag and last part."""
    best: tuple[Moment, str, list[Receipt], Step] | None = None
    for step in steps:
        if step.answer.kind not in ("flag_now", "later_line"):
            continue
        for rule in step.answer.rules:
            parts = _whole_regimen(rule, received, knowledge)
            if parts is None:
                continue
            when = core.latest([step.fact.occurred, *(part.fact.occurred for part in parts)])
            if best is None or (when.lo, rule) < (best[0].lo, best[1]):
                best = when, rule, parts, step
    if best is None:
        return
    when, rule, parts, flag = best
    given = [part.ingredient for part in parts]
    rules = sorted({one for step in steps for one in step.answer.rules if drugs.completes(one, set(given), knowledge)})
    body = {
        "drugs": _named(given, knowledge),
        "rules": rules,
        "received_by": sorted({part.by for part in parts}),
        "received_at": max(part.fact.occurred.lo for part in parts).isoformat(),
        "confirmed": all(part.by != "dispense handed over" for part in parts),
    }
    rests_on = tuple({one.lineage: one for one in (*flag.seen, *(part.fact for part in parts))}.values())
    yield core.Statement("matched_therapy", "first", "matched_therapy", when, body, rests_on, rule)


def _whole_regimen(rule: str, received: Sequence[Receipt], knowledge: Knowledge) -> list[Receipt] | None:
    chosen: list[Receipt] = []
    for part in drugs.regimen(rule, knowledge):
        found = next((receipt for receipt in received if receipt.ingredient in part), None)
        if found is None:
            return None
        chosen.append(found)
    times = [one.fact.occurred.lo for one in chosen]
    return chosen if max(times) - min(times) <= TOGETHER else None
