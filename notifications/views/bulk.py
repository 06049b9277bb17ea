"""Many items at once: choose, look at what is left out and why, confirm, read what became of each."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from notifications import bulk as verbs
from notifications.models import WorkItem
from notifications.outcomes import PARTIES
from notifications.views.item_forms import SNOOZE_REASONS, choices, day_field, morning, not_past
from notifications.views.lines import lines
from patients import access
from patients.models import Role
from patients.templatetags.finalmile import translated
from patients.views.guard import CARE, StaffRequest, page

MOST = 100


class BulkForm(forms.Form):
    """Only what the act needs; one note for all."""

    until = day_field(gettext_lazy("Until"))
    reason = forms.ChoiceField(label=gettext_lazy("Why"), choices=choices(SNOOZE_REASONS))
    party = forms.ChoiceField(label=gettext_lazy("Who has to act"), choices=choices(PARTIES))
    to = forms.ChoiceField(label=gettext_lazy("To whom"), choices=[("", gettext_lazy("Choose")), *Role.choices[:7]])
    note = forms.CharField(label=gettext_lazy("Note for all"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, act: str, data: Any = None) -> None:
        super().__init__(data)
        for name in {"until", "reason", "party", "to"} - set(verbs.ACTS[act].needs):
            del self.fields[name]
        if act in ("claim", "put_back", "snooze"):
            del self.fields["note"]

    def clean_until(self) -> Any:
        return morning(not_past(self.cleaned_data["until"]))


@require_http_methods(["GET", "POST"])
@page(*CARE)
def bulk(request: StaffRequest) -> HttpResponse:
    """A POST shows what would happen; one with `confirm` does it."""
    act = request.POST.get("act", "")
    chosen = picked(request)
    if act not in verbs.ACTS or not chosen:
        return redirect("queue")
    now = timezone.now()
    related = ("patient__person", "patient__survivor__person", "journey__version", "matter", "owner", "site")
    items = list(
        WorkItem.objects.worked_by(request.user).filter(uid__in=chosen).select_related(*related).order_by("priority", "due_at", "pk")
    )
    access.saw(request, action="list", what="queue, several", patients=[item.patient_id for item in items if item.patient_id], now=now)
    confirmed = "confirm" in request.POST
    form = BulkForm(act, request.POST if confirmed else None)
    if confirmed and form.is_valid():
        given = {name: form.cleaned_data[name] for name in verbs.ACTS[act].needs}
        revisions = {item.pk: chosen[item.uid] for item in items}
        note = form.cleaned_data.get("note", "")
        results = verbs.carry_out(items, act, by=request.user, revisions=revisions, given=given, note=note, now=now)
        return show(request, act, results, form, done=True)
    return show(request, act, verbs.preview(items, act, by=request.user), form, chosen=chosen)


def picked(request: StaffRequest) -> dict[UUID, int]:
    """The version of each chosen item that the person saw."""
    found = {}
    for pair in request.POST.getlist("item")[:MOST]:
        uid, _, revision = pair.partition(":")
        try:
            found[UUID(uid)] = int(revision)
        except ValueError:
            continue
    return found


def show(
    request: StaffRequest,
    act: str,
    verdicts: list[verbs.Verdict],
    form: BulkForm,
    *,
    done: bool = False,
    chosen: dict[UUID, int] | None = None,
) -> HttpResponse:
    spoken = lines([verdict.item for verdict in verdicts], request.user, timezone.now())
    rows = [(line, verdict.why) for line, verdict in zip(spoken, verdicts, strict=True)]
    context = {
        "act": act,
        "label": translated(verbs.ACTS[act].label),
        "possible": [line for line, why in rows if not why],
        "excluded": [(line, why) for line, why in rows if why],
        "rows": rows,
        "form": form,
        "done": done,
        "chosen": [f"{uid}:{revision}" for uid, revision in (chosen or {}).items()],
    }
    return render(request, "notifications/bulk.html", context, status=422 if form.is_bound and not done else 200)
