"""What people mean when they write back, in two languages and many spellings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.reading import HELP, START, STOP, Concern, read
from notifications.topics import ASKED, WORDS, Topic

STOPS = [
    "STOP",
    "Stop.",
    "stop!!",
    "“Stop”",
    "STOP STOP",
    "ＳＴＯＰ",
    "stop 🙏",
    "st\u200bop",
    "S T O P",
    "Opt-Out",
    "opt out",
    "ALTO",
    "no más",
    "Cancelar",
    "END",
]


@pytest.mark.parametrize("body", STOPS)
def test_stop_however_it_is_written(body: str) -> None:
    assert read(body).kind == "stop"


@given(word=st.sampled_from(sorted(STOP)), before=st.text("  .!\"'*🙏\u200b", max_size=4), after=st.text("  .!?\"'🙏\u200b", max_size=4))
def test_signs_around_a_keyword_never_hide_it(word: str, before: str, after: str) -> None:
    assert read(before + word.upper() + after).kind == "stop"


@pytest.mark.parametrize(
    ("body", "kind"),
    [("Start", "start"), ("UNSTOP", "start"), ("Help", "help"), ("¿Ayuda?", "help"), ("YES", "text"), ("", "text"), ("🙂", "text")],
)
def test_other_keywords(body: str, kind: str) -> None:
    assert read(body).kind == kind


@pytest.mark.parametrize(
    ("body", "concern"),
    [
        ("Please stop texting me", Concern.STOP),
        ("don’t text me again", Concern.STOP),
        ("no me escriban más", Concern.STOP),
        ("Wrong number", Concern.WRONG_NUMBER),
        ("No soy Ana", Concern.WRONG_NUMBER),
        ("no soy esa persona", Concern.WRONG_NUMBER),
        ("No soy capaz de ir sola", Concern.NONE),
        ("no soy de aqui, donde queda?", Concern.NONE),
        ("who is this?", Concern.VERIFY),  # a question, and no reason to take the number from everybody
        ("¿Quién es?", Concern.VERIFY),
        ("I have a fever of 102", Concern.SAFETY),
        ("tengo fiebre", Concern.SAFETY),
        ("I cannot breath", Concern.SAFETY),
        ("he died last week", Concern.DEATH),
        ("My mother passed away", Concern.DEATH),
        ("Falleció en marzo", Concern.DEATH),
        ("I started the pills", Concern.VERIFY),
        ("I changed doctors", Concern.NONE),
        ("I have a different doctor now", Concern.VERIFY),
        ("I can't breathe", Concern.SAFETY),
        ("chest pain since monday", Concern.SAFETY),
        ("Will I be late if I come at 9?", Concern.NONE),
        ("The bus stops at the clinic", Concern.NONE),
        ("At what time does it end", Concern.NONE),
    ],
)
def test_what_cannot_wait(body: str, concern: Concern) -> None:
    assert read(body).concern is concern


@pytest.mark.parametrize("concern", [Concern.STOP, Concern.WRONG_NUMBER, Concern.DEATH])
def test_words_that_silence(concern: Concern) -> None:
    body = {Concern.STOP: "please stop texting me", Concern.WRONG_NUMBER: "wrong number", Concern.DEATH: "she has died"}[concern]
    assert read(body).kind == "stop_intent"


def test_no_word_means_two_things() -> None:
    assert not (STOP & START or STOP & HELP or START & HELP)
    assert not {*WORDS, *ASKED} & (STOP | START | HELP)
    assert not WORDS.keys() & ASKED.keys()


VISIT = {"1": Topic.CONFIRM, "2": Topic.DECLINE, "3": Topic.CALL}


@pytest.mark.parametrize(
    ("body", "menu", "topic"),
    [
        ("1", VISIT, Topic.CONFIRM),
        (" 1. ", VISIT, Topic.CONFIRM),
        ("３", VISIT, Topic.CALL),
        ("1", {}, None),
        ("1", {"1": Topic.CALL}, Topic.CALL),
        ("YES", VISIT, Topic.CONFIRM),
        ("Sí!", VISIT, Topic.CONFIRM),
        ("YES", {}, None),
        ("yes", {"1": Topic.CALL}, None),
        ("no", VISIT, Topic.DECLINE),
        ("Cost", {}, Topic.COST),
        ("¡Llámeme!", {}, Topic.CALL),
        ("ride?", {}, Topic.TRANSPORT),
        ("STARTED", {}, Topic.STARTED),
        ("Cambié de doctor", {}, Topic.CHANGED_DOCTOR),
        ("1 and 2", VISIT, None),
    ],
)
def test_a_number_means_what_the_last_text_asked(body: str, menu: dict[str, Topic], topic: Topic | None) -> None:
    assert read(body, menu).topic is topic


@pytest.mark.parametrize(
    ("body", "guess"),
    [
        ("I can't come on Monday", Topic.DECLINE),
        ("necesito cambiar la cita", Topic.DECLINE),
        ("it is too expensive for me", Topic.COST),
        ("no tengo carro", Topic.TRANSPORT),
        ("I am scared of it", Topic.FEAR),
        ("could you call me please", Topic.CALL),
        ("I feel worse today", Topic.WORSE),
        ("me siento peor", Topic.WORSE),
        ("Which entrance?", None),
    ],
)
def test_their_own_words_are_only_guessed_at(body: str, guess: Topic | None) -> None:
    reading = read(body, VISIT)
    assert (reading.topic, reading.guess) == (None, guess)


def test_what_silences_is_never_taken_for_an_answer() -> None:
    assert read("stop", VISIT).kind == "stop"
    assert read("wrong number, call me", VISIT).concern is Concern.WRONG_NUMBER


@given(st.text(max_size=400))
def test_anything_can_be_read(body: str) -> None:
    assert read(body).kind in ("stop", "start", "help", "stop_intent", "text")


@pytest.mark.parametrize(
    ("body", "concerns"),
    [
        ("My mother died, she was bleeding", {Concern.SAFETY, Concern.DEATH}),
        ("chest pain!! stop texting me", {Concern.SAFETY, Concern.STOP}),
        ("Wrong number, call 911 yourself", {Concern.SAFETY, Concern.WRONG_NUMBER}),
    ],
)
def test_a_cry_for_help_hides_no_death_and_no_stop(body: str, concerns: set[Concern]) -> None:
    """The gravest names the item, and all is done that silences."""
    found = read(body)
    assert (found.concern, set(found.concerns), str(found.kind)) == (Concern.SAFETY, concerns, "stop_intent")
