"""Steps as FHIR R4 bundles, as the second hospital and the payers send them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from .course import Step
from .findings import GENES, Drug, Report
from .people import SyntheticPerson

AUTHORITY = "urn:oid:2.16.840.1.113883.19.5.99"
US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition"
LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
ICD10 = "http://hl7.org/fhir/sid/icd-10-cm"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SPECIMENS = {
    "tissue": ("119376003", "Tissue specimen"),
    "plasma": ("119361006", "Plasma specimen"),
    "saliva": ("119342007", "Saliva specimen"),
}
PLACER, FILLER = "urn:prairie:placer", "urn:northlab:filler"

Resource = dict[str, Any]
Writer = Callable[[SyntheticPerson, Step], list[Resource]]


def bundle(
    person: SyntheticPerson,
    resources: list[Resource],
    sent: datetime,
    control: str,
    *,
    authority: str = AUTHORITY,
    died: datetime | None = None,
) -> bytes:
    """A collection: the patient and what happened, applied as one."""
    entries = [patient(person, authority, died), *resources]
    said = {
        "resourceType": "Bundle",
        "id": control,
        "type": "collection",
        "timestamp": sent.isoformat(),
        "entry": [{"fullUrl": f"https://fhir.prairie.example/{each['resourceType']}/{each['id']}", "resource": each} for each in entries],
    }
    return json.dumps(said, separators=(",", ":")).encode()


def patient(person: SyntheticPerson, authority: str, died: datetime | None = None) -> Resource:
    identifier: Resource = {"type": {"coding": [{"code": "MR"}]}, "value": person.mrn}
    if authority:
        identifier["system"] = authority
    made: Resource = {
        "resourceType": "Patient",
        "id": f"p{person.n}",
        "identifier": [identifier],
        "name": [{"use": "official", "family": person.family, "given": [person.given]}],
        "gender": person.sex,
        "birthDate": person.born.isoformat(),
        "communication": [{"language": {"coding": [{"code": person.language}]}, "preferred": True}],
        "address": [{"line": ["1 Fiction Street"], "postalCode": person.postal_code, "country": "US"}],
        "extension": _origins(person),
    }
    if person.phone:
        made["telecom"] = [{"system": "phone", "use": "mobile", "value": person.phone, "rank": 1}]
    if died:
        made["deceasedDateTime"] = died.isoformat()
    return made


def _origins(person: SyntheticPerson) -> list[Resource]:
    stated = (("us-core-race", person.race), ("us-core-ethnicity", person.ethnicity))
    return [
        {"url": f"{US_CORE}/{name}", "extension": [{"url": "ombCategory", "valueCoding": {"code": code}}]} for name, code in stated if code
    ]


def _coded(system: str, code: str, text: str) -> Resource:
    return {"coding": [{"system": system, "code": code, "display": text}], "text": text}


def _of(person: SyntheticPerson) -> Resource:
    return {"reference": f"Patient/p{person.n}"}


def _made(kind: str, number: str, person: SyntheticPerson, /, **fields: Any) -> Resource:
    whom = "patient" if kind in ("Claim", "ClaimResponse", "Consent") else "subject"
    return {"resourceType": kind, "id": number, whom: _of(person), **fields}


def register(person: SyntheticPerson, sent: datetime, control: str) -> bytes:
    cover = {
        "resourceType": "Coverage",
        "id": f"c{person.n}",
        "status": "active",
        "beneficiary": _of(person),
        "payor": [{"display": person.payer}],
    }
    return bundle(person, [cover] if person.payer else [], sent, control)


def consent(person: SyntheticPerson, at: datetime) -> Resource:
    """Agreement to texts, as the registration desk files it."""
    scope = _coded("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy", "Privacy Consent")
    category = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "SMS"}], "text": "text messages"}
    provision = {"type": "permit", "code": [{"text": "text messages"}]}
    return _made(
        "Consent", f"n{person.n}", person, status="active", scope=scope, category=[category], dateTime=at.isoformat(), provision=provision
    )


def referral(person: SyntheticPerson, step: Step) -> list[Resource]:
    data = step.data
    reason = _coded(ICD10, data["code"], data["text"])
    asked = _made(
        "ServiceRequest",
        data["id"],
        person,
        status="active",
        intent="order",
        category=[_coded(SNOMED, "3457005", "Patient referral")],
        code=_coded(SNOMED, "306278003", "Referral to the lung clinic"),
        authoredOn=step.at.isoformat(),
        reasonCode=[reason],
    )
    return [asked]


def biopsy_ordered(person: SyntheticPerson, step: Step) -> list[Resource]:
    code = _coded("http://www.ama-assn.org/go/cpt", "32408", "Core needle biopsy of lung")
    return [_order(person, step, code)]


def _order(person: SyntheticPerson, step: Step, code: Resource, **more: Any) -> Resource:
    number = [{"type": {"coding": [{"code": "PLAC"}]}, "system": PLACER, "value": step.data["id"]}]
    return _made(
        "ServiceRequest",
        step.data["id"],
        person,
        identifier=number,
        status="active",
        intent="order",
        code=code,
        authoredOn=step.at.isoformat(),
        **more,
    )


def _visit(status: str) -> Writer:
    def write(person: SyntheticPerson, step: Step) -> list[Resource]:
        start = step.data["start"].isoformat()
        who = [{"actor": _of(person), "status": "accepted"}]
        service = [{"text": step.data.get("service", "Procedure")}]
        return [
            {
                "resourceType": "Appointment",
                "id": step.data["id"],
                "status": status,
                "start": start,
                "participant": who,
                "serviceType": service,
            }
        ]

    return write


def biopsy_done(person: SyntheticPerson, step: Step) -> list[Resource]:
    code = _coded("http://www.ama-assn.org/go/cpt", "32408", "Core needle biopsy of lung")
    asked = [{"reference": f"ServiceRequest/{step.data['id']}"}]
    return [
        _made(
            "Procedure", f"pr{step.data['id']}", person, status="completed", code=code, performedDateTime=step.at.isoformat(), basedOn=asked
        )
    ]


def specimen(person: SyntheticPerson, step: Step) -> list[Resource]:
    """Collected, received or refused: versions of one resource as they come."""
    data = step.data
    accession = data.get("accession") or data["id"]
    code, text = SPECIMENS[data.get("specimen_class", "tissue")]
    made = _made(
        "Specimen", accession, person, accessionIdentifier={"value": accession}, status="available", type=_coded(SNOMED, code, text)
    )
    if step.kind == "specimen_collected":
        made["collection"] = {"collectedDateTime": step.at.isoformat()}
    elif step.kind == "specimen_received":
        made["receivedTime"] = step.at.isoformat()
        made["request"] = [{"reference": f"ServiceRequest/{data['order']}"}]
    else:
        made |= {"status": "unsatisfactory", "meta": {"lastUpdated": step.at.isoformat()}}
        made["condition"] = [_coded("http://terminology.hl7.org/CodeSystem/v2-0490", data["reason"], data["text"])]
    return [made]


def diagnosis(person: SyntheticPerson, step: Step) -> list[Resource]:
    data = step.data
    made = _made(
        "Condition",
        data["id"],
        person,
        code=_coded(ICD10, data["code"], data.get("text", "Malignant neoplasm of upper lobe, right bronchus or lung")),
        onsetDateTime=step.at.isoformat(),
        recordedDate=step.at.isoformat(),
        clinicalStatus=_coded("http://terminology.hl7.org/CodeSystem/condition-clinical", "active", "Active"),
        verificationStatus=_coded("http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed", "Confirmed"),
    )
    if data.get("stage"):
        made["stage"] = [{"summary": {"text": f"Stage {data['stage']}"}}]
    return [made]


def test_ordered(person: SyntheticPerson, step: Step) -> list[Resource]:
    asked = _order(person, step, _panel(step.data), specimen=[{"reference": f"Specimen/{step.data['accession']}"}])
    return [asked, _block(person, step)]


def _block(person: SyntheticPerson, step: Step) -> Resource:
    """The specimen that an order or a report is about."""
    accession = step.data["accession"]
    code, text = SPECIMENS[step.data.get("specimen_class", "tissue")]
    return _made(
        "Specimen", accession, person, accessionIdentifier={"value": accession}, status="available", type=_coded(SNOMED, code, text)
    )


def _panel(data: dict[str, Any]) -> Resource:
    if data.get("gene"):
        return _coded(LOINC, "51969-4", "Genetic analysis report")
    if data.get("specimen_class") == "plasma":
        return _coded(LOINC, "55232-3", "Genetic analysis summary panel, circulating tumor DNA")
    return _coded(LOINC, "81247-9", "Master HL7 genetic variant reporting panel")


def _result(status: str) -> Writer:
    def write(person: SyntheticPerson, step: Step) -> list[Resource]:
        data = step.data
        lines = _phenotype(person, data) if data.get("gene") else _lines(person, data["id"], data["report"]) if "report" in data else []
        report = _made(
            "DiagnosticReport",
            data["id"],
            person,
            identifier=[{"type": {"coding": [{"code": "FILL"}]}, "system": FILLER, "value": data["id"]}],
            status=status,
            category=[{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "GE"}]}],
            code=_panel(data),
            issued=data.get("corrected_at", step.at).isoformat(),
            effectiveDateTime=step.at.isoformat(),
            basedOn=[{"reference": f"ServiceRequest/{data['order']}", "identifier": {"system": PLACER, "value": data["order"]}}],
            specimen=[{"reference": f"Specimen/{data['accession']}"}],
            result=[{"reference": f"Observation/{each['id']}"} for each in lines],
        )
        if "text" in data:
            report["conclusion"] = data["text"]
        return [report, _block(person, step), *lines]

    return write


def _lines(person: SyntheticPerson, number: str, report: Report) -> list[Resource]:
    made = [_variant(person, f"{number}g{n}", gene, report) for n, gene in enumerate(GENES, 1)]
    score = {"value": report.tps, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"}
    pd_l1 = _made(
        "Observation", f"{number}p", person, status="final", code=_coded(LOINC, "85147-7", "PD-L1 by clone 22C3"), valueQuantity=score
    )
    return [*made, pd_l1]


def _variant(person: SyntheticPerson, number: str, gene: str, report: Report) -> Resource:
    found = report.present if report.present and report.present.gene == gene else None
    value = ("LA9633-4", "Present") if found else ("LA9634-2", "Absent")
    parts = [{"code": _coded(LOINC, "48018-6", "Gene studied"), "valueCodeableConcept": {"text": gene}}]
    if found and found.protein:
        parts.append({"code": _coded(LOINC, "48005-3", "p.HGVS"), "valueCodeableConcept": {"text": found.protein}})
    elif found:
        parts.append({"code": _coded(LOINC, "48019-4", "DNA change type"), "valueCodeableConcept": {"text": "gene fusion"}})
    code = _coded(LOINC, "69548-6", "Genetic variant assessment")
    return _made("Observation", number, person, status="final", code=code, valueCodeableConcept=_coded(LOINC, *value), component=parts)


def _phenotype(person: SyntheticPerson, data: dict[str, Any]) -> list[Resource]:
    code = _coded(LOINC, "79714-2", f"{data['gene']} gene product metabolic activity interpretation")
    return [_made("Observation", f"{data['id']}m", person, status="final", code=code, valueCodeableConcept={"text": data["phenotype"]})]


def _medicine(drug: Drug) -> Resource:
    return _coded(RXNORM, drug.rxcui, drug.text)


def drug_ordered(person: SyntheticPerson, step: Step) -> list[Resource]:
    data = step.data
    made = _made("MedicationRequest", data["id"], person, status="active", intent="order", authoredOn=step.at.isoformat())
    return [made | {"medicationCodeableConcept": _medicine(data["drug"])}]


def drug_dispensed(person: SyntheticPerson, step: Step) -> list[Resource]:
    data = step.data
    asked = [{"reference": f"MedicationRequest/{data['order']}"}]
    made = _made(
        "MedicationDispense", data["id"], person, status="completed", whenHandedOver=step.at.isoformat(), authorizingPrescription=asked
    )
    return [made | {"medicationCodeableConcept": _medicine(data["drug"])}]


def drug_administered(person: SyntheticPerson, step: Step) -> list[Resource]:
    data = step.data
    asked = {"reference": f"MedicationRequest/{data['order']}"}
    made = _made("MedicationAdministration", data["id"], person, status="completed", effectiveDateTime=step.at.isoformat(), request=asked)
    return [made | {"medicationCodeableConcept": _medicine(data["drug"])}]


def pa_submitted(person: SyntheticPerson, step: Step) -> list[Resource]:
    data = step.data
    item = {"sequence": 1, "productOrService": _medicine(data["drug"])}
    return [
        _made(
            "Claim",
            data["id"],
            person,
            status="active",
            use="preauthorization",
            created=step.at.isoformat(),
            item=[item],
            type={"coding": [{"code": "pharmacy"}]},
        )
    ]


def _payer(code: str, words: str) -> Writer:
    def write(person: SyntheticPerson, step: Step) -> list[Resource]:
        data = step.data
        action: Resource = {"url": "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/extension-reviewAction"}
        review: Resource = {"url": "http://hl7.org/fhir/us/davinci-pas/StructureDefinition/extension-reviewActionCode"}
        review |= {"valueCodeableConcept": _coded("https://codesystem.x12.org/005010/306", code, words)}
        judged: Resource = {"category": {"coding": [{"code": "submitted"}]}, "extension": [action | {"extension": [review]}]}
        return [
            _made(
                "ClaimResponse",
                f"{data['id']}{code}",
                person,
                status="active",
                use="preauthorization",
                created=step.at.isoformat(),
                outcome="complete",
                disposition=data.get("reason", words),
                preAuthRef=f"PA{data['id']}",
                type={"coding": [{"code": "pharmacy"}]},
                request={"reference": f"Claim/{data['id']}", "identifier": {"value": data["id"]}},
                item=[{"itemSequence": 1, "adjudication": [judged]}],
            )
        ]

    return write


WRITERS: dict[str, Writer] = {
    "referral": referral,
    "biopsy_ordered": biopsy_ordered,
    "visit_booked": _visit("booked"),
    "visit_missed": _visit("noshow"),
    "visit_kept": _visit("fulfilled"),
    "biopsy_done": biopsy_done,
    "specimen_collected": specimen,
    "specimen_received": specimen,
    "specimen_rejected": specimen,
    "diagnosis": diagnosis,
    "test_ordered": test_ordered,
    "result_partial": _result("partial"),
    "result_final": _result("final"),
    "result_corrected": _result("corrected"),
    "result_failed": _result("cancelled"),
    "drug_ordered": drug_ordered,
    "drug_dispensed": drug_dispensed,
    "drug_administered": drug_administered,
}
PAYER = {"pa_submitted": pa_submitted, "pa_approved": _payer("A1", "Certified in total"), "pa_denied": _payer("A3", "Not certified")}
