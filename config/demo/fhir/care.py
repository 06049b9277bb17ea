"""Registration, consent, referral, visits, procedures, diagnoses, drugs and the payer's answers as FHIR resources."""

from __future__ import annotations

from datetime import datetime

from config.demo.course import Step
from config.demo.findings import Drug
from config.demo.people import SyntheticPerson

from .envelope import ICD10, RXNORM, SNOMED, Resource, Writer, bundle, coded, of, order, resource


def register(person: SyntheticPerson, sent: datetime, control: str) -> bytes:
    cover = {
        "resourceType": "Coverage",
        "id": f"c{person.n}",
        "status": "active",
        "beneficiary": of(person),
        "payor": [{"display": person.payer}],
    }
    return bundle(person, [cover] if person.payer else [], sent, control)


def consent(person: SyntheticPerson, at: datetime) -> Resource:
    """Agreement to texts, as the registration desk files it."""
    scope = coded("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy", "Privacy Consent")
    category = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "SMS"}], "text": "text messages"}
    provision = {"type": "permit", "code": [{"text": "text messages"}]}
    return resource(
        "Consent", f"n{person.n}", person, status="active", scope=scope, category=[category], dateTime=at.isoformat(), provision=provision
    )


def referral(person: SyntheticPerson, step: Step) -> list[Resource]:
    data = step.data
    reason = coded(ICD10, data["code"], data["text"])
    asked = resource(
        "ServiceRequest",
        data["id"],
        person,
        status="active",
        intent="order",
        category=[coded(SNOMED, "3457005", "Patient referral")],
        code=coded(SNOMED, "306278003", "Referral to the lung clinic"),
        authoredOn=step.at.isoformat(),
        reasonCode=[reason],
    )
    return [asked]


def biopsy_ordered(person: SyntheticPerson, step: Step) -> list[Resource]:
    code = coded("http://www.ama-assn.org/go/cpt", "32408", "Core needle biopsy of lung")
    return [order(person, step, code)]


def _visit(status: str) -> Writer:
    def write(person: SyntheticPerson, step: Step) -> list[Resource]:
        start = step.data["start"].isoformat()
        who = [{"actor": of(person), "status": "accepted"}]
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
    code = coded("http://www.ama-assn.org/go/cpt", "32408", "Core needle biopsy of lung")
    asked = [{"reference": f"ServiceRequest/{step.data['id']}"}]
    return [
        resource(
            "Procedure", f"pr{step.data['id']}", person, status="completed", code=code, performedDateTime=step.at.isoformat(), basedOn=asked
        )
    ]


def diagnosis(person: SyntheticPerson, step: Step) -> list[Resource]:
    data = step.data
    made = resource(
        "Condition",
        data["id"],
        person,
        code=coded(ICD10, data["code"], data.get("text", "Malignant neoplasm of upper lobe, right bronchus or lung")),
        onsetDateTime=step.at.isoformat(),
        recordedDate=step.at.isoformat(),
        clinicalStatus=coded("http://terminology.hl7.org/CodeSystem/condition-clinical", "active", "Active"),
        verificationStatus=coded("http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed", "Confirmed"),
    )
    if data.get("stage"):
        made["stage"] = [{"summary": {"text": f"Stage {data['stage']}"}}]
    return [made]


def _medicine(drug: Drug) -> Resource:
    return coded(RXNORM, drug.rxcui, drug.text)


def drug_ordered(person: SyntheticPerson, step: Step) -> list[Resource]:
    data = step.data
    made = resource("MedicationRequest", data["id"], person, status="active", intent="order", authoredOn=step.at.isoformat())
    return [made | {"medicationCodeableConcept": _medicine(data["drug"])}]


def drug_dispensed(person: SyntheticPerson, step: Step) -> list[Resource]:
    data = step.data
    asked = [{"reference": f"MedicationRequest/{data['order']}"}]
    made = resource(
        "MedicationDispense", data["id"], person, status="completed", whenHandedOver=step.at.isoformat(), authorizingPrescription=asked
    )
    return [made | {"medicationCodeableConcept": _medicine(data["drug"])}]


def drug_administered(person: SyntheticPerson, step: Step) -> list[Resource]:
    data = step.data
    asked = {"reference": f"MedicationRequest/{data['order']}"}
    made = resource(
        "MedicationAdministration", data["id"], person, status="completed", effectiveDateTime=step.at.isoformat(), request=asked
    )
    return [made | {"medicationCodeableConcept": _medicine(data["drug"])}]


def pa_submitted(person: SyntheticPerson, step: Step) -> list[Resource]:
    data = step.data
    item = {"sequence": 1, "productOrService": _medicine(data["drug"])}
    return [
        resource(
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
        review |= {"valueCodeableConcept": coded("https://codesystem.x12.org/005010/306", code, words)}
        judged: Resource = {"category": {"coding": [{"code": "submitted"}]}, "extension": [action | {"extension": [review]}]}
        return [
            resource(
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
    "diagnosis": diagnosis,
    "drug_ordered": drug_ordered,
    "drug_dispensed": drug_dispensed,
    "drug_administered": drug_administered,
}
PAYER: dict[str, Writer] = {
    "pa_submitted": pa_submitted,
    "pa_approved": _payer("A1", "Certified in total"),
    "pa_denied": _payer("A3", "Not certified"),
}
