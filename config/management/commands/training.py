"""`manage.py training`: a site of invented people to learn on, beside the real ones."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from config.demo import school


class Command(BaseCommand):
    help = "Make a training site: invented people, texts to the simulator whatever is configured, out of every report. Safe to repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--site", default="training", help="code of the training site")
        parser.add_argument("--name", default="Training Hospital")
        parser.add_argument("--people", type=int, default=40)
        parser.add_argument("--days", type=int, default=180, help="of history")

    def handle(self, *args: Any, **options: Any) -> None:
        asked = {"people": options["people"], "days": options["days"], "now": timezone.now()}
        try:
            made = school.make(code=options["site"], name=options["name"], **asked)
        except ValueError as wrong:
            raise CommandError(str(wrong)) from wrong
        self.stdout.write(f"{made.site}: {made.people} invented people. Sign in as {made.lead.username} or {made.navigator.username}.")
        if made.password:
            self.stdout.write(f"password of both (shown once): {made.password}")
        where = settings.TRAINING_API_URL if settings.TRAINING_AUTH_TOKEN else "nowhere: set TRAINING_AUTH_TOKEN and start the simulator"
        self.stdout.write(f"texts go to {where}")
