"""Which programme a report opens with: the one that this session looked at last, else the one with most journeys at the reader's sites."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from django.db.models import Count

from pathways.definitions import registry
from pathways.models import Journey
from patients.models import User
from patients.views.guard import StaffRequest

KEPT = "programme"
SLUG = re.compile(r"[-a-z0-9]+")


def opens_with(request: StaffRequest) -> str:
    """Its code; blank where no programme is published."""
    codes = sorted(registry.published())
    last = request.session.get(KEPT)
    return last if last in codes else _largest(request.user, codes)


def chosen(request: StaffRequest) -> str:
    """The one that the form of a page asks for; the page itself says what does not exist."""
    asked = request.GET.get(KEPT, "")
    return asked if SLUG.fullmatch(asked) else ""


def asked_along(request: StaffRequest) -> str:
    """What else the form asked, for the address of the programme's own page."""
    rest = urlencode([(name, value) for name, value in request.GET.items() if name != KEPT and value])
    return f"?{rest}" if rest else ""


def remember(request: StaffRequest, code: str) -> None:
    """The next report opens with it too."""
    if request.session.get(KEPT) != code:
        request.session[KEPT] = code


def _largest(user: User, codes: list[str]) -> str:
    """By the journeys that a report would count; the first by name where nobody has come yet."""
    seen = Journey.objects.filter(pathway__in=codes, home_site__in=user.site_ids(), home_site__is_training=False, patient__is_test=False)
    entered = dict(seen.exclude(status="void").values_list("pathway").annotate(Count("pk")))
    return max(codes, key=lambda code: entered.get(code, 0), default="")
