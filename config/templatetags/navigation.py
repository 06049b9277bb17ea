"""The main navigation: what this user's roles open, in the order of the day."""

from __future__ import annotations

from dataclasses import dataclass

from django import template
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from patients.emergencies import TOLD
from patients.models import EmergencyAccess, Role, User
from patients.views.guard import CARE, GOING_LIVE, INTAKE, REPORTS, may_open

register = template.Library()


@dataclass(frozen=True, slots=True)
class Entry:
    label: str
    icon: str
    url: str
    here: bool


ENTRIES = (
    ("Queue", "queue", "queue", CARE),
    ("Notices", "message", "notices", (Role.CLINICIAN,)),
    ("Patients", "search", "patient_search", CARE),
    ("Reports", "chart", "reports", REPORTS),
    ("Intake", "inbox", "quarantine", INTAKE),
    ("Pathways", "map", "catalogue", ()),
    ("Oversight", "eye", "oversight", TOLD),
    ("Administration", "gear", "administration", (Role.ADMINISTRATOR,)),
    ("Incidents", "alert", "incidents", (Role.LEAD, Role.MANAGER, Role.AUDITOR)),
    ("Going live", "play", "rollouts", (*GOING_LIVE, Role.NAVIGATOR)),
    ("Texts", "message", "stopped", GOING_LIVE),
)


def entries(user: User, path: str) -> list[Entry]:
    """Pages that the user may open; the one whose path begins like `path` is here."""
    roles = user.roles()
    allowed = [(label, icon, reverse(name)) for label, icon, name, wanted in ENTRIES if not wanted or roles & set(wanted)]
    here = reverse("reports") if path.startswith("/drop-off/") else path
    return [Entry(label, icon, url, here.startswith(url)) for label, icon, url in allowed]


@register.simple_tag
def training_sites(request: HttpRequest) -> list[str]:
    """Names of the user's training sites, for the banner on every page; an account never has both kinds."""
    if not isinstance(request.user, User):
        return []
    return sorted({one.site.name for one in request.user.held() if one.site.is_training})


@register.simple_tag
def opened_charts(request: HttpRequest) -> list[EmergencyAccess]:
    """Charts of other sites that are open to the user for now, for the banner on every page."""
    user, now = request.user, timezone.now()
    if not isinstance(user, User) or user.emergency_until is None or user.emergency_until <= now:
        return []
    return list(EmergencyAccess.objects.filter(user=user, until__gt=now).select_related("patient").order_by("until"))


@register.filter
def opens(user: User, route: str) -> bool:
    """`{% if request.user|opens:"consents" %}`: a link is offered to whom its page lets in."""
    return may_open(user, route)


@register.simple_tag
def navigation(request: HttpRequest) -> list[Entry]:
    return entries(request.user, request.path) if isinstance(request.user, User) else []
