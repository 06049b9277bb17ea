"""Celery's beat with the product's tasks at the pace of `hasty`: `celery -A tests.chaos.beats beat`. It names tasks and runs none, so it loads
nothing of the product but where its broker is, and one that was killed is back at once."""

from __future__ import annotations

from typing import Any

from celery import Celery

from config import settings


def every(seconds: float, task: str, expires: float) -> dict[str, Any]:
    return {"task": f"notifications.tasks.{task}", "schedule": seconds, "options": {"expires": expires}}


app = Celery("finalmile", broker=settings.CELERY_BROKER_URL)
app.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
app.conf.broker_connection_max_retries = settings.CELERY_BROKER_CONNECTION_MAX_RETRIES
app.conf.beat_schedule = {
    "tick": every(3, "tick", 3),
    "send": every(2, "send", 5),  # a slow machine takes it up late
    "reconcile": every(7, "reconcile", 7),  # reads the provider's list of half a minute, thousands of texts here
}
app.conf.beat_max_loop_interval = 0.5
