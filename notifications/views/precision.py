"""How often each rule was right, by what people found."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from notifications.reports import precision as report
from notifications.views.filters import programmes
from patients.models import Role
from patients.views.guard import CARE, StaffRequest, page


@require_GET
@page(*CARE, Role.MANAGER)
def precision(request: StaffRequest) -> HttpResponse:
    """Counts only, no patient."""
    found = report.precision(sorted(set(request.user.site_ids())), now=timezone.now())
    titles = dict(programmes(request.user))
    context = {
        "rules": [(rule, titles.get(rule.pathway, rule.pathway)) for rule in found],
        "to_review": [(rule, titles.get(rule.pathway, rule.pathway)) for rule in found if rule.to_review],
        "least": report.JUDGED_AT_LEAST,
    }
    return render(request, "notifications/precision.html", context)
