"""How the values of a report are written: numbers that open their rows, shares with their interval, hidden ones as such."""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from urllib.parse import quote

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from pathways.reports import drawing as charts
from pathways.reports.sheet import Cell, Column, Drawing, Kind
from pathways.templatetags.programmes import programme
from pathways.views.asked import rows_address
from patients.templatetags.finalmile import day as written_day
from patients.templatetags.finalmile import number as number_of
from patients.templatetags.finalmile import percent, pieced, points

register = template.Library()
CODE = re.compile(r"[a-z]+([_-][a-z0-9]+)*")


@register.simple_tag(takes_context=True)
def value(context: dict[str, Any], cell: Cell, kind: Kind) -> SafeString | str:
    """A cell as it stands in a table."""
    if cell.hidden:
        return format_html('<span class="soft small">{}</span>', _("hidden"))
    if cell.value is None:
        return ""
    said = written(cell, kind)
    return format_html('<a href="{}">{}</a>', _address(context, cell.opens), said) if cell.opens else said


def _address(context: dict[str, Any], number: str) -> str:
    """The rows behind a number, asked as this page was and as of the same moment."""
    base = rows_address(context["request"].GET, context["report"].name, context["code"], context["sheet"].about.as_of)
    return f"{base}{quote(number, safe='')}"


@register.filter
def as_words(number: str) -> str:
    """A number's name, for people: `ordered/patient_choice` is *ordered, patient choice*."""
    return ": ".join(", ".join(part.split("/")) for part in number.replace("_", " ").replace("|", ":").split(":"))


def written(cell: Cell, kind: Kind) -> SafeString | str:
    match kind, cell.value:
        case Kind.DAY, date() as day:
            return written_day(day)
        case ((Kind.SHARE | Kind.POINTS | Kind.DAYS), float() | int() as number):
            return _with_limits(_said(number, kind), cell, kind)
        case Kind.NUMBER, float() as number:
            return number_of(number, 1)
        case Kind.MONEY, float() | int() as number:
            return f"${number_of(number, 2)}"
        case Kind.COUNT, int() as number:
            return number_of(number)
        case Kind.WORDS, str() as code if CODE.fullmatch(code):
            return programme(code)
        case kind, str() as said if kind is Kind.WORDS:
            return pieced(said)
        case other:
            return str(other[1])


def _said(number: float, kind: Kind) -> str:
    if kind is Kind.SHARE:
        return percent(number)
    if kind is Kind.POINTS:
        return points(number)
    decimals = 0 if abs(number) >= 10 else 1
    return number_of(round(number, decimals) + 0.0, decimals).replace("-", "\N{MINUS SIGN}")  # no nought below nought


def _with_limits(said: str, cell: Cell, kind: Kind) -> SafeString | str:
    if cell.low is None or cell.high is None or cell.low == cell.high:
        return said
    limits = _("%(low)s to %(high)s") % {"low": _said(cell.low, kind), "high": _said(cell.high, kind)}
    return format_html('{} <span class="soft small">{}</span>', said, limits)


@register.filter
def is_number(column: Column) -> bool:
    return column.kind in (Kind.COUNT, Kind.NUMBER, Kind.MONEY)


@register.simple_tag
def picture(drawing: Drawing) -> SafeString:
    """The chart as SVG in the page's own colours. It was made from our own numbers, escaped where it takes words."""
    return mark_safe(charts.drawn(drawing))  # noqa: S308
