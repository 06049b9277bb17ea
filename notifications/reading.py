"""What people mean when they write back. Pure: words in, a kind out. When in doubt it is a text for a person to read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from enum import Enum

import msgspec

from notifications.models import Reply
from notifications.topics import ASKED, WORDS, Topic
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


SILENCING = frozenset({Concern.STOP, Concern.WRONG_NUMBER, Concern.DEATH})
# Order matters: what is read first names the item; all that silences is done. Matched in folded text (no case, no accents).
PATTERNS: tuple[tuple[Concern, re.Pattern[str]], ...] = (
    (
        Concern.SAFETY,
        re.compile(
            r"\b(911|emergency|emergencia|suicid\w*|kill (my|him|her|them)sel\w+|want to die|end my life|can ?not breath\w*|cant breath\w*|"
            r"(trouble|hard to|difficulty) breath\w*|chest (pain|hurts)|heart attack|stroke|bleeding|overdos\w*|unconscious|passed out|collapsed|"
            r"fever|fiebre|calentura|me quiero morir|no quiero vivir|matarme|no (puedo|puede) respirar|falta el aire|sangr\w+|"
            r"dolor (de|en el) pecho|infarto|derrame|desmay\w+)\b"
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
        re.compile(
            r"\b(wrong (number|person)|not (my|his|her) (number|phone)|i am not (him|her|that person)|numero equivocado|equivocad\w+|"
            r"no soy (yo|el|ella|quien|la persona|es[ea]|est[ea]))\b|\bno soy (?!capaz|muy|tan|buen|de|tu|su)\w+$"
        ),
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
            r"(another|different) (doctor|hospital|clinic)|moved away|who (is this|are you)|quien (es|eres|son|me escribe)|ya (empece|fui|lo tengo)|cambie de (doctor|medico|hospital)|otro (doctor|medico|hospital))\b"
        ),
    ),
)


# What a free text seems to be about: a name for the item under which a person reads it, nothing more.
GUESSES: tuple[tuple[Topic, re.Pattern[str]], ...] = (
    (Topic.WORSE, re.compile(r"\b((feel|feels|feeling|getting|doing|much) worse|me siento (peor|muy mal)|estoy peor|empeor\w+)\b")),
    (
        Topic.DECLINE,
        re.compile(
            r"\b((cant|cannot|can not|wont|unable to) (come|make|be there|get there)|reschedul\w*|(another|different|new) (day|time|date)|"
            r"no (puedo|voy a poder) (ir|venir|asistir|llegar)|cambiar (la|mi|de) (cita|hora|fecha)|otr[ao] (dia|hora|fecha|cita))\b"
        ),
    ),
    (
        Topic.COST,
        re.compile(
            r"\b(expensive|afford|costs?|co ?pay\w*|insurance|the bill|no money|muy car[oa]|no puedo pagar|cuesta|costo|seguro medico|dinero)\b"
        ),
    ),
    (
        Topic.TRANSPORT,
        re.compile(
            r"\b(no (ride|car|transport\w*)|(need|have no|get) a ride|transport\w*|too far|no tengo (carro|coche|como (ir|llegar))|muy lejos)\b"
        ),
    ),
    (Topic.FEAR, re.compile(r"\b(scared|afraid|nervous|frightened|worried|miedo|asustad\w+|nervios\w+)\b")),
    (Topic.NO_TIME, re.compile(r"\b(no time|too busy|have to work|cant get off work|no tengo tiempo|tengo que trabajar)\b")),
    (
        Topic.CALL,
        re.compile(
            r"\b((please|can you|could you|someone|pls) call|call me|ring me|llam[ae]me|me (puede|podria)n? llamar|que me llamen)\b"
        ),
    ),
)


class Reading(msgspec.Struct, frozen=True):
    """`topic` is what they told us by a word or number that means one thing; `guess` what their own words seem to be about."""

    kind: Reply.Kind
    concern: Concern = Concern.NONE  # the gravest, which names the item
    topic: Topic | None = None
    guess: Topic | None = None
    concerns: frozenset[Concern] = frozenset()  # all: who writes that he died while bleeding says both


def read(body: str, menu: Mapping[str, Topic] | None = None) -> Reading:
    """The kind of a reply. A keyword counts only as the whole message, whatever case, accents, quotes or signs surround it.

    `menu` is what the last text asked for, number by number: without it `1` and `yes` mean nothing.
    """
    word = keyword(body)
    if word in STOP or word.replace(" ", "") in STOP:  # S T O P
        return Reading(Reply.Kind.STOP)
    if word in START:
        return Reading(Reply.Kind.START)
    if word in HELP:
        return Reading(Reply.Kind.HELP)
    if (topic := _topic(word, menu or {})) is not None:
        return Reading(Reply.Kind.TEXT, topic=topic)
    text = " ".join(fold(body).replace("'", "").replace("’", "").split())
    concerns = [concern for concern, pattern in PATTERNS if pattern.search(text)]
    concern, silencing = next(iter(concerns), Concern.NONE), not SILENCING.isdisjoint(concerns)
    guess = None if concern is not Concern.NONE else next((topic for topic, pattern in GUESSES if pattern.search(text)), None)
    return Reading(Reply.Kind.STOP_INTENT if silencing else Reply.Kind.TEXT, concern, guess=guess, concerns=frozenset(concerns))


def _topic(word: str, menu: Mapping[str, Topic]) -> Topic | None:
    if word in menu:
        return menu[word]
    asked = ASKED.get(word)
    return asked if asked in menu.values() else WORDS.get(word)


def keyword(body: str) -> str:
    """Letters and single spaces only; signs, emoji, quotes and zero-width characters are gone."""
    kept = "".join(char if char.isalnum() else " " if _separates(char) else "" for char in fold(body))
    return " ".join(kept.split())


def _separates(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) in ("Pd", "Po", "Pc")
