"""`manage.py backed_up`: the backup script says that it ended well."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from config.models import beat


class Command(BaseCommand):
    help = "Note that a backup ended well now; the administrator's page and /metrics show how long ago that was."

    def handle(self, *args: Any, **options: Any) -> None:
        beat("backup", now=timezone.now())
        self.stdout.write("noted")
