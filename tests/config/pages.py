"""Every page in two languages: what stands on it in words, so that what was left in English is found.

A text that is the same in both languages and has a word of four letters or more is untranslated, unless it is data: names, codes, what somebody wrote.
Such parts are marked in the page itself, `<bdi>`, `<code>`, `<pre>`, or by `lang`, which screen readers need anyway (WCAG 3.1.2).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from django.test import Client

from patients.models import User

SPOKEN = {"aria-label", "title", "alt", "placeholder", "data-label"}
VOID = {
    "area",
    "base",
    "br",
    "col",
    "hr",
    "img",
    "input",
    "link",
    "meta",
    "source",
    "track",
    "wbr",
    "path",
    "use",
    "rect",
    "line",
    "circle",
}
OURS = {"bdi", "code", "pre", "script", "style", "textarea", "kbd", "s"}
A_WORD = re.compile(r"[^\W\d_]{4,}")


class Words(HTMLParser):
    """Texts and spoken attributes of a page, without what is data."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        data = tag in OURS or ("lang" in said and tag != "html") or said.get("translate") == "no"
        if not data and not self.is_data:
            self.found += [value for name, value in attrs if name in SPOKEN and value]
        if tag not in VOID:
            self.open.append((tag, data))

    def handle_endtag(self, tag: str) -> None:
        while self.open and any(one == tag for one, _ in self.open):
            if self.open.pop()[0] == tag:
                break

    def handle_data(self, data: str) -> None:
        if not self.is_data:
            self.found.append(" ".join(data.split()))

    @property
    def is_data(self) -> bool:
        return any(data for _, data in self.open)


def words_of(page: str) -> list[str]:
    reader = Words()
    reader.feed(page)
    return [text for text in reader.found if text]


def in_both(client: Client, user: User, addresses: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Where, and a text that stands there in English and in Spanish alike."""
    for where, address in addresses.items():
        said = {}
        for language in ("en", "es"):
            User.objects.filter(pk=user.pk).update(language=language)
            answer = client.get(address, follow=True)
            page = answer.content.decode() if "html" in answer.headers.get("Content-Type", "") else ""
            said[language] = dict.fromkeys(words_of(page))
        yield from ((where, text) for text in said["es"] if text in said["en"] and A_WORD.search(text))
