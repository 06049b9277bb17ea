"""Children in messages: births, newborn screens, parents' samples, a rapid genome that is answered twice."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pathways.facts import Fact, Rank
from pathways.ingest.fhir import read as fhir_read
from pathways.ingest.hl7 import read as hl7_read
from pathways.ingest.message import FeedProfile, ParsedMessage

from .messages import fhir, hl7, loinc

IN, OUT = (
    "LA12428-1^All screening is in range for the conditions tested^LN",
    "LA18944-1^Screen is out of range for at least one condition^LN",
)
GENOME = "86206-0^Rapid whole genome sequence analysis^LN"


def heard(body: bytes) -> ParsedMessage:
    return hl7_read.read(body, FeedProfile())


def only(kind: str, facts: tuple[Fact, ...]) -> Fact:
    (found,) = (fact for fact in facts if fact.kind == kind)
    return found


def screen(*lines: str, status: str = "F") -> tuple[Fact, ...]:
    pid = "PID|1||B1^^^HOSP^MR||SMITH^BB SARAH||20260308131000"
    obr = f"OBR|1|ORD1|F1|57128-1^Newborn Screening Report summary panel^LN|||20260309150000|||||||||||||||20260310140000|||{status}"
    return heard(hl7(pid, "ORC|RE|ORD1|F1", obr, *lines)).facts


def line(n: int, code: str, value: str, flag: str = "") -> str:
    return f"OBX|{n}|CWE|{code}^x^LN||{value}|||{flag}|||F"


class TestScreens:
    @pytest.mark.parametrize(
        "words",
        [
            "Not normal, further filter paper testing required",
            "Screen is not in range for at least one condition",
            "Outside of normal limits",
            "Borderline",
        ],
    )
    def test_what_is_not_plainly_in_range_is_out_of_range(self, words: str) -> None:
        facts = screen(line(1, "57130-7^Overall interpretation^LN", f"L1^{words}^L"))
        assert only("screen_result", facts).body["answer"] == "out_of_range"

    def test_in_range_with_the_spots_date(self) -> None:
        facts = screen(line(1, "57718-9", "LA12432-3^Acceptable^LN"), line(2, "57130-7", IN))
        assert only("screen_result", facts).body == {"answer": "in_range", "text": "All screening is in range for the conditions tested"}
        assert only("specimen_collected", facts).body["specimen_class"] == "dried_blood_spot"

    @pytest.mark.parametrize(("flag", "urgency"), [("AA", "time_critical"), ("A", None), ("", None)])
    def test_out_of_range_is_urgent_only_where_the_report_says_so(self, flag: str, urgency: str | None) -> None:
        body = only("screen_result", screen(line(1, "57130-7", OUT, flag), line(2, "57131-5", "^MSUD"))).body
        assert (body["answer"], body.get("criticality"), body["condition"]) == ("out_of_range", urgency, "MSUD")

    @pytest.mark.parametrize(
        ("words", "reason"),
        [
            ("Unsatisfactory: insufficient blood", "quantity"),
            ("Specimen collected early, before 24 hours of age", "early"),
            ("Post transfusion", "transfused"),
            ("Blood clotted", "quality"),
        ],
    )
    def test_a_spot_that_cannot_be_used_says_why_and_answers_nothing(self, words: str, reason: str) -> None:
        facts = screen(line(1, "57718-9", f"^{words}"))
        assert only("specimen_rejected", facts).body["reason"] == reason
        assert not [fact for fact in facts if fact.kind == "screen_result"]

    def test_a_report_without_an_overall_answer_answers_nothing(self) -> None:
        assert not [fact for fact in screen("OBX|1|NM|29575-8^TSH^LN||4|mU/L|||||F") if fact.kind == "screen_result"]

    def test_a_preliminary_answer_gives_way_to_the_final_one(self) -> None:
        early = only("screen_result", screen(line(1, "57130-7", OUT), status="P"))
        final = only("screen_result", screen(line(1, "57130-7", IN)))
        assert (early.rank, final.rank, early.lineage) == (Rank.PRELIMINARY, Rank.FINAL, final.lineage)

    def test_the_same_by_fhir(self) -> None:
        observation: dict[str, Any] = {
            "resourceType": "Observation",
            "id": "o1",
            "status": "final",
            "code": loinc("57130-7"),
            "subject": {"reference": "Patient/p1"},
            "valueCodeableConcept": loinc("LA18944-1", "Screen is out of range for at least one condition"),
            "interpretation": [{"coding": [{"code": "AA"}]}],
        }
        report = {
            "resourceType": "DiagnosticReport", "id": "d1", "status": "final", "code": loinc("57128-1"), "subject": {"reference": "Patient/p1"},
            "issued": "2026-03-10T14:00:00-05:00", "identifier": [{"value": "R1"}], "result": [{"reference": "Observation/o1"}],
        }  # fmt: skip
        patient = {"resourceType": "Patient", "id": "p1", "identifier": [{"system": "urn:hosp", "value": "B1"}], "birthDate": "2026-03-08"}
        entries = [
            {"fullUrl": f"https://f.example/{each['resourceType']}/{each['id']}", "resource": each}
            for each in (patient, report, observation)
        ]
        said = fhir_read.read(fhir({"resourceType": "Bundle", "type": "collection", "entry": entries}), FeedProfile())
        body = only("screen_result", said.facts).body
        assert (body["answer"], body["criticality"]) == ("out_of_range", "time_critical")

    def test_an_order_of_the_screen_is_an_order(self) -> None:
        pid, obr = "PID|1||B1^^^HOSP^MR||SMITH^BB", "OBR|1|ORD1||54089-8^Newborn screening panel^LN"
        facts = heard(hl7(pid, "ORC|NW|ORD1|||SC||||20260309120000", obr, type_="OML^O21^OML_O21")).facts
        assert only("test_ordered", facts).body["specimen_class"] == "dried_blood_spot"


class TestBirths:
    def born(self, written: str, at: str = "20260310140500-0500") -> list[Fact]:
        pid = f"PID|1||B1^^^HOSP^MR||SMITH^BB||{written}"
        return [fact for fact in heard(hl7(pid, "EVN|A01|20260310140000", type_="ADT^A01^ADT_A01", at=at)).facts if fact.kind == "born"]

    def test_with_the_hour(self) -> None:
        (fact,) = self.born("20260308131000")
        assert (fact.occurred.lo, fact.occurred.hi, fact.rank) == (datetime(2026, 3, 8, 17, 10, tzinfo=UTC),) * 2 + (Rank.FINAL,)

    @pytest.mark.parametrize("written", ["20260308", "20260308000000", "202603080000"])
    def test_without_an_hour_it_is_the_day_and_says_less(self, written: str) -> None:
        (fact,) = self.born(written)
        assert fact.occurred.hi - fact.occurred.lo > datetime(2026, 1, 2) - datetime(2026, 1, 1, 2)
        assert (fact.rank, fact.body) == (Rank.PRELIMINARY, {"dated": "day"})

    @pytest.mark.parametrize("written", ["19600214", "20251201", "20260401", ""])
    def test_an_old_one_and_one_to_come_are_no_news(self, written: str) -> None:
        assert self.born(written) == []

    def test_by_fhir_the_extension_knows_the_hour(self) -> None:
        patient = {
            "resourceType": "Patient",
            "id": "p1",
            "meta": {"lastUpdated": "2026-03-10T14:00:00-05:00"},
            "identifier": [{"system": "urn:hosp", "value": "B1"}],
            "birthDate": "2026-03-08",
            "_birthDate": {
                "extension": [
                    {"url": "http://hl7.org/fhir/StructureDefinition/patient-birthTime", "valueDateTime": "2026-03-08T13:10:00-04:00"}
                ]
            },
        }
        fact = only("born", fhir_read.read(fhir(patient), FeedProfile()).facts)
        assert fact.occurred.lo == fact.occurred.hi == datetime(2026, 3, 8, 17, 10, tzinfo=UTC)


class TestGenomes:
    def blood(self, note: str) -> Fact:
        spm = f"SPM|1|S1^S1||119297000^Blood specimen^SCT{'|' * 10}{note}|||20260309150000"
        obr = f"OBR|1|ORD1||{GENOME}{'|' * 18}20260309160000|||I"
        return only("specimen_collected", heard(hl7("PID|1||B1^^^HOSP^MR||SMITH^BB", spm, obr, type_="OUL^R22^OUL_R22")).facts)

    @pytest.mark.parametrize(("note", "donor"), [("Blood of the mother", "mother"), ("paternal sample", "father"), ("", None)])
    def test_whose_the_sample_is(self, note: str, donor: str | None) -> None:
        assert self.blood(note).body.get("donor") == donor

    def test_the_provisional_answer_is_a_thing_of_its_own(self) -> None:
        def genome(status: str) -> Fact:
            lines = [
                f"OBX|1|CWE|48018-6^Gene^LN|1|^KCNQ2||||||{status}",
                f"OBX|2|CWE|69548-6^Assessment^LN|1|LA9633-4^Present^LN||||||{status}",
            ]
            obr = f"OBR|1|ORD1|F1|{GENOME}{'|' * 18}20260310140000||GE|{status}"
            facts = heard(hl7("PID|1||B1^^^HOSP^MR||SMITH^BB", "ORC|RE|ORD1|F1", obr, *lines)).facts
            return next(fact for fact in facts if fact.kind.startswith("result_"))

        provisional, final = genome("P"), genome("F")
        assert (provisional.kind, final.kind) == ("result_partial", "result_final")
        assert provisional.lineage != final.lineage
