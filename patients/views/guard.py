"""Who may open a page. Every screen of the product is wrapped by `page(...)`, which names the roles that it is for."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import resolve, reverse
from django.utils import timezone

from patients.models import Role, User
from patients.models.staff import CARE as CARE

STEERING = (Role.NAVIGATOR, Role.LEAD, Role.CLINICIAN, Role.GENETIC_COUNSELOR)
INTAKE = (Role.LAB_LIAISON, Role.INTEGRATION, Role.LEAD, Role.ADMINISTRATOR)
REPORTS = (Role.MANAGER, Role.LEAD, Role.CLINICIAN, Role.NAVIGATOR, Role.AUDITOR, Role.ADMINISTRATOR)
GOING_LIVE = (Role.LEAD, Role.MANAGER, Role.ADMINISTRATOR)
OBSERVING = (*GOING_LIVE, Role.LAB_LIAISON, Role.INTEGRATION)
ANYONE = tuple(Role)


class StaffRequest(HttpRequest):
    """A request behind `page(...)`: somebody is signed in."""

    user: User
    htmx: Any


View = Callable[..., HttpResponseBase]


def page(*roles: str) -> Callable[[View], View]:
    """Signed in, and in one of `roles` at some site: what is seen is of the sites where the user holds one of them. Dates on the page are on
    the clock of the user's first site."""

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _to_sign_in(request)
            request.user.remember()
            if not request.user.has_role(*roles):
                raise PermissionDenied
            request.user.act_as(roles)
            with timezone.override(zone_of(request.user)):
                return view(request, *args, **kwargs)

        guarded.roles = frozenset(roles)  # type: ignore[attr-defined]
        return guarded

    return wrap


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """A piece of a page must not be filled with the sign-in form: the whole window goes there."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": reverse("account_login")})
    return redirect_to_login(request.get_full_path())


def zone_of(user: User) -> ZoneInfo:
    sites = {one.site_id: one.site for one in user.held()}
    return ZoneInfo(sites[min(sites)].time_zone if sites else "UTC")


def may_open(user: User, route: str) -> bool:
    """Whether the user holds a role of the page that this route names; what cannot be opened is not offered."""
    view: Any = resolve(reverse(route)).func
    while not hasattr(view, "roles") and hasattr(view, "__wrapped__"):
        view = view.__wrapped__
    return user.has_role(*getattr(view, "roles", ()))


def must_hold(user: User, site_id: int, *roles: str) -> None:
    """The role must be held at the site that the row belongs to, not just anywhere."""
    if not user.roles_at(site_id) & set(roles):
        raise PermissionDenied
