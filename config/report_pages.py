"""The pages of reports: the index, one frame for every report, and the rows behind a number."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from config.methods import section
from config.report_rows import listed
from config.reports import EVERY, REPORTS, Report
from pathways.definitions import registry
from pathways.reports.cohort import Question
from pathways.reports.kept import kept
from pathways.reports.rows import UnknownNumber
from pathways.reports.sheet import Sheet
from pathways.views.asked import MOMENT, Choices, choices, question, shows_all
from pathways.views.counting import Counting, counted, still
from pathways.views.programme import asked_along, chosen, opens_with, remember
from patients import access
from patients.templatetags.finalmile import translated
from patients.views.guard import ANYONE, StaffRequest, page
from patients.views.guard import REPORTS as READERS

PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """A report, the question that an address asks of it, and whether its reader may see small numbers."""

    report: Report
    question: Question
    exact: bool
    code: str
    choices: Choices | None


def asked_for(request: StaffRequest, name: str, code: str, *, now: datetime) -> Asked:
    """Raises Http404 for what does not exist, PermissionDenied where the report is not for this user."""
    report, published = REPORTS.get(name), registry.published()
    if report is None or (code != EVERY and (code not in published or not report.one)) or (code == EVERY and not report.every):
        raise Http404
    if not request.user.has_role(*report.readers):
        raise PermissionDenied
    request.user.act_as(report.readers)
    definition = published[code].definition if code != EVERY else None
    exact = shows_all(request.user)
    asked = question(request.GET, definition, request.user, now, takes=report.takes, exact=exact)
    offered = choices(definition) if definition else None
    if report.strata and offered:
        offered = replace(offered, strata=tuple(report.strata))
        asked = replace(asked, by=asked.by if asked.by in report.strata else report.strata[0])
    return Asked(report, asked, exact, code, offered)


def page_of(asked: Asked) -> Sheet | Counting:
    """What the page shows, made anew only when something changed that it rests on; its reader is told when it takes long."""
    report, question, exact = asked.report, asked.question, asked.exact
    return counted(report.name, question, exact, lambda question: report.sheet(question, exact=exact), report.kept)


def sheet_of(asked: Asked) -> Sheet:
    """The same for a program, which waits."""
    report, question, exact = asked.report, asked.question, asked.exact
    if not report.kept.tables:
        return report.sheet(question, exact=exact)
    return kept(report.name, question, exact, lambda question: report.sheet(question, exact=exact), report.kept)


@require_GET
@page(*READERS)
def index(request: StaffRequest) -> HttpResponse:
    """All reports that this reader may open, by the question each answers."""
    code = opens_with(request)
    mine = [report for report in REPORTS.values() if request.user.has_role(*report.readers)]
    return render(request, "reports/index.html", {"reports": [(one, _first(one, code)) for one in mine], "any": bool(code)})


def _first(report: Report, code: str) -> str:
    """What a report opens with: all programmes where it can speak of all, else the one of this session."""
    return EVERY if report.every else code


@require_GET
@page(*ANYONE)
def first(request: StaffRequest, name: str) -> HttpResponse:
    if name not in REPORTS:
        raise Http404
    code = chosen(request) or _first(REPORTS[name], opens_with(request))
    return redirect(f"{reverse('report', args=[name, code])}{asked_along(request)}") if code else redirect("reports")


@require_GET
@page(*ANYONE)
def report(request: StaffRequest, name: str, code: str) -> HttpResponse:
    asked = asked_for(request, name, code, now=timezone.now())
    if code != EVERY:
        remember(request, code)
    sheet = page_of(asked)
    if isinstance(sheet, Counting):
        return still(request, sheet, translated(asked.report.title))
    return render(request, asked.report.template, {**frame(asked, sheet), "query": request.GET.urlencode()})


def frame(asked: Asked, sheet: Sheet) -> dict[str, Any]:
    """What every report's page is made of."""
    published = registry.published()
    programmes = [(name, translated(published[name].definition.title)) for name in sorted(published)] if asked.report.one else []
    return {
        "report": asked.report,
        "sheet": sheet,
        "asked": asked.question,
        "exact": asked.exact,
        "code": asked.code,
        "choices": asked.choices,
        "takes": asked.report.takes,
        "method": section(asked.report.method),
        "programmes": [(EVERY, _("All programmes")), *programmes] if asked.report.every and programmes else programmes,
        "title": translated(published[asked.code].definition.title) if asked.code in published else _("All programmes"),
    }


@require_GET
@page(*ANYONE)
@access.reads_patients
def rows(request: StaffRequest, name: str, code: str) -> HttpResponse:
    """Who and what is behind a number: for people who may open each of them, page by page, logged."""
    now = timezone.now()
    asked = asked_for(request, name, code, now=now)
    number = request.GET.get("number", "")
    if not asked.exact:
        raise PermissionDenied
    if asked.report.rows is None:
        raise Http404
    try:
        behind = asked.report.rows(asked.question, number)
    except UnknownNumber as unknown:
        raise Http404 from unknown
    here = Paginator(behind.each, PER_PAGE).get_page(request.GET.get("page"))
    lines = listed(list(here.object_list), user=request.user)
    access.saw(request, action="list", what=f"report {name} rows", patients=[line.patient_id for line in lines if line.patient_id], now=now)
    back = urlencode([(key, value) for key, value in request.GET.items() if key not in ("number", "page", MOMENT)])
    context = {
        "report": asked.report,
        "code": code,
        "lines": lines,
        "total": len(behind.uids),
        "kind": behind.what,
        "page": here,
        "asked": asked.question,
    }
    return render(request, "reports/rows.html", {**context, "number": number, "back": back, "unseen": len(here.object_list) - len(lines)})
