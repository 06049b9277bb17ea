"""`manage.py audit`: proves that the log of who read what is whole, and keeps its newest seal outside the database."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from config import anchors
from patients import access


class Command(BaseCommand):
    help = "verify: walk the access log's chain, exit 1 and name the rows that were changed. anchor: seal, and keep the newest digest."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("verb", choices=["verify", "anchor"])
        parser.add_argument(
            "--anchor", action="append", default=[], help="a digest kept outside; may be repeated, beside those of AUDIT_ANCHOR_FILE"
        )
        parser.add_argument("--json", action="store_true", help="one object on stdout")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "anchor":
            kept = anchors.keep(now=timezone.now())
            self.stdout.write(kept.line() if options["json"] else f"{kept.head} after {kept.rows} rows; keep it outside this database")
            return
        self._verify([*anchors.kept(), *options["anchor"]], as_json=options["json"])

    def _verify(self, known: list[str], *, as_json: bool) -> None:
        found = access.verify(now=timezone.now(), anchors=known)
        rows = [{"row": each.row, "detail": each.detail} for each in found]
        if as_json:
            self.stdout.write(json.dumps({"ok": not rows, "head": access.head(), "anchors": len(known), "violations": rows}))
        else:
            for each in rows:
                self.stdout.write(f"{each['row']}: {each['detail']}")
            self.stderr.write(f"{len(rows)} rows do not fit" if rows else f"every row fits, and {len(known)} anchors are in the chain")
        if rows:
            sys.exit(1)
