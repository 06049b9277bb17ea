"""Is it alive, is it doing its work, and how much is waiting. No answer names a patient."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from datetime import datetime

import redis
from django.conf import settings
from django.db import connection
from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

from config.models import Digest, Heartbeat
from notifications import clock, halts
from notifications.models import Halt, Message, WorkItem
from pathways.models import Alert, Inbound, Journey, Matter, Stay


@require_safe
def livez(_request: HttpRequest) -> HttpResponse:
    """The process answers. Says nothing of the stores: restarting the web does not mend a database."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """200 when work flows, else 503 with what does not; each check's words stand in docs/operations.md."""
    now = timezone.now()
    found = {check.__name__: _guarded(check, now) for check in (database, clocks, redis_server, last_sweep, oldest_due_message)}
    wrong = [name for name, answer in found.items() if answer["ok"] is not True]
    return JsonResponse({"ok": not wrong, "wrong": wrong, "checks": found, "at": now.isoformat()}, status=503 if wrong else 200)


Answer = dict[str, object]


def _guarded(check: Callable[[datetime], Answer], now: datetime) -> Answer:
    try:
        return check(now)
    except Exception as error:  # a check that cannot be made has failed; its class says enough and holds no row
        return {"ok": False, "error": type(error).__name__}


def database(_now: datetime) -> Answer:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return {"ok": True}


def clocks(now: datetime) -> Answer:
    """This machine and the database tell the same time; else nothing rings and nothing is sent."""
    apart = clock.apart(now)
    return {"ok": apart <= clock.AGREE_WITHIN, "apart_seconds": round(apart.total_seconds(), 1)}


def redis_server(_now: datetime) -> Answer:
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as client:
        return {"ok": bool(client.ping())}


def last_sweep(now: datetime) -> Answer:
    """Seconds since the tick last ended well; never, on a site that just started, counts as failed."""
    return _age(now, Heartbeat.objects.filter(name="tick").aggregate(at=Min("at"))["at"], settings.READY_SWEEP_SECONDS, never_ok=False)


def oldest_due_message(now: datetime) -> Answer:
    """Seconds that the longest waiting sendable message waits; none waiting is well. `stopped` says what stops texts, if anything does."""
    stopped = [halt.key for halt in halts.standing()]
    return {**_age(now, oldest_due(now), settings.READY_MESSAGE_SECONDS, never_ok=True), "stopped": stopped}


def oldest_due(now: datetime) -> datetime | None:
    """Since when the longest waiting message could be sent; one that rests (quiet hours, cap) has a later `not_before`."""
    due = Message.objects.filter(state="pending", shadow=False, not_before__lte=now, channel__in=["sms", "email"])
    found: datetime | None = due.aggregate(at=Min("not_before"))["at"]
    return found


def _age(now: datetime, since: datetime | None, limit: int, *, never_ok: bool) -> Answer:
    if since is None:
        return {"ok": never_ok, "age_seconds": None, "limit_seconds": limit}
    age = round((now - since).total_seconds(), 1)
    return {"ok": age <= limit, "age_seconds": age, "limit_seconds": limit}


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Counted by queries at scrape time, so that it holds for any number of processes. `METRICS_TOKEN` guards it when set."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if settings.METRICS_TOKEN and not hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode()):
        return HttpResponse(status=401)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Counts(timezone.now()))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class Counts:
    """A collector of what the database knows at `now`."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def collect(self) -> Iterator[Metric]:
        yield self.by("finalmile_journeys", "journeys by status", "status", Journey.objects.values_list("status").annotate(Count("id")))
        yield self.by("finalmile_messages", "messages by state", "state", Message.objects.values_list("state").annotate(Count("id")))
        yield self.by("finalmile_work_items", "work items by state", "state", WorkItem.objects.values_list("state").annotate(Count("id")))
        yield self.by(
            "finalmile_inbound", "messages received by outcome", "outcome", Inbound.objects.values_list("outcome").annotate(Count("id"))
        )
        yield self.by("finalmile_digests", "reports by e-mail by state", "state", Digest.objects.values_list("state").annotate(Count("id")))
        yield self.one("finalmile_stays_due", "stays whose rung is due and has not rung", self.due(Stay))
        yield self.one("finalmile_matters_due", "matters whose rung is due and has not rung", self.due(Matter))
        yield self.one("finalmile_stays_set_aside", "stays set aside because ringing failed", Stay.objects.exclude(set_aside="").count())
        yield self.one("finalmile_halts", "what stops texts now: everything, or a wording", Halt.objects.filter(lifted_at=None).count())
        yield self.one("finalmile_alerts_unplanned", "alerts not planned yet", Alert.objects.filter(planned_at__isnull=True).count())
        yield self.one(
            "finalmile_oldest_due_message_seconds", "age of the longest waiting sendable message", self.age(oldest_due(self.now))
        )
        yield self.heartbeats()

    def due(self, model: type[Stay] | type[Matter]) -> int:
        parked = {"gated": False, "release": False} if model is Stay else {}
        return model._default_manager.filter(attention_at__lte=self.now, **parked).count()

    def age(self, since: datetime | None) -> float:
        return (self.now - since).total_seconds() if since else 0.0

    def heartbeats(self) -> Metric:
        return self.by(
            "finalmile_heartbeat_age_seconds",
            "seconds since a periodic task ended well",
            "task",
            [(row.name, self.age(row.at)) for row in Heartbeat.objects.all()],
        )

    @staticmethod
    def by(name: str, text: str, label: str, rows: object) -> Metric:
        family = GaugeMetricFamily(name, text, labels=[label])
        for word, value in rows:  # type: ignore[attr-defined]
            family.add_metric([word], value)
        return family

    @staticmethod
    def one(name: str, text: str, value: float) -> Metric:
        return GaugeMetricFamily(name, text, value=value)
