"""What a feed's own codes mean: those that nobody understood, one of them beside our vocabulary, and what was said so far."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from pathways.ingest import mapping, vocabulary
from pathways.models import CodeMap, Feed
from patients.models import Role
from patients.views import sent
from patients.views.guard import INTAKE, StaffRequest, must_hold, page

MAY_SAY = (Role.INTEGRATION, Role.LAB_LIAISON)
MOST = 200


class MeaningForm(forms.Form):
    """One code: what it means, and how the person knows."""

    target = forms.ChoiceField(label=gettext_lazy("It means"), widget=forms.RadioSelect)
    why = forms.CharField(
        label=gettext_lazy("How you know"), max_length=300, help_text=gettext_lazy("The laboratory's catalogue, a call, a letter.")
    )

    def __init__(self, place: str, words: str, data: Any = None) -> None:
        super().__init__(data)
        field = self.fields["target"]
        assert isinstance(field, forms.ChoiceField)
        ours = [(term.code, f"{term.label} ({term.code.replace('loinc|', 'LOINC ')})") for term in vocabulary.candidates(place, words)]
        field.choices = [*ours, (vocabulary.NOTHING, _("None of our concern: do not ask again"))]


@require_GET
@page(*INTAKE)
def meanings(request: StaffRequest, feed: str) -> HttpResponse:
    """Codes without a meaning in what waits, the likeliest first; and every meaning that was given, with who, when and why."""
    found = _feed(request, feed)
    context = {
        "feed": found,
        "unknown": mapping.unknown(found)[:MOST],
        "standing": _told(found).filter(ended_at=None),
        "formerly": _told(found).exclude(ended_at=None),
        "may_say": bool(request.user.roles_at(found.site_id) & set(MAY_SAY)),
        "looked_at": mapping.LOOKED_AT,
    }
    return render(request, "pathways/meanings.html", context)


@require_http_methods(["GET", "POST"])
@page(*INTAKE)
def meaning(request: StaffRequest, feed: str) -> HttpResponse:
    """One code beside our vocabulary. POST with `preview` says what would follow; without, it is kept and what waits is read again."""
    found, place, code = _feed(request, feed), request.GET.get("place", ""), request.GET.get("code", "")
    one = next((one for one in mapping.unknown(found) if (one.place, one.code) == (place, code)), None)
    known = CodeMap.objects.filter(feed=found, place=place, code=code, ended_at=None).first()
    if one is None and known is None:
        return redirect("meanings", feed=found.name)  # somebody gave it a meaning, or nothing waits for it any more
    text = one.text if one is not None else known.text if known is not None else ""
    form = MeaningForm(place, f"{code} {text}", request.POST or None)
    asked: tuple[int, int] | None = None
    if form.is_bound:
        must_hold(request.user, found.site_id, *MAY_SAY)
        if form.is_valid():
            given = form.cleaned_data
            if "preview" not in request.POST:
                made = mapping.say(feed=found, place=place, code=code, text=text, by=request.user, now=timezone.now(), **given)
                messages.success(request, _("Kept. %(n)d waiting messages were read by it.") % {"n": made.let_in})
                return redirect("meanings", feed=found.name)
            asked = mapping.preview(feed=found, place=place, code=code, target=given["target"])
    context = {"feed": found, "place": CodeMap.Place(place), "code": code, "text": text, "one": one, "known": known, "form": form}
    context |= {"holding": asked[0], "heard": asked[1], "previewed": True} if asked else {}
    return render(request, "pathways/meaning.html", context, status=422 if form.errors else 200)


@require_POST
@page(*MAY_SAY)
def take_back_meaning(request: StaffRequest, feed: str) -> HttpResponse:
    found = _feed(request, feed)
    must_hold(request.user, found.site_id, *MAY_SAY)
    one = CodeMap.objects.filter(feed=found, pk=sent.number(request.POST.get("meaning"))).first()
    try:
        mapping.take_back(meaning=one, why=request.POST.get("why", ""), by=request.user, now=timezone.now())
    except mapping.Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Taken back. The code says nothing any more, and what was read by it is read again within minutes."))
    return redirect("meanings", feed=found.name)


def _told(feed: Feed) -> Any:
    return CodeMap.objects.filter(feed=feed).select_related("by", "ended_by").order_by("-at", "-pk")


def _feed(request: StaffRequest, name: str) -> Feed:
    return get_object_or_404(Feed.objects.select_related("site"), name=name, site__in=request.user.site_ids())
