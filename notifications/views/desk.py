"""One's own desk: keys and density of this screen, days away with a deputy, minutes for the queue; and what the palette and the help list."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from notifications import capacity
from notifications.models import Absence, SavedView, StaffedTime
from notifications.views.filters import Wanted
from notifications.views.item_forms import day_field
from notifications.views.lanes import LANES
from patients.models import Membership, Site, User
from patients.sites import MINUTES_A_DAY, minutes_a_day
from patients.templatetags.finalmile import translated
from patients.views import sent
from patients.views.guard import ANYONE, CARE, StaffRequest, may_open, page

YEAR = 365 * 24 * 3600
WEEK = (
    gettext_lazy("Monday"),
    gettext_lazy("Tuesday"),
    gettext_lazy("Wednesday"),
    gettext_lazy("Thursday"),
    gettext_lazy("Friday"),
    gettext_lazy("Saturday"),
    gettext_lazy("Sunday"),
)
KEYS = (
    ("j / k", gettext_lazy("next / previous line")),
    ("c", gettext_lazy("claim, or take the line's next step")),
    ("o", gettext_lazy("record an outcome")),
    ("s", gettext_lazy("snooze")),
    (gettext_lazy("Enter"), gettext_lazy("open the line")),
    ("n", gettext_lazy("next item, guided")),
    ("/", gettext_lazy("find work by patient")),
    ("?", gettext_lazy("this help")),
)
"""Only with the switch on; `queue.js` holds the same list."""


class AwayForm(forms.Form):
    first_day = day_field(gettext_lazy("First day away"))
    last_day = day_field(gettext_lazy("Last day away"))
    deputy = forms.ChoiceField(label=gettext_lazy("Who takes over"), required=False)

    def __init__(self, colleagues: list[User], data: Any = None) -> None:
        super().__init__(data)
        field = self.fields["deputy"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("whoever is accountable")), *((str(one.pk), one.get_full_name() or one.username) for one in colleagues)]

    def clean(self) -> dict[str, Any]:
        first, last = self.cleaned_data.get("first_day"), self.cleaned_data.get("last_day")
        if first and last and (last < first or last < timezone.localdate()):
            self.add_error("last_day", _("The last day comes after the first, and not before today."))
        return self.cleaned_data


class MinutesForm(forms.Form):
    site = forms.SlugField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, minutes: list[int] | None = None, site: str = "") -> None:
        super().__init__(data, initial={"site": site})
        for n, name in enumerate(WEEK):
            value = minutes[n] if minutes else None
            self.fields[f"day{n}"] = forms.IntegerField(label=name, min_value=0, max_value=900, initial=value)

    @property
    def minutes(self) -> list[int]:
        return [self.cleaned_data[f"day{n}"] for n in range(7)]


@require_http_methods(["GET", "POST"])
@page(*CARE)
def desk(request: StaffRequest) -> HttpResponse:
    """POST with `keys` or `density` sets this browser's cookies; with `site` one's minutes there."""
    sites = {one.site.code: one.site for one in request.user.held()}
    if request.method == "POST" and "site" in request.POST:
        form = MinutesForm(request.POST)
        if form.is_valid() and form.cleaned_data["site"] in sites:
            capacity.enter_minutes(user=request.user, site=sites[form.cleaned_data["site"]], minutes=form.minutes)
            messages.success(request, _("Minutes kept."))
        return redirect("desk")
    if request.method == "POST":
        return _set_screen(request)
    return render(request, "notifications/desk.html", desk_context(request, AwayForm(colleagues(request.user))))


def desk_context(request: StaffRequest, form: AwayForm) -> dict[str, Any]:
    sites = {one.site_id: one.site for one in request.user.held()}
    entered = {row.site_id: row.minutes for row in StaffedTime.objects.filter(user=request.user)}
    return {
        "away_form": form,
        "absences": Absence.objects.filter(user=request.user, last_day__gte=timezone.localdate())
        .select_related("deputy")
        .order_by("first_day"),
        "single_keys": request.COOKIES.get("keys") == "on",
        "compact": request.COOKIES.get("density") == "compact",
        "minute_forms": [
            (site, MinutesForm(minutes=entered.get(site.pk) or usual(request.user, site), site=site.code)) for site in sites.values()
        ],
        "keys": KEYS,
    }


def usual(user: User, site: Site) -> list[int]:
    """What the site says of the user's first role there."""
    roles = user.roles_at(site.pk)
    minutes = next((minutes_a_day(site, role) for role in MINUTES_A_DAY if role in roles), 0)
    return [minutes] * 5 + [0, 0]


