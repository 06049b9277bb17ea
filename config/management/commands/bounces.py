"""`manage.py bounces`: takes in what mail servers send back to the address that e-mails to patients come from."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from notifications import bounces


class Command(BaseCommand):
    help = "Reads delivery reports (RFC 3464), one message a file, or one from standard input as a mail server pipes it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="*", type=Path, help="files, or folders of them (a Maildir's new/); none: standard input")

    def handle(self, *args: Any, paths: list[Path], **options: Any) -> None:
        files = [file for path in paths for file in (sorted(path.iterdir()) if path.is_dir() else [path]) if file.is_file()]
        raw = [file.read_bytes() for file in files] if paths else [sys.stdin.buffer.read()]
        found = Counter(bounces.receive(message, now=timezone.now()) for message in raw)
        self.stdout.write(", ".join(f"{count} {what}" for what, count in sorted(found.items())) or "nothing to read")
