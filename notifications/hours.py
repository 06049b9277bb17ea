"""At which hours a text may reach somebody: nine to eight in the evening, on the number's clock and on the address's alike.

47 CFR 64.1200(c)(1) allows 8 to 21 o'clock at the place of who is called; an area code says where a number was given out, an address
where somebody lives, and neither where they are. So both must agree; where neither is known, every zone of the site's country must.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers
from django.db import connection
from phonenumbers import timezone as numbering

from pathways.sql import prepared
from patients.calendars import calendar_for_site

LAST_HOUR = 21  # nothing is delivered after it
AHEAD = 2  # days among which the next open hour lies where no day is closed
AHEAD_OF_HOLIDAYS = 12
# The plan of the number 1 is shared by 25 countries. Guam and Samoa lie across the date line: no hour suits them and the mainland both.
SPANS = {"US": ("Pacific/Honolulu", "America/Puerto_Rico"), "CA": ("America/Vancouver", "America/St_Johns")}


def params(now: datetime) -> dict[str, Any]:
    """What the claim must know of zones and closed days, for all sites at once."""
    sites = _sites()
    spans = [(country, *span(country, now)) for country in sorted({country for _, country, _ in sites})]
    quiet = quiet_days([site for site, _, texts_on_holidays in sites if not texts_on_holidays], now)
    return {
        "zones": _zones_as_text(),
        "countries": [country for country, _, _ in spans],
        "west": [west for _, west, _ in spans],
        "east": [east for _, _, east in spans],
        "quiet_sites": [site for site, _ in quiet],
        "quiet_days": [day for _, day in quiet],
        "ahead": AHEAD_OF_HOLIDAYS if quiet else AHEAD,
    }


def _sites() -> list[tuple[int, str, bool]]:
    """Asked by each claim: kept by the server, as the claim is."""
    with prepared() as cursor:
        cursor.execute("SELECT id, country, texts_on_holidays FROM patients_site ORDER BY id")
        return list(cursor.fetchall())


def evening(zone: str, address: str, country: str, *, now: datetime) -> datetime:
    """When it is nine in the evening at the first of the places where the reader may be."""
    known = [name for name in (zone, address) if name in _known()] or list(span(country, now))
    return min(now.astimezone(ZoneInfo(name)).replace(hour=LAST_HOUR, minute=0, second=0, microsecond=0) for name in known)


def local_day(zone: str, address: str, country: str, *, at: datetime) -> date:
    """The day of a number that a text at that time takes."""
    home = next((name for name in (zone, address) if name in _known()), span(country, at)[0])
    return at.astimezone(ZoneInfo(home)).date()


def span(country: str, now: datetime) -> tuple[str, str]:
    """The westernmost and the easternmost zone of a country, as its clocks stand in this hour."""
    return SPANS.get(country) or _extremes(country, now.replace(minute=0, second=0, microsecond=0))


@lru_cache(maxsize=512)
def _extremes(country: str, hour: datetime) -> tuple[str, str]:
    code = phonenumbers.country_code_for_region(country)
    # The zones of a whole numbering plan: asked by a number that is too short to lie in any one of them.
    plan = numbering.time_zones_for_geographical_number(phonenumbers.PhoneNumber(country_code=code, national_number=0)) if code else ()
    found = sorted((name for name in plan if name in _known()), key=lambda name: hour.astimezone(ZoneInfo(name)).utcoffset() or timedelta())
    return (found[0], found[-1]) if found else SPANS["US"]


def quiet_days(sites: Iterable[int], now: datetime) -> list[tuple[int, date]]:
    """The closed days of the coming time at sites that want no text on them."""
    days = {now.date() + timedelta(days=n) for n in range(-1, AHEAD_OF_HOLIDAYS + 1)}
    return [(site, day) for site in sites for day in sorted(days & calendar_for_site(site).holidays)]


@cache
def zones() -> list[str]:
    """Zones that both the database and Python know; a number with any other counts as of unknown zone."""
    ours = available_timezones()  # reads a directory tree at every call
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_timezone_names WHERE name ~ '^[A-Z][A-Za-z]+/' AND name !~ '^posix/'")
        return sorted(row[0] for row in cursor.fetchall() if row[0] in ours)


@cache
def _zones_as_text() -> str:
    """As PostgreSQL writes an array: 600 names are not put together anew for each claim. No name holds a sign with a meaning there."""
    return f"{{{','.join(zones())}}}"


@cache
def _known() -> frozenset[str]:
    return frozenset(zones())
