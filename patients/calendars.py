"""When a site works: its zone, the public holidays of its state, and its own closures. Plain data; deadlines make sense of it."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import holidays
import msgspec
from django.core.cache import cache

from .models import Site, SiteHoliday

YEARS = range(2010, 2051)
"""Fixed, not around today: the calendar is part of what a journey's replay was computed from, and must not change by itself."""
KEPT_SECONDS = 60
"""How long a process may go on with closures that somebody has just changed."""


class SiteCalendar(msgspec.Struct, frozen=True):
    """Days without work beside Saturdays and Sundays."""

    zone: str
    holidays: frozenset[date]


def calendar_for(site: Site) -> SiteCalendar:
    """The site's zone and closed days."""
    return calendar_for_site(site.pk)


def calendar_for_site(site_id: int) -> SiteCalendar:
    """As `calendar_for`, by id; a site that changes is seen a minute later at most."""
    made_of: tuple[str, str, str, tuple[date, ...]] | None = cache.get(_key(site_id))
    if made_of is None:
        place = Site.objects.values_list("time_zone", "country", "subdivision").get(pk=site_id)
        made_of = (*place, tuple(SiteHoliday.objects.filter(site=site_id).order_by("on").values_list("on", flat=True)))
        cache.set(_key(site_id), made_of, KEPT_SECONDS)
    return _calendar(*made_of)


@lru_cache(maxsize=512)
def _calendar(zone: str, country: str, subdivision: str, closures: tuple[date, ...]) -> SiteCalendar:
    """Forty years of days are put together once, not at each message."""
    return SiteCalendar(zone, public_holidays(country, subdivision) | frozenset(closures))


def forget(site_id: int) -> None:
    """After a closure or the site itself changed."""
    cache.delete(_key(site_id))


def _key(site_id: int) -> str:
    return f"patients.place_of_work.{site_id}"


@lru_cache(maxsize=64)
def public_holidays(country: str, subdivision: str) -> frozenset[date]:
    """Of the country and state; a place that the library does not know has none of its own."""
    try:
        return frozenset(holidays.country_holidays(country, subdiv=subdivision or None, years=YEARS))
    except NotImplementedError:
        return frozenset(holidays.country_holidays(country, years=YEARS)) if subdivision else frozenset()


def name_of_closure(site_id: int, day: date) -> str:
    """What a day without work is called at the site; blank for one that is none."""
    own = SiteHoliday.objects.filter(site=site_id, on=day).values_list("name", flat=True).first()
    if own:
        return own
    country, subdivision = Site.objects.values_list("country", "subdivision").get(pk=site_id)
    return _public_names(country, subdivision, day.year).get(day, "")


@lru_cache(maxsize=256)
def _public_names(country: str, subdivision: str, year: int) -> dict[date, str]:
    try:
        return dict(holidays.country_holidays(country, subdiv=subdivision or None, years=year))
    except NotImplementedError:
        return dict(holidays.country_holidays(country, years=year)) if subdivision else {}
