"""Orders, registrations, visits, medicines, problems and documents as HL7 v2 says them."""

from __future__ import annotations

import pytest

from pathways.facts import Fact
from pathways.ingest.hl7 import read
from pathways.ingest.message import FeedProfile, ParsedMessage

from .messages import PID, hl7

ORDER = "OBR|1|ORD1||NGS^Lung NGS panel^L|||||||{action}||||||||||||||||||||C34.11^Lung cancer^I10"


def parsed(*segments: str, type_: str) -> ParsedMessage:
    return read.read(hl7(*segments, type_=type_), FeedProfile())


def said(*segments: str, type_: str) -> dict[str, Fact]:
    return {fact.kind: fact for fact in parsed(*segments, type_=type_).facts}


@pytest.mark.parametrize(
    ("control", "status", "kind"),
    [
        ("NW", "", "test_ordered"),
        ("RO", "", "test_ordered"),
        ("CR", "", "order_cancelled"),
        ("OC", "", "order_cancelled"),
        ("SC", "CA", "order_cancelled"),
        ("OH", "", "order_held"),
        ("CA", "", None),
        ("HD", "", None),
    ],
)
def test_only_what_was_done_to_an_order_is_a_fact(control: str, status: str, kind: str | None) -> None:
    """CA and HD ask the laboratory; the order stands as it is until the laboratory answers."""
    found = said(PID, f"ORC|{control}|ORD1|||{status}||||20260301090000-0500", ORDER.format(action=""), type_="OML^O21^OML_O21")
    assert set(found) == ({kind} if kind else set())
    if kind in ("test_ordered", "order_cancelled"):
        assert found[kind].lineage == "command-line|order|ORD1"


def test_an_order_tells_reflex_reason_and_parent() -> None:
    segments = (PID, "ORC|NW|ORD1||||||^|20260301090000-0500", ORDER.format(action="G"), "DG1|1||C34.11^Lung cancer^I10|||W")
    order = said(*segments, type_="ORM^O01")["test_ordered"]
    assert order.body["reflex"]
    assert "icd10|C34.11" in order.body["reasons"]


PANEL = "||81247-9^NGS^LN|||20260301"


def test_earlier_orders_that_travel_along_are_not_ordered_anew() -> None:
    """OML and OMG may carry prior results: orders of long ago behind a PID or PV1 of their own."""
    other = "PID|1||M200^^^HOSP^MR||DOE^JANE||19600214|F"
    for beside in (("PV1|1|O",), (other,), (other, "PV1|1|O")):
        body = hl7(PID, "ORC|NW|O2", f"OBR|1|O2{PANEL}", *beside, "ORC|SC|O1|F1||CM", f"OBR|1|O1|F1{PANEL[1:]}", type_="OML^O21^OML_O21")
        known = read.read(body, FeedProfile())
        assert [key for one in known.subjects for fact in one.facts for key in fact.keys if fact.kind == "test_ordered"] == ["placer:O2"]
        assert any("prior results" in note for note in known.notes)
    both = hl7(PID, "ORC|NW|O2", f"OBR|1|O2{PANEL}", other, "ORC|NW|O3", f"OBR|1|O3{PANEL}", type_="OML^O21^OML_O21")
    assert [fact.kind for one in read.read(both, FeedProfile()).subjects for fact in one.facts] == ["test_ordered", "test_ordered"]


def test_sentinel_numbers_are_never_keys() -> None:
    order = said(PID, "ORC|NW|UNKNOWN|0", ORDER.format(action="").replace("ORD1", "N/A"), type_="OML^O21")["test_ordered"]
    assert order.keys == ()


def test_a_potassium_order_is_nobodys_business() -> None:
    assert not said(PID, "ORC|NW|ORD1", "OBR|1|ORD1||2823-3^Potassium^LN", type_="OML^O21^OML_O21")


