"""Forms of a page as a browser would send them, and what in them names a row: for tests that put something else in its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
NAME = re.compile(rf"{UUID}|(?<![\d.+])[1-9]\d{{6,8}}(?!\d)")
"""A `uid`, or the number of a row; those of a test's rows have seven digits and more."""
TYPED = {"date": "2026-03-02", "datetime-local": "2026-03-02T09:00", "time": "09:00", "number": "1", "email": "a@example.org"}


@dataclass
class Form:
    """`fields`: what each may say, the first being what it says now; ticks and choices that are open say one of theirs."""

    action: str
    method: str
    fields: dict[str, list[str]] = field(default_factory=dict)

    def filled(self) -> dict[str, str]:
        """Something in every field, so that the form is read to its end."""
        return {name: next((one for one in values if one), "Because she asked.") for name, values in self.fields.items()}

    def naming(self) -> Iterator[tuple[str, str]]:
        """Fields with one value of each that names a row."""
        for name, values in self.fields.items():
            if found := next((one for one in values if NAME.search(one)), None):
                yield name, found


class Forms(HTMLParser):
    def __init__(self, page: str, address: str) -> None:
        super().__init__()
        self.address, self.select = address, ""
        self.found: list[Form] = []
        self.named: dict[str, Form] = {}
        self.elsewhere: list[tuple[str, str, str]] = []
        self.form: Form | None = None
        self.feed(page)
        for form, name, value in self.elsewhere:
            self.named[form].fields.setdefault(name, []).append(value)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.form = Form(said.get("action") or self.address, said.get("method", "get").lower())
            self.found.append(self.form)
            self.named[said.get("id", "")] = self.form
        elif "form" in said and said.get("name"):
            self._elsewhere(tag, said)
        elif self.form is None:
            return
        elif tag == "select":
            self.select = said.get("name", "")
        elif tag == "option" and self.select:
            self._says(self.select, said.get("value", ""))
        elif tag in ("input", "button", "textarea") and said.get("name") and said.get("type") != "file":
            self._says(said["name"], said.get("value") or TYPED.get(said.get("type", ""), ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None
        elif tag == "select":
            self.select = ""

    def _elsewhere(self, tag: str, said: dict[str, str]) -> None:
        """It stands outside of its form; a button may send it to an address of its own, which is one form more."""
        if "formaction" in said:
            self.found.append(Form(said["formaction"], "post", {said["name"]: [said.get("value", "")]}))
        else:
            self.elsewhere.append((said["form"], said["name"], said.get("value", "")))

    def _says(self, name: str, value: str) -> None:
        assert self.form is not None
        if name != "csrfmiddlewaretoken":
            self.form.fields.setdefault(name, []).append(value)


def forms_of(page: str, address: str) -> list[Form]:
    return Forms(page, address).found
