"""From a wording key to the text that goes out. What every text must keep is in `rules`.

A text names its sender, holds no word of gene, drug, disease, test, specimen, result, treatment or specialty, and takes nothing from
the record but a first name. It is rendered when it is claimed, never stored before, and judged again as rendered: a clinic's
name or a patient's (Gene) can say what the wording does not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

import msgspec
import yaml

from notifications.topics import Topic

FIELDS = frozenset({"first_name", "org", "phone", "ref", "answer"})
HERE = "answer.here"
"""The words around a link; the only text that may hold one."""
LONGEST_SEGMENTS = 2
GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_TWO = frozenset("^{}\\[~]|€\f")
GSM_ALL = GSM | GSM_TWO


NAMELESS = frozenset({"null", "none", "unknown", "unk", "test", "baby", "patient", "unnamed", "nofirstname"})
"""What records say where nobody knows the name."""
REVIEWED = re.compile(r".+, \d{4}-\d\d-\d\d")


class Unsayable(Exception):
    """No text can be made; `reason` is what the message row will say."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Rendered(msgspec.Struct, frozen=True):
    body: str
    language: str


class Wording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`nameless` for a reader without a name that fits, `several` where one text speaks for several children; `menu`: what a number in
    the answer means, as the text says it. `reviewed`: by whom, and on which day."""

    text: str
    reviewed: str = ""
    nameless: str = ""
    several: str = ""
    menu: dict[str, Topic] = {}

    @property
    def is_active(self) -> bool:
        """Somebody read it, and said when."""
        return bool(REVIEWED.fullmatch(self.reviewed.strip()))


class Language(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    own: str
    opt_out: str


def render(
    key: str,
    language: str,
    *,
    first_name: str,
    org: str,
    phone: str,
    refs: Sequence[str] = ("",),
    several: bool = False,
    programme: str = "",
    link: str = "",
) -> Rendered:
    """The text in the reader's language: English where the language is unknown, nothing where we do not have theirs. `refs` are
    numbers of the texts themselves, so that a parent of two knows which is which and says nothing about either; `several`: of more than one child.

    Raises:
        Unsayable: no reviewed wording in this language, a field is empty, a denied word, or too long.
    """
    code = language.partition("-")[0].lower() or "en"
    wording = wording_of(key, code, programme)
    if wording is None or key == HERE or not wording.is_active:
        raise Unsayable(f"no wording in {code}"[:60])
    if not org or not phone:
        raise Unsayable("the site has no name or number for texts")
    first_name, here = speakable(first_name), wording_of(HERE, code, programme)
    answer = here.text.format(link=link) if link and here and here.is_active else ""
    for text in _variants(wording, first_name, several):
        body = text.format(first_name=first_name, org=org, phone=phone, ref=", ".join(refs), answer=answer)
        if segments(body) <= LONGEST_SEGMENTS and not denied(body.replace(link, "") if link else body):
            return Rendered(body, code)
    raise Unsayable("the text would say too much or be too long")


def speakable(name: str) -> str:
    """A first name that may stand in a greeting; blank for what a feed puts where it has none, and for what is no name: an address, a number."""
    plain = name.strip().removesuffix(".")
    is_name = all(char.isalpha() or unicodedata.category(char).startswith("M") or char in "-'’" for char in plain)
    return plain if is_name and fold(plain) not in NAMELESS else ""


def wording_of(key: str, language: str, programme: str = "") -> Wording | None:
    """The programme's own text of this name, else the text of all programmes."""
    if language not in LANGUAGES:
        return None
    texts = load(language)
    return texts.get(f"{key}@{programme}") or texts.get(key)


def menu(key: str, language: str, programme: str = "") -> Mapping[str, Topic]:
    """What a reply of one number means after this text."""
    wording = wording_of(key, language, programme)
    return wording.menu if wording else {}


def _variants(wording: Wording, first_name: str, several: bool) -> Iterator[str]:
    if several and wording.several:
        yield wording.several
        return
    if first_name or "{first_name}" not in wording.text:
        yield wording.text
    if wording.nameless:
        yield wording.nameless


@cache
def languages() -> dict[str, Language]:
    return msgspec.convert(read_yaml("languages.yaml"), dict[str, Language])


@cache
def load(language: str) -> dict[str, Wording]:
    return msgspec.convert(read_yaml(f"{language}.yaml"), dict[str, Wording])


@cache
def numbered() -> list[str]:
    """Texts that carry a number of their own and have no words for several: each stands for one patient, and no two of them become one."""
    return sorted({key for code in LANGUAGES for key, wording in load(code).items() if "{ref}" in wording.text and not wording.several})


@cache
def _denied_pattern() -> re.Pattern[str]:
    words = sorted({fold(str(word)) for words in read_yaml("denied.yaml").values() for word in words}, key=len, reverse=True)
    exact = {"lab", "gene", "alk", "atm", "met exon", "msi", "tmb", "dna", "adn", "test", "drug", "dose", "pill", "trial", "swab", "blood"}
    stems = [re.escape(word) + (r"s?\b" if word in exact else "") for word in words]
    return re.compile(r"\b(?:" + "|".join(stems) + ")")


def denied(text: str) -> str:
    """The first denied word in `text`, or blank."""
    found = _denied_pattern().search(fold(text))
    return found.group() if found else ""


def fold(text: str) -> str:
    """Case and accents away, compatibility forms resolved."""
    if text.isascii():  # most texts, and nothing to resolve
        return text.casefold()
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(char for char in plain if not unicodedata.combining(char))


def segments(text: str) -> int:
    """How many SMS the text takes: 160/153 characters of GSM 03.38, else 70/67 UTF-16 units."""
    used = set(text)
    if used <= GSM_ALL:
        size, one, many = len(text) + sum(text.count(char) for char in used & GSM_TWO), 160, 153
    else:
        size, one, many = len(text.encode("utf-16-be")) // 2, 70, 67
    return 1 if size <= one else -(-size // many)


def read_yaml(name: str) -> Any:
    """A file of this folder."""
    return yaml.safe_load(resources.files("notifications.wording").joinpath(name).read_text())


LANGUAGES = tuple(languages())
