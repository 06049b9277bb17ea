"""The page on which an administrator begins, and comes back to."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from config import first_hour
from patients.views.guard import StaffRequest, page
from patients.views.people import ADMINISTRATORS, administered


@require_GET
@page(*ADMINISTRATORS)
def administration(request: StaffRequest) -> HttpResponse:
    sections = first_hour.sections(list(administered(request.user)), now=timezone.now())
    context = {"sections": sections, "missing": sum(one.missing for one in sections), "tab": "first-hour"}
    return render(request, "administration/first_hour.html", context)
