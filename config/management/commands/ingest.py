"""`manage.py ingest`: HL7 v2, FHIR JSON or NDJSON and CSV, recognised by content, from files and folders."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from pathways.ingest import feeds, intake
from pathways.models import Feed


class Command(BaseCommand):
    help = "Take in files or folders of messages. Every message ends applied, duplicate or quarantined."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="file or folder")
        parser.add_argument("--feed", help="name of the feed they came by; without it `command-line`, which may register people")
        parser.add_argument(
            "--historical", action="store_true", help="load history without ringing; refused where a programme rings already"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        feed = self._feed(options["feed"])
        missing = [path for path in options["paths"] if not path.exists()]
        if missing:
            raise CommandError(f"no such file or folder: {missing[0]}")
        try:
            counts = intake.receive(_contents(options["paths"]), feed=feed, now=timezone.now(), historical=options["historical"])
        except intake.HistoricalRefused as refused:
            raise CommandError(str(refused)) from refused
        said = msgspec.to_builtins(counts)
        if options["json"]:
            self.stdout.write(json.dumps(said))
            return
        for name, count in said.items():
            if name != "reasons":
                self.stdout.write(f"{name:>12} {count:>8}")
        for reason, count in said["reasons"].items():
            self.stdout.write(f"{count:>21}  {reason}")

    def _feed(self, name: str | None) -> Feed:
        if name is None:
            return feeds.feed_for_command_line()
        feed = Feed.objects.select_related("site").filter(name=name).first()
        if feed is None:
            known = ", ".join(Feed.objects.order_by("name").values_list("name", flat=True)) or "none"
            raise CommandError(f"no feed {name}; known: {known}")
        return feed


def _contents(paths: list[Path]) -> Iterator[bytes]:
    """Every file of the paths, folders in order of name, hidden files left out."""
    for path in paths:
        inside = sorted(each for each in path.rglob("*") if each.is_file() and not each.name.startswith(".")) if path.is_dir() else [path]
        for each in inside:
            yield each.read_bytes()
