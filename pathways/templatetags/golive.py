"""The tabs of going live: what this user's roles open."""

from __future__ import annotations

from django import template
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from patients.models import Role, User
from patients.views.guard import GOING_LIVE, OBSERVING

register = template.Library()

TABS = (
    ("rollout", gettext_noop("Rollout"), "rollouts", (*GOING_LIVE, Role.NAVIGATOR)),
    ("coverage", gettext_noop("Coverage and feeds"), "coverages", OBSERVING),
    ("audit", gettext_noop("Registry audit"), "audits", (Role.NAVIGATOR, Role.LEAD)),
)


@register.simple_tag
def going_live_tabs(request: HttpRequest) -> list[tuple[str, str, str]]:
    """Name, label and address of each."""
    user = request.user
    if not isinstance(user, User):
        return []
    roles = user.roles()
    return [(name, label, reverse(route)) for name, label, route, wanted in TABS if roles & set(wanted)]


@register.filter
def hours(silence: object) -> str:
    """A length of time in hours, or in days where it is whole days."""
    seconds = getattr(silence, "total_seconds", lambda: 0.0)()
    if seconds >= 172_800 and seconds % 86_400 == 0:
        return _("%(seconds)s days") % {"seconds": int(seconds // 86400)}
    return _("%(seconds)s hours") % {"seconds": f"{seconds / 3600:g}"}
