"""Every number of the drop-off, time and now reports, worked out again from the exported event log with sums of our own: fractions and loops, none of
the product's code. Page, command, file and the log agree."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import statistics
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.core.management import call_command
from django.test import Client

from pathways.definitions import registry
from patients.models import Membership, Site, User

pytestmark = pytest.mark.django_db
STEPS = ("registered", "triage", "scanned", "treated")
EXITS = {"went home": "patient_choice", "died": "competing", "lost": "preventable", "moved": "administrative"}
AS_OF, HORIZON = datetime(2025, 6, 1, 12, tzinfo=UTC), 30
DAY = timedelta(days=1)
MAPPING = f"""\
case: case
activity: activity
time: time
pathway:
  code: emergency
  title: Emergency room
  steps: [{", ".join(STEPS)}]
  completes: [treated]
  exits: {{{", ".join(f"{name}: {kind}" for name, kind in EXITS.items())}}}
"""


def log(cases: int) -> str:
    """Whole hours, so that many times tie; some scanned before triage, a step that nobody wrote down, ends of every class, open ones."""
    dice, lines = random.Random(23), ["case,activity,time"]
    for case in range(cases):
        at = datetime(2025, 3, 1, tzinfo=UTC) + timedelta(hours=dice.randrange(24 * 60))
        for step in STEPS[: dice.choice([1, 2, 2, 3, 3, 4, 4, 4])]:
            lines.append(f"c{case},{step},{at.isoformat()}")
            at += timedelta(
                hours=24 * dice.choice([-1, 0, 1, 1, 2, 3, 5, 8]) if step == "registered" else 24 * dice.choice([1, 1, 2, 4, 9, 40])
            )
        if not lines[-1].startswith(f"c{case},treated") and dice.random() < 0.7:
            lines.append(f"c{case},{dice.choice(list(EXITS))},{(at + 60 * DAY / 24 + 2 * DAY).isoformat()}")
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Case:
    """One trace of the log by AS_OF."""

    opened: datetime
    at: dict[str, datetime]
    end: str
    ended: datetime | None

    @property
    def stopped(self) -> int:
        """The first step that was not reached."""
        return next((n for n, step in enumerate(STEPS) if step not in self.at), len(STEPS))

    def entered(self, step: int) -> datetime:
        return max([self.opened, *(self.at[name] for name in STEPS[:step])])

    def took(self, start: datetime, step: int) -> tuple[timedelta, int]:
        """How long it took from `start`, and why it ended: 1 arrived, 2 left, 0 censored. A transfer is censored."""
        if STEPS[step] in self.at and (step < self.stopped or start != self.entered(step)):
            return self.at[STEPS[step]] - start, 1
        until = self.ended or AS_OF
        return max(until - start, timedelta()), 0 if self.ended is None or self.end == "moved" else 2


def read(xes: str, by: datetime = AS_OF) -> list[Case]:
    space, cases = "{http://www.xes-standard.org/}", []
    for trace in ElementTree.fromstring(xes).iter(f"{space}trace"):  # noqa: S314 (our own)
        told: dict[str, datetime] = {}
        for event in trace.iter(f"{space}event"):
            said = {one.get("key"): one.get("value", "") for one in event}
            told.setdefault(said["concept:name"], datetime.fromisoformat(said["time:timestamp"]))
        told = {name: at for name, at in told.items() if at <= by}
        end = next((name for name in (*EXITS, "treated") if name in told), "")
        cases.append(Case(told["enrolled"], {name: told[name] for name in STEPS if name in told}, end, told.get(end)))
    return cases


def incidence(rows: list[tuple[timedelta, int]]) -> Fraction:
    """Arrived within the horizon, leaving competes: one day after the other, in fractions."""
    left, arrived = Fraction(1), Fraction(0)
    for at in sorted({time for time, why in rows if why and time <= HORIZON * DAY}):
        risk = sum(time >= at for time, _ in rows)
        arrived += left * Fraction(sum(time == at and why == 1 for time, why in rows), risk)
        left *= 1 - Fraction(sum(time == at and why > 0 for time, why in rows), risk)
    return arrived


def median(rows: list[tuple[timedelta, int]]) -> float | None:
    left = Fraction(1)
    for at in sorted({time for time, why in rows if why == 1}):
        risk = sum(time >= at for time, _ in rows)
        left *= 1 - Fraction(sum(time == at and why == 1 for time, why in rows), risk)
        if left <= Fraction(1, 2):
            return at / DAY
    return None


def drop_off(cases: list[Case]) -> list[dict[str, Any]]:
    rows = []
    for n, name in enumerate(STEPS):
        here = [case for case in cases if case.stopped >= n]
        stopped = [case for case in here if case.stopped == n]
        early = [case for case in here if case.stopped > n and case.at[name] < case.entered(n)]
        timed = [case.took(case.entered(n), n) for case in here if case not in early]
        lost = Counter(EXITS[case.end] for case in stopped if case.ended and case.end in EXITS)
        reached = len(here) - len(stopped)
        cells = {"entered": len(here), "reached": reached, "open": sum(case.ended is None for case in stopped), "already": len(early)}
        rows.append({**cells, "measured": len(timed), "conversion": round(float(incidence(timed)), 4), "left": dict(lost)})
    return rows


def intervals(cases: list[Case]) -> list[dict[str, Any]]:
    rows = []
    for first, second in [*((n, n + 1) for n in range(len(STEPS) - 1)), (0, len(STEPS) - 1)]:
        asked = [case for case in cases if STEPS[first] in case.at]
        back = [case for case in asked if STEPS[second] in case.at and case.at[STEPS[second]] < case.at[STEPS[first]]]
        timed = [_between(case, first, second) for case in asked if case not in back]
        counts = {"n": len(timed), "happened": sum(why == 1 for _, why in timed), "backwards": len(back)}
        rows.append({"from": STEPS[first], "to": STEPS[second], **counts, "median_days": median(timed)})
    return rows


def _between(case: Case, first: int, second: int) -> tuple[timedelta, int]:
    start = case.at[STEPS[first]]
    if STEPS[second] in case.at:
        return case.at[STEPS[second]] - start, 1
    return max((case.ended or AS_OF) - start, timedelta()), 0


@pytest.fixture
def exported(tmp_path: Path) -> Iterator[str]:
    """The log as it comes out again, after it went through the intake."""
    registry.clear()
    (tmp_path / "log.csv").write_text(log(80))
    (tmp_path / "mapping.yaml").write_text(MAPPING)
    call_command("import_log", tmp_path / "log.csv", mapping=tmp_path / "mapping.yaml", json=True, stdout=io.StringIO())
    out = io.StringIO()
    call_command("export_log", pathway="emergency", stdout=out)
    yield out.getvalue()
    registry.clear()


def command(name: str, **more: Any) -> Any:
    out = io.StringIO()
    call_command("report", name, pathway="emergency", exact=True, stdout=out, **more)
    return out.getvalue()


PAST = {"as_of": AS_OF, "horizon": HORIZON, "funnel": "steps", "hindsight": True}


@pytest.fixture
def lead(exported: str, client: Client) -> Client:
    user = User.objects.create_user("lea", password=None)
    Membership.objects.create(user=user, site=Site.objects.get(code="imported-logs"), role="lead")
    client.force_login(user)
    return client


def test_drop_off_and_times_are_what_the_log_says(exported: str) -> None:
    cases = read(exported)
    answer = json.loads(command("drop-off", **PAST))
    assert answer["n"] == len(cases) == 80
    mine = drop_off(cases)
    for step, row in zip(answer["steps"], mine, strict=True):
        assert {name: step[name] for name in ("entered", "reached", "open", "already", "measured")} == {
            name: row[name] for name in ("entered", "reached", "open", "already", "measured")
        }
        assert {name: count for name, count in step["left"].items() if count} == row["left"]
        assert step["conversion"]["value"] == row["conversion"]
    whole = [
        (case.at["treated"] - case.opened, 1) if case.stopped == len(STEPS) else case.took(case.opened, len(STEPS) - 1) for case in cases
    ]
    assert answer["whole"]["value"] == round(float(incidence(whole)), 4)
    ends = Counter((EXITS.get(case.end, "completed"), case.end.replace(" ", "_")) for case in cases if case.ended)
    assert {(end["kind"], end["reason"]): end["count"] for end in answer["ends"]} == ends
    lines = [line for line in csv.DictReader(io.StringIO(command("drop-off", format="csv", **PAST))) if line.get("reached")]
    assert [int(line["reached"]) for line in lines] == [row["reached"] for row in mine]
    timed = json.loads(command("time", **PAST))["intervals"]
    for told, row in zip(timed, intervals(cases), strict=True):
        assert {name: told[name] for name in ("from", "to", "n", "happened", "backwards")} == {
            name: row[name] for name in ("from", "to", "n", "happened", "backwards")
        }
        assert told["median_days"]["value"] == pytest.approx(row["median_days"], abs=1e-4)


def test_what_is_under_way_is_what_the_log_leaves_open(exported: str) -> None:
    answer = json.loads(command("now"))
    asked = datetime.fromisoformat(answer["as_of"])
    ages = [(asked - case.opened) / DAY for case in read(exported, asked) if case.ended is None]
    (stage,) = answer["stages"]
    assert answer["journeys"] == stage["open"] == len(ages)
    assert (stage["median_days"], stage["oldest_days"]) == pytest.approx((statistics.median(ages), max(ages)), abs=0.06)
    assert sum(stage["ages"].values()) == len(ages)
    assert stage["overdue"] == 0  # a watch is never overdue


def test_the_page_shows_the_same(exported: str, lead: Client) -> None:
    address = {"funnel": "steps", "horizon": str(HORIZON), "as_of": "2025-06-01", "hindsight": "1"}
    mine = drop_off(read(exported, datetime(2025, 6, 2, 4, tzinfo=UTC)))
    page = lead.get("/reports/drop-off/emergency/", address)
    table = list(csv.DictReader(io.StringIO(lead.get("/reports/drop-off/emergency.csv", address).content.decode())))
    told = [int(line["reached"]) for line in table if line.get("reached")]
    assert told == [row["reached"] for row in mine]
    words = re.sub(r"<[^>]+>", " ", unescape(page.content.decode()))
    assert all(re.search(rf"\b{row['entered']}\b", words) and re.search(rf"\b{row['reached']}\b", words) for row in mine)
