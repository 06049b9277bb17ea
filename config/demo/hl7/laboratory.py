"""Orders, specimens and reports: what goes to the laboratory and what it answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from config.demo.course import Step
from config.demo.findings import Report
from config.demo.people import SyntheticPerson

from .envelope import HOSPITAL, LUNG_CANCER, Writer, message, ordered_by, stamp

PANEL = "81247-9^Master HL7 genetic variant reporting panel^LN"
PLASMA_PANEL = "55232-3^Genetic analysis summary panel, circulating tumor DNA^LN"
PATHOLOGY = "60568-3^Pathology Synoptic report^LN"
CYP2C19_PANEL = "51969-4^Genetic analysis report^LN"
SPECIMENS = {
    "tissue": "TISS^Tissue, formalin-fixed paraffin-embedded^HL70487",
    "plasma": "PLAS^Plasma^HL70487",
    "saliva": "SAL^Saliva^HL70487",
    "blood": "WB^Whole blood^HL70487",
}


def pathology_report(person: SyntheticPerson, step: Step, control: str, sent: datetime) -> str:
    data = step.data
    return message(
        "ORU^R01^ORU_R01",
        control,
        sent,
        person,
        f"OBR|1||{data['id']}^NORTHLAB|{PATHOLOGY}|||{stamp(data['collected'])}|||||||||{ordered_by(person)}||||||{stamp(step.at)}||SP|F",
        f"OBX|1|TX|22637-3^Pathology report final diagnosis^LN||Lung, right upper lobe, core needle biopsy: adenocarcinoma.||||||F|||{stamp(step.at)}",
        f"SPM|1|{data['accession']}&{HOSPITAL}^{data['accession']}&NORTHLAB||{SPECIMENS['tissue']}",
        lab=True,
    )


def specimen_collected(person: SyntheticPerson, step: Step, control: str, sent: datetime) -> str:
    return _specimen(person, step, control, sent, accession=step.data["id"], collected=stamp(step.at))


def specimen_received(person: SyntheticPerson, step: Step, control: str, sent: datetime) -> str:
    return _specimen(person, step, control, sent, accession=step.data["accession"], received=stamp(step.at), order=step.data["order"])


def specimen_rejected(person: SyntheticPerson, step: Step, control: str, sent: datetime) -> str:
    data = step.data
    return _specimen(person, step, control, sent, accession=data["accession"], reject=f"{data['reason']}^{data['text']}^HL70490")


def _specimen(
    person: SyntheticPerson,
    step: Step,
    control: str,
    sent: datetime,
    *,
    accession: str,
    collected: str = "",
    received: str = "",
    reject: str = "",
    order: str = "",
) -> str:
    what = step.data.get("specimen_class", "tissue")
    fields = [""] * 25
    fields[:5] = ["SPM", "1", f"{accession}&{HOSPITAL}^{accession}&NORTHLAB", "", SPECIMENS[what]]
    fields[17], fields[18] = collected, received
    if reject:
        fields[20], fields[21] = "N", reject
    test = named(step.data) or (PATHOLOGY if what == "tissue" and not order else PLASMA_PANEL if what == "plasma" else PANEL)
    order = order or (step.data["order"] if named(step.data) else "")
    placer = f"{order}^{HOSPITAL}" if order and (not collected or named(step.data)) else ""
    obr = f"OBR|1|{placer}||{test}||||||||||||{ordered_by(person)}||||||{stamp(step.at)}|||{'X' if reject else 'I'}"
    return message("OUL^R22^OUL_R22", control, sent, person, "|".join(fields).rstrip("|"), obr, lab=True)


def test_ordered(person: SyntheticPerson, step: Step, control: str, sent: datetime) -> str:
    data = step.data
    what = data.get("specimen_class", "tissue")
    code = named(data) or (CYP2C19_PANEL if data.get("gene") else PLASMA_PANEL if what == "plasma" else PANEL)
    order = f"{data['id']}^{HOSPITAL}"
    return message(
        "OML^O21^OML_O21",
        control,
        sent,
        person,
        f"ORC|NW|{order}|||SC||||{stamp(step.at)}|||{ordered_by(person)}",
        f"OBR|1|{order}||{code}||||||||||||{ordered_by(person)}|||||||||||||||{_reason(data)}",
        f"SPM|1|{data['accession']}&{HOSPITAL}||{SPECIMENS[what]}",
    )


def named(data: dict[str, Any]) -> str:
    """The coded test of a step that names its own, else blank."""
    return _local(data["test"]) if data.get("test") else ""


def _local(test: str) -> str:
    return f"{''.join(word[0] for word in test.split()).upper()}^{test}^L"


def _reason(data: dict[str, Any]) -> str:
    """Why the test was asked for: the tumour, the lung's where none is named."""
    if data.get("gene") or named(data):
        return ""
    return "{}^{}^I10C".format(*data["reason"]) if "reason" in data else LUNG_CANCER


