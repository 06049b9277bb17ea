"""Orders, specimens and reports as FHIR resources."""

from __future__ import annotations

from typing import Any

from config.demo.course import Step
from config.demo.findings import Report
from config.demo.people import SyntheticPerson

from .envelope import FILLER, ICD10, LOINC, PLACER, SNOMED, Resource, Writer, coded, order, resource

SPECIMENS = {
    "tissue": ("119376003", "Tissue specimen"),
    "plasma": ("119361006", "Plasma specimen"),
    "saliva": ("119342007", "Saliva specimen"),
    "blood": ("119297000", "Blood specimen"),
}


def specimen(person: SyntheticPerson, step: Step) -> list[Resource]:
    """Collected, received or refused: versions of one resource as they come."""
    data = step.data
    accession = data.get("accession") or data["id"]
    code, text = SPECIMENS[data.get("specimen_class", "tissue")]
    made = resource(
        "Specimen", accession, person, accessionIdentifier={"value": accession}, status="available", type=coded(SNOMED, code, text)
    )
    if step.kind == "specimen_collected":
        made["collection"] = {"collectedDateTime": step.at.isoformat()}
        if data.get("test"):
            made["request"] = [{"reference": f"ServiceRequest/{data['order']}"}]
    elif step.kind == "specimen_received":
        made["receivedTime"] = step.at.isoformat()
        made["request"] = [{"reference": f"ServiceRequest/{data['order']}"}]
    else:
        made |= {"status": "unsatisfactory", "meta": {"lastUpdated": step.at.isoformat()}}
        made["condition"] = [coded("http://terminology.hl7.org/CodeSystem/v2-0490", data["reason"], data["text"])]
    return [made]


def test_ordered(person: SyntheticPerson, step: Step) -> list[Resource]:
    why = {"reasonCode": [coded(ICD10, *step.data["reason"])]} if "reason" in step.data else {}
    asked = order(person, step, _panel(step.data), specimen=[{"reference": f"Specimen/{step.data['accession']}"}], **why)
    return [asked, _block(person, step)]


def _block(person: SyntheticPerson, step: Step) -> Resource:
    """The specimen that an order or a report is about."""
    accession = step.data["accession"]
    code, text = SPECIMENS[step.data.get("specimen_class", "tissue")]
    return resource(
        "Specimen", accession, person, accessionIdentifier={"value": accession}, status="available", type=coded(SNOMED, code, text)
    )


def _panel(data: dict[str, Any]) -> Resource:
    if data.get("test"):
        return {"text": data["test"]}
    if data.get("gene"):
        return coded(LOINC, "51969-4", "Genetic analysis report")
    if data.get("specimen_class") == "plasma":
        return coded(LOINC, "55232-3", "Genetic analysis summary panel, circulating tumor DNA")
    return coded(LOINC, "81247-9", "Master HL7 genetic variant reporting panel")


def _result(status: str) -> Writer:
    def write(person: SyntheticPerson, step: Step) -> list[Resource]:
        data = step.data
        lines = (
            _answers(person, data)
            if "answers" in data
            else _phenotype(person, data)
            if data.get("gene")
            else _lines(person, data["id"], data["report"])
            if "report" in data
            else []
        )
        report = resource(
            "DiagnosticReport",
            data["id"],
            person,
            identifier=[{"type": {"coding": [{"code": "FILL"}]}, "system": FILLER, "value": data["id"]}],
            status=status,
            category=[{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "GE"}]}],
            code=_panel(data),
            issued=data.get("corrected_at", step.at).isoformat(),
            effectiveDateTime=step.at.isoformat(),
            basedOn=[{"reference": f"ServiceRequest/{data['order']}", "identifier": {"system": PLACER, "value": data["order"]}}]
            if data["order"]
            else [],
            specimen=[{"reference": f"Specimen/{data['accession']}"}],
            result=[{"reference": f"Observation/{each['id']}"} for each in lines],
        )
        if "text" in data:
            report["conclusion"] = data["text"]
        return [report, _block(person, step), *lines]

    return write


def _lines(person: SyntheticPerson, number: str, report: Report) -> list[Resource]:
    made = [_variant(person, f"{number}g{n}", gene, report) for n, gene in enumerate(report.genes, 1)]
    if report.markers:
        return made + [
            resource(
                "Observation", f"{number}m{n}", person, status="final", code=coded(LOINC, code, name), valueCodeableConcept={"text": said}
            )
            for n, (code, name, said) in enumerate(report.markers)
        ]
    score = {"value": report.tps, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"}
    pd_l1 = resource(
        "Observation", f"{number}p", person, status="final", code=coded(LOINC, "85147-7", "PD-L1 by clone 22C3"), valueQuantity=score
    )
    return [*made, pd_l1]


def _variant(person: SyntheticPerson, number: str, gene: str, report: Report) -> Resource:
    found = report.present if report.present and report.present.gene == gene else None
    value = ("LA9633-4", "Present") if found else ("LA9634-2", "Absent")
    parts = [{"code": coded(LOINC, "48018-6", "Gene studied"), "valueCodeableConcept": {"text": gene}}]
    if found and found.protein:
        parts.append({"code": coded(LOINC, "48005-3", "p.HGVS"), "valueCodeableConcept": {"text": found.protein}})
    elif found:
        parts.append({"code": coded(LOINC, "48019-4", "DNA change type"), "valueCodeableConcept": {"text": "gene fusion"}})
    if found and found.significance:
        judged = coded(LOINC, "53037-8", "Genetic variation clinical significance")
        parts.append({"code": judged, "valueCodeableConcept": coded(LOINC, found.significance, "")})
    code = coded(LOINC, "69548-6", "Genetic variant assessment")
    return resource("Observation", number, person, status="final", code=code, valueCodeableConcept=coded(LOINC, *value), component=parts)


def _phenotype(person: SyntheticPerson, data: dict[str, Any]) -> list[Resource]:
    code = coded(LOINC, "79714-2", f"{data['gene']} gene product metabolic activity interpretation")
    return [resource("Observation", f"{data['id']}m", person, status="final", code=code, valueCodeableConcept={"text": data["phenotype"]})]


def _answers(person: SyntheticPerson, data: dict[str, Any]) -> list[Resource]:
    return [
        resource("Observation", f"{data['id']}a{n}", person, status="final", code={"text": test}, valueCodeableConcept={"text": answer})
        for n, (test, answer) in enumerate(data["answers"], 1)
    ]


WRITERS: dict[str, Writer] = {
    "specimen_collected": specimen,
    "specimen_received": specimen,
    "specimen_rejected": specimen,
    "test_ordered": test_ordered,
    "result_partial": _result("partial"),
    "result_final": _result("final"),
    "result_corrected": _result("corrected"),
    "result_failed": _result("cancelled"),
}
