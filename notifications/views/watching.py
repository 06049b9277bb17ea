"""Two ledgers on the patient's page: how much of the cap of texts is used, and who looked at this chart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Prefetch

from notifications.models import SendSlot
from patients.models import AccessLog, Membership, Patient, Phone
from patients.templatetags.finalmile import words

DAYS, A_WEEK = 7, 3  # the cap of unprompted texts: one a day, three in seven days
LOOKED_BACK = timedelta(days=180)
LOOKED = 25


@dataclass(frozen=True, slots=True)
class Used:
    """What unprompted texts a number got lately, over all programmes and all who share it."""

    phone: Phone
    today: bool
    week: int
    left: int


@dataclass(frozen=True, slots=True)
class Look:
    """Reads of one person on one day, of one page."""

    who: str
    role: str
    what: str
    at: datetime
    times: int


def used(phones: Sequence[Phone], *, zone: str, now: datetime) -> list[Used]:
    days: dict[int, set[date]] = {}
    newest = now.date() + timedelta(days=1)  # somewhere it is tomorrow already
    for phone, day in SendSlot.objects.filter(phone__in=phones, local_day__gt=newest - timedelta(days=DAYS + 2)).values_list(
        "phone", "local_day"
    ):
        days.setdefault(phone, set()).add(day)
    return [_used(phone, days.get(phone.pk, set()), now.astimezone(ZoneInfo(phone.zone or zone)).date()) for phone in phones]


def _used(phone: Phone, days: Iterable[date], today: date) -> Used:
    week = sum(1 for day in days if today - timedelta(days=DAYS) < day <= today)
    return Used(phone, today in set(days), week, max(0, A_WEEK - week))


def looked(patient: Patient, records: Iterable[int], *, now: datetime) -> list[Look]:
    """Who was shown the patient, newest first; a person's reads of one page on one day are one line."""
    held = Membership.objects.filter(until__isnull=True).order_by("pk")
    rows = AccessLog.objects.filter(patients__overlap=list(records), at__gte=now - LOOKED_BACK).order_by("-at")
    lines: dict[tuple[str, str, date], Look] = {}
    for row in rows.select_related("user").prefetch_related(Prefetch("user__memberships", queryset=held))[: LOOKED * 8]:
        key = (row.actor, row.what, row.at.date())
        before = lines.get(key)
        who = (row.user.get_full_name() if row.user else "") or row.actor
        role = next((one.get_role_display() for one in row.user.memberships.all()), "") if row.user else ""
        lines[key] = Look(who, role, words(row.what.replace(" ", "_")), before.at if before else row.at, before.times + 1 if before else 1)
    return list(lines.values())[:LOOKED]
