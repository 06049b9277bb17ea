"""The frame of the second hospital's FHIR R4 bundles: patient, references, codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from config.demo.course import Step
from config.demo.directory import Clinician, orderer
from config.demo.people import SyntheticPerson

AUTHORITY = "urn:oid:2.16.840.1.113883.19.5.99"
US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition"
LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
ICD10 = "http://hl7.org/fhir/sid/icd-10-cm"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
NPI = "http://hl7.org/fhir/sid/us-npi"
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
    if person.email:
        made["telecom"] = [*made.get("telecom", []), {"system": "email", "value": person.email}]
    if person.mother:
        made["contact"] = [_mother(person)]
    if died:
        made["deceasedDateTime"] = died.isoformat()
    return made


def _mother(child: SyntheticPerson) -> Resource:
    stated: Resource = {
        "relationship": [coded("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "MTH", "mother")],
        "name": {"family": child.family, "given": [child.mother]},
    }
    if child.mothers_phone:
        stated["telecom"] = [{"system": "phone", "use": "mobile", "value": child.mothers_phone}]
    return stated


def _origins(person: SyntheticPerson) -> list[Resource]:
    stated = (("us-core-race", person.race), ("us-core-ethnicity", person.ethnicity))
    return [
        {"url": f"{US_CORE}/{name}", "extension": [{"url": "ombCategory", "valueCoding": {"code": code}}]} for name, code in stated if code
    ]


def coded(system: str, code: str, text: str) -> Resource:
    return {"coding": [{"system": system, "code": code, "display": text}], "text": text}


def of(person: SyntheticPerson) -> Resource:
    return {"reference": f"Patient/p{person.n}"}


def resource(kind: str, number: str, person: SyntheticPerson, /, **fields: Any) -> Resource:
    whom = "patient" if kind in ("Claim", "ClaimResponse", "Consent") else "subject"
    return {"resourceType": kind, "id": number, whom: of(person), **fields}


def order(person: SyntheticPerson, step: Step, code: Resource, **more: Any) -> Resource:
    number = [{"type": {"coding": [{"code": "PLAC"}]}, "system": PLACER, "value": step.data["id"]}]
    return resource(
        "ServiceRequest",
        step.data["id"],
        person,
        identifier=number,
        status="active",
        intent="order",
        code=code,
        authoredOn=step.at.isoformat(),
        requester={"reference": "#who"},
        contained=[_clinician(orderer(person))],
        **more,
    )


def _clinician(who: Clinician) -> Resource:
    return {
        "resourceType": "Practitioner",
        "id": "who",
        "identifier": [{"system": NPI, "value": who.npi}],
        "name": [{"family": who.family, "given": [who.given]}],
    }
