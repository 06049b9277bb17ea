"""Reports by e-mail: a link once a day or week, nothing of what stands behind it. No name, no number, however small or large.

One row a subscription and period, made once whoever looks first; claimed and committed before the mail server hears of it. What dies in
between is never repeated.
"""

from __future__ import annotations

import smtplib
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from config.models import Digest, Subscription
from config.reports import EVERY, REPORTS
from notifications.mail import AGAIN, LEASE, NOT_TAKEN, REFUSED, TRIES
from pathways.definitions import registry
from patients.models import User
from patients.views.guard import zone_of

BATCH = 50
STALE = timedelta(hours=12)
"""After an outage so long the period is skipped: on Tuesday nobody wants Monday's reminder of the morning."""
LATELY = timedelta(days=7)
UNWANTED = "not wanted any more"
"""Nothing went wrong there."""
State = Digest.State


class Refused(Exception):
    """The message says why."""


def subscribe(*, user: User, report: str, programme: str, weekday: int | None, hour: int, now: datetime) -> Subscription:
    """One a report and programme; a second one changes when it comes. Raises Refused."""
    if not may_read(user, report):
        raise Refused(_("This report is not for you."))
    wanted = REPORTS[report]
    known = (programme == EVERY and wanted.every) or (wanted.one and programme in registry.published())
    if not known:
        raise Refused(_("This report cannot be asked of that programme."))
    if not user.email:
        raise Refused(_("Your account has no e-mail address. An administrator can add it."))
    with transaction.atomic():
        for row in mine(user).select_for_update(of=("self",)).filter(report=report, programme=programme):
            _stop(row, "changed", now)
        return Subscription.objects.create(user=user, report=report, programme=programme, weekday=weekday, hour=hour, created_at=now)


def stop(*, token: str, why: str, now: datetime) -> None:
    """Ends a subscription by the secret in its e-mails; an unknown one is as good as ended."""
    with transaction.atomic():
        for row in Subscription.objects.select_for_update().filter(token=token, stopped_at=None):
            _stop(row, why, now)


def _stop(row: Subscription, why: str, now: datetime) -> None:
    row.stopped_at, row.stopped_why = now, why
    row.save(update_fields=["stopped_at", "stopped_why"])


def mine(user: User) -> QuerySet[Subscription]:
    return Subscription.objects.filter(user=user, stopped_at=None).order_by("report", "programme")


def may_read(user: User, report: str) -> bool:
    return report in REPORTS and user.has_role(*REPORTS[report].readers)


def latest(row: Subscription, *, now: datetime) -> tuple[date, datetime]:
    """The period that runs on the user's clock: the day it began, and the moment."""
    zone = zone_of(row.user)
    local = now.astimezone(zone)
    day = local.date()
    if row.weekday is not None:
        day -= timedelta(days=(day.weekday() - row.weekday) % 7)
    step = timedelta(days=1 if row.weekday is None else 7)
    at = datetime.combine(day, time(row.hour), zone)
    if at > local:
        day -= step
        at = datetime.combine(day, time(row.hour), zone)
    return day, at


def troubled(*, now: datetime) -> dict[str, int]:
    """Why e-mails of the last week did not or perhaps not arrive, the commonest first: what an administrator looks at. Nobody is named."""
    lately = Digest.objects.filter(state__in=(State.FAILED, State.UNKNOWN), not_before__gt=now - LATELY, not_before__lte=now)
    counts = lately.exclude(reason=UNWANTED).values_list("reason").annotate(n=Count("pk")).order_by("-n", "reason")
    return dict(counts)


def send_due(*, now: datetime, batch: int = BATCH) -> int:
    """Makes what has come due and sends it, each once; returns how many the server took."""
    _give_up_the_lost(now=now)
    _make_due(now=now)
    return sum(_hand_over(digest, now=now) for digest in _claim(now=now, batch=batch))


