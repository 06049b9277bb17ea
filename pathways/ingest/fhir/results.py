"""DiagnosticReport and Observation. Matched by the coding of a code, never by profile or slice name. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from pathways.facts import Moment, Rank
from pathways.ingest import codes, molecular, newborn, phenotypes
from pathways.ingest.codes import Coded
from pathways.ingest.findings import Finding, Reading, biomarker, findings, negatives, presence, variant
from pathways.ingest.statement import clean
from pathways.ingest.variant_names import gene_symbol

from . import clinicians, orders
from .bundle import Context
from .structs import Answer, DiagnosticReport, Observation, Quantity, Reference, ServiceRequest, Specimen

STATES = {
    "final": ("final", Rank.FINAL),
    "amended": ("final", Rank.CORRECTED),
    "corrected": ("final", Rank.CORRECTED),
    "appended": ("final", Rank.CORRECTED),
    "cancelled": ("failed", Rank.FINAL),
    "entered-in-error": ("retracted", Rank.CORRECTED),
    "registered": ("none", Rank.PRELIMINARY),
}
"""Any other status is preliminary: what nobody maps is never final."""

STAGE_GROUPS = frozenset({"21908-9", "21902-2", "21914-7"})
NOT_DONE = frozenset({"not-performed", "not-asked", "not-applicable"})
CONTEXT_OF_VARIANT = frozenset({molecular.GENE, molecular.CODING, molecular.PROTEIN})


class Report(msgspec.Struct):
    """A report with what was read for it, whether a DiagnosticReport spoke or a lone Observation."""

    name: str
    test: Coded
    category: str
    state: str
    rank: int
    issued: datetime | None
    when: Moment | None
    observations: Sequence[Observation]
    keys: tuple[str, ...]
    specimen_class: str
    document: bool
    text: str
    elsewhere: bool = False
    orderer: Mapping[str, Any] = {}
    laboratory: str = ""
    conclusions: Sequence[Coded] = ()


def report(context: Context, dr: DiagnosticReport) -> None:
    statement = context.of(dr.subject, dr.patient)
    observations = list(_results(context, dr.result, set()))
    test = dr.code.coded()
    category = molecular.category(test, next((code.code for each in dr.category for code in each.coding if code.code), ""))
    if category == "other" and any(_is_molecular(each) for each in observations):
        category = "molecular"
    state, rank = _state(dr.status, observations)
    specimens = [found for each in dr.specimen if (found := context.get(Specimen, each, "Specimen"))]
    issued = context.instant(dr.issued)
    accession = next((each.accession_identifier.value for each in specimens if statement.id(each.accession_identifier.value)), "")
    said = Report(
        name=next((each.value for each in dr.identifier if each.type.has("FILL") and statement.id(each.value)), "")
        or accession
        or context.name(statement, dr, "ACSN"),
        test=test,
        category=category,
        state=state,
        rank=rank,
        issued=issued,
        when=context.moment(dr.issued) or context.span(dr.effective_date_time, dr.effective_period) or _observed_at(context, observations),
        observations=observations,
        keys=_keys(context, dr, specimens),
        specimen_class=orders.class_of(specimens, test.words),
        document=bool(dr.presented_form),
        text=clean(" ".join((dr.conclusion, *(each.coded().label for each in dr.conclusion_code))), 4000),
        elsewhere=bool(dr.result) and not observations,
        orderer=next((named for each in _requests(context, dr) if (named := clinicians.orderer(context, each))), {}),
        laboratory=_laboratory(context, [*dr.performer, *(who for each in observations for who in each.performer)]),
        conclusions=[each.coded() for each in dr.conclusion_code],
    )
    if category in ("molecular", "pathology", "newborn") and not molecular.outside_class(f"{said.test.words} {said.text}"):
        for specimen in specimens:
            orders.specimen(context, specimen, statement, said.keys)
    _say(context, statement, said)


def _requests(context: Context, dr: DiagnosticReport) -> Iterable[ServiceRequest]:
    """The orders that the message brings along with the report."""
    return (found for each in dr.based_on if (found := context.get(ServiceRequest, each, "ServiceRequest")))


def lone(context: Context, observation: Observation) -> None:
    """An Observation that no report of the same message claims: a result of its own."""
    statement = context.of(observation.subject, observation.patient)
    when = context.moment(
        observation.effective_date_time,
        observation.effective_instant,
        observation.effective_period.start,
        observation.effective_period.end,
        observation.issued,
    )
    test = observation.code.coded()
    if test.code("loinc") in STAGE_GROUPS:
        _stage(context, observation, when)
        return
    if not _is_molecular(observation):
        return
    state, rank = _state(observation.status, [])
    specimen = context.get(Specimen, observation.specimen, "Specimen")
    specimens = [specimen] if specimen else []
    keys = statement.keys(placer=_orders(context, observation.based_on), specimen=orders.names(specimens))
    found = observed(observation)
    if not found and state in ("final", "partial"):
        return  # molecular, but no finding: method, quality, haplotypes
    named = "/".join(f"{each['gene']} {each['alteration']}" for each in found)
    name = context.name(statement, observation) or f"{_unnamed(test, when, keys)} {named}".strip()
    said = Report(
        f"Observation/{name}", test, "molecular", state, rank, context.instant(observation.issued), context.moment(observation.issued) or when,
        [observation], keys, orders.class_of(specimens, test.words), document=False, text="",
        laboratory=_laboratory(context, observation.performer),
    )  # fmt: skip
    _say(context, statement, said)


def _laboratory(context: Context, performers: Sequence[Reference]) -> str:
    """Who did the test: the first organization that performed it. A person who did it is no laboratory."""
    for who in performers:
        raw = context.find(who) or {}
        stated = raw.get("name")
        name = stated if isinstance(stated, str) else who.display
        if name and "Organization" in (raw.get("resourceType"), who.type, who.reference.split("/")[0]):
            return clean(name, 120)
    return ""


def _say(context: Context, statement: Any, said: Report) -> None:
    if said.category == "newborn" and said.state in ("final", "partial"):
        newborn.state(statement, said.name, said.when, _screened(said), keys=said.keys, rank=said.rank, issued=said.issued)
        return
    if said.state == "none" or said.category not in ("molecular", "pathology"):
        return
    body: dict[str, Any] = {
        "code": said.test.body(),
        "text": said.text,
        "specimen_class": said.specimen_class,
        "document": said.document,
        **said.orderer,
        **({"laboratory": said.laboratory} if said.laboratory else {}),
    }
    retracted = said.state == "retracted"
    name = said.name or _unnamed(said.test, said.when, said.keys)
    how: dict[str, Any] = {"keys": said.keys, "rank": said.rank, "issued_at": said.issued}
    if said.category == "pathology":
        if said.state != "failed":
            statement.say("pathology_report", name, said.when, body, retracted=retracted, **how)
        return
    if outside := molecular.outside_class(f"{said.test.words} {said.text}"):
        found = _with_genes([finding for each in said.observations for finding in observed(each)])
        mine = {"code": body["code"], "text": said.text, "document_class": outside, "findings": found}
        statement.say("external_result", name, said.when, mine, rank=said.rank, issued_at=said.issued, retracted=retracted)
        return
    found = _with_genes([finding for each in said.observations for finding in observed(each)])
    found += negatives(found, _studied(said)) if said.state == "final" else []
    if said.state == "failed":
        statement.say("result_failed", name, said.when, body | {"reason": codes.reject_reason(said.text)}, **how)
    elif said.state == "final" and not found and not said.elsewhere and (said.document or said.text):
        statement.say("result_document", name, said.when, body | {"title": said.test.label or "report"}, **how)
    else:
        kind = "result_partial" if said.state == "partial" else "result_final"
        name = molecular.report_name(name, said.test, partial=said.state == "partial")
        statement.say(kind, name, said.when, body | {"findings": found}, retracted=retracted, **how)
        if not retracted:
            phenotypes.assign(statement, name, found, said.when, keys=said.keys, rank=said.rank, issued_at=said.issued)


def _unnamed(test: Coded, when: Moment | None, keys: Sequence[str]) -> str:
    """What tells a result without a number from others of the same patient: its test, with the time, else with the specimen or order."""
    return f"{test.body()['code'] or test.label}@{when.lo.isoformat() if when else next(iter(keys), '')}"


def observed(observation: Observation) -> list[Finding]:
    """The findings of one Observation. A variant's parts are its components; another's components are lines of their own."""
    if observation.status == "entered-in-error":
        return []
    failed = observation.status == "cancelled" or (
        observation.data_absent_reason is not None and not observation.data_absent_reason.has(*NOT_DONE)
    )
    parts = [reading(each) for each in observation.component]
    if observation.code.coded().code("loinc") == molecular.VARIANT:
        return variant(parts, assessment=_value(observation), failed=failed)
    own = reading(observation)
    gene = next((gene_symbol(part.value) for part in parts if part.test.code("loinc") == molecular.GENE), "")
    lines = biomarker(msgspec.structs.replace(own, failed=failed)) if own.value != Coded() or own.number is not None or failed else []
    lines += findings(part for part in parts if part.test.code("loinc") not in molecular.VARIANT_PARTS)
    return [finding | {"gene": finding["gene"] or gene} for finding in lines]


def _studied(said: Report) -> list[str]:
    """The genes for which the report as a whole is negative: those its regions name, or those its negative interpretation names itself."""
    overall = [(each, presence(_value(each))) for each in said.observations if each.code.coded().code("loinc") == molecular.OVERALL]
    answers = {answer for _, answer in overall} | {answer for each in said.conclusions if (answer := presence(each))}
    negative = [each for each, answer in overall if answer == "absent"]
    if answers == {"absent"}:
        negative += [each for each in said.observations if each.code.coded().code("loinc") == molecular.STUDIED]
    parts = (part for each in negative for part in each.component if part.code.coded().code("loinc") == molecular.GENE)
    return [gene_symbol(_value(part)) for part in parts]


def _with_genes(found: list[Finding]) -> list[Finding]:
    """A phenotype that names no gene is that of the only gene the report is about."""
    genes = {finding["gene"] for finding in found if finding["gene"]}
    if len(genes) != 1:
        return found
    (gene,) = genes
    return [finding | {"gene": gene} if finding["type"] == "phenotype" and not finding["gene"] else finding for finding in found]


def reading(answer: Answer | Observation) -> Reading:
    """An Observation or a component as a line: what was asked and what was answered."""
    quantity = answer.value_quantity or (answer.value_ratio.numerator if answer.value_ratio else None) or Quantity()
    number = quantity.value if quantity.value is not None else float(answer.value_integer) if answer.value_integer is not None else None
    return Reading(
        test=answer.code.coded(), value=_value(answer), number=number, unit=quantity.unit or quantity.code, comparator=quantity.comparator,
        failed=answer.data_absent_reason is not None and not answer.data_absent_reason.has(*NOT_DONE),
    )  # fmt: skip


def _value(answer: Answer | Observation) -> Coded:
    """The answer as a coded thing, whichever of its kinds was sent."""
    if answer.value_codeable_concept is not None:
        return answer.value_codeable_concept.coded()
    if answer.value_string is not None:
        return Coded((), clean(answer.value_string, 400))
    if answer.value_boolean is not None:
        return Coded((), "positive" if answer.value_boolean else "negative")
    if answer.value_range is not None:
        low = answer.value_range.get("low")
        return Coded((), f"{low.get('value', '')} {low.get('unit', '')}".strip() if isinstance(low, dict) else "")
    return Coded((), "not tested") if answer.data_absent_reason is not None and answer.data_absent_reason.has(*NOT_DONE) else Coded()


def _state(status: str, observations: Sequence[Observation]) -> tuple[str, int]:
    state, rank = STATES.get(status, ("partial", Rank.PRELIMINARY))
    if state == "final" and any(each.status in ("preliminary", "registered") for each in observations):
        return "partial", Rank.PRELIMINARY
    if state == "final" and any(each.status in ("corrected", "amended") for each in observations):
        return state, Rank.CORRECTED
    return state, rank


def _results(context: Context, references: Iterable[Reference], seen: set[int]) -> Iterable[Observation]:
    """The observations of a report with those that they group (`hasMember`), each once."""
    for reference in references:
        raw = context.find(reference)
        if raw is None or raw.get("resourceType") != "Observation" or id(raw) in seen:
            continue
        seen.add(id(raw))
        context.used.add(id(raw))
        found = context.get(Observation, reference)
        if found is not None:
            yield found
            yield from _results(context, found.has_member, seen)
            if observed(found):
                # What a line was derived from speaks through it, and not once more as a result of its own.
                context.used.update(id(source) for each in found.derived_from if (source := context.find(each)) is not None)
            else:
                yield from _results(context, found.derived_from, seen)  # an implication says nothing without its variant


def _screened(said: Report) -> list[newborn.Line]:
    return [
        newborn.Line(each.code.coded(), _value(each), tuple(coding.code.upper() for one in each.interpretation for coding in one.coding))
        for each in said.observations
    ]


def _is_molecular(observation: Observation) -> bool:
    asked = observation.code.coded()
    if asked.code("loinc") in molecular.LOINC or molecular.is_molecular_name(asked.words):
        return True
    return any(each.code.coded().code("loinc") in CONTEXT_OF_VARIANT for each in observation.component)


def _observed_at(context: Context, observations: Sequence[Observation]) -> Moment | None:
    """A report without a date was made when its last line was."""
    dates = [
        found
        for each in observations
        if (
            found := context.moment(
                each.issued, each.effective_date_time, each.effective_instant, each.effective_period.start, each.effective_period.end
            )
        )
    ]
    return max(dates, key=lambda found: found.hi, default=None)


def _keys(context: Context, dr: DiagnosticReport, specimens: Sequence[Specimen]) -> tuple[str, ...]:
    statement = context.of(dr.subject, dr.patient)
    fillers = [each.value for each in dr.identifier if each.type.has("FILL")]
    accessions = [each.accession_identifier.value for each in specimens] + [each.value for each in dr.identifier if each.type.has("ACSN")]
    logical = [each.identifier.value for each in dr.specimen]
    return statement.keys(
        placer=_orders(context, dr.based_on), filler=fillers, accession=accessions, specimen=[*orders.names(specimens), *logical],
        report=[each.value for each in dr.identifier[:1]] or dr.id,
    )  # fmt: skip


def _orders(context: Context, references: Iterable[Reference]) -> list[str]:
    """Every name of the orders a result is based on, whether the order travels along or is only referred to."""
    return [name for reference in references for name in orders.referred(context, reference)]


def _stage(context: Context, observation: Observation, when: Moment | None) -> None:
    value = _value(observation)
    stage = codes.stage(" ".join((value.words, *(code for _, code, _ in value.codings))))
    if stage and observation.status not in ("cancelled", "registered"):
        statement = context.of(observation.subject, observation.patient)
        about = next((each.reference.rpartition("/")[2].rpartition(":")[2] for each in observation.focus if each.reference), "")
        body = {"stage": stage, "system": "AJCC", "condition": about}
        retracted = observation.status == "entered-in-error"
        name = context.name(statement, observation) or f"{about or 'stage'}@{when.lo.date().isoformat() if when else ''}"
        statement.say("stage_recorded", name, when, body, retracted=retracted, issued_at=context.instant(observation.issued))
