"""Who read what without a task, and which charts were opened in an emergency: for the leads and auditors of the patients' sites."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import connection
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from pathways.sql import load
from patients import access, emergencies
from patients.models import AccessLog, EmergencyAccess, EmergencyReview, Patient, PatientSite, User
from patients.views.guard import StaffRequest, page

OVERSEERS = emergencies.TOLD
SPANS = (1, 7, 30)
KEPT = timedelta(days=90)
TASK_COUNTS = timedelta(days=30)
"""A task that ended so long ago still explains a look (local default)."""
MOST = 200
BUSY = 60
"""Distinct charts within an hour, above which somebody is named (local default)."""


@dataclass(frozen=True, slots=True)
class Read:
    """Somebody looked at a patient with whom they had no task."""

    reader: User
    patient: Patient
    pages: int
    first_at: datetime
    last_at: datetime
    same_name: bool
    emergency: bool


class ReviewForm(forms.Form):
    verdict = forms.ChoiceField(choices=EmergencyReview.Verdict.choices)
    note = forms.CharField(required=False, max_length=500)


@require_GET
@page(*OVERSEERS)
@access.reads_patients
def oversight(request: StaffRequest) -> HttpResponse:
    now, sites = timezone.now(), overseen(request.user)
    asked = request.GET.get("days", "")
    days = int(asked) if asked in map(str, SPANS) else 7
    reads = without_a_task(sites, since=now - timedelta(days=days), until=now)
    opened = list(emergencies_of(sites, now))
    shown = {read.patient.pk for read in reads} | {one.patient_id for one in opened}
    access.saw(request, action="list", what="reads without a task", patients=shown, now=now)
    context = {
        "reads": reads,
        "most": MOST,
        "days": days,
        "spans": SPANS,
        "opened": opened,
        "busy": busy(sites, now - timedelta(days=days), now),
        "verdicts": EmergencyReview.Verdict.choices,
    }
    return render(request, "notifications/oversight.html", context)


@require_POST
@page(*OVERSEERS)
def judge_emergency(request: StaffRequest, uid: UUID) -> HttpResponse:
    opened = get_object_or_404(emergencies_of(overseen(request.user), timezone.now()), uid=uid)
    form = ReviewForm(request.POST)
    try:
        if not form.is_valid():
            raise ValueError(_("Say whether it was justified."))
        emergencies.review(opened, by=request.user, now=timezone.now(), **form.cleaned_data)
    except ValueError as wrong:
        messages.error(request, str(wrong))
    else:
        messages.success(request, _("Noted."))
    return redirect("oversight")


def overseen(user: User) -> list[int]:
    """Sites whose charts the user looks after."""
    return sorted({one.site_id for one in user.held() if one.role in OVERSEERS})


def emergencies_of(sites: list[int], now: datetime) -> QuerySet[EmergencyAccess]:
    """Of the last months, those nobody has judged first; with how many pages were read."""
    known = PatientSite.objects.filter(site__in=sites).values("patient")
    log = AccessLog.objects.filter(user=OuterRef("user"), at__gte=OuterRef("began_at"), at__lte=OuterRef("until"), action="view")
    pages = log.filter(patients__contains=[OuterRef("patient")]).order_by().values("user").annotate(n=Count("pk")).values("n")
    found = EmergencyAccess.objects.filter(patient__in=known, began_at__gt=now - KEPT).select_related(
        "user", "patient__person", "review__by"
    )
    return found.annotate(pages=Coalesce(Subquery(pages, IntegerField()), 0)).order_by("review__at", "-began_at")


def without_a_task(sites: list[int], *, since: datetime, until: datetime) -> list[Read]:
    params = {"sites": sites, "since": since, "until": until, "before": TASK_COUNTS, "most": MOST}
    rows = _rows("unrelated_reads", params)
    readers = User.objects.in_bulk([row[0] for row in rows])
    patients = Patient.objects.select_related("person").in_bulk([row[1] for row in rows])
    return [Read(readers[reader], patients[patient], *rest) for reader, patient, *rest in rows]


def busy(sites: list[int], since: datetime, until: datetime) -> list[tuple[User, datetime, int]]:
    """Who opened unusually many different charts within an hour."""
    rows = _rows("busy_readers", {"sites": sites, "since": since, "until": until, "many": BUSY, "most": MOST})
    readers = User.objects.in_bulk([row[0] for row in rows])
    return [(readers[reader], hour, charts) for reader, hour, charts in rows]


def _rows(name: str, params: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(load("notifications.sql", name), params)
        return list(cursor.fetchall())
