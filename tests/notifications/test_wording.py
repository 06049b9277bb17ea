"""What a text may say, for any name a patient or a clinic can have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.wording import compiler, rules, written
from notifications.wording.compiler import Unsayable, denied, fold, render, segments, speakable
from notifications.wording.readability import ease, syllables
from notifications.wording.rules import text_faults

KEYS = sorted(compiler.load("en").keys() - {compiler.HERE})


def test_every_shipped_text_keeps_the_rules() -> None:
    assert rules.check() == []


@given(key=st.sampled_from(KEYS), language=st.sampled_from(["en", "es", "", "es-MX"]), name=st.text(max_size=60), org=st.text(max_size=40))
def test_no_rendered_text_holds_a_clinical_word(key: str, language: str, name: str, org: str) -> None:
    try:
        rendered = render(key, language, first_name=name, org=org, phone="555-0100")
    except Unsayable:
        return
    assert not denied(rendered.body)
    assert segments(rendered.body) <= 2
    assert org in rendered.body


@pytest.mark.parametrize(
    "word", ["EGFR", "osimertinib", "Biopsy", "biopsia", "resultado", "RESULTS", "oncología", "Génético", "your lab", "ＢＲＣＡ1"]
)
def test_clinical_words_are_denied_however_they_are_written(word: str) -> None:
    assert denied(f"Call us about {word}.")


@pytest.mark.parametrize("text", ["available", "Riverside Care", "collaborate", "general", "We missed you", "contest", "reportedly not"])
def test_ordinary_words_pass_or_are_known_stems(text: str) -> None:
    assert bool(denied(text)) == (text == "reportedly not")


def test_a_patient_called_gene_is_greeted_without_name() -> None:
    rendered = render("call.us", "en", first_name="Gene", org="Riverside Care", phone="555-0100")
    assert rendered.body.startswith("This is Riverside Care.")


def test_a_long_name_in_another_alphabet_is_left_out() -> None:
    assert "Ж" not in render("visit.reminder", "en", first_name="Ж" * 40, org="Riverside Care", phone="555-0100").body


@pytest.mark.parametrize(
    ("language", "org", "phone"),
    [("fr", "Riverside Care", "1"), ("en", "", "1"), ("en", "Riverside Care", ""), ("en", "Lung Cancer Center", "1")],
)
def test_what_cannot_be_said_well_is_not_said(language: str, org: str, phone: str) -> None:
    with pytest.raises(Unsayable):
        render("call.us", language, first_name="Ana", org=org, phone=phone)


def test_the_reader_language_decides() -> None:
    assert render("call.us", "es-MX", first_name="Ana", org="Riverside Care", phone="1").language == "es"
    assert render("call.us", "", first_name="Ana", org="Riverside Care", phone="1").language == "en"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Hello {mrn} from {org}", "merge fields"),
        ("Hello", "sender named"),
        ("{org}: your biopsy is booked", "denied word"),
        ("{org} " + "x" * 400, "segments"),
        ("{org}: mañana “yes”", "alphabet"),
        ("{org}: please call {phone}", "opt-out"),
        ("{org}: see https://short.example/x. Reply STOP to end texts.", "links"),
        ("{org}: see riverside.org. Reply STOP to end texts.", "links"),
        (
            "{org}: Facilitating multidisciplinary coordination necessitates immediate telephonic communication. Reply STOP.",
            "reading grade",
        ),
    ],
)
def test_each_rule_is_named(text: str, rule: str) -> None:
    assert rule in {name for name, _ in text_faults(text)}


def test_a_spanish_text_is_judged_by_the_spanish_measure() -> None:
    hard = "{org}: Comuníquese inmediatamente con coordinación administrativa institucional. Responda ALTO para terminar."
    easy = "{org}: Llame al {phone} cuando pueda. Responda ALTO para terminar."
    assert "reading grade" in {name for name, _ in text_faults(hard, "es")}
    assert [*text_faults(easy, "es")] == []


@pytest.mark.parametrize(
    ("word", "language", "count"),
    [
        ("call", "en", 1),
        ("time", "en", 1),
        ("texts", "en", 1),
        ("package", "en", 2),
        ("questions", "en", 2),
        ("emergency", "en", 4),
        ("hora", "es", 2),
        ("cuando", "es", 2),
        ("leer", "es", 2),
        ("día", "es", 2),
        ("emergencia", "es", 4),
    ],
)
def test_syllables(word: str, language: str, count: int) -> None:
    assert syllables(word, language) == count


@given(words=st.lists(st.sampled_from(["call", "us", "soon", "please", "visit"]), min_size=1, max_size=12))
def test_shorter_sentences_are_never_harder(words: list[str]) -> None:
    assert ease(" ".join(f"{word}." for word in words), "en").score <= ease(" ".join(words), "en").score


@pytest.mark.parametrize(
    ("text", "count"),
    [("x" * 160, 1), ("x" * 161, 2), ("“" + "x" * 69, 1), ("“" + "x" * 70, 2), ("€" * 80, 1), ("😀" * 35, 1), ("😀" * 36, 2)],
)
def test_segments(text: str, count: int) -> None:
    assert segments(text) == count


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Ana", "Ana"), ("José-María", "José-María"), ("D'Angelo", "D'Angelo"), ("Wm.", "Wm"), ("Нина", "Нина"), ("עדי", "עדי"), ("नेहा", "नेहा"),
        ("evil.com/x", ""), ("http://a.b", ""), ("900-1234", ""), ("<b>", ""), ("🙏", ""), ("\u202eanA", ""), ("UNKNOWN", ""), ("Baby", ""), ("Null", ""),
    ],
)  # fmt: skip
def test_only_a_name_is_greeted(name: str, said: str) -> None:
    """What a feed writes where a name should be, or what somebody typed there, is never said to a patient: it might be an address to open."""
    assert speakable(name) == said
    text = render("visit.reminder", "en", first_name=name, org="Riverside Care", phone="555-0100").body
    mail = written.mail("visit.reminder", "en", first_name=name, org="Riverside Care", phone="555-0100", stop="https://ours/").body
    assert said or (name not in text and name not in mail)
    assert mail.startswith(f"Hello {said},\n" if said else "Hello,\n")


def test_what_is_folded_quickly_is_folded_alike() -> None:
    every = "".join(map(chr, range(128)))
    assert fold(every) == fold(every + "é").removesuffix("e") == every.lower()
