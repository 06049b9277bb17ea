"""`manage.py export-log --pathway CODE --format xes|ocel`: the journeys of a programme for process-mining tools, on stdout."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from pathways.process_mining import as_ocel, as_xes, lines
from pathways.reports.cohort import UnknownReport, definition_of


class Command(BaseCommand):
    help = "Write an event log (XES or OCEL 2.0) of a programme's journeys; no names and no results, but real times"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--pathway", required=True)
        parser.add_argument("--format", choices=["xes", "ocel"], default="xes")

    def handle(self, **options: Any) -> None:
        try:
            definition_of(options["pathway"])
        except UnknownReport as unknown:
            raise CommandError(str(unknown)) from unknown
        found = lines(options["pathway"], as_of=timezone.now())
        if options["format"] == "ocel":
            self.stdout.write(as_ocel(found))
            return
        for part in as_xes(found):
            self.stdout.write(part, ending="")
