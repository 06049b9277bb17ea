"""`manage.py report NAME --pathway CODE`: one of the reports, on stdout."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from threading import Event, Thread
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config.report_files import as_csv, as_workbook
from config.reports import EVERY, REPORTS, Report
from pathways.reports.cohort import Question, UnknownReport

PATIENCE = 2


class Command(BaseCommand):
    help = "Prints a report: " + ", ".join(f"{report.name} ({report.title.lower()})" for report in REPORTS.values())

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", choices=sorted(REPORTS))
        parser.add_argument("--pathway", default=EVERY, help="its code; `all` where a report speaks of all programmes")
        parser.add_argument("--as-of", type=_moment, help="ISO 8601; what was received later is left out. Now when absent.")
        parser.add_argument(
            "--hindsight", action="store_true", help="with --as-of: what is known now about that day, not what was known then"
        )
        parser.add_argument("--horizon", type=int, default=90, help="days within which a step counts as reached")
        parser.add_argument("--by", default="", help="site, sex, race, ethnicity, payer, rurality, language, age, month, entry, found_by")
        parser.add_argument("--funnel", default="", help="one of the definition's named funnels; the phases when absent")
        parser.add_argument("--entry", help="only journeys that began by this entry")
        parser.add_argument("--since", type=_moment, help="only journeys that began at or after")
        parser.add_argument("--until", type=_moment, help="only journeys that began before")
        parser.add_argument("--compare", choices=["before-after"], default="", help="asked of rescue: refused, with the reason")
        parser.add_argument("--prevalent", action="store_true", help="also those already under way at go-live")
        parser.add_argument("--every-episode", action="store_true", help="all episodes, not the first per patient and primary")
        parser.add_argument(
            "--exact", action="store_true", help="do not hide small numbers; for people who may open the patients behind them"
        )
        parser.add_argument("--format", choices=["json", "csv", "xlsx"], default="json")
        parser.add_argument("--table", default="", help="which table of the report as CSV; its first when absent")

    def handle(self, *, name: str, **options: Any) -> None:
        report = REPORTS[name]
        question = Question(
            pathway="" if options["pathway"] == EVERY else options["pathway"],
            as_of=options["as_of"] or timezone.now(),
            horizon_days=options["horizon"],
            by=options["by"],
            funnel=options["funnel"],
            entry=options["entry"],
            since=options["since"],
            until=options["until"],
            prevalent=options["prevalent"],
            every_episode=options["every_episode"],
            hindsight=options["hindsight"],
            compare=options["compare"],
        )
        if (options["pathway"] == EVERY and not report.every) or (options["pathway"] != EVERY and not report.one):
            raise CommandError(f"{name} is asked of {'one programme: --pathway CODE' if report.one else 'all programmes together'}")
        try:
            with self.patience():
                self.answer(report, question, options)
        except UnknownReport as unknown:
            raise CommandError(str(unknown)) from unknown

    @contextmanager
    def patience(self) -> Iterator[None]:
        """Says on stderr that it is still counting, every two seconds."""
        done = Event()

        def say() -> None:
            for seconds in count(PATIENCE, PATIENCE):
                if done.wait(PATIENCE):
                    return
                self.stderr.write(f"still counting, {seconds} s")

        Thread(target=say, daemon=True).start()
        try:
            yield
        finally:
            done.set()

    def answer(self, report: Report, question: Question, options: dict[str, Any]) -> None:
        if options["compare"] and (refused := report.sheet(question, exact=options["exact"]).refused):
            raise CommandError(refused)
        if options["format"] == "json":
            self.stdout.write(json.dumps(report.answer(question, exact=options["exact"])), ending="\n")
            return
        sheet = report.sheet(question, exact=options["exact"])
        if options["format"] == "xlsx":
            sys.stdout.buffer.write(as_workbook(sheet))
            return
        if options["table"] not in ("", *(table.name for table in sheet.tables)):
            raise CommandError(f"{report.name} has the tables {', '.join(table.name for table in sheet.tables)}")
        self.stdout.write(as_csv(sheet, options["table"]), ending="\n")


def _moment(text: str) -> datetime:
    """An ISO time; without offset it is UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
