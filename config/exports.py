"""Reports as files. They show what the screens show, by the same functions, and leave a row in the access log.

A file is read by programs and by colleagues: it says the same, in English, whoever asks for it.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from django.views.decorators.http import require_GET

from config.report_files import as_csv, as_workbook
from config.report_pages import asked_for, page_of, sheet_of
from pathways.reports.sheet import Sheet
from pathways.views.counting import Counting, still
from patients import access
from patients.templatetags.finalmile import translated
from patients.views import guard

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_GET
@guard.page(*guard.ANYONE)
def export(request: guard.StaffRequest, name: str, code: str) -> HttpResponse:
    """CSV: one table of the report, named by `?table=`, else its first."""
    wanted = request.GET.get("table", "")

    def written(sheet: Sheet) -> HttpResponse:
        table = wanted if wanted in {one.name for one in sheet.tables} else ""
        return _file(as_csv(sheet, table).encode(), f"{name}{f'-{table}' if table else ''}-{code}", "csv", "text/csv; charset=utf-8")

    return _exported(request, name, code, "csv", written)


@require_GET
@guard.page(*guard.ANYONE)
def workbook(request: guard.StaffRequest, name: str, code: str) -> HttpResponse:
    return _exported(request, name, code, "xlsx", lambda sheet: _file(as_workbook(sheet), f"{name}-{code}", "xlsx", WORKBOOK))


def _exported(request: guard.StaffRequest, name: str, code: str, kind: str, written: Callable[[Sheet], HttpResponse]) -> HttpResponse:
    """The file; in a browser first the page that says how long it takes, where that is long. A program waits."""
    now = timezone.now()
    with override("en"):
        asked = asked_for(request, name, code, now=now)
        sheet = page_of(asked) if "text/html" in request.headers.get("Accept", "") else sheet_of(asked)
    if isinstance(sheet, Counting):
        return still(request, sheet, translated(asked.report.title), back=reverse("report", args=[name, code]))
    access.saw(request, action="export", what=f"report {name}.{kind}", patients=[], now=now)
    return written(sheet)


def _file(content: bytes, name: str, kind: str, content_type: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}-{timezone.localdate():%Y-%m-%d}.{kind}"'}
    return HttpResponse(content, content_type=content_type, headers=headers)
