"""`manage.py tracker`: takes in a navigator's spreadsheet as its screen does, by the mapping that was kept for it."""

from __future__ import annotations

import csv
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from pathways.models import Tracker
from pathways.trackers import taking
from pathways.uploads import Unusable


class Command(BaseCommand):
    help = "Take in a spreadsheet of a tracker that was mapped on its page: only what is new or other than before."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the tracker's name, or its feed's")
        parser.add_argument("path", type=Path, metavar="PATH", help="XLSX or CSV")
        parser.add_argument("--as-of", help="for which time the sheet speaks (ISO 8601); without it now")
        parser.add_argument("--dry-run", action="store_true", help="only say what would be taken in")
        parser.add_argument("--errors", type=Path, metavar="CSV", help="write the rows that stayed out here, with the reason")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        tracker = self._tracker(options["name"])
        try:
            body = options["path"].read_bytes()
            found = taking.upload(tracker=tracker, body=body, by=None, now=now, extracted_at=_moment(options["as_of"]))
            if options["dry_run"]:
                counts = taking.look(found).counts
                taking.drop(found=found, now=now)
            else:
                counts = taking.take(found=found, by=None, now=now)
        except (OSError, Unusable) as wrong:
            raise CommandError(str(wrong)) from wrong
        found.refresh_from_db()
        if options["errors"]:
            _write(options["errors"], found.lines)
        self.stdout.write(json.dumps(counts) if options["json"] else "\n".join(f"{name:>12} {count:>8}" for name, count in counts.items()))

    def _tracker(self, name: str) -> Tracker:
        found = list(Tracker.objects.select_related("feed__site").filter(name=name)) or list(
            Tracker.objects.select_related("feed__site").filter(feed__name=name)
        )
        if len(found) != 1:
            known = ", ".join(Tracker.objects.order_by("feed__name").values_list("feed__name", flat=True)) or "none"
            raise CommandError(f"{'several trackers are' if found else 'no tracker is'} called {name}; feeds of trackers: {known}")
        return found[0]


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    found = parse_datetime(text)
    if found is None or found.tzinfo is None:
        raise CommandError("--as-of needs a time with its offset: 2026-03-20T08:00-05:00")
    return found


def _write(path: Path, rows: list[list[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file).writerows([[taking.harmless(cell) for cell in row] for row in rows])
