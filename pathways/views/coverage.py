"""What can be seen at a site, kind by kind, and for how long each feed may be quiet. No patient stands here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from pathways import observing
from pathways.definitions import registry
from pathways.kinds import FED
from pathways.models import Coverage, Expectation, Feed
from pathways.observing import Hours, Seen
from patients.models import Site, User
from patients.templatetags.finalmile import translated, words
from patients.views.guard import OBSERVING, StaffRequest, page

LONGEST_HOURS = 60 * 24
AT_ONCE = 12


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of event: who waits for it, how it is seen (`choice`, as the form says it), and who said so."""

    kind: str
    means: str
    awaited_by: Sequence[str]
    choice: str
    row: Coverage | None


@dataclass(frozen=True, slots=True)
class Group:
    """Kinds that are seen alike, under one heading; `is_open`: few enough to stand there at once."""

    title: str
    rows: Sequence[Row]
    is_open: bool = False


class ExpectForm(forms.Form):
    feed = forms.ModelChoiceField(queryset=Feed.objects.none(), label=gettext_lazy("Feed"))
    kind = forms.ChoiceField(label=gettext_lazy("Kind of event"), required=False)
    hours = forms.FloatField(
        label=gettext_lazy("Longest silence, hours"),
        min_value=0.25,
        max_value=LONGEST_HOURS,
        help_text=gettext_lazy("Counted only within the hours below."),
    )
    opens = forms.TimeField(
        label=gettext_lazy("From"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}),
        help_text=gettext_lazy("Blank: day and night."),
    )
    closes = forms.TimeField(label=gettext_lazy("Until"), required=False, widget=forms.TimeInput(attrs={"type": "time"}))
    working_days = forms.BooleanField(label=gettext_lazy("Only on working days of the site"), required=False)

    def __init__(self, site: Site, data: Any = None) -> None:
        super().__init__(data)
        feed, kind = self.fields["feed"], self.fields["kind"]
        assert isinstance(feed, forms.ModelChoiceField)
        assert isinstance(kind, forms.ChoiceField)
        feed.queryset = Feed.objects.filter(site=site).order_by("name")
        kind.choices = [("", gettext("anything")), *((name, words(name)) for name in FED)]


def observed_sites(user: User) -> list[Site]:
    held = user.memberships.filter(until__isnull=True, role__in=OBSERVING).values("site")
    return list(Site.objects.filter(pk__in=held).order_by("name"))


def site_of(user: User, code: str) -> Site:
    found = next((site for site in observed_sites(user) if site.code == code), None)
    if found is None:
        raise Http404
    return found


@require_GET
@page(*OBSERVING)
def first(request: StaffRequest) -> HttpResponse:
    return redirect("coverage", site=observed_sites(request.user)[0].code)


@require_http_methods(["GET", "POST"])
@page(*OBSERVING)
def coverage(request: StaffRequest, site: str) -> HttpResponse:
    """POST says of every kind at once how it is seen; only what differs is written."""
    place = site_of(request.user, site)
    if request.method == "POST":
        try:
            changed = observing.cover(site=place, seen=said(request.POST, place), by=request.user, now=timezone.now())
        except ValueError as wrong:
            messages.error(request, gettext("Nothing was changed. %(wrong)s") % {"wrong": wrong})
        else:
            messages.success(
                request,
                gettext("%(changed)s changed. Open waits follow at once.") % {"changed": changed}
                if changed
                else gettext("Nothing differs."),
            )
        return redirect("coverage", site=site)
    return _page(request, place, ExpectForm(place))


@require_POST
@page(*OBSERVING)
def expect(request: StaffRequest, site: str) -> HttpResponse:
    place = site_of(request.user, site)
    form = ExpectForm(place, request.POST)
    if form.is_valid():
        given = form.cleaned_data
        hours = Hours(given["opens"], given["closes"], given["working_days"])
        stated = {"feed": given["feed"], "kind": given["kind"], "longest_silence": timedelta(hours=given["hours"]), "hours": hours}
        try:
            observing.expect(site=place, by=request.user, now=timezone.now(), **stated)
        except ValueError as wrong:
            form.add_error(None, str(wrong))
        else:
            messages.success(request, gettext("Noted. Silence beyond it holds back what waits for this feed."))
            return redirect("coverage", site=site)
    return _page(request, place, form)