@pytest.mark.parametrize(
    ("code", "role", "verification"),
    [("C34.11^Lung^I10||20260301|F", "primary", "confirmed"), ("C78.00^Secondary lung^I10||20260301|F", "secondary", "confirmed"),
     ("Z85.118^History of lung cancer^I10||20260301|F", "history", "confirmed"), ("C34.90^Lung^I10||20260301|W", "primary", "provisional"),
     ("C34.90^Lung^I10||20260301", "primary", "provisional")],
)  # fmt: skip
def test_diagnoses(code: str, role: str, verification: str) -> None:
    fact = said(PID, "PV1|1|O", f"DG1|1||{code}", type_="ADT^A08")["diagnosis"]
    assert (fact.body["role"], fact.body["verification"]) == (role, verification)


def test_side_and_stage_come_from_code_and_words() -> None:
    body = said(PID, "DG1|1||C34.12^Adenocarcinoma of left lung, stage IIIA^I10||20260301|F", type_="ADT^A08")["diagnosis"].body
    assert (body["laterality"], body["stage"], body["histology"]) == ("left", "IIIA", "adenocarcinoma")


def test_merges_name_who_became_whom() -> None:
    message = parsed(
        "EVN|A40|20260301", PID, "MRG|M99^^^HOSP^MR", PID.replace("M100", "M200"), "MRG|M199^^^HOSP^MR", type_="ADT^A40^ADT_A39"
    )
    merges = [subject.merge for subject in message.subjects]
    assert [(merge.loser, merge.survivor) for merge in merges if merge] == [
        ((("HOSP", "M99"),), (("HOSP", "M100"),)),
        ((("HOSP", "M199"),), (("HOSP", "M200"),)),
    ]


def test_an_unlink_is_a_merge_undone() -> None:
    merge = parsed("EVN|A37|20260301", PID, PID.replace("M100", "M99"), type_="ADT^A37").merge
    assert merge is not None
    assert merge.undone


def test_an_account_that_moves_merges_nobody() -> None:
    assert parsed(PID, "MRG|^^^HOSP||ACC1", type_="ADT^A40").merge is None


def test_death_is_a_fact_from_registration_and_a_hint_from_a_laboratory() -> None:
    dead = "PID|1||M100^^^HOSP^MR||DOE^JANE||19600214|F|||||||||||||||||||||20260305|Y"
    assert "death" in said(dead, type_="ADT^A08")
    assert set(said(dead, type_="ORU^R01")) == {"death_hint"}
    assert said(dead.replace("|Y", "|N").replace("20260305", ""), type_="ADT^A08")["death"].retracted


def test_admission_and_discharge() -> None:
    stay = "PV1|1|I|||||||||||||||||V77|||||||||||||||||||||||||20260301080000-0500|20260305120000-0500"
    assert said(PID, stay, type_="ADT^A01")["admitted"].lineage.endswith("|V77")
    assert said(PID, stay, type_="ADT^A03")["discharged"].occurred.lo.day == 5
    assert said(PID, stay, type_="ADT^A13")["discharged"].retracted
    assert "admitted" not in said(PID, stay.replace("|I|", "|O|", 1), type_="ADT^A01")


@pytest.mark.parametrize(
    ("trigger", "status", "kind"),
    [("S12", "Booked", "visit_booked"), ("S13", "", "visit_moved"), ("S15", "", "visit_cancelled"), ("S26", "Noshow", "visit_missed"),
     ("S14", "Complete", "visit_kept"), ("S14", "Started", "visit_moved")],
)  # fmt: skip
def test_visits(trigger: str, status: str, kind: str) -> None:
    sch = f"SCH|P1|V1|||||||||^^^20260309090000-0500||||||||||||||{status}"
    fact = said(sch, PID, "AIS|1||CONS^Oncology consult^L|20260309090000-0500", type_=f"SIU^{trigger}^SIU_S12")[kind]
    assert fact.lineage == "command-line|visit|V1"
    assert "visit:V1" in fact.keys


