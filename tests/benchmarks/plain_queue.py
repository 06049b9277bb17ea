"""The product's routes, and beside them the queue as a plain page of the ORM: filter, order, paginate, count, render."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.template import engines
from django.urls import path
from django.utils import timezone

from config.urls import urlpatterns as ours
from notifications.models import WorkItem
from notifications.views.lanes import PAGE
from notifications.views.lines import line
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
    """As the tutorial has it, with what a good developer adds: `select_related`, one query for the waits and one for the numbers."""
    now = timezone.now()
    roles = request.user.roles()
    found = WorkItem.objects.filter(site__in=request.user.site_ids(), shadow=False, state="open", owner__isnull=True)
    found = found.filter(Q(audience__in=roles) | Q(also_for__overlap=list(roles)))
    found = found.filter(Q(alerts__isnull=True) | Q(alerts__alert__withdrawn_at__isnull=True)).distinct()
    if about := request.GET.get("about"):
        found = found.filter(cause_kind=about)
    paginator = Paginator(found.select_related(*RELATED).order_by("priority", "due_at", "pk"), PAGE)
    items = list(paginator.get_page(request.GET.get("page")).object_list)
    stays: dict[tuple[int | None, str], Stay] = {
        (stay.journey_id, stay.stage.problem): stay for stay in Stay.objects.open().filter(journey__in=[i.journey_id for i in items])
    }
    numbers = dict(Identifier.objects.filter(patient__in=[item.patient_id for item in items], type="MR").values_list("patient", "value"))
    access.saw(request, action="list", what="queue", patients=[item.patient_id for item in items if item.patient_id], now=now)
    shown = [line(i, stays.get((i.journey_id, i.problem)), numbers.get(i.patient_id or 0), request.user, now) for i in items]
    return HttpResponse(engines["django"].from_string(TEMPLATE).render({"lines": shown, "count": paginator.count}, request))


urlpatterns = [path("plain/", plain), *ours]
