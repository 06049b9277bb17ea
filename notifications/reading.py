"""What people mean when they write back. Pure: words in, a kind out. When in doubt it is a text for a person to read."""

from __future__ import annotations

import re
import unicodedata
from enum import Enum

import msgspec

from notifications.models import Reply
from notifications.wording.compiler import fold

STOP = frozenset(
    {"stop", "stopall", "stop all", "stop stop", "please stop", "stop please", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"}
    | {"opt out", "remove", "arret", "td"}
    | {"alto", "alto alto", "parar", "pare", "por favor pare", "baja", "cancelar", "terminar", "basta", "no mas"}
)
START = frozenset({"start", "unstop", "restart", "optin", "opt in", "empezar", "iniciar", "comenzar", "start again"})
HELP = frozenset({"help", "info", "ayuda", "informacion"})


class Concern(Enum):
    """What of a free text cannot wait for a navigator to read it."""

    NONE = ""
    STOP = "wants no texts"
    WRONG_NUMBER = "wrong number"
    DEATH = "says the patient died"
    VERIFY = "says things changed"
    SAFETY = "may be in danger"


# Order matters: what is read first is what is done. Matched in folded text (no case, no accents).
PATTERNS: tuple[tuple[Concern, re.Pattern[str]], ...] = (
    (
        Concern.SAFETY,
        re.compile(
            r"\b(911|suicid\w*|kill (my|him|her|them)sel\w+|want to die|end my life|can ?not breathe|cant breathe|chest pain|bleeding|overdos\w*|"
            r"unconscious|me quiero morir|matarme|no puedo respirar|sangr\w+|dolor de pecho)\b"
        ),
    ),
    (
        Concern.DEATH,
        re.compile(
            r"\b((he|she|patient|mother|father|mom|dad|husband|wife|son|daughter|brother|sister|who) (has |have |just )?(died|passed)|passed away|"
            r"is (dead|deceased)|deceased|fallecio|murio|ha muerto|ha fallecido)\b"
        ),
    ),
    (
        Concern.WRONG_NUMBER,
        re.compile(r"\b(wrong (number|person)|not (my|his|her) (number|phone)|who is this|numero equivocado|equivocad\w+|no soy)\b"),
    ),
    (
        Concern.STOP,
        re.compile(
            r"\b(stop (texting|messag\w+|sending|contacting|writing|these|this|it|all|now|bothering)|(do not|dont|don t|never|quit) "
            r"(text|message|contact|write|send)\w*|no more|leave me alone|take me off|remove me|unsubscribe|opt ?out|lose my number|"
            r"please stop|no me (escrib|mand|envi)\w+|deje\w* de|no mas|ya no quiero|dar\w* de baja)\b"
        ),
    ),
    (
        Concern.VERIFY,
        re.compile(
            r"\b(i (have |already |just )*(started|began|did it|went|got it|picked)|already (started|done|did)|(changed|switched|new) (doctor|hospital|clinic)|"
            r"(another|different) (doctor|hospital|clinic)|moved away|ya (empece|fui|lo tengo)|cambie de (doctor|medico|hospital)|otro (doctor|medico|hospital))\b"
        ),
    ),
)


class Reading(msgspec.Struct, frozen=True):
    kind: Reply.Kind
    concern: Concern = Concern.NONE


def read(body: str) -> Reading:
    """The kind of a reply. A keyword counts only as the whole message, whatever case, accents, quotes or signs surround it."""
    word = keyword(body)
    if word in STOP or word.replace(" ", "") in STOP:  # S T O P
        return Reading(Reply.Kind.STOP)
    if word in START:
        return Reading(Reply.Kind.START)
    if word in HELP:
        return Reading(Reply.Kind.HELP)
    text = " ".join(fold(body).replace("'", "").replace("’", "").split())
    concern = next((concern for concern, pattern in PATTERNS if pattern.search(text)), Concern.NONE)
    silencing = concern in (Concern.STOP, Concern.WRONG_NUMBER, Concern.DEATH)
    return Reading(Reply.Kind.STOP_INTENT if silencing else Reply.Kind.TEXT, concern)


def keyword(body: str) -> str:
    """Letters and single spaces only; signs, emoji, quotes and zero-width characters are gone."""
    kept = "".join(char if char.isalnum() else " " if _separates(char) else "" for char in fold(body))
    return " ".join(kept.split())


def _separates(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) in ("Pd", "Po", "Pc")
