"""The Celery app and its schedule, on one screen.

PostgreSQL is the queue of record: every task here only looks at what is due and may run twice, twice at once, or late. So a second
beat changes nothing, and with Redis gone the next wake-up does what the lost one would have done.
"""

from __future__ import annotations

import os
from typing import Any

from celery import Celery, Task, bootsteps
from django.utils import timezone


class Watched(Task):  # type: ignore[misc]
    """Leaves a heartbeat when a task ended well: `/readyz` asks for the tick's."""

    def on_success(self, retval: Any, task_id: str, args: Any, kwargs: Any) -> None:
        from config.models import beat

        beat(self.name.rpartition(".")[2], now=timezone.now())


class GetReady(bootsteps.Step):  # type: ignore[misc]
    """Before a worker has hands: what they all need is loaded once, not by each that replaces a killed one."""

    def create(self, parent: Any) -> None:
        from notifications import send

        send.get_ready()


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("finalmile", task_cls=Watched)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(GetReady)


def every(seconds: float, task: str) -> dict[str, Any]:
    """A wake-up that nobody took before the next one is worth nothing: it expires."""
    return {"task": task, "schedule": seconds, "options": {"expires": seconds}}


app.conf.beat_schedule = {
    "tick": every(60, "notifications.tasks.tick"),
    "outcomes": every(10, "notifications.tasks.outcomes"),
    "send": every(10, "notifications.tasks.send"),
    "mail": every(30, "notifications.tasks.mail"),
    "reconcile": every(60, "notifications.tasks.reconcile"),
    "listen": every(600, "config.tasks.listen"),
    "seal": every(30, "config.tasks.seal"),
    "anchor": every(24 * 3600, "config.tasks.anchor"),
    "release": every(3600, "config.tasks.release"),
    "digests": every(300, "config.tasks.digests"),
    "tidy": every(24 * 3600, "config.tasks.tidy"),
}
