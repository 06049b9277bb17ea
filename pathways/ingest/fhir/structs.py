"""The fields of FHIR R4 that are read. Tolerant by field: what has another shape than R4 says is left out with a note. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, get_args, get_origin

import msgspec

from pathways.ingest import codes, molecular
from pathways.ingest.codes import Coded


class Element(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """What all share: unknown fields are skipped."""


class Coding(Element, frozen=True):
    system: str = ""
    code: str = ""
    display: str = ""


class Concept(Element, frozen=True):
    coding: list[Coding] = []
    text: str = ""

    def coded(self) -> Coded:
        codings = tuple(
            (codes.system(each.system) if each.system else molecular.system("", each.code.strip()), each.code.strip(), each.display.strip())
            for each in self.coding
            if each.code.strip()
        )
        displays = codes.first(each.display for each in self.coding if not each.code.strip())
        return Coded(codings, self.text.strip() or displays)

    def has(self, *wanted: str) -> bool:
        return any(each.code in wanted for each in self.coding)


class Identifier(Element, frozen=True):
    system: str = ""
    value: str = ""
    type: Concept = Concept()


class Reference(Element, frozen=True):
    reference: str = ""
    identifier: Identifier = Identifier()
    type: str = ""
    display: str = ""


class Period(Element, frozen=True):
    start: str = ""
    end: str = ""


class Quantity(Element, frozen=True):
    value: float | None = None
    comparator: str = ""
    unit: str = ""
    code: str = ""


class Ratio(Element, frozen=True):
    numerator: Quantity = Quantity()
    denominator: Quantity = Quantity()


class Meta(Element, frozen=True):
    last_updated: str = ""
    profile: list[str] = []


class Answer(Element, frozen=True):
    """Observation and its components: a code and one of many kinds of value."""

    code: Concept = Concept()
    value_codeable_concept: Concept | None = None
    value_quantity: Quantity | None = None
    value_string: str | None = None
    value_boolean: bool | None = None
    value_integer: int | None = None
    value_range: dict[str, Any] | None = None
    value_ratio: Ratio | None = None
    data_absent_reason: Concept | None = None


class Resource(Element, frozen=True):
    resource_type: str = ""
    id: str = ""
    meta: Meta = Meta()
    identifier: list[Identifier] = []
    status: str = ""
    subject: Reference = Reference()
    patient: Reference = Reference()
    contained: list[dict[str, Any]] = []


class Observation(Resource, frozen=True):
    """Its value is an `Answer`'s; msgspec allows no second base, so the fields stand here again."""

    code: Concept = Concept()
    value_codeable_concept: Concept | None = None
    value_quantity: Quantity | None = None
    value_string: str | None = None
    value_boolean: bool | None = None
    value_integer: int | None = None
    value_range: dict[str, Any] | None = None
    value_ratio: Ratio | None = None
    data_absent_reason: Concept | None = None
    category: list[Concept] = []
    component: list[Answer] = []
    effective_date_time: str = ""
    effective_period: Period = Period()
    effective_instant: str = ""
    issued: str = ""
    based_on: list[Reference] = []
    specimen: Reference = Reference()
    has_member: list[Reference] = []
    derived_from: list[Reference] = []
    focus: list[Reference] = []
    interpretation: list[Concept] = []
    performer: list[Reference] = []


class Attachment(Element, frozen=True):
    content_type: str = ""
    title: str = ""
    url: str = ""


class DiagnosticReport(Resource, frozen=True):
    category: list[Concept] = []
    code: Concept = Concept()
    based_on: list[Reference] = []
    specimen: list[Reference] = []
    effective_date_time: str = ""
    effective_period: Period = Period()
    issued: str = ""
    result: list[Reference] = []
    conclusion: str = ""
    conclusion_code: list[Concept] = []
    presented_form: list[Attachment] = []
    performer: list[Reference] = []


class Content(Element, frozen=True):
    attachment: Attachment = Attachment()


class DocumentContext(Element, frozen=True):
    period: Period = Period()
    related: list[Reference] = []


class DocumentReference(Resource, frozen=True):
    doc_status: str = ""
    type: Concept = Concept()
    category: list[Concept] = []
    date: str = ""
    description: str = ""
    content: list[Content] = []
    context: DocumentContext = DocumentContext()


class ServiceRequest(Resource, frozen=True):
    intent: str = ""
    category: list[Concept] = []
    code: Concept = Concept()
    based_on: list[Reference] = []
    requisition: Identifier = Identifier()
    authored_on: str = ""
    occurrence_date_time: str = ""
    reason_code: list[Concept] = []
    specimen: list[Reference] = []
    performer_type: Concept = Concept()
    requester: Reference = Reference()
    status_reason: Concept = Concept()


class HumanName(Element, frozen=True):
    family: str = ""
    given: list[str] = []
    text: str = ""


class Practitioner(Resource, frozen=True):
    name: list[HumanName] = []


class PractitionerRole(Resource, frozen=True):
    practitioner: Reference = Reference()


class Collection(Element, frozen=True):
    collected_date_time: str = ""
    collected_period: Period = Period()
    method: Concept = Concept()
    body_site: Concept = Concept()


