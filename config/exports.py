"""Reports as files. They show what the screens show, by the same functions, and leave a row in the access log."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from config.reports import REPORTS, as_csv
from pathways.definitions import registry
from pathways.views.asked import question, shows_all
from patients import access
from patients.views import guard


@require_GET
@guard.page(*guard.REPORTS)
def export(request: guard.StaffRequest, name: str, code: str) -> HttpResponse:
    published = registry.published()
    if name not in REPORTS or code not in published:
        raise Http404
    now = timezone.now()
    asked = question(request.GET, published[code].definition, request.user, now)
    answer = REPORTS[name].run(asked, shows_all(request.user))
    access.saw(request, action="export", what=f"report {name}", patients=[], now=now)
    headers = {"Content-Disposition": f'attachment; filename="{name}-{code}-{timezone.localdate():%Y-%m-%d}.csv"'}
    return HttpResponse(as_csv(REPORTS[name], answer), content_type="text/csv; charset=utf-8", headers=headers)