@require_POST
@page(*OBSERVING)
def forget(request: StaffRequest, site: str) -> HttpResponse:
    place = site_of(request.user, site)
    named = {"feed__name": request.POST.get("feed", ""), "kind": request.POST.get("kind", "")}
    observing.forget(get_object_or_404(Expectation.objects.select_related("feed"), site=place, **named))
    messages.success(request, gettext("Nothing special is expected there any more."))
    return redirect("coverage", site=site)


def said(given: Any, site: Site) -> dict[str, Seen | None]:
    """What the form says, by kind: `feed:NAME`, `by_hand`, `not_observable` or blank. `rest` is said of all that programmes wait for and
    that were left blank."""
    feeds = {feed.name: feed for feed in Feed.objects.filter(site=site)}
    awaited, rest = awaited_by(), given.get("rest", "")
    found: dict[str, Seen | None] = {}
    for kind in FED:
        if (choice := given.get(f"how-{kind}")) is not None:
            found[kind] = _seen(choice or (rest if kind in awaited else ""), feeds)
    return found


def _seen(choice: str, feeds: dict[str, Feed]) -> Seen | None:
    how, _, name = choice.partition(":")
    if how == Coverage.How.FED:
        return Seen(Coverage.How.FED, feeds.get(name))
    return Seen(Coverage.How(how)) if how else None


def rows(site: Site) -> list[Row]:
    """Kinds that a programme in force waits for come first, then the others; each in the order of the list of kinds."""
    present = {row.kind: row for row in Coverage.objects.filter(site=site).select_related("feed", "changed_by")}
    awaited = awaited_by()
    found = [Row(kind, means, sorted(awaited.get(kind, ())), _choice(present.get(kind)), present.get(kind)) for kind, means in FED.items()]
    return sorted(found, key=lambda row: not row.awaited_by)


def grouped(found: Sequence[Row], options: Sequence[tuple[str, str]]) -> list[Group]:
    """What nobody has spoken of first, then each way of being seen, then what no programme waits for. Long ones are folded: there are dozens."""
    awaited = [row for row in found if row.awaited_by]
    groups = [Group(str(label), [row for row in awaited if row.choice == choice]) for choice, label in options]
    groups.append(Group(gettext("that no programme waits for"), [row for row in found if not row.awaited_by]))
    return [replace(one, is_open=n == 0 and len(one.rows) <= AT_ONCE) for n, one in enumerate(groups) if one.rows]


def awaited_by() -> dict[str, set[str]]:
    """Titles of the programmes in force of which a stage waits for each kind that a feed can bring; what rules and people say is not asked."""
    found: dict[str, set[str]] = {}
    for published in registry.published().values():
        for stage in published.definition.stages.values():
            for kind in FED.keys() & set(stage.awaits):
                found.setdefault(kind, set()).add(translated(published.definition.title))
    return found


def _choice(row: Coverage | None) -> str:
    if row is None:
        return ""
    return f"{row.how}:{row.feed.name}" if row.how == Coverage.How.FED and row.feed else str(row.how)


def _page(request: StaffRequest, place: Site, form: ExpectForm) -> HttpResponse:
    now = timezone.now()
    feeds = list(Feed.objects.filter(site=place).order_by("name"))
    options = [
        ("", gettext("nobody has said")),
        *((f"fed:{feed.name}", gettext("fed by %(name)s") % {"name": feed.name}) for feed in feeds),
    ]
    options += [(str(how.value), str(how.label)) for how in (Coverage.How.BY_HAND, Coverage.How.NOT_OBSERVABLE)]
    found = rows(place)
    context = {
        "site": place,
        "sites": observed_sites(request.user),
        "groups": grouped(found, options),
        "unsaid": sum(1 for row in found if row.awaited_by and not row.choice),
        "options": options,
        "expectations": expectations(place, now),
        "form": form,
        "tab": "coverage",
    }
    return render(request, "pathways/coverage.html", context, status=422 if form.is_bound else 200)


def expectations(site: Site, now: datetime) -> list[tuple[Expectation, bool]]:
    """With each whether the feed owes us something now."""
    found = Expectation.objects.filter(site=site).select_related("feed", "changed_by").order_by("feed__name", "kind")
    return [(row, bool(row.silent_from and row.silent_from < now)) for row in found]
