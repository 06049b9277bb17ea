"""`manage.py demo`: invented people and their messages through the real intake, then the site with its workers."""

from __future__ import annotations

import json
import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, connections
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from config import supervisor
from config.demo import cast, compare, messages, run, story
from config.demo.compare import Compared
from config.embedded import place
from config.management.commands.doctor import examine, report
from config.management.commands.migrate import owner_alias
from config.models import beat
from notifications.tick import tick
from patients.models import Patient

SIMULATOR_PORT_OFFSET = 10  # the simulator listens ten ports above the site


@dataclass
class Cohort:
    """What was made, and how its true stalls were met; kept beside the simulator's ledger. `today` is the last virtual tick."""

    patients: int
    days: int
    seed: int
    today: str
    met: dict[str, int] | None = None

    @property
    def finished(self) -> bool:
        return self.met is not None

    @staticmethod
    def path() -> Path:
        return _home() / f"demo-{connection.settings_dict['NAME']}.json"

    @classmethod
    def kept(cls) -> Cohort | None:
        """What an earlier run left; None where there is none, or none that this version can read."""
        try:
            return cls(**json.loads(cls.path().read_text()))
        except (FileNotFoundError, TypeError, ValueError):
            return None

    def keep(self) -> None:
        self.path().write_text(json.dumps(asdict(self)))


def _home() -> Path:
    here = place.of_checkout()
    here.make()
    return here.home


class Command(BaseCommand):
    help = "A working site with invented people: made once, kept, and served with workers until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--patients", type=int, default=2000)
        parser.add_argument("--days", type=int, default=548)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--no-serve", action="store_true", help="make and check the data, print one JSON object, end")
        parser.add_argument("--reset", action="store_true", help="forget what an earlier demo made")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo makes invented people; it never runs in production.")
        self.console = Console(stderr=True)
        self.parts: list[tuple[str, float]] = []
        with self.part("set up the database"):
            call_command("setup", quiet=True)
        cohort = self.cohort(options)
        if not cohort.finished:
            self.make(cohort)
        self.tell(cohort)
        if options["no_serve"]:
            self.account(cohort)
        else:
            self.serve(options["port"])

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Takes the time of a part."""
        started = time.monotonic()
        yield
        self.parts.append((name, time.monotonic() - started))
        self.console.print(f"[dim]{name}: {self.parts[-1][1]:.1f} s[/dim]")

    def cohort(self, options: dict[str, Any]) -> Cohort:
        """What an earlier run made, if it came to its end and nobody wants it gone; else what is to be made now."""
        kept = Cohort.kept()
        if cast.is_set_up() and kept is not None and kept.finished and not options["reset"]:
            return kept
        self.clear()
        wanted = Cohort(options["patients"], options["days"], options["seed"], run.last_tick(timezone.now()).isoformat())
        wanted.keep()
        return wanted

    def clear(self) -> None:
        """Empties the database of an earlier demo. Data that no demo made is never touched."""
        if Patient.objects.exists() and not cast.is_set_up():
            raise CommandError("This database holds people that no demo made. Point DATABASE_URL at an empty one.")
        for old in _home().glob(f"{self.ledger().name}*"):
            old.unlink()
        if cast.is_set_up():
            call_command("flush", database=owner_alias(), interactive=False, verbosity=0)
            connections.close_all()
            call_command("setup", quiet=True)

    def make(self, cohort: Cohort) -> None:
        """The whole cohort, from the first referral until the last tick before now."""
        today = datetime.fromisoformat(cohort.today)
        with self.part("invent people and their messages"):
            courses = story.cohort(count=cohort.patients, days=cohort.days, seed=cohort.seed, today=today)
            posts = messages.deliveries(courses, cohort.seed, today)
        with self.part("set up sites, staff, feeds and programmes"):
            cast.set_up(since=run.ticks(today, cohort.days)[0])
        with self.part(f"live through {cohort.days} days with {len(posts):,} messages"), relaxed_commits():
            ran = run.play(
                courses=courses,
                posts=posts,
                navigators=cast.navigators(),
                seed=cohort.seed,
                today=today,
                days=cohort.days,
                ledger=self.ledger(),
                console=self.console,
            )
        for name, seconds in ran.seconds.items():
            self.console.print(f"[dim]  {name}: {seconds:.1f} s[/dim]")
        self.console.print(
            f"{ran.received:,} messages in ({ran.quarantined:,} in quarantine), {ran.alerts:,} alerts, {ran.texts:,} texts, "
            f"{ran.receipts:,} receipts and replies, {ran.emails:,} notices to clinicians"
        )
        with self.part("compare with the truth"):
            cohort.met = numbers(compare.compare(courses, today=today, days=cohort.days))
        cohort.keep()

    def tell(self, cohort: Cohort) -> None:
        """The last word of every start: what truly happened against what the product noticed."""
        table = Table(title="What truly happened, and what the product noticed", title_justify="left", box=None)
        for name in ("true stalls", "found", "missed", "falsely raised"):
            table.add_column(name, justify="right")
        table.add_row(*(f"{number:,}" for number in (cohort.met or {}).values()))
        self.console.print(table)

    def account(self, cohort: Cohort) -> None:
        """One object on stdout: the doctor's, and how the cohort's true stalls were met."""
        today = datetime.fromisoformat(cohort.today)
        courses = story.cohort(count=cohort.patients, days=cohort.days, seed=cohort.seed, today=today)
        said = report(examine(now=timezone.now()))
        said["cohort"] = numbers(compare.compare(courses, today=today, days=cohort.days))
        self.stdout.write(json.dumps(said))
        if not said["ok"]:
            sys.exit(1)

    def serve(self, port: int) -> None:
        children = supervisor.children(port=port, simulator_port=port + SIMULATOR_PORT_OFFSET, ledger=str(self.ledger()))
        with self.part("catch up with the clock"):
            now = timezone.now()
            tick(now=now)
            beat("tick", now=now)
        connections.close_all()
        code = supervisor.run(children, started=lambda: self.greet(port))
        if code:
            sys.exit(code)

    def greet(self, port: int) -> None:

        table = Table(box=None, title=f"Sign in with the password {cast.PASSWORD}", title_justify="left")
        for column in ("name", "who", "role", "sites"):
            table.add_column(column)
        for username, first, last, role, sites in cast.STAFF:
            table.add_row(username, f"{first} {last}", str(role.label), ", ".join(sites))
        self.console.print(table)
        self.console.print(f"site      http://127.0.0.1:{port}/")
        self.console.print(f"phones    http://127.0.0.1:{port + SIMULATOR_PORT_OFFSET}/")
        self.console.print(f"ready in {sum(seconds for _name, seconds in self.parts):.0f} s; Ctrl-C stops everything")

    def ledger(self) -> Path:
        return _home() / f"simulator-{connection.settings_dict['NAME']}.sqlite3"


def numbers(compared: Compared) -> dict[str, int]:
    return {"true": compared.true, "found": compared.found, "missed": compared.missed, "false": compared.false}


@contextmanager
def relaxed_commits() -> Iterator[None]:
    """While the demo's past is made a commit need not wait for the disk (a crash starts the making over), and its many small
    statements are not compiled. Holds for child processes too."""
    former = os.environ.get("PGOPTIONS")
    connections.close_all()
    os.environ["PGOPTIONS"] = f"{former or ''} -c synchronous_commit=off -c jit=off"
    try:
        yield
    finally:
        connections.close_all()
        if former is None:
            del os.environ["PGOPTIONS"]
        else:
            os.environ["PGOPTIONS"] = former
