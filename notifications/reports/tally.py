"""Plain tallies: rows by group and detail over the last weeks, every count with its rows. Messages, work and data quality are such."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext

from notifications.reports import costs
from pathways.reports.cohort import Question
from pathways.reports.freshness import freshness, in_force
from pathways.reports.hiding import for_eyes
from pathways.reports.rows import Behind, Rows, UnknownNumber
from pathways.reports.sheet import About, Column, Drawing, Kind, Sheet, Sum, Table, count, words
from pathways.sql import load
from patients.templatetags.finalmile import pieced, sentence

WEEKS = 12


@dataclass(frozen=True, slots=True)
class Hit:
    """One row that is counted: `group` and `detail` say where on the page it stands."""

    uid: str
    group: str
    detail: str


@dataclass(frozen=True, slots=True)
class Part:
    """One table of a tally: the statement that lists its rows, and what its two columns of words are called."""

    name: str
    title: str
    sql: str
    kind: Behind
    group: str
    detail: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """`priced`: it counts texts, so it says what they cost."""

    name: str
    title: str
    parts: tuple[Part, ...]
    says: Callable[[dict[str, list[Hit]]], Sequence[str]]
    notes: Sequence[str] = field(default_factory=tuple)
    priced: bool = False

    def sheet(self, question: Question, *, exact: bool) -> Sheet:
        found = {part.name: self.hits(part, question) for part in self.parts}
        since = since_of(question)
        texts = costs.charged(question, since) if self.priced else []
        sheet = Sheet(
            name=self.name,
            title=gettext(self.title),
            says=tuple(self.says(found)) if exact else (),
            about=About(
                as_of=question.as_of,
                programme=question.pathway,
                versions=in_force(question.pathway),
                fresh=freshness(question.sites, now=question.as_of),
                whom=gettext("Everything from %(since)s on, at the sites asked") % {"since": date_format(since, "d M Y")},
                censoring=gettext("What is under way stands as it stood at the as-of time; receipts and closures may still come."),
            ),
            drawings=tuple(_drawn(part, found[part.name]) for part in self.parts[:1] if found[part.name] and exact),
            figures=(costs.figure(texts, exact=exact),) if self.priced else (),
            tables=(
                *(_table(part, found[part.name]) for part in self.parts),
                *((costs.table(texts, exact=exact),) if self.priced else ()),
            ),
            sums=(
                *(Sum(f"{part.name}:all", tuple(_keys(part, found[part.name]))) for part in self.parts if found[part.name]),
                *costs.sums(texts),
            ),
            latent={f"{part.name}:all": len(found[part.name]) for part in self.parts} | costs.latent(texts),
            notes=(*map(gettext, self.notes), *(costs.said(texts) if self.priced else ())),
        )
        return for_eyes(sheet, exact=exact)

    def hits(self, part: Part, question: Question) -> list[Hit]:
        parameters: dict[str, Any] = {
            "since": since_of(question),
            "as_of": question.as_of,
            "sites": list(question.sites) if question.sites is not None else None,
            "pathway": question.pathway,
        }
        with connection.cursor() as cursor:
            cursor.execute(load("notifications.sql.tallies", part.sql), parameters)
            return [Hit(*row) for row in cursor.fetchall()]

    def rows(self, question: Question, number: str) -> Rows:
        """`part/group/detail`."""
        name, _, line = number.partition("/")
        if self.priced and name == costs.NAME:
            return Rows(Behind.MESSAGES, costs.uids(costs.charged(question, since_of(question)), number))
        part = next((part for part in self.parts if part.name == name), None)
        if part is None:
            raise UnknownNumber(number)
        return Rows(part.kind, [hit.uid for hit in self.hits(part, question) if f"{hit.group}/{hit.detail}" == line])


def since_of(question: Question) -> datetime:
    return question.as_of - timedelta(weeks=WEEKS)


def _lines(hits: Sequence[Hit]) -> list[tuple[tuple[str, str], int]]:
    return sorted(Counter((hit.group, hit.detail) for hit in hits).items(), key=lambda one: (one[0][0], -one[1], one[0][1]))


def _keys(part: Part, hits: Sequence[Hit]) -> list[str]:
    return [f"{part.name}:{group}:{detail}" for (group, detail), _ in _lines(hits)]


def _table(part: Part, hits: Sequence[Hit]) -> Table:
    columns = (
        Column("group", gettext(part.group), Kind.WORDS),
        Column("detail", gettext(part.detail), Kind.WORDS),
        Column("count", gettext("how many")),
    )
    rows = tuple(
        (words(group), words(detail), count(n, key=f"{part.name}:{group}:{detail}", opens=f"{part.name}/{group}/{detail}"))
        for (group, detail), n in _lines(hits)
    )
    return Table(part.name, gettext(part.title), columns, rows, note=part.note and gettext(part.note), empty=gettext("None."))


def _drawn(part: Part, hits: Sequence[Hit]) -> Drawing:
    rows = tuple({"name": _spoken(group), "part": _spoken(detail), "value": n} for (group, detail), n in _lines(hits))
    totals = Counter(_spoken(hit.group) for hit in hits)
    return Drawing(
        "bars", gettext(part.title), "; ".join(f"{name} {n}" for name, n in totals.most_common(8)), rows, {"x": gettext("how many")}
    )


def _spoken(code: str) -> str:
    """A code in a picture: in English as it is, in another language as the catalogue says it."""
    said = code.replace("_", " ")
    return said if get_language() == "en" else sentence(pieced(code))