def test_medicines_ordered_stopped_handed_over_given_and_refused() -> None:
    rx = "RXE||1721560^osimertinib 80 MG Oral Tablet^RXNORM|80||mg"
    ordered = said(PID, "ORC|NW|RX1|||||||20260301", rx, "RXR|PO", type_="RDE^O11")["drug_ordered"]
    assert ordered.body["drugs"] == [{"rxcui": "1721560", "text": "osimertinib 80 MG Oral Tablet"}]
    assert ordered.body["route"] == "oral"
    assert "drug_order_stopped" in said(PID, "ORC|DC|RX1", rx, type_="RDE^O11")
    assert not said(PID, "ORC|CA|RX1", rx, type_="RDE^O11")
    rxd = "RXD|1|1721560^osimertinib^RXNORM|20260305|30|||PN1"
    assert said(PID, "ORC|RE|RX1|||CM", rxd, type_="RDS^O13")["drug_dispensed"].body["handed_over"]
    assert not said(PID, "ORC|RE|RX1", rxd, type_="RDS^O13")["drug_dispensed"].body["handed_over"]
    rxa = "RXA|0|1|20260305100000-0500||1547545^pembrolizumab^RXNORM|200|mg|||||||||||||{}"
    assert said(PID, "ORC|RE|RX2", rxa.format("CP"), "RXR|IV", type_="RAS^O17")["drug_administered"].body["complete"]
    assert "drug_not_given" in said(PID, "ORC|RE|RX2", rxa.format("RE"), type_="RAS^O17")


def test_problems_referrals_and_documents() -> None:
    assert (
        said(PID, "PRB|AD|20260301|C34.90^Lung cancer^I10|77|||20260228||||||CON^Confirmed", type_="PPR^PC1")["diagnosis"].body[
            "verification"
        ]
        == "confirmed"
    )
    assert "referral" in said("RF1|A|R|Med^Oncology^L|||REF1|20260301", PID, type_="REF^I12")
    assert (
        said(
            "TXA|1|SP^Surgical pathology^L||20260301||||||||DOC1|||||AU", PID, "OBX|1|TX|1^Report^L||adenocarcinoma||||||F", type_="MDM^T02"
        )["pathology_report"].body["text"]
        == "adenocarcinoma"
    )
    assert not said("TXA|1|CN^Consultation^L||20260301||||||||DOC2|||||AU", PID, type_="MDM^T02")


@pytest.mark.parametrize("type_", ["VXU^V04", "BAR^P01", "DFT^P03", "ACK^A01", "QBP^Q11", "ZZZ^Z01"])
def test_other_messages_are_read_and_state_nothing(type_: str) -> None:
    message = parsed(PID, "ZPI|1|what ever", type_=type_)
    assert not message.facts
    assert message.person is not None


def test_the_identity_of_a_message_survives_being_sent_again() -> None:
    once, again = (read.read(hl7(PID, at=at), FeedProfile()) for at in ("20260310140500-0500", "20260310150500-0500"))
    other = read.read(hl7(PID.replace("JANE", "JOAN")), FeedProfile())
    assert once.digest == again.digest != other.digest
    assert once.control_id == "C1@LIS/LAB"


def test_an_order_says_how_its_clinician_is_reached_and_who_gets_a_copy() -> None:
    """ORC-21 to ORC-24, ORC-14 and OBR-28."""
    npi, others = "1234567893^Lee^Ann^^^^^^&2.16.840.1.113883.4.6&ISO^^^^NPI", "77^Ray^Max~88"
    place = "North Clinic|1 Main St&Main St^^Anytown^CA^90001|^WPN^PH^^1^555^5550100"
    said_by = said(
        PID, f"ORC|NW|O1||||||||||{npi}||||||||{'|'}{place}", f"OBR|1|O1||81247-9^NGS^LN{'|' * 24}{others}", type_="OML^O21^OML_O21"
    )
    told = said_by["test_ordered"].body["orderer"]
    assert (told["facility"], told["phone"]) == ("North Clinic", "1 555 5550100")
    assert told["address"] == "1 Main St, Anytown, CA, 90001"
    assert told["copies"] == ["Max Ray", "88"]
    called = said(PID, f"ORC|NW|O1||||||||||{npi}||(555)555-0101", "OBR|1|O1||81247-9^NGS^LN", type_="OML^O21^OML_O21")
    assert called["test_ordered"].body["orderer"]["phone"] == "(555)555-0101"
    assert "copies" not in called["test_ordered"].body["orderer"]
