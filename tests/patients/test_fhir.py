"""What a FHIR Patient says of a person."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients import fhir
from patients.demographics import Demographics, StatedIdentifier

OMB = "urn:oid:2.16.840.1.113883.6.238"


def category(url: str, *found: str) -> dict[str, Any]:
    return {"url": url, "extension": [{"url": "ombCategory", "valueCoding": {"system": OMB, "code": code}} for code in found]}


def read(**patient: Any) -> Demographics:
    return fhir.demographics({"resourceType": "Patient", **patient}, zone="America/New_York", assigner="FEED")


def test_a_whole_resource() -> None:
    said = read(
        extension=[category(fhir.RACE, "2106-3"), category(fhir.ETHNICITY, "2186-5")],
        identifier=[
            {"system": "urn:hospital", "value": "4711", "type": {"coding": [{"code": "MR"}]}},
            {"value": "55"},
            {"system": "http://hl7.org/fhir/sid/us-ssn", "value": "999-11-2222"},
            {"system": "urn:hospital", "value": "old", "use": "old"},
        ],
        name=[{"use": "maiden", "family": "Before"}, {"use": "official", "family": "Okafor", "given": ["Ann", "M"]}],
        telecom=[
            {"system": "phone", "value": "617-555-0101", "use": "home", "rank": 2},
            {"system": "phone", "value": "617-555-0102", "use": "mobile", "rank": 1},
            {"system": "phone", "value": "617-555-0103", "period": {"end": "2020-01-01"}},
            {"system": "email", "value": "a@example.org"},
        ],
        gender="female",
        birthDate="1962-03",
        address=[{"use": "work", "postalCode": "79901"}, {"postalCode": "02108"}],
        communication=[{"language": {"coding": [{"code": "en"}]}}, {"language": {"coding": [{"code": "es-MX"}]}, "preferred": True}],
    )
    assert said.identifiers == (StatedIdentifier("urn:hospital", "4711", "MR"), StatedIdentifier("FEED", "55", "MR"))
    assert (said.family, said.given, said.sex, said.language) == ("Okafor", "Ann", "female", "es-MX")
    assert (said.birth_lo, said.birth_hi) == (date(1962, 3, 1), date(1962, 3, 31))
    assert said.phones == ("+16175550102", "+16175550101")
    assert (said.emails, said.time_zone, said.erase) == (("a@example.org",), "America/New_York", ())
    assert (said.race, said.ethnicity) == ("White", "Not Hispanic or Latino")


def test_several_races_are_a_category_of_their_own() -> None:
    assert read(extension=[category(fhir.RACE, "2106-3", "2028-9")]).race == "More than one race"


def test_death_with_and_without_a_date() -> None:
    assert read(deceasedBoolean=True).died
    assert not read(deceasedBoolean=False).died
    dated = read(deceasedDateTime="2026-03-01T10:00:00-05:00")
    assert (dated.died, dated.died_lo) == (True, datetime(2026, 3, 1, 15, tzinfo=UTC))
    hint = fhir.demographics({"deceasedBoolean": True}, zone="UTC", assigner="X", may_state_death=False)
    assert (hint.died, hint.death_hint) == (False, True)


@pytest.mark.parametrize(
    "broken", [{"identifier": "4711"}, {"name": "Ann"}, {"name": [{"given": "Ann"}]}, {"telecom": [None]}, {"extension": {}}]
)
def test_what_is_malformed_says_nothing_and_breaks_nothing(broken: dict[str, Any]) -> None:
    assert read(**broken).identifiers == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["use", "value", "system", "coding", "code", "url", "extension", "family", "given", "period", "end", "rank", "language"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    st.dictionaries(
        st.sampled_from(
            ["identifier", "name", "telecom", "gender", "birthDate", "extension", "communication", "deceasedDateTime", "address"]
        ),
        JSON,
    )
)
def test_no_json_breaks_the_reader(patient: dict[str, Any]) -> None:
    assert isinstance(read(**patient), Demographics)
