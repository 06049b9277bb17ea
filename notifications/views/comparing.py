"""The comparisons of reminders: what is compared, under which protocol and by whose word, and how a lead ends one at once."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from notifications import comparing
from notifications.models import Allocation
from pathways import trials
from pathways.models import Trial
from patients.models import Role
from patients.views.guard import REPORTS, StaffRequest, page


class StopForm(forms.Form):
    why = forms.CharField(label=_("Why does it end?"), max_length=500)


@require_GET
@page(*REPORTS)
def comparisons(request: StaffRequest) -> HttpResponse:
    """Nobody sees here which patient the lot put where, nor what came of it: that is the rescue report's."""
    drawn = dict(Allocation.objects.order_by().values_list("trial").annotate(Count("pk")))
    rows = Trial.objects.select_related("stopped_by").order_by("-since", "-pk")
    today = timezone.localdate()
    context = {
        "rows": [(trial, drawn.get(trial.pk, 0), trial.runs(today)) for trial in rows],
        "may_stop": request.user.has_role(Role.LEAD),
        "form": StopForm(),
    }
    return render(request, "notifications/comparisons.html", context)


@require_POST
@page(Role.LEAD)
def stop(request: StaffRequest, uid: UUID) -> HttpResponse:
    """A lead of any site ends it for all of them: what is doubted at one is not done at another."""
    trial, form = get_object_or_404(Trial.objects.filter(Q(stopped_at=None)), uid=uid), StopForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say why the comparison ends."))
        return redirect("comparisons")
    try:
        went = comparing.stop(trial, by=request.user, why=form.cleaned_data["why"], now=timezone.now())
    except trials.Refused as refusal:
        messages.error(request, _("Not ended: %(refusal)s.") % {"refusal": refusal})
    else:
        messages.success(request, _("Ended. %(went)s reminders that waited go now.") % {"went": went})
    return redirect("comparisons")
