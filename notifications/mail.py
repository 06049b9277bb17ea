"""Sends the e-mails that say that a notice waits. No name, no disease, no programme: a link, behind which one signs in.

An e-mail is claimed and committed before the server hears of it, so a process that dies in between leaves `sending`, which becomes
`unknown` and is never repeated; a navigator calls instead.
"""

from __future__ import annotations

import smtplib
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from notifications import notices
from notifications.models import Email, Notice

BATCH = 50
LEASE = timedelta(minutes=5)
TRIES = 5
AGAIN = timedelta(minutes=10)
SUBJECT = "A notice waits for you in Finalmile"
BODY = """A notice that concerns you waits in Finalmile.

Sign in to read and answer it: {link}

For everybody's privacy this e-mail says nothing more. Please do not reply to it; nobody reads what is sent here.
"""
# What proves that the server never took the message: refused before or at the connection, or with a word of refusal.
NOT_TAKEN = (ConnectionRefusedError, smtplib.SMTPConnectError, smtplib.SMTPAuthenticationError, smtplib.SMTPHeloError)
REFUSED = (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused)


def send_due(*, now: datetime, batch: int = BATCH) -> int:
    """Sends what is due, each once; returns how many the server took."""
    if not _waits(now):
        return 0
    _give_up_the_lost(now=now, batch=batch)
    return sum(_hand_over(email, now=now) for email in _claim(now=now, batch=batch))


def _waits(now: datetime) -> bool:
    """Whether anything is due, or was lost on the way: by the partial index email_due, and nothing else on most wake-ups."""
    lost = Q(state=Email.State.SENDING, claimed_at__lt=now - LEASE)
    return Email.objects.filter(Q(state=Email.State.PENDING, not_before__lte=now) | lost).exists()


def _claim(*, now: datetime, batch: int) -> list[Email]:
    """Takes a few and commits that they may be outside. What needs no sending any more, or has no address, is settled here."""
    with transaction.atomic():
        due = Email.objects.select_for_update(skip_locked=True, of=("self",)).filter(state=Email.State.PENDING, not_before__lte=now)
        taken = []
        for email in due.select_related("notice__practitioner", "notice__journey", "notice__item").order_by("not_before", "pk")[:batch]:
            if not notices.is_open(email.notice) or email.notice.opened_at is not None:
                _fail(email, "not needed any more", now, call=False)
            elif not email.address:
                _fail(email, "no address", now)
            else:
                email.claim()
                email.claimed_at, email.attempt = now, email.attempt + 1
                email.save()
                taken.append(email)
        return taken


def _hand_over(email: Email, *, now: datetime) -> bool:
    link = settings.PUBLIC_BASE_URL.rstrip("/") + reverse("notice", args=[email.notice.uid])
    try:
        send_mail(SUBJECT, BODY.format(link=link), None, [email.address])
    except NOT_TAKEN as fault:
        _again(email, type(fault).__name__, now)
        return False
    except REFUSED as fault:
        _fail(email, type(fault).__name__, now)
        return False
    except (OSError, smtplib.SMTPException) as fault:
        _lose_sight(email, type(fault).__name__, now)
        return False
    with transaction.atomic():
        email.accept()
        email.sent_at = now
        email.save()
        Notice.objects.filter(pk=email.notice_id, delivered_at=None).update(delivered_at=now)
    return True


def _again(email: Email, reason: str, now: datetime) -> None:
    if email.attempt >= TRIES:
        _fail(email, reason, now)
        return
    email.put_back()
    email.reason, email.not_before = reason, now + AGAIN * email.attempt
    email.save()


def _fail(email: Email, reason: str, now: datetime, *, call: bool = True) -> None:
    with transaction.atomic():
        email.fail()
        email.reason = reason
        email.save()
        if call:
            notices.call(email.notice, "notice-undelivered", now=now)


def _lose_sight(email: Email, reason: str, now: datetime) -> None:
    with transaction.atomic():
        email.lose_sight()
        email.reason = reason
        email.save()
        notices.call(email.notice, "notice-undelivered", now=now)


def _give_up_the_lost(*, now: datetime, batch: int) -> None:
    """Whoever was sending these died on the way: they may have arrived, so they are not sent again."""
    with transaction.atomic():
        lost = Email.objects.select_for_update(skip_locked=True, of=("self",)).filter(state=Email.State.SENDING, claimed_at__lt=now - LEASE)
        for email in lost.select_related("notice__practitioner", "notice__journey", "notice__item")[:batch]:
            _lose_sight(email, "the sender was lost", now)
