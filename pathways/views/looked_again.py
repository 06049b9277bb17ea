"""What the two lists of a second look share (newly actionable, second chances): who sees them, who decides, and which journey a form means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from pathways.models import Journey
from patients.models import Role, User
from patients.views.guard import StaffRequest, must_hold

SEES = (Role.CLINICIAN, Role.GENETIC_COUNSELOR, Role.LEAD, Role.NAVIGATOR)
DECIDES = (Role.CLINICIAN, Role.GENETIC_COUNSELOR)


class OfAJourney(Protocol):
    @property
    def journey_id(self) -> int: ...


Found = TypeVar("Found", bound=OfAJourney)


def sites_as(user: User, roles: Iterable[str]) -> list[int]:
    """Sites where the user holds one of these roles."""
    wanted = set(roles)
    return list(dict.fromkeys(one.site_id for one in user.held() if one.role in wanted))


def beside(user: User, found: Sequence[Found]) -> list[tuple[Journey, Found, bool]]:
    """What was found beside its journey, and whether the user may decide there; what they may not see is left out."""
    deciding = set(sites_as(user, DECIDES))
    seen = Journey.objects.visible_to(user).select_related("patient__person", "home_site").in_bulk([one.journey_id for one in found])
    return [(seen[one.journey_id], one, seen[one.journey_id].home_site_id in deciding) for one in found if one.journey_id in seen]


def asked(request: StaffRequest, uid: UUID, find: Callable[..., Sequence[Found]]) -> tuple[Journey, Found | None, str]:
    """The journey, what is found of it as it stands now (None: nothing any more), and the reason given."""
    journey = get_object_or_404(Journey.objects.visible_to(request.user), uid=uid)
    must_hold(request.user, journey.home_site_id, *DECIDES)
    found = find(now=timezone.now(), sites=[journey.home_site_id], only=journey.pk)
    return journey, next(iter(found), None), request.POST.get("reason", "").strip()[:500]


def again(request: StaffRequest, page: str, reason: str, gone: str) -> HttpResponse:
    """Back to the list: no reason was given, or what it was about is gone."""
    messages.warning(request, gone if reason else _("Say why, in a few words."))
    return redirect(page)
