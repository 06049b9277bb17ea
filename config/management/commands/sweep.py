"""`manage.py sweep`: ring, plan and settle once."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from config.models import beat
from notifications.clock import believed
from notifications.tick import tick


class Command(BaseCommand):
    help = "Rings what is due, plans who hears of it, settles what was withdrawn; prints counts."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--now", metavar="ISO", help="an instant with offset; default is the present")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        now = _instant(options["now"]) if options["now"] else believed(timezone.now())
        did = {"now": now.isoformat(), **msgspec.to_builtins(tick(now=now))}
        if not options["now"]:
            beat("tick", now=now)  # a sweep from cron is a sweep to `/readyz`, too
        self.stdout.write(json.dumps(did) if options["json"] else _words(did))


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"--now: not an ISO instant: {text!r}") from error
    if instant.tzinfo is None:
        raise CommandError("--now: give the offset, for example 2026-03-10T16:00:00+00:00")
    return instant


def _words(did: dict[str, Any]) -> str:
    rang, planned, settled = did["rang"], did["planned"], did["settled"]
    return (
        f"rang {rang['alerts']} alerts of {rang['stays']} stays and {rang['matters']} matters ({rang['gated']} wait for their feed, "
        f"{rang['set_aside']} set aside)\n"
        f"planned {planned['alerts']} alerts: {planned['items']} items, {planned['messages']} texts\n"
        f"settled {settled['alerts']} withdrawals: {settled['messages']} texts and {settled['items']} items taken back\n"
        f"woke {did['woken']} items, escalated {did['escalated']}"
    )
