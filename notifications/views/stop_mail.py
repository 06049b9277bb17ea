"""The page behind the last link of every e-mail. GET shows a button and changes nothing, so that whoever fetches links ahead stops nobody's
mail; a mail program's own unsubscribe button posts (RFC 8058). Who is written to is neither asked nor shown."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from notifications.views.answer_link import private
from notifications.wording import pages
from patients import consent
from patients.models import Mailbox


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@private
def stop_mail(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The same page for every link, there or not, in all languages."""
    done = request.method == "POST"
    if done and (mailbox := Mailbox.objects.filter(uid=uid).first()):
        consent.stop_mail(mailbox=mailbox, now=timezone.now(), evidence=consent.Evidence("unsubscribe link", reference=str(uid)))
    return render(request, "notifications/stop_mail.html", {"languages": pages.words(), "done": done})
