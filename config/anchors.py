"""The newest seal of the access log, kept where somebody with rights over the database cannot rewrite it.

A chain shows what was changed within it; that its end was cut off shows only beside a digest from outside. Each anchor goes to the
log of the process (which most houses ship elsewhere), to `AUDIT_ANCHOR_FILE` and to the addresses of `AUDIT_ANCHOR_EMAIL`.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import msgspec
import structlog
from django.conf import settings
from django.core.mail import send_mail

from patients import access
from patients.models import AccessSeal

logger = structlog.get_logger(__name__)


class Anchor(msgspec.Struct, frozen=True):
    at: datetime
    rows: int
    head: str

    def line(self) -> str:
        return json.dumps({"at": self.at.isoformat(), "rows": self.rows, "head": self.head})


def keep(*, now: datetime) -> Anchor:
    """Seals what is unsealed and keeps the digest everywhere that is configured."""
    access.seal(now=now)
    found = Anchor(now, AccessSeal.objects.count(), access.head())
    logger.info("access_log_anchor", rows=found.rows, head=found.head)
    if settings.AUDIT_ANCHOR_FILE:
        with Path(settings.AUDIT_ANCHOR_FILE).open("a") as file:
            file.write(found.line() + "\n")
    if settings.AUDIT_ANCHOR_EMAIL:
        send_mail("Finalmile: anchor of the access log", found.line(), None, settings.AUDIT_ANCHOR_EMAIL)
    return found


def kept() -> list[str]:
    """Digests of the file, oldest first; a line that is none was put there by hand and is told by `verify` as missing."""
    path = Path(settings.AUDIT_ANCHOR_FILE) if settings.AUDIT_ANCHOR_FILE else None
    if path is None or not path.exists():
        return []
    return [_digest(line) for line in path.read_text().splitlines() if line.strip()]


def _digest(line: str) -> str:
    try:
        return str(json.loads(line)["head"])
    except (ValueError, KeyError, TypeError):
        return line.strip()
