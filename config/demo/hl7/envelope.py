"""The frame of the first hospital's HL7 v2.5.1 messages: header, patient, times."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from config.demo.course import ZONES, Step
from config.demo.directory import orderer
from config.demo.people import SyntheticPerson

HOSPITAL = "HARBOR"
RACE_NAMES = {"2106-3": "White", "2054-5": "Black or African American", "2028-9": "Asian", "2131-1": "Other Race"}
LUNG_CANCER = "C34.11^Malignant neoplasm of upper lobe, right bronchus or lung^I10C"
Writer = Callable[[SyntheticPerson, Step, str, datetime], str]


@lru_cache(maxsize=4)
def _zone(site: str) -> ZoneInfo:
    return ZoneInfo(ZONES[site])


def stamp(when: datetime, site: str = "harbor") -> str:
    """Local time with offset, to the second."""
    return when.astimezone(_zone(site)).strftime("%Y%m%d%H%M%S%z")


def message(
    kind: str, control: str, sent: datetime, person: SyntheticPerson, *segments: str, lab: bool = False, died: datetime | None = None
) -> str:
    """MSH and PID before `segments`. `kind` as in MSH-9."""
    sender = "LABLINK|NORTHLAB" if lab else f"CAREWARE|{HOSPITAL}"
    head = f"MSH|^~\\&|{sender}|FINALMILE|{HOSPITAL}|{stamp(sent)}||{kind}|{control}|P|2.5.1"
    return "\r".join((head, pid(person, died), *(segment for segment in segments if segment))) + "\r"


def ordered_by(person: SyntheticPerson) -> str:
    """The clinician who orders for them, as XCN."""
    who = orderer(person)
    return f"{who.npi}^{who.family}^{who.given}^^^Dr^^^NPI"


def pid(person: SyntheticPerson, died: datetime | None = None) -> str:
    fields = [""] * 31
    fields[0], fields[1] = "PID", "1"
    fields[3] = f"{person.mrn}^^^{HOSPITAL}^MR"
    fields[5] = f"{person.family}^{person.given}^^^^^L"
    fields[7] = person.born.strftime("%Y%m%d")
    fields[8] = person.sex[0].upper()
    fields[10] = f"{person.race}^{RACE_NAMES[person.race]}^CDCREC" if person.race else ""
    fields[11] = f"1 Fiction Street^^Boston^{'ME' if person.postal_code.startswith('04') else 'MA'}^{person.postal_code}^USA"
    phone = f"^PRN^CP^^1^{person.phone[2:5]}^{person.phone[5:]}" if person.phone else ""
    fields[13] = "~".join(filter(None, (phone, f"^NET^Internet^{person.email}" if person.email else "")))
    fields[15] = "spa^Spanish^ISO639" if person.language == "es" else "eng^English^ISO639"
    fields[22] = f"{person.ethnicity}^^CDCREC" if person.ethnicity else ""
    if died:
        fields[29], fields[30] = stamp(died), "Y"
    return "|".join(fields).rstrip("|")
