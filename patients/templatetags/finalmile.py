"""Words and marks that the templates of all apps share."""

from __future__ import annotations

import re
from datetime import date, datetime

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, get_language_info, gettext, ngettext

from patients.codes import readable

register = template.Library()
JOINTS = re.compile(r"(: |, )")
LENGTH = re.compile(r"(\d+) (working day|working hour|minute|hour|day|week|month|year)s?")

# Initials that stay capital when a code becomes a sentence.
INITIALS = {
    "pa": "prior authorization",
    "qns": "QNS",
    "npi": "NPI",
    "mrn": "MRN",
    "pgx": "PGx",
    "fhir": "FHIR",
    "csv": "CSV",
    "mtb": "tumor board",
    "bsc": "best supportive care",
}
# Codes that do not read as a sentence, as a nurse would say them.
PHRASES = {
    "QNS no rebiopsy": "Tissue not enough, no new biopsy",
    "QNS no recollection": "Sample not enough, no new one",
    "test failed no repeat": "Test failed and was not repeated",
    "payer denial final": "Payer's denial is final",
    "lost to follow up": "Lost to follow-up",
    "no transport access": "No transport",
    "clinician decision other therapy": "Clinician chose another therapy",
    "trial enrolled": "Enrolled in a trial",
}


@register.simple_tag
def icon(name: str) -> SafeString:
    """A mark from our own sprite; it always stands beside its words, so screen readers skip it."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>', static("icons.svg"), name)


@register.filter
def words(code: str | None) -> str:
    """A code in the words of a sentence: `no-order` -> No order, `pa_denied` -> Prior authorization denied."""
    parts = [INITIALS.get(part, part) for part in (code or "").replace("_", "-").replace(".", "-").split("-") if part]
    said = " ".join(parts)
    return sentence(PHRASES.get(said, said))


@register.filter
def translated(text: object) -> str:
    """Words of data inside a sentence, in the reader's language where the catalogue knows them, else as they are."""
    said = str(text) if text else ""
    if not said or get_language() == "en":
        return said
    if length := LENGTH.fullmatch(said):
        return _length(int(length[1]), length[2])
    large, small = said[:1].upper() + said[1:], said[:1].lower() + said[1:]
    for known in (said, small, large):
        if (found := gettext(known)) != known:
            return found if known == said else _begun_like(said, found)
    return said


def pieced(said: str) -> str:
    """Words of data that are put together (`3 to 7 days, past due`, `done: left_message`), part by part where the whole is not known."""
    whole = translated(said)
    if whole != said or get_language() == "en":
        return whole
    return "".join(translated(part.replace("_", " ")) for part in JOINTS.split(said))


@register.filter
def prose(text: str) -> str | SafeString:
    """What a definition or a message says in English: translated where the catalogue knows it, else marked, so that it is read out as English."""
    said = translated(text)
    return said if said != text or not text or get_language() == "en" else format_html('<span lang="en">{}</span>', text)


def _begun_like(said: str, found: str) -> str:
    """With a first letter as large as the other's."""
    return (found[:1].upper() if said[:1].isupper() else found[:1].lower()) + found[1:]


def _length(n: int, unit: str) -> str:
    """`10 working days`, as definitions write a length of time."""
    said = {
        "working day": ngettext("%(n)s working day", "%(n)s working days", n),
        "working hour": ngettext("%(n)s working hour", "%(n)s working hours", n),
        "minute": ngettext("%(n)s minute", "%(n)s minutes", n),
        "hour": ngettext("%(n)s hour", "%(n)s hours", n),
        "day": ngettext("%(n)s day", "%(n)s days", n),
        "week": ngettext("%(n)s week", "%(n)s weeks", n),
        "month": ngettext("%(n)s month", "%(n)s months", n),
        "year": ngettext("%(n)s year", "%(n)s years", n),
    }
    return said[unit] % {"n": n}


@register.filter
def sentence(text: str) -> str:
    """In the reader's language where it is known (config/spoken*.py); the first letter large, the others as they are."""
    said = translated(text)
    return said[:1].upper() + said[1:]


@register.filter
def tongue(code: str) -> str:
    """A language by its name in the reader's: `es` -> Spanish. A code that nobody knows stays as it is."""
    try:
        return sentence(str(get_language_info(code)["name_translated"])) if code else ""
    except KeyError:
        return code


later = lazy(words, str)
"""`words` for labels that are made once and read in many languages."""


@register.filter
def day(moment: datetime | date | None) -> SafeString | str:
    """A date a nurse reads at a glance: `Mon 3 Aug`, with the year when it is not this one."""
    if moment is None:
        return ""
    local = timezone.localtime(moment) if isinstance(moment, datetime) else moment
    year = "" if local.year == timezone.localdate().year else f" {local.year}"
    exact = local.isoformat(timespec="minutes") if isinstance(local, datetime) else local.isoformat()
    return format_html('<time datetime="{}">{}{}</time>', exact, f"{date_format(local, 'D j M')}", year)


@register.filter
def moment(when: datetime | None) -> SafeString | str:
    """Date and time of day on the clock of the site."""
    if when is None:
        return ""
    local = timezone.localtime(when)
    return format_html('<span class="nowrap">{} {}</span>', day(when), f"{local:%H:%M}")


@register.filter
def telephone(e164: str) -> SafeString:
    """A number as people write it. No link: addresses carry no numbers, and browsers remember what was clicked."""
    return format_html('<data class="nowrap" value="{}">{}</data>', e164, readable(e164))


@register.filter
def percent(share: float | None) -> str:
    """A share as a whole percentage; nothing is said about an empty denominator."""
    return "" if share is None else f"{share * 100:.0f}\N{NO-BREAK SPACE}%"


def points(difference: float) -> str:
    """A difference of two shares, in percentage points: from 40 % to 60 % is +20 pt, which nobody can read as half as many again."""
    whole = round(difference * 100)
    return f"{whole:{'+d' if whole else 'd'}}\N{NO-BREAK SPACE}pt".replace("-", "\N{MINUS SIGN}")


@register.filter
def number(value: float, decimals: int = 0) -> str:
    """With the marks of the reader's language: 1,234.5 or 1.234,5."""
    return number_format(round(value, decimals) if decimals else round(value), decimals, use_l10n=True, force_grouping=True)


@register.filter
def field_of(row: object, name: str) -> object:
    """An attribute by name, for tables whose columns are data."""
    return getattr(row, name, "")


@register.filter
def source(lineage: str) -> str:
    """The system that told a fact: the first part of its lineage."""
    return lineage.partition("|")[0]
