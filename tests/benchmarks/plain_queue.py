"""The product's routes, and beside them the queue as a plain page of the ORM: filter, order, paginate, count, render."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Q
from django.http import HttpResponse
from django.template import engines
from django.urls import path
from django.utils import timezone

from config.urls import urlpatterns as ours
from notifications.models import WorkItem, WorkItemAlert
from notifications.views.lanes import BULKY
from notifications.views.lines import Facts, Wait, line
from notifications.views.pages import PAGE
from notifications.views.workdays import clock_of_site
from pathways.models import Stay
from patients import access
from patients.models import Identifier
from patients.views.guard import CARE, StaffRequest, page

TEMPLATE = """{% extends "base.html" %}{% block content %}<h1>Queue</h1><p>{{ count }} items</p>
<table class="table rows queue" role="table"><tbody role="rowgroup">{% for line in lines %}{% include "notifications/line.html" %}{% endfor %}</tbody></table>
{% endblock %}"""
RELATED = ("patient__person", "journey__version", "matter", "owner", "site")


@page(*CARE)
def plain(request: StaffRequest) -> HttpResponse:
    """As the tutorial has it, with what a good developer adds: `select_related`, the two long columns left behind, `Exists` for the alerts that
    stand, one query for the waits and one for the numbers."""
    now = timezone.now()
    roles = request.user.roles()
    found = WorkItem.objects.filter(site__in=request.user.site_ids(), shadow=False, state="open", owner__isnull=True)
    found = found.filter(Q(audience__in=roles) | Q(also_for__overlap=list(roles)))
    alerts = WorkItemAlert.objects.filter(item=OuterRef("pk"))
    found = found.filter(~Exists(alerts) | Exists(alerts.filter(alert__withdrawn_at__isnull=True)))
    if about := request.GET.get("about"):
        found = found.filter(cause_kind=about)
    paginator = Paginator(found.select_related(*RELATED).defer(*BULKY).order_by("priority", "due_at", "pk"), PAGE)
    items = list(paginator.get_page(request.GET.get("page")).object_list)
    stays: dict[tuple[int | None, str], Wait] = {
        (one.journey_id, one.stage.problem): Wait(one.due_at, one.stage.label, one.stage.problem, one.stage.ball)
        for one in Stay.objects.open().filter(journey__in=[item.journey_id for item in items]).select_related("stage")
    }
    numbers = dict(Identifier.objects.filter(patient__in=[item.patient_id for item in items], type="MR").values_list("patient", "value"))
    access.saw(request, action="list", what="queue", patients=[item.patient_id for item in items if item.patient_id], now=now)
    facts = {item.pk: Facts(stays.get((item.journey_id, item.problem)), numbers.get(item.patient_id or 0)) for item in items}
    shown = [line(item, facts[item.pk], request.user, now, clock_of_site(item.site_id)) for item in items]
    return HttpResponse(_template().render({"lines": shown, "count": paginator.count}, request))


@cache
def _template() -> Any:
    """Read once, as a file's template is."""
    return engines["django"].from_string(TEMPLATE)


urlpatterns = [path("plain/", plain), *ours]
