"""What every answer to a signed-in person has in common."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

type_of_view = Callable[[HttpRequest], HttpResponse]
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


class SessionLifetimeMiddleware:
    """Sign out after `SESSION_IDLE` without a request and, at work or not, after `SESSION_LONGEST` (ASVS 7.3.1, 7.3.2)."""

    def __init__(self, get_response: type_of_view) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            self.keep_time(request, timezone.now().timestamp())
        return self.get_response(request)

    def keep_time(self, request: HttpRequest, now: float) -> None:
        began, seen = request.session.get(BEGAN, now), request.session.get(SEEN, now)
        if now - began > settings.SESSION_LONGEST.total_seconds() or now - seen > settings.SESSION_IDLE.total_seconds():
            logout(request)
        elif BEGAN not in request.session or now - seen > SEEN_EVERY:
            request.session[BEGAN], request.session[SEEN] = began, now
