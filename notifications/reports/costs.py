"""What texts cost: the segments of what was handed to the provider, times the price in force that day, by programme, site and month.

A text of a day before the first price that is known, or whose words are no longer kept, has no price: it is counted apart, never as nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from notifications.forecast import price_of, prices
from notifications.wording.compiler import segments
from pathways.reports.cohort import Question
from pathways.reports.sheet import Cell, Column, Figure, Kind, Sum, Table, count, words
from pathways.sql import load
from patients.templatetags.finalmile import translated

NAME = "costs"


@dataclass(frozen=True, slots=True)
class Text:
    """One text that a provider was handed; `cost` in dollars, None where it cannot be priced."""

    uid: str
    programme: str
    site: str
    month: str
    segments: int
    cost: float | None


def charged(question: Question, since: datetime) -> list[Text]:
    sites = list(question.sites) if question.sites is not None else None
    with connection.cursor() as cursor:
        cursor.execute(load("notifications.sql.tallies", "charged"), {"since": since, "as_of": question.as_of, "sites": sites})
        return [_text(*row) for row in cursor.fetchall()]


def _text(uid: str, programme: str, site: str, at: datetime, body: str) -> Text:
    day, size = at.astimezone(timezone.get_current_timezone()).date(), segments(body) if body else 0
    price = price_of(day)
    return Text(uid, programme, site, f"{day:%Y-%m}", size, size * price.each if price and size else None)


Line = tuple[str, str, str]


def lines(texts: Sequence[Text]) -> dict[Line, list[Text]]:
    """By programme, site and month, in that order."""
    found: dict[Line, list[Text]] = {}
    for one in sorted(texts, key=lambda one: (one.programme, one.site, one.month)):
        found.setdefault((one.programme, one.site, one.month), []).append(one)
    return found


def table(texts: Sequence[Text], *, exact: bool) -> Table:
    """Whoever does not see small numbers sees whole dollars and no segments: they would give the texts back."""
    columns = (
        Column("programme", _("programme"), Kind.WORDS),
        Column("site", _("site"), Kind.WORDS),
        Column("month", _("month"), Kind.WORDS),
        Column("texts", _("texts")),
        Column("segments", _("segments"), Kind.NUMBER),
        Column("cost", _("cost"), Kind.MONEY),
        Column("unpriced", _("without a price")),
    )
    rows = tuple(_line(line, some, exact) for line, some in lines(texts).items())
    return Table(
        NAME,
        _("What they cost"),
        columns,
        rows,
        note=_("Segments times the price in force on the day"),
        empty=_("No text was handed to a provider."),
    )


def _line(line: Line, some: Sequence[Text], exact: bool) -> tuple[Cell, ...]:
    key, name = ":".join((NAME, *line)), "/".join((NAME, *line))
    unpriced = sum(one.cost is None for one in some)
    rests = (key, f"{key}:unpriced")
    return (
        *(words(said) for said in line),
        count(len(some), key=key, opens=name),
        Cell(sum(one.segments for one in some), rests_on=rests, precise=True),
        Cell(_dollars(some, exact), rests_on=rests),
        count(unpriced, key=f"{key}:unpriced", opens=f"{name}/unpriced"),
    )


def _dollars(some: Sequence[Text], exact: bool) -> float | None:
    priced = [one.cost for one in some if one.cost is not None]
    return None if not priced else round(sum(priced), 4 if exact else 0)


def figure(texts: Sequence[Text], *, exact: bool) -> Figure:
    every = Cell(_dollars(texts, exact) or 0.0, rests_on=(f"{NAME}:all",))
    of = ((_("texts handed to the provider"), count(len(texts), key=f"{NAME}:all", opens=NAME)),)
    return Figure(every, _("what they cost, before taxes and discounts"), Kind.MONEY, of)


def sums(texts: Sequence[Text]) -> Iterator[Sum]:
    """The texts of all lines make up the whole; of each line, and of all, some have no price."""
    keys = [":".join((NAME, *line)) for line in lines(texts)]
    if keys:
        yield Sum(f"{NAME}:all", tuple(keys))
    for key in keys:
        yield Sum(key, (f"{key}:unpriced", f"{key}:priced"))


def latent(texts: Sequence[Text]) -> dict[str, int]:
    return {f"{':'.join((NAME, *line))}:priced": sum(one.cost is not None for one in some) for line, some in lines(texts).items()}


def said(texts: Sequence[Text]) -> tuple[str, ...]:
    """Which prices, how far they were checked, and what has none."""
    notes = [
        _("Priced from %(since)s at $%(each)s a segment (%(carrier)s; %(source)s): %(checked)s.")
        % {
            "since": date_format(one.since, "d M Y"),
            "each": number_format(one.each, 4),
            "carrier": translated(one.carrier_of),
            "source": one.source,
            "checked": translated(one.checked),
        }
        for one in prices()
    ]
    if any(one.cost is None for one in texts):
        notes.append(
            _(
                "Some texts have no price: no price is known of their day, or their words are no longer kept. They are counted and not in the cost."
            )
        )
    return tuple(notes)


def uids(texts: Sequence[Text], name: str) -> list[str]:
    """The texts behind a number: all, those of a line, or of these those without a price."""
    if name == NAME:
        return [one.uid for one in texts]
    parts = name.split("/")[1:]
    line, unpriced = tuple(parts[:3]), parts[3:] == ["unpriced"]
    return [one.uid for one in texts if (one.programme, one.site, one.month) == line and (one.cost is None or not unpriced)]
