"""What PID says of a person."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from patients import hl7
from patients.demographics import Demographics, StatedIdentifier

PID = (
    r"PID|1||4711^^^HOSP&1.2.3&ISO^MR~999-11-2222^^^SSA^SS~L5^^^^PI||Nú\T\ñez^José^M^^^^L~Pepe^^^^^^N||19620320|M||2106-3^White^HL70005"
    r"|1 Main St^^Boston^MA^02108||(617)555-0101^PRN^PH~617-555-0102^PRN^CP~^NET^Internet^Jose@Example.org|617-555-0103x44^WPN^PH|spa^Spanish||||||"
    r"|H^Hispanic^HL70189"
)


def read(segment: str = "PID", *, may_state_death: bool = True, **fields: str) -> Demographics:
    pid = segment.split("|") + [""] * 45
    for name, value in fields.items():
        pid[int(name.removeprefix("pid"))] = value
    return hl7.demographics(pid, separators=hl7.STANDARD, zone="America/New_York", assigner="FEED", may_state_death=may_state_death)


def test_a_whole_segment() -> None:
    said = read(PID)
    assert said.identifiers == (StatedIdentifier("HOSP", "4711", "MR"), StatedIdentifier("FEED", "L5", "PI"))
    assert (said.family, said.given, said.birth_lo, said.sex) == ("Nú&ñez", "José", date(1962, 3, 20), "male")
    assert (said.race, said.ethnicity, said.language, said.postal_code) == ("White", "Hispanic or Latino", "es", "02108")
    assert said.phones == ("+16175550102", "+16175550101")
    assert (said.emails, said.time_zone) == (("jose@example.org",), "America/New_York")
    assert said.erase == ()


@pytest.mark.parametrize(
    ("field", "addresses"),
    [
        ("^NET^Internet^Ann.Okafor@Example.org", ("ann.okafor@example.org",)),
        ("^NET^^ann@example.org~^PRN^Internet^bo@example.org", ("ann@example.org", "bo@example.org")),
        ("ann@example.org^NET", ("ann@example.org",)),
        ("^NET^Internet^none@none.com~^NET^Internet^declined@clinic.org~^NET^Internet^no at sign", ()),
        ("(617)555-0101^PRN^PH", ()),
    ],
)
def test_an_email_address_is_told_from_what_desks_type_instead(field: str, addresses: tuple[str, ...]) -> None:
    said = read(pid13=field)
    assert said.emails == addresses
    assert read(pid13='""').erase == ("phones", "emails")


@pytest.mark.parametrize(
    ("field", "zone", "erased"),
    [
        ("1 Main St^^Pensacola^FL^32501^USA^H", "America/Chicago", False),
        ("^^^^^^BA~1 Main St^^El Paso^TX^79901^^H", "America/Denver", False),
        ("9 Office Rd^^Reno^NV^89501^^O~1 Main St^^Boston^MA^02108^^H", "America/New_York", False),
        ("1 Rue^^Paris^^75001^FRA^H", "", True),
        ("1 Main St^^Alpine^TX^", "", True),
        ("", "", False),
        ('""', "", True),
    ],
)
def test_an_address_tells_the_zone_or_takes_back_what_was_known(field: str, zone: str, erased: bool) -> None:
    said = read(pid11=field)
    assert (said.time_zone, "time_zone" in said.erase) == (zone, erased)


@pytest.mark.parametrize("number", ["", '""', "UNKNOWN", "n/a", "0", "0000", "   ", "^^^HOSP^MR", "4711^^^HOSP^AN"])
def test_no_number_is_made_of_a_sentinel_an_account_or_nothing(number: str) -> None:
    assert read(pid3=number).identifiers == ()


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("19620320", (date(1962, 3, 20), date(1962, 3, 20))),
        ("196203", (date(1962, 3, 1), date(1962, 3, 31))),
        ("1962", (date(1962, 1, 1), date(1962, 12, 31))),
        ("19620000", (date(1962, 1, 1), date(1962, 12, 31))),
        ("19701031030405.6789", (date(1970, 10, 31), date(1970, 10, 31))),
        ("19000101", (None, None)),
        ("0000", (None, None)),
        ("19620231", (None, None)),
        ("yesterday", (None, None)),
    ],
)
def test_birth_dates_may_be_partial_or_unknown(text: str, span: tuple[date | None, date | None]) -> None:
    said = read(pid7=text)
    assert (said.birth_lo, said.birth_hi) == span


def test_empty_says_nothing_and_null_erases() -> None:
    assert read(pid5="", pid7="").erase == ()
    assert read(pid5='""', pid7='""', pid13='""').erase == ("family", "given", "birth_lo", "birth_hi", "phones", "emails")


@pytest.mark.parametrize("flag", ["Y", " y ", "YES", "Yes"])
def test_a_death_flag_is_a_fact_only_where_the_feed_may_say_so(flag: str) -> None:
    assert read(pid30=flag).died
    hint = read(pid30=flag, may_state_death=False)
    assert hint.death_hint
    assert not hint.died


@pytest.mark.parametrize("flag", ["N", "", "U", "YN", '""', "NO"])
def test_nothing_else_is_a_death(flag: str) -> None:
    said = read(pid30=flag)
    assert not said.died
    assert not said.death_hint


def test_a_death_date_is_local_to_the_feed_and_spans_what_it_leaves_open() -> None:
    said = read(pid29="20260301")
    assert said.died
    assert said.died_lo == datetime(2026, 3, 1, 5, tzinfo=UTC)
    assert said.died_hi is not None
    assert said.died_hi.date() == date(2026, 3, 2)
    assert not read(pid29="20260301", pid30="N").died
    assert not read(pid29="0000").died


def test_separators_are_the_messages_own() -> None:
    pid = ["PID", "", "", "9*HOSP".replace("*", "***"), "", "Doe*Jane"]
    said = hl7.demographics(pid, separators=("*", "%", "\\", "$"), zone="UTC", assigner="X", may_state_death=False)
    assert (said.identifiers, said.family, said.given) == ((StatedIdentifier("HOSP", "9"),), "Doe", "Jane")


def test_the_merge_segment_names_its_authority() -> None:
    assert hl7.identifiers("MR102^^^BCBS^MR", assigner="X") == (StatedIdentifier("BCBS", "MR102", "MR"),)
    assert hl7.identifiers("PATID1234^5^M11^ADT1", assigner="X") == (StatedIdentifier("ADT1", "PATID1234", "MR"),)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (r"a\T\b", "a&b"),
        (r"\S\\R\\E\\F\ ", "^~\\| "),
        (r"one\.br\two", "one\ntwo"),
        (r"\X41\ \H\bold\N\ ", "A bold "),
        (r"a \ b", r"a \ b"),
    ],
)
def test_escapes(text: str, meant: str) -> None:
    assert hl7.unescape(text) == meant


@given(fields=st.lists(st.text(max_size=60), max_size=45))
def test_no_text_breaks_the_reader(fields: list[str]) -> None:
    said = hl7.demographics(["PID", *fields], separators=hl7.STANDARD, zone="America/New_York", assigner="X", may_state_death=True)
    assert len(said.family) <= 200
    assert "\x00" not in said.family + said.given + "".join(number.value for number in said.identifiers)


@example("0001000000-3000")  # no clock is thirty hours behind
@example("000101010000+1200")  # before the first instant that there is
@given(st.from_regex(r"[0-9]{0,14}(\.[0-9]+)?([+-][0-9]{4})?", fullmatch=True))
def test_any_digits_are_a_span_or_nothing(text: str) -> None:
    said = read(pid7=text, pid29=text)
    assert (said.birth_lo is None) == (said.birth_hi is None)
    assert said.died_lo is None or (said.died_hi is not None and said.died_lo <= said.died_hi)
