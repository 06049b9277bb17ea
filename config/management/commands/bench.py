"""Speed against a floor of hand-written SQL, in one run: `manage.py bench sweep|ingest|queue|outbox|report`."""

from __future__ import annotations

import json
import logging
from argparse import ArgumentParser
from importlib import import_module
from typing import Any

from django.core.management.base import BaseCommand

NAMES = ("sweep", "ingest", "queue", "outbox", "report")


class Command(BaseCommand):
    help = "Times the product beside its floor on a scratch cluster with fsync on; prints medians and ratios."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", choices=NAMES)
        parser.add_argument("--journeys", type=int, default=None)
        parser.add_argument("--due", type=int, default=None)
        parser.add_argument("--events", type=int, default=None)
        parser.add_argument("--rounds", type=int, default=None)
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        logging.disable(logging.INFO)
        module = import_module(f"tests.benchmarks.{options['name']}")
        given = {key: options[key] for key in ("journeys", "due", "events", "rounds") if options[key] is not None}
        answer = module.run(**given)
        if options["json"]:
            self.stdout.write(json.dumps(answer))
            return
        for key, value in answer.items():
            self.stdout.write(f"{key:>24}  {value}")
