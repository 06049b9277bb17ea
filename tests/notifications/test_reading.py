"""What people mean when they write back, in two languages and many spellings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.reading import HELP, START, STOP, Concern, read

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
        ("who is this?", Concern.WRONG_NUMBER),
        ("he died last week", Concern.DEATH),
        ("My mother passed away", Concern.DEATH),
        ("Falleció en marzo", Concern.DEATH),
        ("I started the pills", Concern.VERIFY),
        ("I changed doctors", Concern.NONE),
        ("changed doctor", Concern.VERIFY),
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


@given(st.text(max_size=400))
def test_anything_can_be_read(body: str) -> None:
    assert read(body).kind in ("stop", "start", "help", "stop_intent", "text")