def _make_due(*, now: datetime) -> None:
    """One row a period, whoever makes it. Whose account ended, or who may not read the report any more, wants no more of it."""
    live = Subscription.objects.filter(stopped_at=None).select_related("user").order_by("pk")
    rows = []
    for one in live:
        if not one.user.is_active or not may_read(one.user, one.report):
            _stop(one, "account ended" if not one.user.is_active else "role ended", now)
            continue
        day, at = latest(one, now=now)
        if one.created_at < at and now - at <= STALE:
            rows.append(Digest(subscription=one, day=day, not_before=at))
    Digest.objects.bulk_create(rows, ignore_conflicts=True)


def _claim(*, now: datetime, batch: int) -> list[Digest]:
    """Takes a few and commits that they may be outside; what nobody wants any more is settled here."""
    with transaction.atomic():
        due = Digest.objects.select_for_update(skip_locked=True, of=("self",)).filter(state=State.PENDING, not_before__lte=now)
        taken = []
        for digest in due.select_related("subscription__user").order_by("not_before", "pk")[:batch]:
            if refusal := _why_not(digest, now):
                _fail(digest, refusal)
            else:
                digest.claim()
                digest.claimed_at, digest.attempt = now, digest.attempt + 1
                digest.save()
                taken.append(digest)
        return taken


def _why_not(digest: Digest, now: datetime) -> str:
    row = digest.subscription
    if row.stopped_at is not None or not row.user.is_active:
        return UNWANTED
    if not row.user.email:
        return "no address"
    return "too late" if now - digest.not_before > STALE else ""


def _hand_over(digest: Digest, *, now: datetime) -> bool:
    try:
        message_of(digest.subscription).send()
    except NOT_TAKEN as fault:
        _again(digest, type(fault).__name__, now)
        return False
    except REFUSED as fault:
        _fail(digest, type(fault).__name__)
        return False
    except (OSError, smtplib.SMTPException) as fault:
        _lose_sight([digest], type(fault).__name__)
        return False
    digest.accept()
    digest.sent_at, digest.reason = now, ""
    digest.save()
    return True


def message_of(row: Subscription) -> EmailMessage:
    """The report's name and two links, in the reader's language."""
    link = settings.PUBLIC_BASE_URL + reverse("report", args=[row.report, row.programme])
    end = settings.PUBLIC_BASE_URL + reverse("stop_digest", args=[row.token])
    with translation.override(row.user.language or settings.LANGUAGE_CODE):
        title = _(REPORTS[row.report].title)
        subject = _("Your report in Finalmile: %(title)s") % {"title": title}
        said = (
            _("The report that you asked to be reminded of is ready: %(title)s.") % {"title": title},
            _("Sign in to read it: %(link)s") % {"link": link},
            _("For everybody's privacy this e-mail says nothing more."),
            _("To stop these e-mails: %(link)s") % {"link": end},
        )
    headers = {"List-Unsubscribe": f"<{end}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "Auto-Submitted": "auto-generated"}
    return EmailMessage(subject, "\n\n".join(said) + "\n", None, [row.user.email], headers=headers)


def _again(digest: Digest, reason: str, now: datetime) -> None:
    if digest.attempt >= TRIES:
        _fail(digest, reason)
        return
    digest.put_back()
    digest.reason, digest.not_before = reason, now + AGAIN * digest.attempt
    digest.save()


def _fail(digest: Digest, reason: str) -> None:
    digest.fail()
    digest.reason = reason
    digest.save()


def _lose_sight(digests: Iterable[Digest], reason: str) -> None:
    for digest in digests:
        digest.lose_sight()
        digest.reason = reason
        digest.save()


def _give_up_the_lost(*, now: datetime) -> None:
    """Whoever was sending these died on the way: they may have arrived, so they are not sent again."""
    with transaction.atomic():
        lost = Digest.objects.select_for_update(skip_locked=True).filter(state=State.SENDING, claimed_at__lt=now - LEASE)
        _lose_sight(lost, "the sender was lost")
