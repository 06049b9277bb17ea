"""`manage.py wording`: does every text keep the rules, and who of this house has read it?"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from notifications import reviewing
from notifications.wording import compiler, rules, written
from patients.models import User


class Command(BaseCommand):
    help = "Checks the words that go to patients (check), shows what nobody here has reviewed (show), reviews a language by name (review)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["check", "show", "review"])
        parser.add_argument("language", nargs="?", default="", help="of show and review: en, es ...")
        parser.add_argument("--by", default="", help="review: username of the lead, clinician or administrator who read every text of it")

    def handle(self, *args: Any, what: str, language: str, by: str, **options: Any) -> None:
        {"check": self._check, "show": self._show, "review": self._review}[what](language, by)

    def _check(self, language: str, by: str) -> None:
        faults = rules.check()
        for fault in faults:
            self.stderr.write(f"{fault.file}: {fault.key}: {fault.rule}: {fault.detail}")
        if faults:
            raise CommandError(f"{len(faults)} faults")
        texts = sum(len(compiler.load(code)) + len(written.load(code)) for code in compiler.LANGUAGES)
        self.stdout.write(f"{texts} texts keep the rules")

    def _show(self, language: str, by: str) -> None:
        known = reviewing.reviews()
        for code in [language] if language else compiler.LANGUAGES:
            open_ones = reviewing.unreviewed(code, known)
            self.stdout.write(f"{code}: {len(reviewing.of_language(code)) - len(open_ones)} reviewed, {len(open_ones)} not")
            for one in open_ones:
                self.stdout.write(f"  {one.key} ({reviewing.KINDS[one.kind]})")

    def _review(self, language: str, by: str) -> None:
        reader = User.objects.filter(username=by, is_active=True).first()
        if reader is None:
            raise CommandError("--by names nobody who may sign in.")
        try:
            seen = reviewing.digest_of(reviewing.of_language(language)) if language in compiler.LANGUAGES else ""
            count = reviewing.approve(language=language, seen=seen, by=reader, now=timezone.now())
        except reviewing.Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{count} texts reviewed by {by}")
