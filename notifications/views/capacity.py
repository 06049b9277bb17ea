"""Capacity: minutes against work today, what falls below the line, and two weeks ahead."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from notifications import capacity as figures
from patients.models import Role
from patients.views.guard import CARE, StaffRequest, page


@require_GET
@page(*CARE, Role.MANAGER)
def capacity(request: StaffRequest) -> HttpResponse:
    """Counts only, no patient."""
    now = timezone.now()
    sites = list({one.site_id: one.site for one in request.user.held()}.values())
    coming = figures.arriving(sites, now=now)
    context = {
        "many_sites": len(sites) > 1,
        "lines": figures.lines(sites, now=now),
        "coming": coming,
        "roles": sorted({role for day in coming for role in day.by_role}),
        "most": max((day.items for day in coming), default=0),
        "now": now,
    }
    return render(request, "notifications/capacity.html", context)
