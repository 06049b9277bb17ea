"""Which programme a report opens with: the one that this session looked at last, else the one with most journeys at the reader's sites."""

from __future__ import annotations

from django.db.models import Count

from pathways.definitions import registry
from pathways.models import Journey
from patients.models import User
from patients.views.guard import StaffRequest

KEPT = "programme"


def opens_with(request: StaffRequest) -> str:
    """Its code; blank where no programme is published."""
    codes = sorted(registry.published())
    last = request.session.get(KEPT)
    return last if last in codes else _largest(request.user, codes)


def remember(request: StaffRequest, code: str) -> None:
    """The next report opens with it too."""
    if request.session.get(KEPT) != code:
        request.session[KEPT] = code


def _largest(user: User, codes: list[str]) -> str:
    """By the journeys that a report would count; the first by name where nobody has come yet."""
    seen = Journey.objects.filter(pathway__in=codes, home_site__in=user.site_ids(), home_site__is_training=False, patient__is_test=False)
    entered = dict(seen.exclude(status="void").values_list("pathway").annotate(Count("pk")))
    return max(codes, key=lambda code: entered.get(code, 0), default="")
