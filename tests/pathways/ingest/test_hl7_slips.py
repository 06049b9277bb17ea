"""What senders of HL7 v2 write otherwise than the standard says: still read rightly, with a word about it, or left to a person."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pathways.facts import Fact
from pathways.ingest import intake
from pathways.ingest.hl7 import tokens
from pathways.ingest.hl7.read import read
from pathways.ingest.message import FeedProfile, Merge, ParsedMessage, Unreadable
from pathways.models import Feed

from .messages import ABSENT, PID, PRESENT, gene, hl7, panel

PROFILE = FeedProfile(received_at=datetime(2026, 3, 11, tzinfo=UTC))
NOW = datetime(2026, 3, 11, tzinfo=UTC)
VISIT = "SIU^S12^SIU_S12"


def parsed(*segments: str, type_: str) -> ParsedMessage:
    return read(hl7(*segments, type_=type_), PROFILE)


def only(message: ParsedMessage, kind: str) -> Fact:
    (fact,) = [each for one in message.subjects for each in one.facts if each.kind == kind]
    return fact


@pytest.mark.parametrize(
    ("declared", "name", "written"),
    [
        ("8859/2", "ŁUKASZ", "ŁUKASZ".encode("iso8859_2")),
        ("~8859/7", "ΕΛΕΝΗ", "ΕΛΕΝΗ".encode("iso8859_7")),
        ("GB 18030-2000", "李四", "李四".encode("gb18030")),
        ("~ISO IR87", "患者", "患者".encode("iso2022_jp")),
        ("8859/1", "RENÉE", "RENÉE".encode("latin-1")),
        ("8859/1", "RENÉE", "RENÉE".encode()),
        ("", "RENÉE", "RENÉE".encode("latin-1")),
        ("SOMETHING ELSE", "RENÉE", "RENÉE".encode("latin-1")),
    ],
)
def test_a_name_is_read_in_the_characters_that_it_was_written_in(declared: str, name: str, written: bytes) -> None:
    """UTF-8 first: senders declare what they do not send."""
    body = hl7(PID.replace("JANE", "@"), type_="ADT^A31^ADT_A05").replace(b"|P|2.5.1", f"|P|2.5.1||||||{declared}".encode())
    message = read(body.replace(b"@", written), PROFILE)
    assert message.person is not None
    assert message.person.given.casefold() == name.casefold()
    assert any("Not UTF-8" in note for note in message.notes) is (written != name.encode())


@pytest.mark.parametrize("escaped", [r"REN\XC389\E", r"REN\XC9\E"])
def test_bytes_that_are_written_out_are_characters(escaped: str) -> None:
    message = tokens.Message(tokens.decode(hl7(PID.replace("JANE", escaped)))[0])
    assert message.get(message.one("PID"), 5, 2) == "RENÉE"


def test_a_result_that_names_nobody_waits_and_is_not_lost(laboratory: Feed) -> None:
    body = panel(*gene("a", "EGFR", PRESENT, protein="p.Leu858Arg")).replace(PID.encode() + b"\r", b"")
    counts = intake.receive([body], feed=laboratory, now=NOW)
    assert (counts.quarantined, counts.reasons) == (1, {"no_identifier": 1})


def test_what_stands_before_the_pid_is_said_of_that_person() -> None:
    message = parsed(*ORDERED, PID, type_="OML^O21^OML_O21")
    assert only(message, "test_ordered").keys == ("placer:O1",)
    assert message.person is not None
    assert message.person.identifiers[0].value == "M100"


def test_an_order_that_names_nobody_is_stated_and_so_waits() -> None:
    assert only(parsed("ORC|SC|O1", ORDERED[1], type_="OML^O21^OML_O21"), "test_ordered").keys == ("placer:O1",)


ORDERED = ("ORC|NW|O1||||||^|20260301", "OBR|1|O1||81247-9^NGS^LN")


@pytest.mark.parametrize("mark", ["T", "D"])
def test_a_test_is_held_back_where_the_feed_is_marked_for_it(mark: str, hospital: Feed) -> None:
    body = hl7(PID, "DG1|1||C34.11^Lung^I10||20260301|F", type_="ADT^A31^ADT_A05").replace(b"|P|2.5.1", f"|{mark}|2.5.1".encode())
    assert read(body, PROFILE).facts
    hospital.holds_tests = True
    hospital.save()
    counts = intake.receive([body], feed=hospital, now=NOW)
    assert counts.reasons == {"test_message": 1}


@pytest.mark.parametrize(("system", "known"), [("LN", True), ("", True), ("NORTHLAB", True)])
def test_a_loinc_number_counts_whatever_the_sender_calls_its_system(system: str, known: bool) -> None:
    lines = [line.replace("^LN|a", f"^{system}|a") for line in gene("a", "EGFR", PRESENT, protein="p.Leu858Arg")]
    report = only(read(panel(*lines, code=f"81247-9^Report^{system}"), PROFILE), "result_final")
    assert [(one["gene"], one["alteration"], one["presence"]) for one in report.body["findings"]] == [("EGFR", "p.Leu858Arg", "present")]


@pytest.mark.parametrize("lines", [(), gene("a", "EGFR", ABSENT, status="O"), gene("a", "EGFR", ABSENT, status="N")])
def test_a_final_report_without_a_result_goes_to_a_person_and_is_never_negative(lines: tuple[str, ...]) -> None:
    message = read(panel(*lines), PROFILE)
    assert not [fact for fact in message.facts if fact.kind in ("result_final", "result_partial")]
    assert only(message, "result_document").keys
    assert any("no line of it gives a result" in note for note in message.notes)


DRUG = "1721560^osimertinib^RXNORM"


@pytest.mark.parametrize(
    ("segments", "route"),
    [
        ((f"RXE||{DRUG}|80||mg", "RXR|PO"), "oral"),
        ((f"RXE|{DRUG}|80||mg", "RXR|PO"), "oral"),
        ((f"RXO|{DRUG}|80||mg", "RXR|PO", "RXE|1^QD||80||mg"), "oral"),
        ((f"RXO|{DRUG}|80||mg", "RXR|PO", f"RXE|1^QD|{DRUG}|80||mg"), "oral"),
        ((f"RXO|{DRUG}|80||mg",), ""),
        ((f"RXO|1|{DRUG}|80||mg",), ""),
    ],
)
def test_the_medicine_of_an_order_is_found_where_it_stands(segments: tuple[str, ...], route: str) -> None:
    ordered = only(parsed(PID, "ORC|NW|R1||||||^|20260301", *segments, type_="RDE^O11^RDE_O11"), "drug_ordered")
    assert (ordered.body["drugs"], ordered.body["route"]) == ([{"rxcui": "1721560", "text": "osimertinib"}], route)


def test_an_order_beside_an_encoded_one_is_not_lost() -> None:
    segments = ("ORC|NW|R1", f"RXE||{DRUG}|80||mg", "ORC|NW|R2", "RXO|318341^pemetrexed^RXNORM|500||mg")
    message = parsed(PID, *segments, type_="RDE^O11^RDE_O11")
    assert [fact.lineage.rpartition("|")[2] for fact in message.facts] == ["R1", "R2"]


@pytest.mark.parametrize("rxe", ["RXE|1^BID^D10^^^R||500|mg", "RXE|1^BID||500"])
def test_an_order_without_a_medicine_says_so(rxe: str) -> None:
    message = parsed(PID, "ORC|NW|R1", rxe, type_="RDE^O11^RDE_O11")
    assert not message.facts
    assert message.notes == ("RXE names no medicine: the order was left out",)


@pytest.mark.parametrize(
    ("state", "kind", "complete"),
    [("Given", "drug_administered", True), ("G^Given", "drug_administered", True), ("New Bag", "drug_administered", False), ("Held", "drug_not_given", None), ("Refused", "drug_not_given", None),
     ("MISSED", "drug_not_given", None)],
)  # fmt: skip
def test_the_words_of_a_bedside_system_tell_given_from_not_given(state: str, kind: str, complete: bool | None) -> None:
    rxa = f"RXA|0|1|20260301|20260301|{DRUG}|1" + "|" * 14 + state
    assert only(parsed(PID, "ORC|RE|R1", rxa, type_="RAS^O17^RAS_O17"), kind).body.get("complete") is complete


@pytest.mark.parametrize(
    ("pid", "mrg", "loser", "survivor"),
    [
        ("M100^^^HOSP^MR", "M7^^^HOSP^MR", (("HOSP", "M7"),), (("HOSP", "M100"),)),
        ("M100^^^HOSP^MR", "M7", (("feed", "M7"), ("HOSP", "M7")), (("HOSP", "M100"),)),
        ("M100", "M7^^^HOSP^MR", (("HOSP", "M7"),), (("feed", "M100"), ("HOSP", "M100"))),
        ("M100", "M7", (("feed", "M7"),), (("feed", "M100"),)),
        ("M100^^^HOSP^MR~E1^^^EMPI^PI", "M7", (("feed", "M7"),), (("HOSP", "M100"), ("EMPI", "E1"))),
    ],
)
@pytest.mark.parametrize("trigger", ["A18", "A34", "A40", "A47"])
def test_a_number_without_an_authority_is_the_feeds_or_the_others(
    trigger: str, pid: str, mrg: str, loser: tuple[tuple[str, str], ...], survivor: tuple[tuple[str, str], ...]
) -> None:
    body = hl7(f"PID|1||{pid}||DOE^JANE||19600214|F", f"MRG|{mrg}", type_=f"ADT^{trigger}")
    assert read(body, FeedProfile(assigner="feed")).merge == Merge(loser, survivor)


def test_a_referral_is_one_also_without_an_rf1() -> None:
    segments = (PID, "DG1|1||R91.1^Nodule of lung^I10||20260301|W", "OBR|1|REF77||57133-1^Referral^LN")
    made = only(parsed(*segments, type_="REF^I12^REF_I12"), "referral")
    assert (made.lineage.rpartition("|")[2], made.body["reasons"], made.retracted) == ("REF77", "icd10|R91.1", False)
    assert only(parsed(*segments, type_="REF^I14^REF_I12"), "referral").retracted
    assert not [fact for fact in parsed(*segments, type_="REF^I15^REF_I12").facts if fact.kind == "referral"]


def test_a_cancelled_referral_is_taken_back_whatever_its_status_says() -> None:
    rf1 = "RF1|P^Pending|R|ONC^Oncology|||REF77|20260301"
    assert only(parsed(PID, rf1, type_="REF^I14^REF_I12"), "referral").retracted


@pytest.mark.parametrize(
    ("sch", "resources", "noted"),
    [
        ("SCH|P1|F1|||||||||^^^20260415140000", (), False),
        ("SCH|P1|F1||||||||^^^20260415140000^^30", (), True),
        ("SCH|P1|F1|||||||||||||", ("AIS|1||CONS^Consultation^L|||20260415140000|60"), True),
        ("SCH|P1|F1|||||||||||||", ("AIL|1||ONC^1|||||20260415140000"), True),
        ("SCH|P1|F1||||||||30|20260415140000|20260415143000", (), True),
    ],
)
def test_the_time_of_a_visit_is_found_beside_its_place(sch: str, resources: str | tuple[str, ...], noted: bool) -> None:
    rows = (resources,) if isinstance(resources, str) else resources
    message = parsed(sch, PID, *rows, type_=VISIT)
    assert only(message, "visit_booked").body["start"] == "2026-04-15T18:00:00+00:00"
    assert any("was taken from" in note for note in message.notes) is noted


@pytest.mark.parametrize("number", ["...", "***", "-", "00-000"])
def test_a_number_of_dots_is_none(number: str) -> None:
    message = parsed(PID.replace("M100", number), "DG1|1||C34.11^Lung^I10||20260301|F", type_="ADT^A31^ADT_A05")
    assert message.person is not None
    assert message.person.identifiers == ()


def test_a_header_without_a_type_is_still_refused() -> None:
    with pytest.raises(Unreadable):
        read(hl7(PID, type_=""), PROFILE)


def test_a_kind_of_number_in_the_place_of_its_authority_owns_nothing() -> None:
    """Or two hospitals that slip so would share their patients."""
    message = parsed("PID|1||M100^^^MR~77^^^SS~88^^^NORTH~99^^^^SOUTH^MR||DOE^JANE", type_="ADT^A31^ADT_A05")
    assert message.person is not None
    assert [(one.authority, one.value) for one in message.person.identifiers] == [
        ("command-line", "M100"),
        ("NORTH", "88"),
        ("SOUTH", "99"),
    ]


def test_a_misprinted_header_does_not_cut_the_patients_number_to_pieces() -> None:
    body = hl7("PID|||M100^^^MPI&NORTH&L^MR||DOE^JANE", type_="ADT^A31^ADT_A05").replace(b"MSH|^~\\&|", b"MSH|^&~\\|")
    message = read(body, PROFILE)
    assert message.person is not None
    assert [(one.authority, one.value) for one in message.person.identifiers] == [("MPI", "M100")]
    assert any("another order" in note for note in message.notes)


@pytest.mark.parametrize("named", ["ORU_R01", "ORU-R01", "ORU^R01", "oru^r01^oru_r01"])
def test_a_report_is_one_however_its_type_is_written(named: str) -> None:
    body = panel(*gene("a", "EGFR", PRESENT, protein="p.Leu858Arg")).replace(b"ORU^R01^ORU_R01", named.encode())
    assert only(read(body, PROFILE), "result_final").body["findings"][0]["gene"] == "EGFR"


def test_two_medicines_of_one_order_are_two_facts_by_one_route() -> None:
    given = [f"RXA|0|1|20260301|20260301|{drug}|1" + "|" * 14 + "CP" for drug in (DRUG, "318341^pemetrexed^RXNORM")]
    message = parsed(PID, "ORC|RE|R1", *given, "RXR|IV", type_="RAS^O17^RAS_O17")
    assert len({fact.lineage for fact in message.facts}) == 2
    assert [fact.body["route"] for fact in message.facts] == ["iv", "iv"]


def test_two_samples_without_numbers_are_two() -> None:
    spm = "SPM|{n}|||{kind}|||||||||||||20260227|20260228"
    lines = (
        *gene("a", "EGFR", PRESENT, protein="p.Leu858Arg"),
        spm.format(n=1, kind="TISS^Tissue"),
        spm.format(n=2, kind="BLD^Whole blood"),
    )
    message = parsed(PID, "OBR|1|O1|F1|81247-9^NGS^LN|||20260227|||||||||||||||20260310|||F", *lines, type_="ORU^R01^ORU_R01")
    taken = {fact.lineage: fact.body["specimen_class"] for fact in message.facts if fact.kind == "specimen_collected"}
    assert sorted(taken.values()) == ["blood", "tissue"]


def test_a_gene_that_is_named_beside_its_answer_adds_no_open_question() -> None:
    lines = ("OBX|1|CWE|48018-6^Gene studied^LN|4a|^CYP2C19^HGNC||||||F", "OBX|2|ST|77^CYP2C19 phenotype^L|9|Poor Metabolizer||||||F")
    report = only(read(panel(*lines, code="51969-4^Report^LN"), PROFILE), "result_final")
    assert [(one["gene"], one["type"]) for one in report.body["findings"]] == [("CYP2C19", "phenotype")]


def test_an_assessment_that_says_pathogenic_says_how_grave_it_is() -> None:
    lines = (
        "OBX|1|CWE|48018-6^Gene^LN||HGNC:1100^BRCA1^HGNC||||||F",
        "OBX|2|CWE|48004-6^c^LN||c.5266dupC||||||F",
        "OBX|3|CWE|69548-6^Assessment^LN||LA6668-3^Pathogenic^LN||||||F",
    )
    (found,) = only(read(panel(*lines), PROFILE), "result_final").body["findings"]
    assert (found["presence"], found["significance"]) == ("present", "pathogenic")


def test_a_problem_that_slipped_by_one_field_is_read_beside_the_time() -> None:
    message = parsed(PID, "PRB|AD||202603010900|C34.11^Lung cancer^I10|P1", type_="PPR^PC1^PPR_PC1")
    assert only(message, "diagnosis").body["code"] == "icd10|C34.11"


def test_a_medicine_whose_name_stands_as_its_code_keeps_the_name() -> None:
    ordered = only(parsed(PID, "ORC|NW|R1", "RXO|Osimertinib^80mg^L|80||mg", type_="RDE^O11^RDE_O11"), "drug_ordered")
    assert ordered.body["drugs"] == [{"text": "Osimertinib 80mg"}]


def test_two_stays_that_nobody_dated_are_two() -> None:
    def stay(at: str) -> str:
        return only(read(hl7(PID, "PV1|1|I", type_="ADT^A01", at=at), PROFILE), "admitted").lineage

    assert stay("20260301090000-0500") != stay("20260309090000-0500")
