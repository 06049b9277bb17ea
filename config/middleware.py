"""What every answer to a signed-in person has in common."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.contrib.auth import logout
from django.db import DataError, InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import urlencode

from config import signin
from patients import drafts
from patients.models import User

log = structlog.get_logger(__name__)
type_of_view = Callable[[HttpRequest], HttpResponse]
QUIET = "X-Quiet"
"""A request that the page makes by itself carries it: it proves nobody's presence."""
ENTRANCE = ("/accounts/", "/static/")
BEGAN, SEEN = "session_began", "session_seen"
SEEN_EVERY = 60  # seconds; a write per minute, not per request


class NoStoreMiddleware:
    """No browser or proxy keeps a page that a signed-in person saw: on a shared ward computer the back button is a reader."""

    def __init__(self, get_response: type_of_view) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.user.is_authenticated:
            response.headers["Cache-Control"] = "no-store"
        return response


class LanguageMiddleware:
    """The language that the account says, before what the cookie or the browser asks for."""

    def __init__(self, get_response: type_of_view) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if isinstance(request.user, User) and request.user.language:
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = translation.get_language()
        return self.get_response(request)


class SessionLifetimeMiddleware:
    """Sign out after `SESSION_IDLE` without a request and, at work or not, after `SESSION_LONGEST` (ASVS 7.3.1, 7.3.2).

    What arrives by POST after the end is kept for its writer and offered after signing in. What was sent is no draft any more.
    """

    def __init__(self, get_response: type_of_view) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not isinstance(user, User):
            return self.get_response(request)
        now = timezone.now()
        if self.is_over(request, now.timestamp()):
            return self.end(request, user, now)
        response = self.get_response(request)
        if request.method == "POST" and response.status_code < 400 and QUIET not in request.headers:
            drafts.sent(user=user, action=request.path)
        return response

    def is_over(self, request: HttpRequest, now: float) -> bool:
        began, seen = request.session.get(BEGAN, now), request.session.get(SEEN, now)
        if now - began > settings.SESSION_LONGEST.total_seconds() or now - seen > settings.SESSION_IDLE.total_seconds():
            return True
        if BEGAN not in request.session or (now - seen > SEEN_EVERY and QUIET not in request.headers):
            request.session[BEGAN], request.session[SEEN] = began, now
        return False

    def end(self, request: HttpRequest, user: User, now: datetime) -> HttpResponse:
        kept = request.method == "POST" and not request.path.startswith(ENTRANCE)
        if kept:
            fields = {name: request.POST.getlist(name) for name in request.POST}
            drafts.keep(user=user, page=_page(request), action=_ours(request.path), fields=fields, now=now)
        logout(request)
        if not kept:
            return self.get_response(request)
        target = f"{reverse('account_login')}?{urlencode({'next': _page(request), 'ended': 'kept'})}"
        return HttpResponse(status=204, headers={"HX-Redirect": target}) if request.headers.get("HX-Request") else redirect(target)


class SecondFactorMiddleware:
    """Whoever must have a second factor and has none sets one up before anything else opens."""

    def __init__(self, get_response: type_of_view) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if isinstance(user, User) and not request.path.startswith(ENTRANCE) and signin.lacks_second_factor(request, user):
            target = reverse("mfa_index")
            return HttpResponse(status=204, headers={"HX-Redirect": target}) if request.headers.get("HX-Request") else redirect(target)
        return self.get_response(request)


# Too long, out of range, no date, no text of this database's (https://www.postgresql.org/docs/current/errcodes-appendix.html); the driver itself
# refuses the sign NUL and gives no code. A division by zero is of the same class and ours alone.
REFUSED_VALUES = frozenset({None, "22001", "22003", "22007", "22008", "22021", "22P02", "22P05"})


class UnavailableMiddleware:
    """A database that is full, read-only, out of connections or gone: 503 and when to come again, with nothing half done. Never 200, never 500.
    A value that no column takes (the sign NUL, a year past all calendars) is the sender's fault and ours only to say so: 400."""

    def __init__(self, get_response: type_of_view) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        sqlstate = getattr(exception.__cause__, "sqlstate", None)
        if isinstance(exception, DataError) and sqlstate in REFUSED_VALUES:
            log.error("value_refused", sqlstate=sqlstate)
            return HttpResponse(render_to_string("400.html"), status=400)
        if not isinstance(exception, OperationalError | InternalError | InterfaceError):
            return None
        log.error("store_unavailable", error=type(exception).__name__, sqlstate=sqlstate)
        return HttpResponse(
            render_to_string("503.html"), status=503, headers={"Retry-After": "60"}
        )  # asks no store, as no request is given


def session_times(request: HttpRequest) -> dict[str, int]:
    """Context processor: after how many seconds without a request the session ends, and how long before that the page warns."""
    return {"session_idle": int(settings.SESSION_IDLE.total_seconds()), "session_warning": int(settings.SESSION_WARNING.total_seconds())}


def _page(request: HttpRequest) -> str:
    """The path of our own page that the request came from, without its query."""
    sent = urlsplit(request.headers.get("HX-Current-URL") or request.headers.get("Referer", ""))
    return _ours(sent.path) if sent.netloc == request.get_host() else "/"


def _ours(path: str) -> str:
    """Two slashes in front would make another host of it."""
    return f"/{path.lstrip('/')}"
