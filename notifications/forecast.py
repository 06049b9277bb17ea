"""Whom alerts that never rang would make us tell: work items per role and day against the budget, texts and what they cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from importlib import resources
from itertools import groupby
from typing import Any, NamedTuple

import msgspec
import yaml
from django.conf import settings
from django.db import connection, transaction

from notifications.models import Channel
from notifications.wording import written
from notifications.wording.compiler import Unsayable, render, segments
from pathways import supposing
from pathways.dry_run import NONE, DryRun, dry_run
from pathways.models import Rollout
from pathways.sql import load
from patients.models import Person, Site

BUDGET = {
    "navigator": 25,
    "lead": 10,
    "clinician": 5,
    "pharmacist": 15,
    "genetic_counselor": 10,
    "lab_liaison": 15,
    "financial_counselor": 15,
}
"""Alerts that one role of one site can answer in a day. Local default; a rollout's own `alert_budget` goes before it."""


class Price(msgspec.Struct, frozen=True):
    """Dollars per segment; `checked` says how far the figure was verified."""

    since: date = msgspec.field(name="from")
    segment: float
    carrier: float
    carrier_of: str
    source: str
    checked: str

    @property
    def each(self) -> float:
        return self.segment + self.carrier


class Role(msgspec.Struct, frozen=True):
    """Work items of one role at one site: altogether, on its worst day, and on how many days more than its budget."""

    site_id: int
    role: str
    budget: int
    items: int
    most: int
    days_over: int


class Texts(msgspec.Struct, frozen=True):
    """Before caps, quiet hours and consent, each by the first channel of its rung: `beside` counts e-mails, letters and calls. `unsayable` have
    no wording in the reader's language and cost nothing."""

    count: int = 0
    segments: int = 0
    unsayable: int = 0
    beside: dict[str, int] = {}
    costs: dict[str, float] = {}

    @property
    def cost(self) -> float:
        return round(sum(self.costs.values()), 2)


class Side(msgspec.Struct, frozen=True):
    days: dict[date, dict[str, int]]
    roles: tuple[Role, ...]
    texts: Texts


class Reactions(msgspec.Struct, frozen=True):
    """What the plan would write for one batch of alerts: `items` by cause, `texts` by stay, rung and person."""

    items: tuple[dict[str, Any], ...]
    texts: tuple[dict[str, Any], ...]


class Forecast(msgspec.Struct, frozen=True):
    """`today` and `draft`: the window as each version would have had it; `next`: the first sweep after migrating now."""

    today: Side
    draft: Side
    next: Reactions
    next_texts: Texts
    price: Price


def look(
    body: Mapping[str, Any], *, days: int, now: datetime, clock: str = "recompute", stages: Mapping[str, str] = NONE
) -> tuple[DryRun, Forecast]:
    """A dry run and its forecast, in a transaction that the server lets change nothing."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        run = dry_run(body, days=days, now=now, clock=clock, stages=stages)
        return run, forecast(run)


def forecast(run: DryRun) -> Forecast:
    price = price_on(run.now.date())
    following = reactions(run, run.next.alerts, run.next.stays, now=run.now)
    return Forecast(
        today=_side(run, run.today),
        draft=_side(run, run.draft),
        next=following,
        next_texts=_texts(following.texts, run.now.date()),
        price=price,
    )


def reactions(run: DryRun, alerts: Sequence[Mapping[str, Any]], stays: Mapping[int, int], *, now: datetime) -> Reactions:
    """Asks the plan's own SELECT."""
    if not alerts:
        return Reactions((), ())
    known = [{"id": stay_id, "journey_id": stays[stay_id]} for stay_id in {alert["stay_id"] for alert in alerts}]
    params = {"now": now, "rungs": list(run.ladders.rows), "trials": list(run.ladders.trials), "stays": known, "alerts": list(alerts)}
    rows = supposing.answers(load("notifications.sql", "forecast"), params)
    return Reactions(
        items=tuple(row for row in rows if row["what"] == "item"),
        texts=tuple(row for row in rows if row["what"] == "text"),
    )


