"""`manage.py doctor`: checks on live data what must always hold; ends with 1 and names the rows when something does not."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from notifications.invariants import check as of_notifications
from pathways.invariants import check as of_pathways
from patients.invariants import check as of_patients
from patients.violations import Violation


def examine(*, now: datetime, sample: int | None = None) -> list[Violation]:
    """Every app's invariants."""
    return [*of_patients(now=now), *of_pathways(now=now, sample=sample), *of_notifications(now=now)]


def report(violations: list[Violation]) -> dict[str, Any]:
    """The object that `doctor --json` prints and that `demo --no-serve` ends with."""
    named = [{"invariant": each.invariant, "row": each.row, "detail": each.detail} for each in violations]
    return {"ok": not violations, "violations": named}


class Command(BaseCommand):
    help = "Check what must always hold of people, journeys and messages; exit 1 and name the rows that break it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one object on stdout")
        parser.add_argument("--sample", type=int, help="replay the journeys of this many patients only (default: all)")

    def handle(self, *args: Any, **options: Any) -> None:
        found = examine(now=timezone.now(), sample=options["sample"])
        if options["json"]:
            self.stdout.write(json.dumps(report(found)))
        else:
            for each in found:
                self.stdout.write(f"{each.row}: {each.detail} ({each.invariant})")
            self.stderr.write("everything holds" if not found else f"{len(found)} rows break what must hold")
        if found:
            sys.exit(1)
