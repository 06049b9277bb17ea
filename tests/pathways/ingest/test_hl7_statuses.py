"""The tables of HL7 v2 codes in docs/integration.md, row by row: what each code does, or why it does nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pathways.ingest.hl7.read import read
from pathways.ingest.message import FeedProfile, ParsedMessage

from .messages import ABSENT, PID, gene, hl7

PROFILE = FeedProfile(received_at=datetime(2026, 3, 11, tzinfo=UTC))
DRUG = "1721560^osimertinib^RXNORM"
LINES = gene("1", "EGFR", ABSENT)


def lines(status: str) -> tuple[str, ...]:
    return tuple(line.removesuffix("F") + status for line in LINES)


def order(control: str, status: str = "") -> bytes:
    return hl7(PID, f"ORC|{control}|O1|||{status}||||20260301", "OBR|1|O1||81247-9^NGS^LN", type_="OML^O21^OML_O21")


def prescription(control: str, status: str = "") -> bytes:
    return hl7(PID, f"ORC|{control}|R1|||{status}||||20260301", f"RXE||{DRUG}|80||mg", type_="RDE^O11^RDE_O11")


def dispense(control: str = "RE", status: str = "CM") -> bytes:
    return hl7(PID, f"ORC|{control}|R1|||{status}", f"RXD|1|{DRUG}|20260301|30||RX1", type_="RDS^O13^RDS_O13")


def report(header: str, line: str) -> bytes:
    return hl7(PID, f"OBR|1|O1|F1|81247-9^NGS^LN|||20260301|||||||||||||||20260310||GE|{header}", *lines(line))


def given(state: str, action: str = "") -> bytes:
    return hl7(PID, "ORC|RE|R1", f"RXA|0|1|20260301|20260301|{DRUG}|1" + "|" * 14 + f"{state}|{action}", type_="RAS^O17^RAS_O17")


def visit(status: str) -> bytes:
    return hl7("SCH|P1|F1|||||||||^^^20260312090000" + "|" * 14 + status, PID, type_="SIU^S12^SIU_S12")


def document(completion: str, availability: str = "AV") -> bytes:
    return hl7(
        PID, f"TXA|1|MOLPATH^Molecular pathology report|TX|20260301||||||||D1|||||{completion}||{availability}",
        "OBX|1|ED|81247-9^NGS report^LN||^AP^PDF^Base64^JVBERi0=||||||F", type_="MDM^T02^MDM_T02",
    )  # fmt: skip


def marked(processing: str) -> bytes:
    return report("F", "F").replace(b"|P|2.5.1", b"|" + processing.encode() + b"|2.5.1")


MAKERS = {
    "ORC-1 of a test": order,
    "ORC-5 of a test": lambda code: order("SC", code),
    "ORC-1 of a medicine": prescription,
    "ORC-5 of a medicine": lambda code: prescription("SC", code),
    "ORC-1 of a dispense": dispense,
    "ORC-5 of a dispense": lambda code: dispense("RE", code),
    "OBR-25": lambda code: report(code, "F"),
    "OBX-11": lambda code: report("F", code),
    "RXA-20": given,
    "RXA-21": lambda code: given("CP", code),
    "SCH-25": visit,
    "TXA-17": document,
    "TXA-19": lambda code: document("AU", code),
    "MSH-11": marked,
}
TABLES = {
    "ORC-1 of a test": "AF CA CH CN CR DC DE DF DR FU HD HR LI MC NA NW OC OD OE OF OH OK OP OR PA PR PY RE RF RL RO RP RQ RR RU SC SN SR SS "
    "UA UC UD UF UH UM UN UR UX XO XR XX",
    "ORC-5 of a test": "A CA CM DC ER HD IP RP SC",
    "ORC-5 of a medicine": "A CA CM DC ER HD IP RP SC",
    "ORC-5 of a dispense": "A CA CM DC ER HD IP RP SC",
    "OBR-25": "A C F I M N O P R S X Y Z",
    "OBX-11": "A B C D F I N O P R S U V W X",
    "RXA-20": "CP NA PA RE",
    "RXA-21": "A D U X",
    "SCH-25": "Blocked Booked Cancelled Complete Dc Deleted Noshow Overbook Pending Started Waitlist",
    "TXA-17": "AU DI DO IN IP LA PA",
    "TXA-19": "AV CA OB UN",
    "MSH-11": "D P T",
}
"""Every code of HL7 tables 0119, 0038, 0123, 0085, 0322, 0206, 0278, 0271, 0273 and 0103."""
TABLES["ORC-1 of a medicine"] = TABLES["ORC-1 of a dispense"] = TABLES["ORC-1 of a test"]


def documented() -> Iterator[tuple[str, str, str]]:
    text = (Path(__file__).resolve().parents[3] / "docs/integration.md").read_text()
    section = text.partition("### What each HL7 code does")[2].partition("\n## ")[0]
    for row in section.splitlines():
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        if len(cells) == 3 and cells[0] in MAKERS:
            for code in re.findall(r"`([A-Za-z]+)`", cells[1]):
                yield cells[0], code, cells[2]


def said(message: ParsedMessage) -> str:
    """What the message states, in the words of the table; the sample alone is of no interest where a result is."""
    kept = [fact for fact in message.facts if not fact.kind.startswith("specimen_")]
    preliminary = {fact.kind: " (preliminary)" if fact.rank == 1 else " (corrected)" if fact.rank == 3 else "" for fact in kept}
    found = [
        f"`{fact.kind}`"
        + (" taken back" if fact.retracted else preliminary[fact.kind] if "document" in fact.kind or "result" in fact.kind else "")
        for fact in kept
    ]
    return ", ".join(found) or "nothing"


@pytest.mark.parametrize(("field", "code", "event"), list(documented()))
def test_a_code_does_what_the_table_says(field: str, code: str, event: str) -> None:
    assert said(read(MAKERS[field](code), PROFILE)) == event.partition(":")[0].partition(", noted")[0]


@pytest.mark.parametrize("field", TABLES)
def test_every_code_of_hl7_stands_in_the_table(field: str) -> None:
    assert sorted(code for name, code, _ in documented() if name == field) == sorted(TABLES[field].split())
