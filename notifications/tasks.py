"""Wake-ups. The work is in PostgreSQL; a lost, late or doubled wake-up changes nothing but latency. One on a machine whose clock is
wrong fails, leaves no heartbeat, and so shows in `/readyz`."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from notifications import clock, emailing, second_thoughts
from notifications import mail as mailing
from notifications import reconcile as reconciling
from notifications import send as sending
from notifications import tick as ticking


@shared_task
def tick() -> None:
    ticking.tick(now=clock.believed(timezone.now()))


@shared_task
def outcomes() -> None:
    second_thoughts.apply_due(now=clock.believed(timezone.now()))


@shared_task
def send() -> None:
    sending.send_due(now=clock.believed(timezone.now()), seconds=sending.BETWEEN_WAKE_UPS)


@shared_task
def reconcile() -> None:
    reconciling.reconcile(now=clock.believed(timezone.now()))


@shared_task
def mail() -> None:
    mailing.send_due(now=clock.believed(timezone.now()))
    emailing.send_due(now=clock.believed(timezone.now()))
