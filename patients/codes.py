"""Sex, race, ethnicity, language, phones and names as senders code them, in the words this product keeps. Blank is unknown. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from phonenumbers import timezone

SEXES = {"f": "female", "female": "female", "m": "male", "male": "male", "o": "other", "other": "other", "a": "other", "x": "other"}

NATIVE, PACIFIC = "American Indian or Alaska Native", "Native Hawaiian or Pacific Islander"
RACES = {
    **dict.fromkeys(("1002-5", "native", "american indian", "american indian or alaska native"), NATIVE),
    **dict.fromkeys(("2028-9", "a", "asian"), "Asian"),
    **dict.fromkeys(("2054-5", "b", "black", "african american", "black or african american"), "Black or African American"),
    **dict.fromkeys(("2076-8", "pacific", "pacific islander", "native hawaiian or other pacific islander"), PACIFIC),
    **dict.fromkeys(("2106-3", "w", "white", "caucasian"), "White"),
    **dict.fromkeys(("2131-1", "other", "other race"), "Other race"),
}
SEVERAL_RACES = "More than one race"
HISPANIC, NOT_HISPANIC = "Hispanic or Latino", "Not Hispanic or Latino"
ETHNICITIES = {
    **dict.fromkeys(("h", "2135-2", "hispanic", "hispanic or latino"), HISPANIC),
    **dict.fromkeys(("n", "nh", "2186-5", "non-hispanic", "not hispanic", "not hispanic or latino"), NOT_HISPANIC),
}
LANGUAGES = {
    **dict.fromkeys(("eng", "english"), "en"),
    **dict.fromkeys(("spa", "spanish", "espanol", "español"), "es"),
    **dict.fromkeys(("fre", "fra", "french"), "fr"),
    **dict.fromkeys(("ger", "deu", "german"), "de"),
    **dict.fromkeys(("chi", "zho", "chinese", "mandarin", "cantonese"), "zh"),
    **dict.fromkeys(("vie", "vietnamese"), "vi"),
    **dict.fromkeys(("kor", "korean"), "ko"),
    **dict.fromkeys(("rus", "russian"), "ru"),
    **dict.fromkeys(("ara", "arabic"), "ar"),
    **dict.fromkeys(("por", "portuguese"), "pt"),
    **dict.fromkeys(("hat", "haitian creole"), "ht"),
    **dict.fromkeys(("tgl", "tagalog"), "tl"),
    **dict.fromkeys(("pol", "polish"), "pl"),
}
LANGUAGE_TAG = re.compile(r"[a-z]{2}(-[a-z]{2,4})?")
NO_LANGUAGE = frozenset({"xx", "no", "un"})

PARENT, GUARDIAN = "parent", "guardian"
KINSHIP = {
    **dict.fromkeys(("mth", "mother", "nmth", "mthfost", "adoptm", "biomth"), (PARENT, "mother")),
    **dict.fromkeys(("fth", "father", "nfth", "fthfost", "adoptf", "biofth"), (PARENT, "father")),
    **dict.fromkeys(("par", "parent", "prn", "nprn", "adoptp"), (PARENT, "")),
    **dict.fromkeys(("grd", "guard", "guardian", "legal guardian"), (GUARDIAN, "")),
}
"""HL7 0063 and v3 RoleCode, as (basis, role). Who is to be called in an emergency, or is just next of kin, speaks for nobody."""

# Numbers that name a visit, an account, a policy or a citizen, not a patient of an authority. A subscriber number is shared by a
# family, and a social security number is often wrong: neither may decide who somebody is, so neither is kept.
NOT_A_PATIENT_NUMBER = frozenset({"AN", "VN", "AM", "BC", "SS", "SB", "SN", "MB", "MI", "MC", "MA", "HC", "DL", "PPN", "PAN", "TAX", "GN"})
NOT_AN_ID = frozenset({"", "unknown", "unk", "n/a", "na", "none", "null", "nil", "test", "?", "-", ".", "000-00-0000"})

NO_EMAIL = frozenset({"none", "noemail", "no-email", "no", "na", "n/a", "nomail", "declined", "refused", "unknown", "null"})
"""What desks type before or after the @ of somebody who has no address."""
UNTEXTABLE_NUMBER = re.compile(r"(?:x|ext)\W*\d+\s*$", re.IGNORECASE)
NUMBER = re.compile(r"\+\d{7,15}")


def sex(code: str) -> str:
    return SEXES.get(code.strip().casefold(), "")


def kinship(codes: Iterable[str]) -> tuple[str, str] | None:
    """What a relationship means for who may speak for a child: (basis, role), or None where it means nothing."""
    return next((found for code in codes if (found := KINSHIP.get(code.strip().casefold()))), None)


def race(codes: Iterable[str]) -> str:
    """One of the OMB categories; several stated categories are a category of their own."""
    stated = {word for code in codes if (word := RACES.get(code.strip().casefold(), ""))}
    return SEVERAL_RACES if len(stated) > 1 else next(iter(stated), "")


def ethnicity(codes: Iterable[str]) -> str:
    return next((word for code in codes if (word := ETHNICITIES.get(code.strip().casefold(), ""))), "")


@lru_cache(maxsize=1_024)
def language(code: str) -> str:
    """BCP 47 tag of an ISO 639 code, a tag or an English word; blank where it is none that we know."""
    word = code.strip().casefold().replace("_", "-")
    if word in LANGUAGES:
        return LANGUAGES[word]
    if not LANGUAGE_TAG.fullmatch(word) or word in NO_LANGUAGE:
        return ""
    base, _, region = word.partition("-")
    return f"{base}-{region.upper() if len(region) == 2 else region.title()}" if region else base


@lru_cache(maxsize=131_072)
def phone(text: str, region: str = "US") -> str:
    """E.164 of a number that can be dialled as it stands; blank for one with an extension, too short, or in no numbering plan."""
    if UNTEXTABLE_NUMBER.search(text):
        return ""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return ""
    if number.extension or not phonenumbers.is_valid_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def is_number(e164: str) -> bool:
    """Whether it can be dialled: no short code, no company's name."""
    return NUMBER.fullmatch(e164) is not None


