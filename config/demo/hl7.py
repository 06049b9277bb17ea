"""Steps as HL7 v2.5.1 messages, as the first hospital's systems and its laboratory send them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from .course import ZONES, Step
from .findings import GENES, Drug, Report
from .people import SyntheticPerson

HOSPITAL = "HARBOR"
RACE_NAMES = {"2106-3": "White", "2054-5": "Black or African American", "2028-9": "Asian", "2131-1": "Other Race"}
ORDERER = "1932102134^Lund^Petra^^^Dr^^^NPI"
PANEL = "81247-9^Master HL7 genetic variant reporting panel^LN"
PLASMA_PANEL = "55232-3^Genetic analysis summary panel, circulating tumor DNA^LN"
PATHOLOGY = "60568-3^Pathology Synoptic report^LN"
CYP2C19_PANEL = "51969-4^Genetic analysis report^LN"
LUNG_CANCER = "C34.11^Malignant neoplasm of upper lobe, right bronchus or lung^I10C"
SPECIMENS = {
    "tissue": "TISS^Tissue, formalin-fixed paraffin-embedded^HL70487",
    "plasma": "PLAS^Plasma^HL70487",
    "saliva": "SAL^Saliva^HL70487",
}
Writer = Callable[[SyntheticPerson, Step, str, datetime], str]


@lru_cache(maxsize=4)
def _zone(site: str) -> ZoneInfo:
    return ZoneInfo(ZONES[site])


def stamp(when: datetime, site: str = "harbor") -> str:
    """Local time with offset, to the second."""
    return when.astimezone(_zone(site)).strftime("%Y%m%d%H%M%S%z")


def message(
    kind: str, control: str, sent: datetime, person: SyntheticPerson, *segments: str, lab: bool = False, died: datetime | None = None
) -> str:
    """MSH and PID before `segments`. `kind` as in MSH-9."""
    sender = "LABLINK|NORTHLAB" if lab else f"CAREWARE|{HOSPITAL}"
    head = f"MSH|^~\\&|{sender}|FINALMILE|{HOSPITAL}|{stamp(sent)}||{kind}|{control}|P|2.5.1"
    return "\r".join((head, pid(person, died), *(segment for segment in segments if segment))) + "\r"


def pid(person: SyntheticPerson, died: datetime | None = None) -> str:
    fields = [""] * 31
    fields[0], fields[1] = "PID", "1"
    fields[3] = f"{person.mrn}^^^{HOSPITAL}^MR"
    fields[5] = f"{person.family}^{person.given}^^^^^L"
    fields[7] = person.born.strftime("%Y%m%d")
    fields[8] = person.sex[0].upper()
    fields[10] = f"{person.race}^{RACE_NAMES[person.race]}^CDCREC" if person.race else ""
    fields[11] = f"1 Fiction Street^^Boston^MA^{person.postal_code}^USA"
    fields[13] = f"^PRN^CP^^1^{person.phone[2:5]}^{person.phone[5:]}" if person.phone else ""
    fields[15] = "spa^Spanish^ISO639" if person.language == "es" else "eng^English^ISO639"
    fields[22] = f"{person.ethnicity}^^CDCREC" if person.ethnicity else ""
    if died:
        fields[29], fields[30] = stamp(died), "Y"
    return "|".join(fields).rstrip("|")


def register(person: SyntheticPerson, sent: datetime, control: str) -> str:
    insurance = f"IN1|1|{person.payer.upper()}|{person.payer.upper()}|{person.payer}" if person.payer else ""
    return message("ADT^A04^ADT_A01", control, sent, person, f"EVN|A04|{stamp(sent)}", "PV1|1|O|PULM^^^HARBOR", insurance)


def merge(person: SyntheticPerson, other: str, sent: datetime, control: str) -> str:
    """`other` was the same person; `person.mrn` stays."""
    return message("ADT^A40^ADT_A39", control, sent, person, f"EVN|A40|{stamp(sent)}", f"MRG|{other}^^^{HOSPITAL}^MR")


def potassium(person: SyntheticPerson, sent: datetime, control: str) -> str:
    """What a live result feed is full of."""
    test, at = "2823-3^Potassium [Moles/volume] in Serum or Plasma^LN", stamp(sent)
    lines = f"OBR|1||K{control}^NORTHLAB|{test}|||{at}|||||||||||||||{at}||CH|F", f"OBX|1|NM|{test}||4.2|mmol/L|3.5-5.1|N|||F|||{at}"
    return message("ORU^R01^ORU_R01", control, sent, person, *lines, lab=True)


def referral(person: SyntheticPerson, step: Step, control: str, sent: datetime) -> str:
    data = step.data
    return message(
        "REF^I12^REF_I12",
        control,
        sent,
        person,
        f"RF1|P^Pending^HL70283|R^Routine^HL70280|MED^Medical^HL70281|WR^Send written report^HL70282|O^Outpatient^HL70284|{data['id']}^{HOSPITAL}|{stamp(step.at)}|||{data['code']}^{data['text']}^I10C",
        f"PRD|RT^Referred to provider^HL70286|Lund^Petra^^^Dr|||||{ORDERER.split('^')[0]}^NPI",
        f"DG1|1||{data['code']}^{data['text']}^I10C|{data['text']}|{stamp(step.at)}|W",
    )


def biopsy_ordered(person: SyntheticPerson, step: Step, control: str, sent: datetime) -> str:
    order = f"{step.data['id']}^{HOSPITAL}"
    return message(
        "ORM^O01^ORM_O01",
        control,
        sent,
        person,
        "PV1|1|O|PULM^^^HARBOR",
        f"ORC|NW|{order}|||SC||||{stamp(step.at)}|||{ORDERER}",
        f"OBR|1|{order}||32408^Core needle biopsy of lung^C4|||||||||||||{ORDERER}",
        "DG1|1||R91.1^Solitary pulmonary nodule^I10C|||W",
    )


def _visit(event: str, status: str) -> Writer:
    def write(person: SyntheticPerson, step: Step, control: str, sent: datetime) -> str:
        data = step.data
        start = stamp(data["start"])
        return message(
            f"SIU^{event}^SIU_S12",
            control,
            sent,
            person,
            f"SCH|{data['id']}^{HOSPITAL}|{data['id']}^{HOSPITAL}|||||^Visit|VISIT^Visit|60|MIN|^^60^{start}||||||||||||||{status}^{status}^HL70278",
            "RGS|1",
            f"AIS|1||PROC^Procedure visit^L|{start}|||60|MIN||{status}",
        )

    return write


def pathology_report(person: SyntheticPerson, step: Step, control: str, sent: datetime) -> str:
    data = step.data
    return message(
        "ORU^R01^ORU_R01",
        control,
        sent,
        person,
        f"OBR|1||{data['id']}^NORTHLAB|{PATHOLOGY}|||{stamp(data['collected'])}|||||||||{ORDERER}||||||{stamp(step.at)}||SP|F",
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
    test = PATHOLOGY if what == "tissue" and not order else PLASMA_PANEL if what == "plasma" else PANEL
    placer = f"{order}^{HOSPITAL}" if order and not collected else ""
    obr = f"OBR|1|{placer}||{test}||||||||||||{ORDERER}||||||{stamp(step.at)}|||{'X' if reject else 'I'}"
    return message("OUL^R22^OUL_R22", control, sent, person, "|".join(fields).rstrip("|"), obr, lab=True)


def test_ordered(person: SyntheticPerson, step: Step, control: str, sent: datetime) -> str:
    data = step.data
    what = data.get("specimen_class", "tissue")
    code = CYP2C19_PANEL if data.get("gene") else PLASMA_PANEL if what == "plasma" else PANEL
    order = f"{data['id']}^{HOSPITAL}"
    return message(
        "OML^O21^OML_O21",
        control,
        sent,
        person,
        f"ORC|NW|{order}|||SC||||{stamp(step.at)}|||{ORDERER}",
        f"OBR|1|{order}||{code}||||||||||||{ORDERER}|||||||||||||||{'' if data.get('gene') else LUNG_CANCER}",
        f"SPM|1|{data['accession']}&{HOSPITAL}||{SPECIMENS[what]}",
    )


def diagnosis(person: SyntheticPerson, step: Step, control: str, sent: datetime) -> str:
    data = step.data
    words = "Adenocarcinoma of right upper lobe of lung" if data["code"] == "C34.11" else data.get("text", "")
    words += f", stage {data['stage']}" if data.get("stage") else ""
    dg1 = f"DG1|1||{data['code']}^{words}^I10C|{words}|{stamp(step.at)}|F||||||||||||||{data['id']}"
    return message("ADT^A08^ADT_A01", control, sent, person, f"EVN|A08|{stamp(sent)}", "PV1|1|O|ONC^^^HARBOR", dg1)


def biopsy_done(person: SyntheticPerson, step: Step, control: str, sent: datetime) -> str:
    pr1 = f"PR1|1||32408^Core needle biopsy of lung^C4|Core needle biopsy of lung|{stamp(step.at)}||||||||||||||PR{step.data['id']}"
    return message("ADT^A08^ADT_A01", control, sent, person, f"EVN|A08|{stamp(sent)}", "PV1|1|O|PULM^^^HARBOR", pr1)


def death(person: SyntheticPerson, step: Step, control: str, sent: datetime) -> str:
    return message("ADT^A08^ADT_A01", control, sent, person, f"EVN|A08|{stamp(sent)}", "PV1|1|O|ONC^^^HARBOR", died=step.at)


def _result(status: str) -> Writer:
    def write(person: SyntheticPerson, step: Step, control: str, sent: datetime) -> str:
        data = step.data
        what = data.get("specimen_class", "tissue")
        lines = (
            _phenotype_lines(data)
            if data.get("gene")
            else report_lines(data["report"], status)
            if "report" in data
            else [_failure(data["text"])]
        )
        code = CYP2C19_PANEL if data.get("gene") else PLASMA_PANEL if what == "plasma" else PANEL
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
            f"OBR|1|{placer}|{filler}|{code}|||{collected}|||||||||{ORDERER}||||||{issued}||GE|{status}",
            *(f"OBX|{n}|{line}" for n, line in enumerate(lines, 1)),
            f"SPM|1|{data['accession']}&{HOSPITAL}^{data['accession']}&NORTHLAB||{SPECIMENS[what]}",
            lab=True,
        )

    return write


def report_lines(report: Report, status: str) -> list[str]:
    """Every gene of the panel with its value, grouped by OBX-4 as the LOINC variant panel does; then PD-L1."""
    lines: list[str] = []
    present = report.present
    for n, gene in enumerate(GENES, 1):
        found = present is not None and present.gene == gene
        value = "LA9633-4^Present^LN" if found else "LA9634-2^Absent^LN"
        lines.append(f"CWE|69548-6^Genetic variant assessment^LN|{n}|{value}||||||{status}")
        lines.append(f"CWE|48018-6^Gene studied^LN|{n}|^{gene}||||||{status}")
        if found and present is not None and present.protein:
            lines.append(f"ST|48005-3^Amino acid change p.HGVS^LN|{n}|{present.protein}||||||{status}")
            lines.append(f"ST|48004-6^DNA change c.HGVS^LN|{n}|{present.coding}||||||{status}")
        elif found:
            lines.append(f"CWE|48019-4^DNA change type^LN|{n}|^gene fusion||||||{status}")
    lines.append(f"SN|85147-7^PD-L1 by clone 22C3 [Percentage] in Tissue by Immune stain^LN||^{report.tps}|%|||||{status}")
    return lines


def _phenotype_lines(data: dict[str, str]) -> list[str]:
    return [f"CWE|79714-2^{data['gene']} gene product metabolic activity interpretation^LN||^{data['phenotype']}||||||F"]


def _failure(text: str) -> str:
    return f"TX|69548-6^Genetic variant assessment^LN||{text}||||||X"


def _coded(drug: Drug) -> str:
    return f"{drug.rxcui}^{drug.text}^RXNORM"


def drug_ordered(person: SyntheticPerson, step: Step, control: str, sent: datetime) -> str:
    drug: Drug = step.data["drug"]
    return message(
        "RDE^O11^RDE_O11",
        control,
        sent,
        person,
        f"ORC|NW|{step.data['id']}^{HOSPITAL}|||||||{stamp(step.at)}|||{ORDERER}",
        f"RXE|^^^{stamp(step.at)}|{_coded(drug)}|1||{'mg' if drug.route == 'iv' else 'TAB'}",
        f"RXR|{'IV^Intravenous' if drug.route == 'iv' else 'PO^Oral'}^HL70162",
    )


def drug_dispensed(person: SyntheticPerson, step: Step, control: str, sent: datetime) -> str:
    data = step.data
    return message(
        "RDS^O13^RDS_O13",
        control,
        sent,
        person,
        f"ORC|RE|{data['order']}^{HOSPITAL}|{data['id']}^PHARM||CM",
        f"RXD|1|{_coded(data['drug'])}|{stamp(step.at)}|30|TAB||{data['id']}",
        "RXR|PO^Oral^HL70162",
    )


def drug_administered(person: SyntheticPerson, step: Step, control: str, sent: datetime) -> str:
    data, at = step.data, stamp(step.at)
    return message(
        "RAS^O17^RAS_O17",
        control,
        sent,
        person,
        f"ORC|RE|{data['order']}^{HOSPITAL}|{data['id']}^PHARM||CM",
        f"RXA|0|1|{at}|{at}|{_coded(data['drug'])}|200|mg|||||||||||||CP|A",
        "RXR|IV^Intravenous^HL70162",
    )


WRITERS: dict[str, Writer] = {
    "referral": referral,
    "biopsy_ordered": biopsy_ordered,
    "biopsy_done": biopsy_done,
    "visit_booked": _visit("S12", "Booked"),
    "visit_missed": _visit("S26", "Noshow"),
    "visit_kept": _visit("S14", "Complete"),
    "specimen_collected": specimen_collected,
    "specimen_received": specimen_received,
    "specimen_rejected": specimen_rejected,
    "pathology_report": pathology_report,
    "diagnosis": diagnosis,
    "test_ordered": test_ordered,
    "result_partial": _result("P"),
    "result_final": _result("F"),
    "result_corrected": _result("C"),
    "result_failed": _result("X"),
    "drug_ordered": drug_ordered,
    "drug_dispensed": drug_dispensed,
    "drug_administered": drug_administered,
    "death": death,
}
