"""One's reports by e-mail, for a place on another page."""

from __future__ import annotations

from typing import Any

from django import template

from config.digest_pages import kept
from patients.views.guard import REPORTS

register = template.Library()


@register.inclusion_tag("digests/kept.html", takes_context=True)
def reports_by_mail(context: dict[str, Any]) -> dict[str, Any]:
    """Who may read reports may be reminded of them."""
    user = context["request"].user
    return {"kept": kept(user), "on_desk": True, "csrf_token": context.get("csrf_token"), "reads": user.has_role(*REPORTS)}