class Annotation(Element, frozen=True):
    text: str = ""


class Specimen(Resource, frozen=True):
    accession_identifier: Identifier = Identifier()
    type: Concept = Concept()
    received_time: str = ""
    collection: Collection = Collection()
    condition: list[Concept] = []
    request: list[Reference] = []
    note: list[Annotation] = []


class ConditionStage(Element, frozen=True):
    summary: Concept = Concept()


class Condition(Resource, frozen=True):
    clinical_status: Concept = Concept()
    verification_status: Concept = Concept()
    category: list[Concept] = []
    code: Concept = Concept()
    body_site: list[Concept] = []
    onset_date_time: str = ""
    onset_period: Period = Period()
    recorded_date: str = ""
    date_recorded: str = ""
    asserted_date: str = ""
    stage: list[ConditionStage] = []
    extension: list[dict[str, Any]] = []


class Dosage(Element, frozen=True):
    route: Concept = Concept()


class Medicine(Resource, frozen=True):
    """MedicationRequest, -Dispense and -Administration: they share what is read."""

    intent: str = ""
    code: Concept = Concept()
    medication_codeable_concept: Concept = Concept()
    medication_reference: Reference = Reference()
    authored_on: str = ""
    status_reason: list[Concept] = []
    status_reason_codeable_concept: Concept = Concept()
    dosage_instruction: list[Dosage] = []
    dosage: Dosage = Dosage()
    when_prepared: str = ""
    when_handed_over: str = ""
    authorizing_prescription: list[Reference] = []
    request: Reference = Reference()
    effective_date_time: str = ""
    effective_period: Period = Period()


class Procedure(Resource, frozen=True):
    code: Concept = Concept()
    status_reason: Concept = Concept()
    performed_date_time: str = ""
    performed_period: Period = Period()
    based_on: list[Reference] = []


class Participant(Element, frozen=True):
    actor: Reference = Reference()


class Appointment(Resource, frozen=True):
    start: str = ""
    created: str = ""
    cancelation_reason: Concept = Concept()
    service_type: list[Concept] = []
    appointment_type: Concept = Concept()
    participant: list[Participant] = []
    description: str = ""


class Otherwise(Element, frozen=True):
    """A provision inside of a provision: what is otherwise."""

    type: str = ""
    purpose: list[Coding] = []
    code: list[Concept] = []
    action: list[Concept] = []


class Provision(Element, frozen=True):
    type: str = ""
    period: Period = Period()
    purpose: list[Coding] = []
    provision: list[Otherwise] = []


class Consent(Resource, frozen=True):
    scope: Concept = Concept()
    category: list[Concept] = []
    date_time: str = ""
    policy_rule: Concept = Concept()
    provision: Provision = Provision()


class ResearchSubject(Resource, frozen=True):
    individual: Reference = Reference()
    study: Reference = Reference()
    period: Period = Period()


class Item(Element, frozen=True):
    product_or_service: Concept = Concept()
    adjudication: list[dict[str, Any]] = []
    extension: list[dict[str, Any]] = []


class Claim(Resource, frozen=True):
    """Claim and ClaimResponse."""

    use: str = ""
    created: str = ""
    priority: Concept = Concept()
    insurer: Reference = Reference()
    item: list[Item] = []
    outcome: str = ""
    disposition: str = ""
    pre_auth_ref: str = ""
    pre_auth_period: Period = Period()
    request: Reference = Reference()
    process_note: list[Annotation] = []
    error: list[dict[str, Any]] = []


T = TypeVar("T", bound=Element)


def read(kind: type[T], raw: Mapping[str, Any], notes: list[str]) -> T:
    """`raw` as `kind`; fields of another shape are repaired where that is safe (one for a list of one), else left out and noted."""
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError:
        values = {}
        for field in msgspec.structs.fields(kind):
            if field.encode_name in raw:
                found = _field(field.type, raw[field.encode_name])
                if found is not None:
                    values[field.name] = found
                else:
                    notes.append(
                        f"{raw.get('resourceType', kind.__name__)}.{field.encode_name} has another shape than R4 says and was left out"
                    )
        return kind(**values)


def _field(shape: Any, value: Any) -> Any:
    """A value of `shape`, or None. A string where a concept belongs is its text and code (DSTU2 wrote `confirmed`)."""
    if type(None) in get_args(shape):
        shape = next(each for each in get_args(shape) if each is not type(None))
    candidates = [value]
    if get_origin(shape) is list:
        inner = get_args(shape)[0]
        items = value if isinstance(value, list) else [value]
        return [found for item in items if (found := _field(inner, item)) is not None]
    if isinstance(value, list) and value:
        candidates.append(value[0])
    if isinstance(value, str):
        candidates.append({"coding": [{"code": value}], "text": value})
    for candidate in candidates:
        try:
            return msgspec.convert(candidate, shape, strict=False)  # a number or a truth value may be written as text
        except msgspec.ValidationError:
            continue
    if isinstance(value, Mapping) and isinstance(shape, type) and issubclass(shape, Element):
        return read(shape, value, [])
    return None
