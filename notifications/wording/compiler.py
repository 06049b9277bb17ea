"""From a wording key to the text that goes out. What every text must keep is in `rules`.

A text names its sender, holds no word of gene, drug, disease, test, specimen, result, treatment or specialty, and takes nothing from
the record but a first name. It is rendered when it is claimed, never stored before, and judged again as rendered: a clinic's
name or a patient's (Gene) can say what the wording does not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any

import msgspec
import yaml

LANGUAGES = ("en", "es")
FIELDS = frozenset({"first_name", "org", "phone", "ref"})
LONGEST_SEGMENTS = 2
GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_TWO = frozenset("^{}\\[~]|€\f")


class Unsayable(Exception):
    """No text can be made; `reason` is what the message row will say."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Rendered(msgspec.Struct, frozen=True):
    body: str
    language: str


class Wording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: str
    reviewed: str = ""
    nameless: str = ""


def render(key: str, language: str, *, first_name: str, org: str, phone: str, ref: str = "") -> Rendered:
    """The text in the reader's language: English where the language is unknown, nothing where we do not have theirs. `ref` is a number
    of the text itself, so that a parent of two knows which is which and says nothing about either.

    Raises:
        Unsayable: no reviewed wording in this language, a field is empty, a denied word, or too long.
    """
    code = language.partition("-")[0].lower() or "en"
    if code not in LANGUAGES or key not in load(code) or not load(code)[key].reviewed:
        raise Unsayable(f"no wording in {code}"[:60])
    if not org or not phone:
        raise Unsayable("the site has no name or number for texts")
    for text in _variants(load(code)[key], first_name):
        body = text.format(first_name=first_name, org=org, phone=phone, ref=ref)
        if segments(body) <= LONGEST_SEGMENTS and not denied(body):
            return Rendered(body, code)
    raise Unsayable("the text would say too much or be too long")


def _variants(wording: Wording, first_name: str) -> Iterator[str]:
    if first_name or "{first_name}" not in wording.text:
        yield wording.text
    if wording.nameless:
        yield wording.nameless


@cache
def load(language: str) -> dict[str, Wording]:
    return msgspec.convert(_yaml(f"{language}.yaml"), dict[str, Wording])


@cache
def _denied_pattern() -> re.Pattern[str]:
    words = sorted({fold(str(word)) for words in _yaml("denied.yaml").values() for word in words}, key=len, reverse=True)
    exact = {"lab", "gene", "alk", "atm", "met exon", "msi", "tmb", "dna", "adn", "test", "drug", "dose", "pill", "trial", "swab", "blood"}
    stems = [re.escape(word) + (r"s?\b" if word in exact else "") for word in words]
    return re.compile(r"\b(?:" + "|".join(stems) + ")")


def denied(text: str) -> str:
    """The first denied word in `text`, or blank."""
    found = _denied_pattern().search(fold(text))
    return found.group() if found else ""


def fold(text: str) -> str:
    """Case and accents away, compatibility forms resolved."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(char for char in plain if not unicodedata.combining(char))


def segments(text: str) -> int:
    """How many SMS the text takes: 160/153 characters of GSM 03.38, else 70/67 UTF-16 units."""
    if all(char in GSM or char in GSM_TWO for char in text):
        size, one, many = sum(2 if char in GSM_TWO else 1 for char in text), 160, 153
    else:
        size, one, many = len(text.encode("utf-16-be")) // 2, 70, 67
    return 1 if size <= one else -(-size // many)


def _yaml(name: str) -> Any:
    return yaml.safe_load(resources.files("notifications.wording").joinpath(name).read_text())
