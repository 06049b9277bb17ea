"""The product's Celery app on the wall clock, with its waits cut to seconds so that a run of minutes sees what takes hours:
`celery -A tests.chaos.hasty worker` (who wakes it: `beats`). Each wait keeps its order: client's time-out < guard < lease < quiet time < giving up.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import django

from config.celery import app

app.finalize()
django.setup()
from django.db import Error, connections  # noqa: E402

from notifications import endings, hours  # noqa: E402
from notifications import reconcile as reconciling  # noqa: E402
from notifications import send as sending  # noqa: E402
from notifications.models import Message  # noqa: E402

RUN, GUARD, LEASE, QUIET, GIVE_UP = 1.8, 3.0, 6.0, 9.0, 20.0  # a run ends before the next wake-up, as the product's does
TIME_OUT = 1.5  # of the client, by TWILIO_TIMEOUT_SECONDS


def _soon(message: Message) -> timedelta:
    return timedelta(seconds=min(2 ** min(message.attempt, 4), 16))


def _defaults(verb: Callable[..., Any]) -> dict[str, Any]:
    assert verb.__kwdefaults__ is not None
    return verb.__kwdefaults__


endings._backoff = _soon
sending.GUARD_SECONDS = GUARD
setattr(reconciling, "LEASE", timedelta(seconds=LEASE))  # noqa: B010 (the name that it imported)
reconciling.MARGIN = timedelta(seconds=5)
_defaults(reconciling.reconcile).update(quiet=timedelta(seconds=QUIET), give_up=timedelta(seconds=GIVE_UP))
sending.BETWEEN_WAKE_UPS = RUN
_defaults(sending.send_due).update(batch=20)  # a death strands no more than two dozen

with contextlib.suppress(Error):  # slow to ask for: once here instead of in every hand that is started after a kill
    hours.zones()
connections.close_all()

__all__ = ["app"]
