"""Where patients are lost, per programme: the funnel by stage, conversion at a fixed horizon, what is open, and how journeys ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from pathways.definitions import registry
from pathways.reports import drop_off as report
from pathways.reports import shown
from pathways.reports.drop_off import EXIT_CLASSES
from pathways.views.asked import choices, question, rows_address, shows_all
from pathways.views.counting import Counting, counted, still
from pathways.views.funnel import funnel
from pathways.views.programme import asked_along, chosen, opens_with, remember
from patients.templatetags.finalmile import translated
from patients.views.guard import REPORTS, StaffRequest, page


@require_GET
@page(*REPORTS)
def first(request: StaffRequest) -> HttpResponse:
    """The programme that was looked at last or has most journeys, or a page that says there is none."""
    code = chosen(request) or opens_with(request)
    return redirect(f"{reverse('drop_off_of', args=[code])}{asked_along(request)}") if code else render(request, "pathways/no_report.html")


@require_GET
@page(*REPORTS)
def drop_off(request: StaffRequest, code: str) -> HttpResponse:
    published = registry.published()
    if code not in published:
        raise Http404
    remember(request, code)
    definition = published[code].definition
    exact = shows_all(request.user)
    asked = question(request.GET, definition, request.user, timezone.now(), exact=exact)
    answer = counted("drop-off page", asked, exact, lambda asked: shown.drop_off(report.drop_off(asked), exact=exact))
    if isinstance(answer, Counting):
        return still(request, answer, translated(definition.title))
    asked = replace(asked, as_of=datetime.fromisoformat(answer["as_of"]))
    context = {
        "answer": answer,
        "asked": asked,
        "rows": rows_address(request.GET, "drop-off", code, asked.as_of) if exact else "",
        "choices": choices(definition),
        "title": translated(definition.title),
        "programmes": sorted((translated(one.definition.title), name) for name, one in published.items()),
        "code": code,
        "funnel": funnel(answer["steps"]),
        "classes": EXIT_CLASSES,
        "method": "Aalen-Johansen",
        "preventable": total(answer, "preventable"),
        "ends": by_class(answer),
    }
    return render(request, "pathways/drop_off.html", context)


def total(answer: Mapping[str, Any], kind: str) -> int | None:
    """All exits of a class; unknown as soon as one of its numbers is hidden."""
    counts = [end["count"] for end in answer["ends"] if end["kind"] == kind]
    return None if None in counts else sum(counts)


def by_class(answer: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """Completions and exits apart, classes apart: never one figure over all of them."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for end in answer["ends"]:
        groups.setdefault(end["kind"], []).append(end)
    return groups
