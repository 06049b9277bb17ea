"""Where patients are lost, per programme: the funnel by stage, conversion at a fixed horizon, what is open, and how journeys ended."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from patients.views.guard import REPORTS, StaffRequest, page


@require_GET
@page(*REPORTS)
def drop_off(request: StaffRequest, code: str = "") -> HttpResponse:
    return render(request, "pathways/drop_off.html", {"code": code})


@require_GET
@page(*REPORTS)
def export(request: StaffRequest, code: str) -> HttpResponse:
    return HttpResponse("", content_type="text/csv")