def _set_screen(request: StaffRequest) -> HttpResponse:
    answer = redirect("desk")
    for name, on in (("keys", "on"), ("density", "compact")):
        if on in request.POST.getlist(name):
            answer.set_cookie(name, on, max_age=YEAR, samesite="Lax", secure=request.is_secure())
        else:
            answer.delete_cookie(name, samesite="Lax")
    messages.success(request, _("Kept for this browser."))
    return answer


def colleagues(user: User) -> list[User]:
    """Who works at one of the user's sites now."""
    there = Membership.objects.filter(site__in=user.site_ids(), until__isnull=True, role__in=CARE).values("user")
    return list(User.objects.filter(pk__in=there, is_active=True).exclude(pk=user.pk).order_by("last_name", "first_name", "username"))


@require_POST
@page(*CARE)
def away(request: StaffRequest) -> HttpResponse:
    """Out of office: from the first day on, what the user holds goes to the deputy, else to who is accountable."""
    form = AwayForm(colleagues(request.user), request.POST)
    if not form.is_valid():
        return render(request, "notifications/desk.html", desk_context(request, form), status=422)
    given = form.cleaned_data
    Absence.objects.create(
        user=request.user,
        first_day=given["first_day"],
        last_day=given["last_day"],
        deputy_id=int(given["deputy"]) if given["deputy"] else None,
    )
    messages.success(request, _("Out of office kept. What you hold is handed on when it begins."))
    return redirect("desk")


@require_POST
@page(*CARE)
def back(request: StaffRequest) -> HttpResponse:
    """Here again, or never away; what was handed on stays where it is."""
    mine = Absence.objects.filter(user=request.user, pk=sent.number(request.POST.get("absence")))
    mine.filter(first_day__gte=timezone.localdate()).delete()
    for absence in mine.filter(first_day__lt=timezone.localdate()):
        absence.last_day = date.fromordinal(timezone.localdate().toordinal() - 1)
        absence.save(update_fields=["last_day"])
    return redirect("desk")


@require_GET
@page(*ANYONE)
def palette(request: StaffRequest) -> HttpResponse:
    """Where one can go and what one can do from anywhere, to be narrowed by typing; with the script off it is a page of links."""
    return render(request, "notifications/palette.html", {"places": places(request)})


def places(request: StaffRequest) -> list[tuple[str, str]]:
    """Label and address; the main navigation stands on every page and is added there."""
    if not request.user.has_role(*CARE):
        return [(_("Keyboard and help"), reverse("keys"))]
    queue = reverse("queue")
    found = [(_("Queue: %(label)s") % {"label": translated(lane.label)}, f"{queue}?lane={lane.name}") for lane in LANES]
    found += [
        (_("Next item, guided"), reverse("next_item")),
        (_("Find work by patient"), reverse("find_items")),
        (_("Lost, with reason"), reverse("lost")),
        *([(_("Candidates"), reverse("candidates"))] if may_open(request.user, "candidates") else []),
        (_("Ask at the next visit"), reverse("ask")),
        (_("Capacity"), reverse("capacity")),
        (_("Precision of the rules"), reverse("precision")),
        (_("What was done on paper"), reverse("downtime")),
        (_("My desk: keys, days away, minutes"), reverse("desk")),
        (_("Keyboard and help"), reverse("keys")),
    ]
    kept = SavedView.objects.filter(Q(owner=request.user) | Q(site__in=request.user.site_ids())).order_by("name")
    now = timezone.now()
    return [
        *found,
        *((_("View: %(name)s") % {"name": one.name}, f"{queue}?lane={one.lane}{Wanted.read(one.filters, now).query}") for one in kept),
    ]


@require_GET
@page(*ANYONE)
def keys(request: StaffRequest) -> HttpResponse:
    return render(request, "notifications/keys.html", {"keys": KEYS, "single_keys": request.COOKIES.get("keys") == "on"})
