"""Sites and their closures. The only writer of both."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from . import calendars
from .models import PatientSite, Role, Site, SiteHoliday

CALENDAR = frozenset({"time_zone", "country", "subdivision"})
ANEW: dict[str, Any] = {"calendar_after": 0, "calendar_seen_at": None}
"""Deadlines at the site follow in the background (`pathways.zones`)."""


MINUTES_A_DAY: dict[str, int] = {
    Role.NAVIGATOR: 300,
    Role.LEAD: 120,
    Role.CLINICIAN: 30,
    Role.PHARMACIST: 240,
    Role.GENETIC_COUNSELOR: 180,
    Role.LAB_LIAISON: 240,
    Role.FINANCIAL_COUNSELOR: 240,
}
"""What a role has for the queue on a working day where neither the site nor the person entered anything. Local default."""


def minutes_a_day(site: Site, role: str) -> int:
    """Of somebody who entered none of their own."""
    return int(site.minutes.get(role, MINUTES_A_DAY[role]))


class UnknownZone(ValueError):
    """No zone of the IANA database, such as America/Chicago."""


def add(*, code: str, name: str, time_zone: str, country: str = "US", subdivision: str = "", **more: Any) -> Site:
    """A site by its code; one that exists is brought up to what is said (`more`: sender_name, call_back, is_training)."""
    stated = {"name": name, "time_zone": zone(time_zone), "country": country, "subdivision": subdivision, **more}
    site, made = Site.objects.get_or_create(code=code, defaults=stated)
    return site if made else change(site, **stated)


def change(site: Site, **stated: Any) -> Site:
    """Change what is said and differs."""
    if stated.get("is_training", site.is_training) != site.is_training and PatientSite.objects.filter(site=site).exists():
        raise ValueError("is_training: this site has patients already; real and invented ones never change places")
    if "time_zone" in stated:
        zone(stated["time_zone"])
    news = {name: value for name, value in stated.items() if getattr(site, name) != value}
    if news.keys() & CALENDAR:
        news |= ANEW
    for name, value in news.items():
        setattr(site, name, value)
    if news:
        site.save(update_fields=list(news))
        calendars.forget(site.pk)
    return site


def close_on(site: Site, *, days: Collection[date], name: str) -> int:
    """The site does not work on these days, beside the public holidays; how many are new."""
    before = SiteHoliday.objects.filter(site=site).count()
    SiteHoliday.objects.bulk_create([SiteHoliday(site=site, on=day, name=name[:80]) for day in sorted(days)], ignore_conflicts=True)
    return _closures_changed(site, SiteHoliday.objects.filter(site=site).count() - before)


def open_on(site: Site, *, days: Collection[date]) -> int:
    """Take closures back; a public holiday stays one."""
    deleted, _ = SiteHoliday.objects.filter(site=site, on__in=days).delete()
    return _closures_changed(site, deleted)


def _closures_changed(site: Site, count: int) -> int:
    if count:
        Site.objects.filter(pk=site.pk).update(**ANEW)
    calendars.forget(site.pk)
    return count


def zone(name: str) -> str:
    """The name, if there is such a zone."""
    if name not in available_timezones():
        raise UnknownZone(f"{name!r} is no time zone; write it as in America/Chicago")
    return ZoneInfo(name).key
