"""`manage.py downtime_pack`: everybody's queue as printable HTML and CSV, for the hours without screens. Prints names of files, no patient."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from notifications import downtime
from patients import access
from patients.models import Site


class Command(BaseCommand):
    help = "Write each navigator's queue to a folder, readable by its owner alone. Run it daily, and keep the folder where power cuts do not reach."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--site", default="", help="code of one site; default all")
        parser.add_argument("--user", default="", help="one user name; default everybody who works a queue")

    def handle(self, *args: Any, **options: Any) -> None:
        now, folder = timezone.now(), options["folder"]
        if options["site"] and not Site.objects.filter(code=options["site"]).exists():
            raise CommandError("no such site")
        users = [one for one in downtime.people(options["site"]) if options["user"] in ("", one.username)]
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for user in users:
            pack = downtime.pack_of(user, now=now)
            access.saw(action="export", what="downtime pack", patients=pack.patients(), now=now, user=user, actor="downtime_pack")
            for ending, text in (("html", pack.html()), ("csv", pack.csv())):
                _write(folder / f"{user.username}.{ending}", text)
            self.stdout.write(f"{user.username}: {len(pack.rows)} rows")


def _write(path: Path, text: str) -> None:
    """For the owner's eyes from the first byte on, and whole or not at all."""
    beside = path.with_suffix(path.suffix + ".new")
    beside.unlink(missing_ok=True)
    beside.touch(mode=0o600)
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
