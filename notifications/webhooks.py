"""What providers call: receipts (of at most 64 kB) and inbound texts (1 MB), signed; what became of e-mails, with our secret. POST only; a body never
reaches a log."""

from __future__ import annotations

import base64
import binascii
import hmac
import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from notifications import inbox, mail_events, outbox, receipts, sns, transports
from notifications.models import Message
from notifications.transports import Signer
from patients import access
from patients.views import sent

LARGEST_BODY = 64 * 1024
LARGEST_TEXT = 1024 * 1024  # what a patient wrote is kept, cut short, and never refused: nobody would send it again
LARGEST_LIST = 1024 * 1024  # SendGrid sends up to 768 kB of events at once
NOTHING_TO_SAY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'

View = Callable[..., HttpResponseBase]


def signed(largest: int) -> Callable[[View], View]:
    """Only what the provider signed for our public address (never for the Host header, which a proxy may change)."""

    def guard(view: View) -> View:
        @csrf_exempt
        @require_POST
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if sent.number(request.headers.get("Content-Length")) > largest:
                return HttpResponse(status=413)
            url = settings.PUBLIC_BASE_URL + request.get_full_path()
            signer = transports.signer(url, request.POST.dict(), request.headers.get("X-Twilio-Signature", ""))
            if signer is None or (signer is Signer.SCHOOL and not _of_a_training_site(request, kwargs.get("uid"))):
                return HttpResponse(status=403)
            return view(request, *args, **kwargs)

        return guarded

    return guard


def _of_a_training_site(request: HttpRequest, uid: uuid.UUID | None) -> bool:
    """Whether this is about a text that the training sites' simulator carried: the one of the receipt, or the last to the number that writes."""
    carried = Message.objects.filter(uid=uid) if uid else Message.objects.filter(phone__e164=request.POST.get("From", ""), attempt__gt=0)
    last = carried.order_by("-claimed_at").first()
    return last is not None and outbox.is_training(last.pk)


@signed(LARGEST_BODY)
def status(request: HttpRequest, uid: uuid.UUID, token: str) -> HttpResponse:
    """A receipt. One that names no message of ours is kept and answered alike: it may have come before our own record."""
    said = request.POST
    receipts.receive(
        uid=str(uid),
        token=token,
        sid=said.get("MessageSid", "")[:40],
        status=said.get("MessageStatus", ""),
        error_code=said.get("ErrorCode", ""),
        now=timezone.now(),
    )
    return HttpResponse(status=204)


@signed(LARGEST_TEXT)
def inbound(request: HttpRequest) -> HttpResponseBase:
    """A text from a patient. Our own answers go through the outbox, so the provider is told to say nothing."""
    said = {name: value.replace("\x00", "") for name, value in request.POST.dict().items()}  # which the database stores nowhere
    if not said.get("MessageSid") or not said.get("From"):
        return HttpResponse(status=400)
    media = said.get("NumMedia", "")
    inbox.receive(
        provider_sid=said["MessageSid"][:40],
        from_=said["From"],
        to=said.get("To", ""),
        body=said.get("Body", ""),
        attached=int(media) if media.isdecimal() and len(media) < 3 else 0,
        now=timezone.now(),
    )
    return access.shows_nobody(HttpResponse(NOTHING_TO_SAY, content_type="text/xml"))


@csrf_exempt
@require_POST
def mail(request: HttpRequest) -> HttpResponse:
    """Bounces and complaints, as a mail provider posts them. Whatever was read is answered alike, known to us or not; the first that Amazon
    SNS posts asks whether we want it."""
    if not _knows_the_secret(request.headers.get("Authorization", "")):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Basic"})
    if sent.number(request.headers.get("Content-Length")) > LARGEST_LIST:
        return HttpResponse(status=413)
    try:
        events = mail_events.read(request.body)
    except mail_events.Unreadable:
        return HttpResponse(status=400)
    if "SubscriptionConfirmation" in request.headers.get("X-Amz-Sns-Message-Type", ""):
        return HttpResponse(status=204 if sns.confirm(mail_events.body_of(request.body)) else 400)
    mail_events.receive(events, now=timezone.now())
    return HttpResponse(status=204)


def _knows_the_secret(authorization: str) -> bool:
    """As the password of Basic (`https://any:SECRET@our.host/...`, which every provider can be given) or as a bearer's token."""
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() == "basic":
        try:
            given = base64.b64decode(given, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return False
    elif scheme.lower() != "bearer":
        return False
    return bool(settings.MAIL_WEBHOOK_SECRET) and hmac.compare_digest(given.encode(), settings.MAIL_WEBHOOK_SECRET.encode())
