"""Where somebody lands after signing in: the first page that their roles open."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from patients.models import Role
from patients.views.guard import ANYONE, CARE, INTAKE, REPORTS, StaffRequest, page

FIRST = (
    (CARE, "queue"),
    ((Role.ADMINISTRATOR,), "administration"),
    ((Role.AUDITOR,), "oversight"),
    (REPORTS, "drop_off"),
    (INTAKE, "quarantine"),
)


@require_GET
@page(*ANYONE)
def home(request: StaffRequest) -> HttpResponse:
    return redirect(next((name for roles, name in FIRST if request.user.has_role(*roles)), "catalogue"))
