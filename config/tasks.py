"""Tasks that cross apps or belong to the house itself."""

from __future__ import annotations

from celery import shared_task
from django.core.management import call_command
from django.utils import timezone


@shared_task
def seal() -> None:
    """Chain the access log's new rows."""
    from patients import access

    access.seal(now=timezone.now())


@shared_task
def tidy() -> None:
    """Forget sessions that have ended."""
    call_command("clearsessions")
