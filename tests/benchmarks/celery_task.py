"""A Celery task per text with the provider's delay left out: `celery -A tests.benchmarks.celery_task worker`. What it does for a text is a
careful transaction of the ORM, and the same rows are left."""

from __future__ import annotations

import django

from config.celery import app

app.finalize()
django.setup()
from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from notifications.models import Message, SendSlot  # noqa: E402
from patients.models import ContactPoint, Permission  # noqa: E402


@app.task(name="bench.text", acks_late=True, ignore_result=True)
def text(message_id: int) -> None:
    now = timezone.now()
    with transaction.atomic():
        message = Message.objects.select_for_update(of=("self",)).select_related("recipient", "patient", "journey").get(pk=message_id)
        point = ContactPoint.objects.select_related("phone").get(person=message.recipient, until=None)
        assert point.phone is not None and message.recipient is not None
        Permission.objects.get(person=message.recipient, patient=message.patient, phone=point.phone, revoked_at=None)
        SendSlot.objects.create(phone=point.phone, local_day=now.date(), message=message)
        message.claim()
        message.phone, message.attempt, message.claimed_at = point.phone, 1, now
        message.body = f"Hello {message.recipient.given}, this is Riverside Care. Please call 555-0100."
        message.save()
    with transaction.atomic():
        message.accept()
        message.provider_sid, message.sent_at = f"SM{message.pk:032d}", now
        message.save()
    connection.close_if_unusable_or_obsolete()


__all__ = ["app"]