@lru_cache(maxsize=1_024)
def readable(e164: str) -> str:
    """As people at home write it: (207) 555-0103; with its country where that is not ours. What nobody can dial, as it stands: a company's name."""
    if not is_number(e164):
        return e164
    number = phonenumbers.parse(e164)
    at_home = number.country_code == phonenumbers.country_code_for_region("US")
    shape = phonenumbers.PhoneNumberFormat.NATIONAL if at_home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, shape)


@lru_cache(maxsize=131_072)
def phone_zone(e164: str, home: str) -> str:
    """The zone of a number's area code. Where that has several, the site's if it is among them; else blank: nobody knows, as of a short code."""
    if not is_number(e164):
        return ""
    zones = timezone.time_zones_for_number(phonenumbers.parse(e164))
    return zones[0] if len(zones) == 1 and zones[0] != "Etc/Unknown" else home if home in zones else ""


@lru_cache(maxsize=131_072)
def email(text: str) -> str:
    """The address in small letters; blank for what is none, and for what desks type where somebody has none."""
    address = text.strip().removeprefix("mailto:").casefold()
    name, _, domain = address.partition("@")
    if name in NO_EMAIL or domain.partition(".")[0] in NO_EMAIL or len(address) > 254:
        return ""
    try:
        validate_email(address)
    except ValidationError:
        return ""
    return address


def name(text: str) -> str:
    """A name as it is stored: composed (NFC), without control characters, one space between words, at most 200 characters."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())[:200]
    kept = "".join(" " if letter in "\t\r\n" else letter for letter in unicodedata.normalize("NFC", text))
    return " ".join("".join(letter for letter in kept if unicodedata.category(letter) not in ("Cc", "Cs")).split())[:200]


KINDS_OF_NUMBER = NOT_A_PATIENT_NUMBER | {"MR", "MRN", "PI", "PT", "PN", "EPI", "PID"}
"""Codes of CX-5 (table 0203) that senders put where the authority belongs."""


def is_id(value: str, sentinels: frozenset[str] = frozenset()) -> bool:
    """Whether `value` can name anything: sentinels that stand for *no number* (`UNKNOWN`, `0`, blank, the feed's own) cannot."""
    return bool(value.strip("0 -.*?_")) and value.casefold() not in NOT_AN_ID and value not in sentinels
