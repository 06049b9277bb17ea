"""What came in, applied or not, with filters; and one feed: its clock, its counts by outcome, why its messages wait."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.db.models import Count, Max, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from pathways.models import Expectation, Feed, Inbound
from pathways.views.fixing import AssignerForm
from pathways.views.quarantine import visible_to
from patients import access
from patients.models import User
from patients.views import sent
from patients.views.guard import INTAKE, StaffRequest, page

PAGE = 50
ANY = ("", gettext_lazy("any"))
SPANS = {"1": gettext_lazy("the last day"), "7": gettext_lazy("the last 7 days"), "30": gettext_lazy("the last 30 days")}


class FilterForm(forms.Form):
    feed = forms.ChoiceField(label=gettext_lazy("Feed"), required=False)
    outcome = forms.ChoiceField(
        label=gettext_lazy("What became of it"),
        required=False,
        choices=[ANY, *Inbound.Outcome.choices, ("no_effect", gettext_lazy("applied, without effect"))],
    )
    format = forms.ChoiceField(label=gettext_lazy("Format"), required=False, choices=[ANY, *Inbound.Format.choices])
    days = forms.ChoiceField(label=gettext_lazy("Received in"), required=False, choices=list(SPANS.items()))

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(data)
        feed = self.fields["feed"]
        assert isinstance(feed, forms.ChoiceField)
        names = Feed.objects.filter(site__in=user.site_ids()).order_by("name").values_list("name", flat=True)
        feed.choices = [("", str(ANY[1])), *((name, name) for name in names)]


@require_GET
@page(*INTAKE)
@access.reads_patients
def received(request: StaffRequest) -> HttpResponse:
    """Newest first; a page goes on below the last row of the one before."""
    now = timezone.now()
    form = FilterForm(request.user, request.GET or None)
    chosen = form.cleaned_data if form.is_valid() else {}
    rows = visible_to(request.user).filter(received_at__gte=now - timedelta(days=int(chosen.get("days") or 1)))
    if chosen.get("feed"):
        rows = rows.filter(feed__name=chosen["feed"])
    if chosen.get("format"):
        rows = rows.filter(format=chosen["format"])
    if outcome := chosen.get("outcome"):
        rows = rows.filter(no_effect=True) if outcome == "no_effect" else rows.filter(outcome=outcome)
    before = sent.number(request.GET.get("before"))
    older = rows.filter(pk__lt=before) if before else rows
    found = list(older.defer("body").select_related("feed__site", "about_by").order_by("-pk")[: PAGE + 1])
    access.saw(
        request, action="list", what="messages received", patients=[row.patient_id for row in found[:PAGE] if row.patient_id], now=now
    )
    query = request.GET.copy()
    query.pop("before", None)
    context = {
        "form": form,
        "rows": found[:PAGE],
        "older": found[PAGE - 1].pk if len(found) > PAGE else None,
        "query": query.urlencode(),
        "span": SPANS[chosen.get("days") or "1"],
        "now": now,
    }
    return render(request, "pathways/received.html", context)


@require_GET
@page(*INTAKE)
def feed(request: StaffRequest, feed: str) -> HttpResponse:
    """One feed: counts by day and outcome of two weeks, why its messages wait, and how long it may be silent."""
    now = timezone.now()
    found = get_object_or_404(Feed.objects.select_related("site"), name=feed, site__in=request.user.site_ids())
    context = {
        "feed": found,
        "silent_since": silent_since(found, now),
        "days": by_day(found, now),
        "reasons": Inbound.objects.quarantined()
        .filter(feed=found)
        .values("reason")
        .annotate(n=Count("pk"), last=Max("received_at"))
        .order_by("-n"),
        "expectations": Expectation.objects.filter(feed=found).order_by("kind"),
        "form": AssignerForm(initial={"assigner": found.assigner or found.name}),
        "may_change": bool(request.user.roles_at(found.site_id) & set(INTAKE)),
        "now": now,
    }
    return render(request, "pathways/received_feed.html", context)


def silent_since(found: Feed, now: datetime) -> datetime | None:
    """Since when it has been quiet, where that is longer than it may be."""
    overdue = Expectation.objects.filter(feed=found, silent_from__lt=now).order_by("silent_from").values_list("heard_at", flat=True).first()
    too_long = found.heard_at and found.longest_silence and now - found.heard_at > found.longest_silence
    return found.heard_at if too_long else overdue


def by_day(found: Feed, now: datetime) -> list[dict[str, Any]]:
    """Messages of the last two weeks by day of receipt and what became of them; days add up to what was received."""
    recent = Inbound.objects.filter(feed=found, received_at__gte=now - timedelta(days=14))
    outcomes = {name: Count("pk", filter=Q(outcome=name)) for name in Inbound.Outcome.values}
    rows = recent.values("received_at__date").annotate(total=Count("pk"), no_effect=Count("pk", filter=Q(no_effect=True)), **outcomes)
    return [{**row, "day": row["received_at__date"]} for row in rows.order_by("-received_at__date")]
