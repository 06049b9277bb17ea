"""How every report is counted and estimated, in the product: `docs/statistics.md` as a page, one click from each report."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_GET
from markdown_it import MarkdownIt
from markdown_it.token import Token

from patients.views.guard import ANYONE, StaffRequest, page

WRITTEN = Path("docs") / "statistics.md"


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of the page: what a link calls it, and where it leads."""

    title: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Methods:
    title: str
    sections: tuple[Section, ...]
    body: SafeString


@cache
def methods() -> Methods:
    """Read and rendered once a process. No HTML of its own is let through, so nothing but our own markup can come out."""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse((Path(settings.BASE_DIR) / WRITTEN).read_text())
    sections = tuple(_anchored(tokens))
    _framed(tokens)
    body = str(reader.renderer.render(tokens[3:], reader.options, {}))
    return Methods(tokens[1].content, sections, mark_safe(body))  # noqa: S308 (our own page; see above)


def section(anchor: str) -> Section:
    """Raises KeyError where the page has no such section."""
    return {one.anchor: one for one in methods().sections}[anchor]


def _anchored(tokens: list[Token]) -> Iterator[Section]:
    for opening, inside in pairwise(tokens):
        if opening.type == "heading_open" and opening.tag == "h2":
            anchor = re.sub(r"[^a-z]+", "-", inside.content.lower()).strip("-")
            opening.attrSet("id", anchor)
            yield Section(inside.content, anchor)


def _framed(tokens: list[Token]) -> None:
    for token in tokens:
        if token.type == "table_open":
            token.attrSet("class", "table")


@require_GET
@page(*ANYONE)
def methods_page(request: StaffRequest) -> HttpResponse:
    return render(request, "reports/methods.html", {"methods": methods()})