def _side(run: DryRun, alerts: Iterable[Mapping[str, Any]]) -> Side:
    """Day by day, as the sweep would have met them; somebody is texted for a rung of a wait once."""
    items: dict[date, list[dict[str, Any]]] = {}
    texts: dict[tuple[Any, ...], dict[str, Any]] = {}
    for day, of_day in groupby(sorted(alerts, key=lambda one: (one["rang_at"], -one["id"])), key=lambda one: one["rang_at"].date()):
        found = reactions(run, list(of_day), run.stays, now=datetime.combine(day, datetime.max.time(), run.now.tzinfo))
        items[day] = list(found.items)
        texts |= {(row["cause"], row["person_id"]): row for row in found.texts}
    days = {day: _by_role(some) for day, some in items.items()}
    return Side(days, tuple(_roles(run.code, items)), _texts(texts.values(), run.now.date()))


def _by_role(items: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for item in items:
        counts[item["whom"]] = counts.get(item["whom"], 0) + 1
    return dict(sorted(counts.items()))


def _roles(code: str, items: Mapping[date, Sequence[Mapping[str, Any]]]) -> Iterable[Role]:
    daily: dict[tuple[int, str], list[int]] = {}
    for of_day in items.values():
        counts: dict[tuple[int, str], int] = {}
        for item in of_day:
            place = (item["site_id"], item["whom"])
            counts[place] = counts.get(place, 0) + 1
        for place, number in counts.items():
            daily.setdefault(place, []).append(number)
    budgets = {site_id: {**BUDGET, **own} for site_id, own in Rollout.objects.filter(pathway=code).values_list("site_id", "alert_budget")}
    for (site_id, role), numbers in sorted(daily.items()):
        budget = budgets.get(site_id, BUDGET).get(role, BUDGET["navigator"])
        yield Role(site_id, role, budget, sum(numbers), max(numbers), sum(number > budget for number in numbers))


# texts and what they cost


class _Reader(NamedTuple):
    given: str
    language: str


def _texts(rows: Iterable[Mapping[str, Any]], day: date) -> Texts:
    rows = list(rows)
    people = {row["person_id"] for row in rows}
    readers = {
        pk: _Reader(given, language) for pk, given, language in Person.objects.filter(pk__in=people).values_list("pk", "given", "language")
    }
    sites = {site.pk: site for site in Site.objects.filter(pk__in={row["site_id"] for row in rows})}
    sizes = [(row["channel"], _size(row, readers[row["person_id"]], sites[row["site_id"]])) for row in rows]
    texts = [size for channel, size in sizes if size and channel == Channel.SMS]
    beside = Counter(channel for channel, size in sizes if size and channel != Channel.SMS)
    unsayable = sum(not size for _, size in sizes)
    return Texts(len(texts), sum(texts), unsayable, dict(sorted(beside.items())), costs(segments=sum(texts), beside=beside, day=day))


def _size(row: Mapping[str, Any], reader: _Reader, site: Site) -> int:
    """Segments of the text as it would read, 1 for an e-mail, a letter or a call; 0 where there are no words for it."""
    key, names, org, phone = row["wording"], reader.given.split(), site.sender_name, site.call_back
    first_name = names[0] if names else ""
    try:
        match row["channel"]:
            case Channel.SMS:
                return segments(render(key, reader.language, first_name=first_name, org=org, phone=phone).body)
            case Channel.EMAIL:
                written.mail(key, reader.language, first_name=first_name, stop="", org=org, phone=phone)
            case Channel.LETTER:
                written.say(key, reader.language, org=org, phone=phone)
    except Unsayable:
        return 0
    return 1


def costs(*, segments: int, beside: Mapping[str, int], day: date) -> dict[str, float]:
    """Dollars by channel of what waits: texts by their segments, e-mails and letters each. A call costs time, which nobody prices here."""
    each = {Channel.EMAIL.value: settings.EMAIL_PRICE, Channel.LETTER.value: settings.LETTER_PRICE}
    others = {channel: round(count * each[channel], 2) for channel, count in beside.items() if channel in each}
    return {Channel.SMS.value: round(segments * price_on(day).each, 2), **others}


def price_on(day: date) -> Price:
    """The price in force that day, else the first there is."""
    return price_of(day) or prices()[0]


def price_of(day: date) -> Price | None:
    """The price in force that day; None before the first that is known."""
    return next((price for price in reversed(prices()) if price.since <= day), None)


@cache
def prices() -> tuple[Price, ...]:
    rows = yaml.safe_load(resources.files("notifications").joinpath("prices.yaml").read_text())
    return tuple(sorted(msgspec.convert(rows, list[Price]), key=lambda price: price.since))
