"""Registration, referral, visits, procedures, diagnoses, drugs, death: what the hospital's own systems say."""

from __future__ import annotations

from datetime import datetime

from config.demo.course import Step
from config.demo.directory import orderer
from config.demo.findings import Drug
from config.demo.people import SyntheticPerson

from .envelope import HOSPITAL, Writer, message, ordered_by, stamp


def register(person: SyntheticPerson, sent: datetime, control: str) -> str:
    insurance = f"IN1|1|{person.payer.upper()}|{person.payer.upper()}|{person.payer}" if person.payer else ""
    return message("ADT^A04^ADT_A01", control, sent, person, f"EVN|A04|{stamp(sent)}", _mother(person), "PV1|1|O|PULM^^^HARBOR", insurance)


def _mother(child: SyntheticPerson) -> str:
    """NK1 of a child."""
    phone = f"^PRN^CP^^1^{child.mothers_phone[2:5]}^{child.mothers_phone[5:]}" if child.mothers_phone else ""
    language = "spa^Spanish" if child.language == "es" else "eng^English"
    return f"NK1|1|{child.family}^{child.mother}|MTH^Mother^HL70063||{phone}{'|' * 15}{language}" if child.mother else ""


def merge(person: SyntheticPerson, other: str, sent: datetime, control: str) -> str:
    """`other` was the same person; `person.mrn` stays."""
    return message("ADT^A40^ADT_A39", control, sent, person, f"EVN|A40|{stamp(sent)}", f"MRG|{other}^^^{HOSPITAL}^MR")


def referral(person: SyntheticPerson, step: Step, control: str, sent: datetime) -> str:
    data = step.data
    return message(
        "REF^I12^REF_I12",
        control,
        sent,
        person,
        f"RF1|P^Pending^HL70283|R^Routine^HL70280|MED^Medical^HL70281|WR^Send written report^HL70282|O^Outpatient^HL70284|{data['id']}^{HOSPITAL}|{stamp(step.at)}|||{data['code']}^{data['text']}^I10C",
        f"PRD|RT^Referred to provider^HL70286|{orderer(person).family}^{orderer(person).given}^^^Dr|||||{orderer(person).npi}^NPI",
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
        f"ORC|NW|{order}|||SC||||{stamp(step.at)}|||{ordered_by(person)}",
        f"OBR|1|{order}||32408^Core needle biopsy of lung^C4|||||||||||||{ordered_by(person)}",
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


def _coded(drug: Drug) -> str:
    return f"{drug.rxcui}^{drug.text}^RXNORM"


def drug_ordered(person: SyntheticPerson, step: Step, control: str, sent: datetime) -> str:
    drug: Drug = step.data["drug"]
    return message(
        "RDE^O11^RDE_O11",
        control,
        sent,
        person,
        f"ORC|NW|{step.data['id']}^{HOSPITAL}|||||||{stamp(step.at)}|||{ordered_by(person)}",
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
    "diagnosis": diagnosis,
    "drug_ordered": drug_ordered,
    "drug_dispensed": drug_dispensed,
    "drug_administered": drug_administered,
    "death": death,
}
