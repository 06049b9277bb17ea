"""Where an address lies on the clock, in states that two clocks share most of all."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from patients import zones

EASTERN, CENTRAL, MOUNTAIN, PACIFIC = "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"
DETROIT, INDIANAPOLIS, BOISE, PHOENIX = "America/Detroit", "America/Indiana/Indianapolis", "America/Boise", "America/Phoenix"

PLACES = [
    ("FL", "33101", EASTERN),  # Miami
    ("FL", "32501", CENTRAL),  # Pensacola
    ("FL", "32401", CENTRAL),  # Panama City
    ("FL", "32456", EASTERN),  # Port St. Joe, in the Central panhandle
    ("TN", "37203", CENTRAL),  # Nashville
    ("TN", "37902", EASTERN),  # Knoxville
    ("TN", "37311", EASTERN),  # Cleveland, in a prefix that is mostly Central
    ("KY", "40202", EASTERN),  # Louisville
    ("KY", "42101", CENTRAL),  # Bowling Green
    ("KY", "42701", EASTERN),  # Elizabethtown
    ("IN", "46204", INDIANAPOLIS),
    ("IN", "46402", CENTRAL),  # Gary
    ("IN", "47708", CENTRAL),  # Evansville
    ("TX", "77002", CENTRAL),  # Houston
    ("TX", "79901", MOUNTAIN),  # El Paso
    ("TX", "79838", MOUNTAIN),  # Fabens
    ("TX", "79830", CENTRAL),  # Alpine, same prefix
    ("ND", "58102", CENTRAL),  # Fargo
    ("ND", "58601", MOUNTAIN),  # Dickinson
    ("SD", "57104", CENTRAL),  # Sioux Falls
    ("SD", "57701", MOUNTAIN),  # Rapid City
    ("NE", "68102", CENTRAL),  # Omaha
    ("NE", "69361", MOUNTAIN),  # Scottsbluff
    ("KS", "67202", CENTRAL),  # Wichita
    ("KS", "67735", MOUNTAIN),  # Goodland
    ("ID", "83702", BOISE),
    ("ID", "83814", PACIFIC),  # Coeur d'Alene
    ("OR", "97204", PACIFIC),  # Portland
    ("OR", "97914", MOUNTAIN),  # Ontario
    ("MI", "48201", DETROIT),
    ("MI", "49801", CENTRAL),  # Iron Mountain
    ("AZ", "85004", PHOENIX),
    ("AZ", "86515", MOUNTAIN),  # Window Rock, Navajo Nation
    ("AZ", "86034", ""),  # Keams Canyon: Hopi and Navajo meet
    ("PR", "00901", "America/Puerto_Rico"),
    ("HI", "96813", "Pacific/Honolulu"),
]


@pytest.mark.parametrize(("state", "code", "zone"), PLACES)
def test_a_postal_code_tells_the_zone_with_and_without_its_state(state: str, code: str, zone: str) -> None:
    assert zones.zone_of(state=state, postal_code=code) == zone
    assert zones.zone_of(state="", postal_code=code) == zone
    assert zones.zone_of(state=state.lower(), postal_code=f" {code}-1234 ", country="usa") == zone


@pytest.mark.parametrize(
    ("state", "code", "country", "zone"),
    [
        ("MA", "", "", EASTERN),  # one clock in the whole state
        ("TX", "", "", ""),  # two: the state alone says nothing
        ("AZ", "", "", ""),
        ("TX", "798", "", ""),  # a prefix on the line, cut short as de-identified data has it
        ("TX", "799", "", MOUNTAIN),
        ("TX", "02118", "", ""),  # the code of Boston: one of the two is wrong
        ("Texas", "79901", "", MOUNTAIN),  # a state that nobody abbreviated is left out
        ("ON", "M5V 2T6", "CA", ""),
        ("", "75001", "FR", ""),  # Paris has the code of Addison, Texas
        ("", "", "", ""),
        ("ZZ", "00000", "", ""),
    ],
)
def test_what_is_not_certain_is_unknown(state: str, code: str, country: str, zone: str) -> None:
    assert zones.zone_of(state=state, postal_code=code, country=country) == zone


def test_the_navajo_nation_changes_its_clocks_and_phoenix_does_not() -> None:
    def hour(code: str, month: int) -> int:
        return datetime(2026, month, 15, 16, tzinfo=UTC).astimezone(ZoneInfo(zones.zone_of(state="AZ", postal_code=code))).hour

    assert [hour("85004", month) for month in (1, 7)] == [9, 9]
    assert [hour("86515", month) for month in (1, 7)] == [9, 10]


def test_every_zone_of_the_file_exists_and_no_code_is_in_two_of_one_state() -> None:
    for name, state in zones.states().items():
        for zone in (state.zone, *state.elsewhere, *state.codes):
            ZoneInfo(zone)
        spelled = [code for text in (*state.codes.values(), state.unsure) for code in text.split()]
        assert len(spelled) == len(set(spelled)), name
        prefixes = [prefix for text in (state.prefixes, *state.elsewhere.values()) for prefix in zones._spelled(text)]
        assert len(prefixes) == len(set(prefixes)), name
        assert {code[:3] for code in spelled} <= set(prefixes), name
