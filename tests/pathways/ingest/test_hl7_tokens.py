"""The tokenizer against what senders really do, and against python-hl7 where the two should agree."""

from __future__ import annotations

import re

import hl7 as oracle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathways.ingest.hl7 import tokens
from pathways.ingest.message import Unreadable

from .messages import PID, SAMPLES, hl7


def cut(body: bytes) -> tokens.Message:
    return tokens.Message(tokens.decode(body)[0])


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_segments_end_as_they_like(end: str) -> None:
    assert [segment[0] for segment in cut(hl7(PID, "OBR|1", end=end)).segments] == ["MSH", "PID", "OBR"]


def test_a_byte_order_mark_and_mllp_framing_are_taken_off() -> None:
    assert cut(b"\xef\xbb\xbf\x0b" + hl7(PID) + b"\x1c\r").one("PID")[3] == "M100^^^HOSP^MR"


def test_msh_counts_its_separator_as_field_one() -> None:
    message = cut(hl7(PID))
    assert message.get(message.one("MSH"), 9, 2) == "R01"
    assert message.get(message.one("MSH"), 10) == "C1"


def test_five_encoding_characters_and_other_separators() -> None:
    five = cut(b"MSH|^~\\&#|A|B|C|D|2026||ORU^R01|1|P|2.5.1\rPID|1||X^^^H")
    assert five.separators == ("^", "~", "\\", "&")
    other = cut(b"MSH^~|\\&^A^B^C^D^2026^^ORU~R01^1^P^2.5.1\rPID^1^^X~~~H")
    assert other.get(other.one("PID"), 3, 4) == "H"


def test_a_lost_escape_character_leaves_the_others_in_their_places() -> None:
    message = cut(b"MSH|^~&|A|B\rPID|1||R\\T\\D^^^H&1.2&ISO||O'NEIL&X^JO")
    assert message.separators == ("^", "~", "\\", "&")
    pid = message.one("PID")
    assert (message.get(pid, 3), message.get(pid, 3, 4), message.get(pid, 5)) == ("R&D", "H", "O'NEIL")


def test_a_lost_segment_break_is_found_again() -> None:
    message = cut(hl7(PID, "GT1|1||DOE^JANE|||||||||||||||^Walmart^LORC|NW|ORD7|F7", "OBR|1|ORD7"))
    assert message.get(message.one("ORC"), 2) == "ORD7"


def test_words_that_end_like_a_segment_are_left_alone() -> None:
    message = cut(hl7(PID, "NK1|1|LEIA^ORGANA||||^NET^EMAIL||x"))
    assert [segment[0] for segment in message.segments] == ["MSH", "PID", "NK1"]


def test_a_line_break_inside_of_a_field_stays_inside() -> None:
    message = cut(hl7(PID, "OBX|1|TX|1^note^L||first line\nsecond line||||||F"))
    assert message.text(message.one("OBX"), 5) == "first line\nsecond line"


def test_escapes_are_resolved_when_asked() -> None:
    message = cut(hl7("OBX|1|ST|1^x^L||a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f\\.br\\g\\X0D\\h"))
    assert message.get(message.one("OBX"), 5) == "a|b^c&d~e\\f\ng\rh"


def test_null_is_not_empty() -> None:
    message = cut(hl7('PID|1||M1||""||'))
    pid = message.one("PID")
    assert message.erased(pid, 5)
    assert not message.erased(pid, 7)
    assert message.get(pid, 5) == ""


def test_latin_1_is_read_where_utf_8_fails() -> None:
    text, assumed = tokens.decode(hl7(PID).replace(b"JANE", b"REN\xc9E"))
    assert assumed
    assert "RENÉE" in text


def test_batches_are_cut_into_messages() -> None:
    one, two = hl7(PID, control="1"), hl7(PID, control="2")
    body = b"FHS|^~\\&|LIS\rBHS|^~\\&|LIS\r" + one + b"\r" + two + b"\rBTS|2\rFTS|1\r"
    assert [cut(each).get(cut(each).one("MSH"), 10) for each in tokens.split(body)] == ["1", "2"]
    assert all(b"BTS" not in each for each in tokens.split(body))


@pytest.mark.parametrize("body", [b"", b"MSH", b"MSH|", b"PID|1", b"MSHA^~\\&|x|y", b"MSH|^"])
def test_what_has_no_header_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        cut(body)


@given(st.binary(max_size=400))
def test_any_bytes_either_cut_or_are_refused(noise: bytes) -> None:
    for body in (noise, b"MSH|^~\\&|" + noise):
        for piece in [body, *tokens.split(body)]:
            try:
                message = cut(piece)
            except Unreadable:
                continue
            for segment in message.segments:
                message.get(segment, 3, 2), message.text(segment, 5), message.repeats(segment, 3)


@pytest.mark.samples
@pytest.mark.skipif(not SAMPLES.exists(), reason="no samples beside the checkout")
def test_the_oracle_cuts_the_same_fields() -> None:
    """python-hl7 knows no lost breaks and no second encoding; everywhere else the fields must be the same."""
    compared = 0
    for path in sorted(SAMPLES.rglob("*.hl7")):
        for body in tokens.split(path.read_bytes()):
            text, _ = tokens.decode(body)
            mine = tokens.Message(text)
            theirs = oracle.parse("\r".join(line for line in re.split(r"[\r\n]+", text) if line))
            if len(theirs) != len(mine.segments) or mine.field_separator != "|":
                continue
            for segment, other in zip(mine.segments, theirs, strict=True):
                if segment[0] != "MSH":
                    assert [str(field) for field in other] == segment, path
                    compared += 1
    assert compared > 1_000


def test_blank_lines_around_an_envelope_are_no_part_of_a_message() -> None:
    assert tokens.split(b"FHS|^~\\&\rMSH|^~\\&|A\rPID|1\r\n \r\n\nBTS|1\rFTS|1\r") == [b"MSH|^~\\&|A\rPID|1"]
