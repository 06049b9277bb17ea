"""`manage.py texts`: whether texts go out, what stops them, and how they start again."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

import msgspec
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count, Max
from django.utils import timezone

from notifications import endings, epoch, forecast, halts, pacing, restoring, stopping
from notifications.models import Halt, Message
from patients.models import User


class Command(BaseCommand):
    help = "Show what stops texts; plan how long what waits will take; stop them (hold); let them go again (resume KEY); after a restore set them against the provider's list (reconcile)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("act", nargs="?", choices=("show", "plan", "hold", "resume", "reconcile"), default="show")
        parser.add_argument("key", nargs="?", default="", help="of what is resumed, as shown: staff, provider, wording:<name>")
        parser.add_argument(
            "--since", help="reconcile: when the backup was made, ISO 8601; by default when the last text it knows was sent"
        )
        parser.add_argument("--programme", default="", help="plan: of one programme; by default of all")
        parser.add_argument("--count", type=int, default=0, help="plan: so many texts instead of those that wait")
        parser.add_argument("--zone", default="", help="plan: where the numbers of --count are at home")
        parser.add_argument("--per-minute", type=int, default=settings.SMS_PER_MINUTE, help="segments that your sender may send a minute")
        parser.add_argument("--per-day", type=int, default=settings.SMS_PER_DAY, help="segments that your sender may send a day")
        parser.add_argument("--reason", default="held by an administrator")
        parser.add_argument("--by", help="user name, kept with what is resumed")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        done: dict[str, Any] = getattr(self, f"_{options['act']}")(options, now) or {}
        epoch.is_ours(now=now)
        answer = {**done, "halts": [_as_shown(halt) for halt in halts.standing()], "messages": _counts()}
        if options["json"]:
            self.stdout.write(json.dumps(answer))
            return
        for key, value in answer.items():
            self.stdout.write(f"{key:>14}  {value}")

    def _show(self, options: dict[str, Any], now: datetime) -> None: ...

    def _plan(self, options: dict[str, Any], now: datetime) -> dict[str, Any]:
        """What the carriers' caps make of what waits, before it starts."""
        crowds = pacing.waiting(now=now, programme=options["programme"])
        if options["count"]:
            crowds = [pacing.Crowd(options["zone"], "", "US", 0, options["count"])]
        plan = pacing.pace(crowds, now=now, per_minute=options["per_minute"], per_day=options["per_day"])
        beside = pacing.beside(now=now, programme=options["programme"])
        return {
            "texts": plan.texts,
            "segments": plan.segments,
            "first_at": plan.first_at.isoformat() if plan.first_at else None,
            "last_at": plan.last_at.isoformat() if plan.last_at else None,
            "hours": round(plan.takes.total_seconds() / 3600, 1),
            "by_day": {day.isoformat(): count for day, count in plan.days.items()},
            "later_than_two_months": plan.left,
            "other_channels": beside,
            "cost_usd": forecast.costs(segments=plan.segments, beside=beside, day=now.date()),
        }

    def _hold(self, options: dict[str, Any], now: datetime) -> None:
        stopping.stop(reason=options["reason"], by=_user(options["by"]), now=now)

    def _resume(self, options: dict[str, Any], now: datetime) -> None:
        if options["key"] == halts.RESTORE:
            raise CommandError("a restored database is released by `manage.py texts reconcile`, and by nothing else")
        if not endings.all_clear(options["key"], now=now, by=_user(options["by"])):
            raise CommandError(
                f"nothing is stopped by that name; there is: {', '.join(halt.key for halt in halts.standing()) or 'nothing'}"
            )

    def _reconcile(self, options: dict[str, Any], now: datetime) -> dict[str, Any]:
        last = Message.objects.aggregate(at=Max("claimed_at"))["at"]
        since = datetime.fromisoformat(options["since"]) if options["since"] else last
        if since is None:
            raise CommandError("this database knows of no text; say with --since when the backup was made")
        try:
            return msgspec.structs.asdict(restoring.settle(since=since, now=now))
        except restoring.ListMissing as missing:
            raise CommandError(f"{missing} Nothing was released.") from missing


def _user(name: str | None) -> User | None:
    return User.objects.get(username=name) if name else None


def _as_shown(halt: Halt) -> dict[str, Any]:
    again = halt.again_at.isoformat() if halt.again_at else None
    return {"key": halt.key, "reason": halt.reason, "since": halt.opened_at.isoformat(), "trips": halt.trips, "tries_again_at": again}


def _counts() -> dict[str, int]:
    return dict(Message.objects.filter(shadow=False).values_list("state").annotate(Count("id")).order_by("state"))
