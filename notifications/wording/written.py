"""What e-mails and letters say: the written-out words of a key, in the frame that `pages.yaml` has for each.

The same care as with texts: sender named, nothing from the record but a first name, judged again as rendered.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import msgspec

from notifications.wording.compiler import REVIEWED, Unsayable, denied, read_yaml, speakable
from notifications.wording.pages import words


class Wording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`several` where one message speaks for several children."""

    text: str
    reviewed: str = ""
    several: str = ""

    @property
    def is_active(self) -> bool:
        return bool(REVIEWED.fullmatch(self.reviewed.strip()))


class Mail(msgspec.Struct, frozen=True):
    subject: str
    body: str
    language: str


@cache
def load(language: str) -> dict[str, Wording]:
    return msgspec.convert(read_yaml(f"written.{language}.yaml"), dict[str, Wording])


def wording_of(key: str, language: str, programme: str = "") -> Wording | None:
    """The programme's own words of this name, else those of all programmes."""
    if language not in words():
        return None
    found = load(language)
    return found.get(f"{key}@{programme}") or found.get(key)


def say(
    key: str, language: str, *, org: str, phone: str, refs: Sequence[str] = ("",), several: bool = False, programme: str = ""
) -> tuple[str, str]:
    """The words themselves, without greeting, and the language they are in. English where the reader's is unknown.

    Raises:
        Unsayable: no reviewed words in this language, or the site has no name or number.
    """
    code = language.partition("-")[0].lower() or "en"
    wording = wording_of(key, code, programme)
    if wording is None or not wording.is_active:
        raise Unsayable(f"no wording in {code}"[:60])
    if not org or not phone:
        raise Unsayable("the site has no name or number for texts")
    text = wording.several if several and wording.several else wording.text
    return text.format(org=org, phone=phone, ref=", ".join(refs)), code


def mail(
    key: str,
    language: str,
    *,
    first_name: str,
    org: str,
    phone: str,
    stop: str,
    link: str = "",
    refs: Sequence[str] = ("",),
    several: bool = False,
    programme: str = "",
) -> Mail:
    """An e-mail, subject and all. `stop` is the link that ends e-mails to this address, `link` the secure page. A name that says more than it may is left out.

    Raises:
        Unsayable: as `say`, or a denied word that no name brought.
    """
    text, code = say(key, language, org=org, phone=phone, refs=refs, several=several, programme=programme)
    frame, first_name = words()[code], speakable(first_name)
    subject = frame["email_subject"].format(org=org)
    for hello in ([frame["email_hello"].format(first_name=first_name)] if first_name else []) + [frame["email_hello_nameless"]]:
        why = frame["email_why"].format(org=org, phone=phone)
        answer = f"{frame['email_answer']}\n{link}" if link else ""
        parts = (hello, text, answer, frame["letter_bye"].format(org=org), f"-- \n{why}", f"{frame['email_stop']} {stop}")
        body = "\n\n".join(filter(None, parts)) + "\n"
        if not denied(f"{subject} {body.replace(stop, '').replace(link or stop, '')}"):
            return Mail(subject, body, code)
    raise Unsayable("the e-mail would say too much")


@cache
def name_of(language: str) -> str:
    """The language in English, as staff ask an interpreter for it."""
    code = language.partition("-")[0].lower()
    return str(read_yaml("interpreted.yaml").get(code, language))
