"""English and Spanish: the compiled catalogue is the written one, nothing that is marked is left untranslated, and screens speak it."""

from __future__ import annotations

import gettext
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from pathways.definitions.publish import catalogue
from pathways.definitions.reading import read_path
from pathways.kinds import KINDS
from patients.models import User
from patients.templatetags.finalmile import sentence, words
from tests.browser.morning import Morning
from tests.config.pages import words_of
from tests.test_architecture import LAYERS, ROOT

FOLDER = ROOT / "config" / "locale" / "es" / "LC_MESSAGES"
QUOTED = r'"((?:[^"\\]|\\.)*)"'
Enter = Callable[[User], Client]
SAID_BY_THE_CATALOGUE = re.compile(r"\{% (blocktranslate|comment)\b.*?\{% end\1 %\}|\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
NAMES = {"Finalmile", "MRN", "PDF", "REDCap"}
"""Words of a template that are the same in every language."""


def unquoted(lines: str) -> str:
    return "".join(re.findall(QUOTED, lines)).replace('\\"', '"').replace("\\n", "\n")


def written() -> dict[str, list[str]]:
    """msgid to its translations, one or one per plural form."""
    found = {}
    for block in (FOLDER / "django.po").read_text().split("\n\n")[1:]:
        entries = re.findall(rf"^(msgid|msgid_plural|msgstr(?:\[\d\])?) ((?:{QUOTED}\n?)+)", block, re.MULTILINE)
        said = [(name, unquoted(lines)) for name, lines, _ in entries]
        found[said[0][1]] = [text for name, text in said if name.startswith("msgstr")]
    return found


def compiled() -> dict[object, str]:
    with (FOLDER / "django.mo").open("rb") as file:
        catalogue: dict[object, str] = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    return catalogue


def marked() -> set[str]:
    """What templates and programs mark for translation."""
    found: set[str] = set()
    for layer in LAYERS:
        for path in (ROOT / layer).rglob("*.html"):
            for double, single in re.findall(r"\{% translate (?:\"([^\"]+)\"|'([^']+)')", path.read_text()):
                found.add(double or single)
        for path in (ROOT / layer).rglob("*.py"):
            if "translation import" in (source := path.read_text()):
                found |= {text.replace('\\"', '"') for text in re.findall(rf"\b(?:_|gettext|gettext_lazy)\(\s*{QUOTED}\s*[,)]", source)}
    return found


def test_the_compiled_catalogue_is_the_written_one() -> None:
    """`make translations` writes both; whoever edits one forgets the other."""
    said = compiled()
    for msgid, texts in written().items():
        if len(texts) == 1:
            assert said[msgid] == texts[0], msgid
        else:
            assert [said[(msgid, n)] for n in range(len(texts))] == texts, msgid
    assert len([key for key in said if key]) == sum(map(len, written().values()))


def test_everything_marked_is_translated() -> None:
    known = written()
    assert sorted(text for text in marked() if not all(known.get(text, [""]))) == []


def test_no_template_says_anything_but_by_the_catalogue() -> None:
    """What stands between the tags and in the attributes that are read out, once everything marked is taken away."""
    for layer in LAYERS:
        for path in sorted(path for path in (ROOT / layer).rglob("*.html") if "allauth" not in path.parts):
            bare = words_of(SAID_BY_THE_CATALOGUE.sub(" ", path.read_text()))
            said = [text for text in bare if set(re.findall(r"[^\W\d_]{2,}", re.sub(r"&\w+;", "", text))) - NAMES]
            assert said == [], path.relative_to(ROOT)


def test_a_translation_fills_in_the_same_things() -> None:
    places = re.compile(r"%\(\w+\)[sd]")
    said = written()
    odd = [msgid for msgid in said if {frozenset(places.findall(text)) for text in said[msgid]} != {frozenset(places.findall(msgid))}]
    assert odd == []


def test_the_shipped_programmes_and_every_kind_of_event_are_said_in_spanish() -> None:
    """They stand in definitions and in data; config/spoken_programmes.py and config/spoken_codes.py give them a place in the catalogue."""
    known = {sentence(msgid) for msgid in written()}
    labels = {words(kind) for kind in KINDS}
    for path in catalogue():
        body = read_path(path).body
        labels |= {sentence(label) for label in _labels(body)} | {
            words(code) for code in [*body["exits"], *body["completions"], *body["tracks"]]
        }
    assert sorted(labels - known) == []


def _labels(part: Any) -> Iterator[str]:
    """Titles, labels, what buttons say, and the names of phases, wherever they stand in a definition."""
    if isinstance(part, dict):
        yield from (text for name, text in part.items() if name in ("title", "label", "say") and isinstance(text, str))
        yield from part.get("phases", {}).values() if isinstance(part.get("phases"), dict) else ()
        for one in part.values():
            yield from _labels(one)
    elif isinstance(part, list):
        for one in part:
            yield from _labels(one)


@pytest.fixture
def dara_speaks_spanish(dara: User) -> User:
    User.objects.filter(pk=dara.pk).update(language="es")
    dara.refresh_from_db()
    return dara


def test_the_day_is_in_the_language_of_the_account(signed_in: Enter, dara_speaks_spanish: User, today: Morning) -> None:
    client = signed_in(dara_speaks_spanish)
    queue = client.get("/queue/?lane=team", headers={"Accept-Language": "en"})
    page = queue.content.decode()
    assert (queue.headers["Content-Language"], '<html lang="es">' in page) == ("es", True)
    for said in ("De mi equipo, sin tomar", "Qué falta", "A la espera de", "Pacientes", "Cerrar sesión"):
        assert said in page, said
    assert "What is missing" not in page
    for address, said in {
        f"/items/{today.critical.uid}/": "Por qué veo esto",
        f"/journeys/{today.journey.uid}/": "Quién tenía el turno",
        f"/patients/{today.patient.uid}/": "Libro de consentimientos",
        "/patients/": "Nombre, número de historia o teléfono",
    }.items():
        assert said in client.get(address).content.decode(), address


def test_strangers_are_spoken_to_as_their_browser_asks(client: Client, db: None) -> None:
    assert "Iniciar sesión" in client.get("/accounts/login/", headers={"Accept-Language": "es-MX"}).content.decode()
    assert "Sign in" in client.get("/accounts/login/", headers={"Accept-Language": "de"}).content.decode()


def test_the_switch_is_kept_with_the_account_and_at_the_door(signed_in: Enter, dara: User, today: Morning) -> None:
    client = signed_in(dara)
    assert client.post("/language/", {"language": "es", "next": "/queue/"}).headers["Location"] == "/queue/"
    dara.refresh_from_db()
    assert dara.language == "es"
    client.post("/accounts/logout/")
    assert "Iniciar sesión" in client.get("/accounts/login/").content.decode()
    assert client.post("/language/", {"language": "es", "next": "https://evil.example.org/"}).headers["Location"] == "/"
    assert client.post("/language/", {"language": "tlh"}).status_code == 400
