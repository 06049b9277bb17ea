"""What hospital, laboratory, pharmacy and clinic send about one invented person: real messages, each in a line or two.

HL7 v2.5.1 from the record, the laboratory and the pharmacy; FHIR R4 from the exchange; a CSV sheet for what no interface carries.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

HOSPITAL = "NORTH"
GENES = ("EGFR", "ALK", "ROS1", "BRAF", "KRAS", "MET", "RET", "ERBB2", "NTRK1", "NTRK2", "NTRK3", "NRG1")
PANEL = "81247-9^Master HL7 genetic variant reporting panel^LN"
PLASMA_PANEL = "55232-3^Genetic analysis summary panel, circulating tumor DNA^LN"
CYP2C19_PANEL = "51969-4^Genetic analysis report^LN"
VARIANT, GENE, PROTEIN = "69548-6^Genetic variant assessment^LN", "48018-6^Gene studied^LN", "48005-3^Amino acid change p.HGVS^LN"
PD_L1 = "85147-7^PD-L1 by clone 22C3 [Percentage] in Tissue by Immune stain^LN"
ACTIVITY = "79714-2^CYP2C19 gene product metabolic activity interpretation^LN"
SPECIMENS = {
    "tissue": "TISS^Tissue, formalin-fixed paraffin-embedded^HL70487",
    "plasma": "PLAS^Plasma^HL70487",
    "saliva": "SAL^Saliva^HL70487",
    "blood": "BLD^Whole blood^HL70487",
}
PGX_PANEL = "PGXP^Pharmacogenomic panel, pre-emptive^L"
CODEINE, PAROXETINE, MORPHINE = "2670^codeine^RXNORM", "32937^paroxetine^RXNORM", "7052^morphine^RXNORM"
BRCA1_SINGLE_SITE = "BRCA1KV^BRCA1 known variant, confirmatory single site analysis^L"
RESIDUAL_TEST = "MRD^Minimal residual disease, tumor-informed ctDNA^L"
LUNG_CANCER = "C34.11^Malignant neoplasm of upper lobe, right bronchus or lung^I10C"
L858R, G12C = "p.Leu858Arg", "p.Gly12Cys"
OSIMERTINIB, PEMBROLIZUMAB, CARBOPLATIN = "1721560^osimertinib^RXNORM", "1547545^pembrolizumab^RXNORM", "40048^carboplatin^RXNORM"
CLOPIDOGREL, TICAGRELOR = "32968^clopidogrel^RXNORM", "1116632^ticagrelor^RXNORM"

_numbers = itertools.count(1)


class Letter(NamedTuple):
    """One message and the feed that brings it."""

    feed: str
    body: bytes


@dataclass(frozen=True)
class Chart:
    """One person as the hospital's systems know them. `clock` says when a message is written; `no` keeps everybody's numbers apart."""

    no: int
    family: str
    given: str
    born: str
    phone: str
    clock: Callable[[], datetime]

    @property
    def mrn(self) -> str:
        return f"{5000 + self.no}"

    def number(self, of: str) -> str:
        """This person's number of an order, a specimen or a report."""
        return f"{of}-{self.mrn}"

    # -- who the person is ------------------------------------------------------------------------------------------------------

    def registered(self) -> Letter:
        return self._hl7("ehr", "ADT^A04^ADT_A01", f"EVN|A04|{self._now()}", "PV1|1|O|PULM^^^NORTH")

    def admitted(self) -> Letter:
        return self._hl7("ehr", "ADT^A01^ADT_A01", f"EVN|A01|{self._now()}", "PV1|1|I|4WEST^^^NORTH", "")

    def died(self) -> Letter:
        return self._hl7("ehr", "ADT^A08^ADT_A01", f"EVN|A08|{self._now()}", "PV1|1|O|ONC^^^NORTH", died=True)

    def lives_after_all(self) -> Letter:
        """PID-30 `N` from the same registration that had said *dead*."""
        return self._hl7("ehr", "ADT^A08^ADT_A01", f"EVN|A08|{self._now()}", "PV1|1|O|ONC^^^NORTH", died=False)

    def became(self, survivor: Chart) -> Letter:
        """A40: this record was the survivor's all along."""
        mrg = f"MRG|{self.mrn}^^^{HOSPITAL}^MR"
        return survivor._hl7("ehr", "ADT^A40^ADT_A39", f"EVN|A40|{self._now()}", mrg, pid_last=True)

    def parted_from(self, survivor: Chart) -> Letter:
        """A37: the two are different people after all."""
        evn = f"EVN|A37|{self._now()}"
        return survivor._hl7("ehr", "ADT^A37^ADT_A37", evn, self._pid(), pid_last=True)

    def agrees_to_texts(self, *, decision: str = "permit") -> Letter:
        """FHIR Consent, as the registration desk files it."""
        category = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "SMS"}], "text": "text messages"}
        return self._fhir(
            {
                "resourceType": "Consent",
                "id": f"consent{self.mrn}",
                "status": "active",
                "scope": {"coding": [{"code": "patient-privacy"}]},
                "category": [category],
                "dateTime": self.clock().isoformat(),
                "provision": {"type": decision, "code": [{"text": "text messages"}]},
            },
            whom="patient",
        )

    # -- onto the pathway -------------------------------------------------------------------------------------------------------

    def referred(self) -> Letter:
        rf1 = f"RF1|P^Pending^HL70283|R^Routine^HL70280|MED^Medical^HL70281|||{self.number('REF')}^{HOSPITAL}|{self._now()}|||R91.1^Solitary pulmonary nodule^I10C"
        return self._hl7("ehr", "REF^I12^REF_I12", rf1, "PRD|RT^Referred to provider^HL70286|Lund^Petra^^^Dr")

    def has_lung_cancer(self, stage: str = "IV") -> Letter:
        """A final diagnosis by ADT; without a stage it is a candidate only."""
        words = "Adenocarcinoma of right upper lobe of lung" + (f", stage {stage}" if stage else "")
        dg1 = f"DG1|1||C34.11^{words}^I10C|{words}|{self._now()}|F||||||||||||||{self.number('DX')}"
        return self._hl7("ehr", "ADT^A08^ADT_A01", f"EVN|A08|{self._now()}", "PV1|1|O|ONC^^^NORTH", dg1)

    def condition(self, stage: str = "Stage IV") -> Letter:
        """The same by FHIR."""
        code = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "C34.11", "display": "Adenocarcinoma of upper lobe"}]}
        return self._fhir(
            {
                "resourceType": "Condition",
                "id": self.number("DX"),
                "code": code,
                "verificationStatus": {"coding": [{"code": "confirmed"}]},
                "stage": [{"summary": {"text": stage}}],
                "onsetDateTime": self.clock().isoformat(),
            }
        )

    # -- order, tissue, visit ---------------------------------------------------------------------------------------------------

    def test_ordered(self, order: str = "ORD", specimen: str = "tissue", test: str = PANEL) -> Letter:
        placer, reason = f"{self.number(order)}^{HOSPITAL}", LUNG_CANCER if test == PANEL else ""
        test = PLASMA_PANEL if specimen == "plasma" and test == PANEL else test
        spm = f"SPM|1|{self.number(f'S{order}')}&{HOSPITAL}||{SPECIMENS[specimen]}"
        orc = f"ORC|NW|{placer}|||SC||||{self._now()}|||1932102134^Lund^Petra^^^Dr^^^NPI"
        return self._hl7("ehr", "OML^O21^OML_O21", orc, f"OBR|1|{placer}||{test}{'|' * 27}{reason}", spm)

    def tissue_taken(self, accession: str = "ACC") -> Letter:
        return self._specimen(accession, collected=True)

    def blood_drawn(self, accession: str = "PACC", order: str = "PORD") -> Letter:
        return self._specimen(accession, order=order, collected=True, specimen="plasma")

    def saliva_taken(self) -> Letter:
        return self._specimen("SAL", order="GEN", collected=True, specimen="saliva")

    def tissue_at_lab(self, accession: str = "ACC", order: str = "ORD") -> Letter:
        return self._specimen(accession, order=order)

    def too_little_tissue(self, accession: str = "ACC") -> Letter:
        return self._specimen(accession, refused="QS^Quantity not sufficient^HL70490")

    def new_biopsy_ordered(self) -> Letter:
        placer = f"{self.number('BX')}^{HOSPITAL}"
        return self._hl7(
            "ehr", "ORM^O01^ORM_O01", f"ORC|NW|{placer}|||SC||||{self._now()}", f"OBR|1|{placer}||32408^Core needle biopsy of lung^C4"
        )

    def visit(self, start: datetime, *, came: bool | None = None, name: str = "VIS") -> Letter:
        """Booked; kept or missed once it is known. Another visit has another name."""
        event, status = {None: ("S12", "Booked"), True: ("S14", "Complete"), False: ("S26", "Noshow")}[came]
        at, name = _stamp(start), f"{self.number(name)}^{HOSPITAL}"
        sch = f"SCH|{name}|{name}|||||^Visit|VISIT^Visit|60|MIN|^^60^{at}{'|' * 14}{status}^{status}^HL70278"
        return self._hl7("ehr", f"SIU^{event}^SIU_S12", sch, "RGS|1", f"AIS|1||PROC^Procedure visit^L|{at}|||60|MIN||{status}")

    # -- results ----------------------------------------------------------------------------------------------------------------

    def report(
        self,
        status: str = "F",
        specimen: str = "tissue",
        order: str = "ORD",
        accession: str = "ACC",
        filler: str = "LAB",
        genes: Iterable[str] = GENES,
        **present: str,
    ) -> Letter:
        """A panel, every gene with its value; `EGFR=L858R` is present, the rest absent. Status P, F or C as in OBR-25."""
        lines = list(itertools.chain.from_iterable(_gene(n, gene, present.get(gene), status) for n, gene in enumerate(genes, 1)))
        if specimen == "tissue":
            lines.append(f"SN|{PD_L1}||^0|%|||||{status}")
        return self._result(PLASMA_PANEL if specimen == "plasma" else PANEL, lines, status, specimen, order, accession, filler)

    def consumer_report(self) -> Letter:
        """Raw data of a consumer test, as the portal passes it on."""
        lines = [*_germline("BRCA1", found=True), f"CWE|{ACTIVITY}||^Poor metabolizer||||||F"]
        return self._result("DTC^Direct-to-consumer raw data report^L", lines, "F", "saliva", "", "DTCS", "DTCR")

    def blood_for(self, order: str, test: str) -> Letter:
        obr = f"OBR|1|{self.number(order)}^{HOSPITAL}||{test}{'|' * 18}{self._now()}|||I"
        spm = ["SPM", "1", f"{self.number('B' + order)}&{HOSPITAL}", "", SPECIMENS["blood"], *[""] * 12, self._now()]
        return self._hl7("lab", "OUL^R22^OUL_R22", "|".join(spm), obr)

    def single_site(self, gene: str, *, found: bool) -> Letter:
        """The clinical laboratory looks for the one variant."""
        return self._result(BRCA1_SINGLE_SITE, _germline(gene, found=found), "F", "blood", "CONF", "BCONF", "RCONF")

    def panel_on_file(self, **phenotypes: str) -> Letter:
        """A panel taken before any drug needs it: `CYP2D6="Normal metabolizer"` and so on."""
        lines = [f"CWE|{gene}^{gene} gene product metabolic activity interpretation^L||^{said}||||||F" for gene, said in phenotypes.items()]
        return self._result(PGX_PANEL, lines, "F", "saliva", "PGX", "PGXS", "PGXR")

    def drug_stopped(self, drug: str, order: str) -> Letter:
        orc = f"ORC|DC|{self.number(order)}^{HOSPITAL}|||||||{self._now()}|||1932102134^Lund^Petra^^^Dr^^^NPI"
        return self._hl7("ehr", "RDE^O11^RDE_O11", orc, f"RXE|^^^{self._now()}|{drug}|1||TAB", "RXR|PO^Oral^HL70162")

    def residual_disease(self, accession: str, *, found: bool) -> Letter:
        answer = "0.42|MTM/mL" if found else "0|MTM/mL"
        return self._result(RESIDUAL_TEST, [f"NM|{RESIDUAL_TEST}||{answer}|||||F"], "F", "plasma", "MRD", accession, f"R{accession}")

    def phenotype(self, words: str) -> Letter:
        return self._result(CYP2C19_PANEL, [f"CWE|{ACTIVITY}||^{words}||||||F"], "F", "saliva", "GEN", "SAL", "GLAB")

    def potassium(self) -> Letter:
        """What a live result feed is full of."""
        test = "2823-3^Potassium [Moles/volume] in Serum or Plasma^LN"
        obr = f"OBR|1||K{next(_numbers)}^LAB|{test}|||{self._now()}|||||||||||||||{self._now()}||CH|F"
        return self._hl7("lab", "ORU^R01^ORU_R01", obr, f"OBX|1|NM|{test}||4.2|mmol/L|3.5-5.1|N|||F")

    # -- decision and drug ------------------------------------------------------------------------------------------------------

    def sheet(self, kind: str, **cells: str) -> Letter:
        """A row of the clinic's own sheet: what no interface carries."""
        row = {"mrn": self.mrn, "kind": kind, "date": self.clock().isoformat(), "id": f"{kind}-{self.mrn}-{self._now()}", **cells}
        return Letter("sheet", (",".join(row) + "\n" + ",".join(row.values()) + "\n").encode())

    def drug_ordered(self, drug: str = OSIMERTINIB, order: str = "RX") -> Letter:
        orc = f"ORC|NW|{self.number(order)}^{HOSPITAL}|||||||{self._now()}|||1932102134^Lund^Petra^^^Dr^^^NPI"
        return self._hl7("ehr", "RDE^O11^RDE_O11", orc, f"RXE|^^^{self._now()}|{drug}|1||TAB", "RXR|PO^Oral^HL70162")

    def drug_handed_over(self, drug: str = OSIMERTINIB, order: str = "RX", fill: int = 1, *, handed_over: bool = True) -> Letter:
        """Dispensed: ORC-5 `CM` says that the patient has it, anything else that it lies ready."""
        given = f"{self.number(f'FILL{fill}')}"
        orc = f"ORC|RE|{self.number(order)}^{HOSPITAL}|{given}^PHARM||{'CM' if handed_over else 'IP'}"
        return self._hl7("ehr", "RDS^O13^RDS_O13", orc, f"RXD|1|{drug}|{self._now()}|30|TAB||{given}", "RXR|PO^Oral^HL70162")

    def infusion(self, drug: str = PEMBROLIZUMAB, order: str = "IV") -> Letter:
        at = self._now()
        orc = f"ORC|RE|{self.number(order)}^{HOSPITAL}|{self.number(f'GIV{order}')}^PHARM||CM"
        return self._hl7("ehr", "RAS^O17^RAS_O17", orc, f"RXA|0|1|{at}|{at}|{drug}|200|mg{'|' * 13}CP|A", "RXR|IV^Intravenous^HL70162")

    # -- the payer --------------------------------------------------------------------------------------------------------------

    def payer_asked(self, *, urgent: bool = False) -> Letter:
        drug = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "1721560", "display": "osimertinib"}]}
        claim: dict[str, Any] = {
            "resourceType": "Claim",
            "id": self.number("PA"),
            "status": "active",
            "use": "preauthorization",
            "created": self.clock().isoformat(),
        }
        claim |= {"priority": {"coding": [{"code": "stat" if urgent else "normal"}]}, "insurer": {"display": "Fictional Health Plan"}}
        return self._fhir(claim | {"item": [{"sequence": 1, "productOrService": drug}]}, whom="patient")

    def payer_answers(self, action: str, reason: str = "") -> Letter:
        """X12 review action: A1 certified, A3 not certified, A4 pended."""
        code = {"coding": [{"system": "https://codesystem.x12.org/005010/306", "code": action}]}
        review = {
            "url": ".../extension-reviewAction",
            "extension": [{"url": ".../extension-reviewActionCode", "valueCodeableConcept": code}],
        }
        item = {"itemSequence": 1, "adjudication": [{"category": {"coding": [{"code": "submitted"}]}, "extension": [review]}]}
        return self._payer("preauthorization", f"{action}{next(_numbers)}", item, reason)

    def bill(self, *, paid: bool) -> Letter:
        benefit = {"category": {"coding": [{"code": "benefit"}]}, "amount": {"value": 900 if paid else 0, "currency": "USD"}}
        return self._payer(
            "claim", f"BILL{next(_numbers)}", {"itemSequence": 1, "adjudication": [benefit]}, "" if paid else "no authorization found"
        )

    def _payer(self, use: str, name: str, item: dict[str, Any], words: str) -> Letter:
        answer: dict[str, Any] = {
            "resourceType": "ClaimResponse",
            "id": f"{name}{self.mrn}",
            "status": "active",
            "use": use,
            "created": self.clock().isoformat(),
        }
        answer |= {"outcome": "complete", "disposition": words, "preAuthRef": self.number("AUTH"), "item": [item]}
        return self._fhir(answer | {"request": {"identifier": {"value": self.number("PA")}}}, whom="patient")

    # -- how it is written ------------------------------------------------------------------------------------------------------

    def _now(self) -> str:
        return _stamp(self.clock())

    def _hl7(self, feed: str, kind: str, *segments: str, died: bool | None = None, pid_last: bool = False) -> Letter:
        sender = "LAB|LAB" if feed == "lab" else f"EHR|{HOSPITAL}"
        head = f"MSH|^~\\&|{sender}|FINALMILE|{HOSPITAL}|{self._now()}||{kind}|{self.mrn}-{next(_numbers)}|P|2.5.1"
        pid = self._pid() + ("" if died is None else f"{'|' * 14}{self._now()}|Y" if died else f"{'|' * 15}N")
        lines = (head, segments[0], pid, *segments[1:]) if pid_last else (head, pid, *filter(None, segments))
        return Letter(feed, ("\r".join(lines) + "\r").encode())

    def _pid(self) -> str:
        number, name = f"{self.mrn}^^^{HOSPITAL}^MR", f"{self.family}^{self.given}^^^^^L"
        phone = f"^PRN^CP^^1^{self.phone[2:5]}^{self.phone[5:]}" if self.phone else ""
        who = f"PID|1||{number}||{name}||{self.born.replace('-', '')}|F|||1 Fiction Street^^Boston^MA^02118^USA"
        return f"{who}||{phone}||eng^English^ISO639"

    def _fhir(self, resource: dict[str, Any], whom: str = "subject") -> Letter:
        patient = {
            "resourceType": "Patient",
            "id": f"p{self.mrn}",
            "identifier": [{"type": {"coding": [{"code": "MR"}]}, "system": HOSPITAL, "value": self.mrn}],
            "name": [{"family": self.family, "given": [self.given]}],
            "birthDate": self.born,
        }
        entries = [patient, resource | {whom: {"reference": f"Patient/p{self.mrn}"}}]
        bundle = {
            "resourceType": "Bundle",
            "id": f"{self.mrn}-{next(_numbers)}",
            "type": "collection",
            "timestamp": self.clock().isoformat(),
            "entry": [{"fullUrl": f"https://fhir.example/{each['resourceType']}/{each['id']}", "resource": each} for each in entries],
        }
        return Letter("exchange", json.dumps(bundle).encode())

    def _specimen(self, accession: str, *, order: str = "", collected: bool = False, refused: str = "", specimen: str = "tissue") -> Letter:
        fields = [""] * 22
        fields[:5] = ["SPM", "1", f"{self.number(accession)}&{HOSPITAL}^{self.number(accession)}&LAB", "", SPECIMENS[specimen]]
        if refused:
            fields[20:22] = ["N", refused]
        else:
            fields[17 if collected else 18] = self._now()
        placer = f"{self.number(order)}^{HOSPITAL}" if order else ""
        test = {"plasma": PLASMA_PANEL, "saliva": CYP2C19_PANEL}.get(specimen, PANEL if order else "60568-3^Pathology Synoptic report^LN")
        obr = f"OBR|1|{placer}||{test}{'|' * 18}{self._now()}|||{'X' if refused else 'I'}"
        return self._hl7("lab", "OUL^R22^OUL_R22", "|".join(fields).rstrip("|"), obr)

    def _result(self, test: str, lines: list[str], status: str, specimen: str, order: str, accession: str, filler: str) -> Letter:
        placer, mine = f"{self.number(order)}^{HOSPITAL}" if order else "", f"{self.number(filler)}^LAB"
        obr = f"OBR|1|{placer}|{mine}|{test}{'|' * 18}{self._now()}||GE|{status}"
        spm = f"SPM|1|{self.number(accession)}&{HOSPITAL}^{self.number(accession)}&LAB||{SPECIMENS[specimen]}"
        numbered = (f"OBX|{n}|{line}" for n, line in enumerate(lines, 1))
        return self._hl7("lab", "ORU^R01^ORU_R01", f"ORC|RE|{placer}|{mine}", obr, *numbered, spm)


def _gene(n: int, gene: str, protein: str | None, status: str) -> list[str]:
    """One gene's lines, tied together by OBX-4 as the LOINC variant panel does."""
    value = "LA9633-4^Present^LN" if protein else "LA9634-2^Absent^LN"
    lines = [f"CWE|{VARIANT}|{n}|{value}||||||{status}", f"CWE|{GENE}|{n}|^{gene}||||||{status}"]
    return [*lines, f"ST|{PROTEIN}|{n}|{protein}||||||{status}"] if protein else lines


def _germline(gene: str, *, found: bool) -> list[str]:
    lines = _gene(1, gene, "p.Cys61Gly" if found else None, "F")
    lines.append("CWE|48002-0^Genomic source class^LN|1|LA6683-2^Germline^LN||||||F")
    return [*lines, "CWE|53037-8^Clinical significance^LN|1|LA6668-3^Pathogenic^LN||||||F"] if found else lines


def _stamp(when: datetime) -> str:
    return when.strftime("%Y%m%d%H%M%S%z")
