"""Tasks that cross apps or belong to the house itself."""

from __future__ import annotations

from celery import shared_task
from django.core.management import call_command
from django.utils import timezone

from config import digests as sending
from config.models import Heartbeat
from notifications import clock, missed
from pathways import review, signing
from pathways.ingest import rereading
from patients import drafts


@shared_task
def seal() -> None:
    """Chain the access log's new rows."""
    from patients import access

    access.seal(now=timezone.now())


@shared_task
def anchor() -> None:
    """Keep the newest seal outside the database."""
    from config import anchors

    anchors.keep(now=timezone.now())


@shared_task
def release() -> None:
    """Take the day's share off the go-live review lists, and ask leads for signatures that are missing or have lapsed."""
    review.release_daily(now=timezone.now())
    signing.remind(now=timezone.now())


@shared_task
def listen() -> None:
    """Take in replies whose webhook never reached us, since this task last ended well."""
    last = Heartbeat.objects.filter(name="listen").values_list("at", flat=True).first()
    missed.catch_up(looked=last, now=clock.believed(timezone.now()))


@shared_task
def digests() -> None:
    """Remind those who asked for it of their reports, by e-mail, once a period."""
    sending.send_due(now=clock.believed(timezone.now()))


@shared_task
def tidy() -> None:
    """Forget sessions that have ended, what was typed in them a day ago, and messages without effect after their feed's retention."""
    call_command("clearsessions")
    drafts.forget_old(now=timezone.now())
    rereading.forget(now=timezone.now())