def potassium(person: SyntheticPerson, sent: datetime, control: str) -> str:
    """What a live result feed is full of."""
    test, at = "2823-3^Potassium [Moles/volume] in Serum or Plasma^LN", stamp(sent)
    lines = f"OBR|1||K{control}^NORTHLAB|{test}|||{at}|||||||||||||||{at}||CH|F", f"OBX|1|NM|{test}||4.2|mmol/L|3.5-5.1|N|||F|||{at}"
    return message("ORU^R01^ORU_R01", control, sent, person, *lines, lab=True)


def _result(status: str) -> Writer:
    def write(person: SyntheticPerson, step: Step, control: str, sent: datetime) -> str:
        data = step.data
        what = data.get("specimen_class", "tissue")
        lines = (
            [f"CWE|{_local(test)}||^{answer}||||||{status}" for test, answer in data["answers"]]
            if "answers" in data
            else _phenotype_lines(data)
            if data.get("gene")
            else report_lines(data["report"], status)
            if "report" in data
            else [_failure(data["text"])]
        )
        code = named(data) or (CYP2C19_PANEL if data.get("gene") else PLASMA_PANEL if what == "plasma" else PANEL)
        placer = "" if data.get("foreign") else f"{data['order']}^{HOSPITAL}"
        filler = f"{data['id']}^NORTHLAB"
        collected = stamp(data["collected"])
        issued = stamp(data.get("corrected_at", step.at))
        return message(
            "ORU^R01^ORU_R01",
            control,
            sent,
            person,
            f"ORC|RE|{placer}|{filler}",
            f"OBR|1|{placer}|{filler}|{code}|||{collected}|||||||||{ordered_by(person)}||||||{issued}||GE|{status}",
            *(f"OBX|{n}|{line}" for n, line in enumerate(lines, 1)),
            f"SPM|1|{data['accession']}&{HOSPITAL}^{data['accession']}&NORTHLAB||{SPECIMENS[what]}",
            lab=True,
        )

    return write


def report_lines(report: Report, status: str) -> list[str]:
    """Every gene of the panel with its value, grouped by OBX-4 as the LOINC variant panel does; then PD-L1."""
    lines: list[str] = []
    present = report.present
    for n, gene in enumerate(report.genes, 1):
        found = present is not None and present.gene == gene
        value = "LA9633-4^Present^LN" if found else "LA9634-2^Absent^LN"
        lines.append(f"CWE|69548-6^Genetic variant assessment^LN|{n}|{value}||||||{status}")
        lines.append(f"CWE|48018-6^Gene studied^LN|{n}|^{gene}||||||{status}")
        if found and present is not None and present.protein:
            lines.append(f"ST|48005-3^Amino acid change p.HGVS^LN|{n}|{present.protein}||||||{status}")
            lines.append(f"ST|48004-6^DNA change c.HGVS^LN|{n}|{present.coding}||||||{status}")
        elif found:
            lines.append(f"CWE|48019-4^DNA change type^LN|{n}|^gene fusion||||||{status}")
        if found and present is not None and present.significance:
            lines.append(f"CWE|53037-8^Genetic variation clinical significance^LN|{n}|{present.significance}^^LN||||||{status}")
    if report.markers:
        return lines + [f"CWE|{code}^{name}^LN||^{said}||||||{status}" for code, name, said in report.markers]
    lines.append(f"SN|85147-7^PD-L1 by clone 22C3 [Percentage] in Tissue by Immune stain^LN||^{report.tps}|%|||||{status}")
    return lines


def _phenotype_lines(data: dict[str, str]) -> list[str]:
    return [f"CWE|79714-2^{data['gene']} gene product metabolic activity interpretation^LN||^{data['phenotype']}||||||F"]


def _failure(text: str) -> str:
    return f"TX|69548-6^Genetic variant assessment^LN||{text}||||||X"


WRITERS: dict[str, Writer] = {
    "specimen_collected": specimen_collected,
    "specimen_received": specimen_received,
    "specimen_rejected": specimen_rejected,
    "pathology_report": pathology_report,
    "test_ordered": test_ordered,
    "result_partial": _result("P"),
    "result_final": _result("F"),
    "result_corrected": _result("C"),
    "result_failed": _result("X"),
}
