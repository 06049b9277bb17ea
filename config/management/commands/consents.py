"""`manage.py consents`: takes in a list of consents that were given before, with the evidence of the whole batch."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from notifications import consent_lists
from patients.models import ConsentKind, Site, User


class Command(BaseCommand):
    help = "Take in a CSV of consents (mrn, decision, date; kind, programme) of one site's patients; rows that cannot be taken are named by their line."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--site", required=True, help="code of the site whose record numbers these are")
        parser.add_argument("--form-version", required=True, help="version of the form or script that was signed or read")
        parser.add_argument("--language", default="", help="of the form, as en or es")
        parser.add_argument("--kept-at", default="", help="where the signed forms are kept")
        parser.add_argument("--kind", default=ConsentKind.TEXT, choices=ConsentKind.values, help="of rows that name none")
        parser.add_argument("--by", help="user name, kept with every row")
        parser.add_argument("--check", action="store_true", help="say what would be written, and write nothing")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            site, by = Site.objects.get(code=options["site"]), User.objects.get(username=options["by"]) if options["by"] else None
            checked = consent_lists.check(options["file"].read_bytes(), site=site, now=timezone.now(), kind=options["kind"])
        except (Site.DoesNotExist, User.DoesNotExist, OSError, consent_lists.Unusable) as wrong:
            raise CommandError(str(wrong)) from wrong
        batch = consent_lists.Batch(options["form_version"], options["language"], options["kept_at"])
        written = 0 if options["check"] else consent_lists.take_in(checked, batch=batch, by=by)
        answer = {
            "written": written,
            "would_write" if options["check"] else "read": len(checked.heard),
            "known": checked.known,
            "wrong": [{"line": one.line, "why": one.why} for one in checked.wrong],
        }
        self.stdout.write(json.dumps(answer) if options["json"] else "\n".join(f"{key:>12}  {value}" for key, value in answer.items()))
