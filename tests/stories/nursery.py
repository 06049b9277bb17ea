"""What a maternity ward, an intensive care unit and a screening laboratory send about a child, beside what every hospital sends."""

from __future__ import annotations

from dataclasses import dataclass

from .letters import HOSPITAL, Chart, Letter, _stamp
from .telling import Hospital

NEWBORN, NICU = "newborn-screening", "nicu-rapid-genome"
SCREEN = "54089-8^Newborn screening panel AHIC^LN"
REPORT = "57128-1^Newborn Screening Report summary panel^LN"
GENOME = "86206-0^Rapid whole genome sequence analysis, trio^LN"
IN_RANGE = "LA12428-1^All screening is in range for the conditions tested^LN"
OUT_OF_RANGE = "LA18944-1^Screen is out of range for at least one condition^LN"
SPOT = "440500007^Dried blood spot specimen^SCT"


@dataclass(frozen=True)
class Child(Chart):
    """A newborn: `born` is written as the sender writes PID-7, with the hour or without it."""

    def born_here(self, *next_of_kin: str) -> Letter:
        """The birth is registered; NK1 segments say who the parents are."""
        return self._hl7("ehr", "ADT^A01^ADT_A01", f"EVN|A01|{self._now()}", *next_of_kin, "PV1|1|N|NURSERY^^^NORTH")

    def goes_home(self) -> Letter:
        return self._hl7("ehr", "ADT^A03^ADT_A03", f"EVN|A03|{self._now()}", f"PV1|1|I|NICU^^^NORTH{'|' * 41}|{self._now()}")

    def into_intensive_care(self) -> Letter:
        return self._hl7("ehr", "ADT^A01^ADT_A01", f"EVN|A01|{self._now()}", "PV1|1|I|NICU^^^NORTH")

    def screen_ordered(self, order: str = "NBS") -> Letter:
        placer = f"{self.number(order)}^{HOSPITAL}"
        orc = f"ORC|NW|{placer}|||SC||||{self._now()}|||1932102134^Lund^Petra^^^Dr^^^NPI"
        return self._hl7("ehr", "OML^O21^OML_O21", orc, f"OBR|1|{placer}||{SCREEN}")

    def spot_taken(self, accession: str = "DBS", order: str = "NBS") -> Letter:
        return self._spot(accession, order, 17)

    def spot_at_lab(self, accession: str = "DBS", order: str = "NBS") -> Letter:
        return self._spot(accession, order, 18)

    def screened(
        self, answer: str = IN_RANGE, *, accession: str = "DBS", order: str = "NBS", flag: str = "", quality: str = "", condition: str = ""
    ) -> Letter:
        """The screening laboratory's report; with `quality` it could not use the spot and gives no answer."""
        lines = [f"CWE|57718-9^Sample quality of Dried blood spot^LN|1|{f'^{quality}' if quality else 'LA12432-3^Acceptable^LN'}||||||F"]
        if not quality:
            lines.append(f"CWE|57130-7^Newborn screening report - overall interpretation^LN|1|{answer}|||{flag}|||F")
        if condition:
            lines.append(f"CWE|57131-5^Newborn conditions with positive markers^LN|1|^{condition}||||||F")
        placer, filler = f"{self.number(order)}^{HOSPITAL}", f"{self.number(f'R{accession}')}^LAB"
        obr = f"OBR|1|{placer}|{filler}|{REPORT}{'|' * 18}{self._now()}|||F"
        spm = f"SPM|1|{self._container(accession)}||{SPOT}"
        obx = (f"OBX|{n}|{line}" for n, line in enumerate(lines, 1))
        return self._hl7("lab", "ORU^R01^ORU_R01", f"ORC|RE|{placer}|{filler}", obr, *obx, spm)

    def genome_ordered(self, order: str = "WGS") -> Letter:
        placer = f"{self.number(order)}^{HOSPITAL}"
        return self._hl7("ehr", "OML^O21^OML_O21", f"ORC|NW|{placer}|||SC||||{self._now()}", f"OBR|1|{placer}||{GENOME}")

    def blood_of(self, whom: str, order: str = "WGS") -> Letter:
        """`whom` is child, mother or father; the laboratory gets all three with the child's order."""
        placer, note = f"{self.number(order)}^{HOSPITAL}", "" if whom == "child" else f"Blood of the {whom}"
        fields = [
            "SPM",
            "1",
            self._container(f"B{whom[0].upper()}"),
            "",
            "119297000^Blood specimen^SCT",
            *[""] * 9,
            note,
            "",
            "",
            self._now(),
        ]
        return self._hl7("lab", "OUL^R22^OUL_R22", "|".join(fields), f"OBR|1|{placer}||{GENOME}{'|' * 18}{self._now()}|||I")

    def genome(self, status: str = "F", gene: str = "", protein: str = "", order: str = "WGS") -> Letter:
        """Status P is the provisional answer; without a gene nothing was found."""
        said = gene or "SCN1A"
        lines = [
            f"CWE|69548-6^Genetic variant assessment^LN|1|{'LA9633-4^Present^LN' if gene else 'LA9634-2^Absent^LN'}||||||{status}",
            f"CWE|48018-6^Gene studied^LN|1|^{said}||||||{status}",
        ]
        if gene:
            lines.append(f"ST|48005-3^Amino acid change p.HGVS^LN|1|{protein}||||||{status}")
            lines.append(f"CWE|53037-8^Genetic disease sequence variation interpretation^LN|1|LA6668-3^Pathogenic^LN||||||{status}")
        return self._result(GENOME, lines, status, "blood", order, "BC", "WGSLAB")

    def _spot(self, accession: str, order: str, field: int) -> Letter:
        fields = ["SPM", "1", self._container(accession), "", SPOT, *[""] * 14]
        fields[field] = self._now()
        placer = f"{self.number(order)}^{HOSPITAL}"
        return self._hl7(
            "lab", "OUL^R22^OUL_R22", "|".join(fields).rstrip("|"), f"OBR|1|{placer}||{REPORT}{'|' * 18}{_stamp(self.clock())}|||I"
        )

    def _container(self, accession: str) -> str:
        return f"{self.number(accession)}&{HOSPITAL}^{self.number(accession)}&LAB"


def opens(hospital: Hospital) -> None:
    """Both programmes for children go live."""
    for pathway in (NEWBORN, NICU):
        hospital.goes_live(pathway)


def child(hospital: Hospital, given: str = "Baby Boy", family: str = "Smith", born: str = "", phone: str = "") -> Child:
    """A child born now (or at `born`), of whom the hospital has not told us yet."""
    made = Child(len(hospital.known) + 1, family, given, born or hospital.now.strftime("%Y%m%d%H%M"), phone, lambda: hospital.now)
    hospital.known.append(made)
    return made
