"""The usual design, for comparison: a task per text, repeated on error, acknowledged late. `celery -A tests.chaos.usual worker`.

Nothing of it is the product's but the rows it reads. It is written as the documentation of Celery suggests: `acks_late`, `autoretry_for`,
a pause that grows, the state saved when the provider has answered. A crash between answer and saving, a time-out and an error after
acceptance all look like a failure, and a failure is repeated.
"""

from __future__ import annotations

from typing import Any

import django

from config.celery import app, every

app.finalize()
django.setup()
import requests  # noqa: E402
from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from twilio.base.exceptions import TwilioException  # noqa: E402
from twilio.rest import Client  # noqa: E402

from notifications.plan import plan  # noqa: E402
from notifications.transports.twilio import Http  # noqa: E402
from pathways.sweep import ring  # noqa: E402

WORKLOAD = 500  # reminders put into the queue at a time
FIND = """
UPDATE notifications_message SET not_before = now() + interval '60 seconds' WHERE id IN (
    SELECT id FROM notifications_message WHERE state = 'pending' AND not_before <= now() ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING id
"""
READ = """
SELECT h.e164, m.uid, m.state FROM notifications_message m JOIN patients_contactpoint c ON c.person_id = m.recipient_id
JOIN patients_phone h ON h.id = c.phone_id WHERE m.id = %s AND h.stopped_at IS NULL
"""


@app.task(name="usual.look", ignore_result=True)
def look() -> None:
    from django.utils import timezone

    now = timezone.now()
    ring(now=now)
    plan(now=now)
    while found := _rows(FIND, [WORKLOAD]):
        for (message,) in found:
            text.delay(message)


@app.task(
    name="usual.text", acks_late=True, ignore_result=True, max_retries=8, retry_backoff=1, retry_backoff_max=8,
    autoretry_for=(TwilioException, requests.RequestException),
)  # fmt: skip
def text(message: int) -> None:
    for number, uid, state in _rows(READ, [message]):
        if state == "pending":
            made = _client().messages.create(
                to=number, from_=settings.TWILIO_FROM_NUMBER, body="This is Riverside Care. Please call 555-0100.",
                status_callback=f"{settings.PUBLIC_BASE_URL}/webhooks/twilio/status/{uid}/usual/",
            )  # fmt: skip
            _rows(
                "UPDATE notifications_message SET state = 'sent', provider_sid = %s WHERE id = %s RETURNING id", [made.sid or "", message]
            )


def _rows(sql: str, values: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def _client() -> Client:
    return Client(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, http_client=Http())


app.conf.beat_schedule = {"look": every(3, "usual.look")}
app.conf.beat_max_loop_interval = 0.5

__all__ = ["app"]
