"""`manage.py wording check`: does every text keep the rules of what an SMS may say?"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from notifications.wording import compiler, rules


class Command(BaseCommand):
    help = "Checks the wordings of texts; names file, key and rule of each fault."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["check"])

    def handle(self, *args: Any, **options: Any) -> None:
        faults = rules.check()
        for fault in faults:
            self.stderr.write(f"{fault.file}: {fault.key}: {fault.rule}: {fault.detail}")
        if faults:
            raise CommandError(f"{len(faults)} faults")
        self.stdout.write(f"{sum(len(compiler.load(code)) for code in compiler.LANGUAGES)} texts keep the rules")
