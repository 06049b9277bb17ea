"""Sites: their clock, the days on which they do not work, and how their texts sign. For administrators of the site."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any
from zoneinfo import available_timezones

import holidays
from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from patients import sites as verbs
from patients import staff
from patients.changes import changes_of
from patients.models import Role, Site, SiteHoliday
from patients.templatetags.finalmile import words
from patients.views.guard import StaffRequest, page
from patients.views.people import ADMINISTRATORS, administered

AHEAD = timedelta(days=366)
DAY = (time(9), time(20))
"""Within which a site may text. The law allows an hour more on either side (notifications/hours.py)."""


@dataclass(frozen=True, slots=True)
class Closed:
    """A day without work; `own`: a closure of the site, which can be taken back."""

    on: date
    name: str
    own: bool


class SiteForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    time_zone = forms.CharField(
        label=gettext_lazy("Time zone"), help_text=gettext_lazy("As in America/Chicago."), widget=forms.TextInput(attrs={"list": "zones"})
    )
    country = forms.CharField(
        label=gettext_lazy("Country"), max_length=2, help_text=gettext_lazy("Two letters; whose public holidays count.")
    )
    subdivision = forms.CharField(
        label=gettext_lazy("State"), required=False, max_length=10, help_text=gettext_lazy("For its holidays, as MA.")
    )
    sender_name = forms.CharField(
        label=gettext_lazy("How texts sign"), required=False, max_length=40, help_text=gettext_lazy("Says nothing of a disease.")
    )
    call_back = forms.CharField(label=gettext_lazy("Number that texts ask patients to call"), required=False, max_length=20)
    texts_from = forms.TimeField(
        label=gettext_lazy("Reminders from"), initial=DAY[0], widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    texts_until = forms.TimeField(
        label=gettext_lazy("Reminders until"),
        initial=DAY[1],
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=gettext_lazy("Within nine and eight in the evening, on the number's clock and on the address's alike."),
    )
    texts_on_holidays = forms.BooleanField(label=gettext_lazy("Reminders go out on closed days too"), required=False)

    def clean_time_zone(self) -> str:
        try:
            return verbs.zone(self.cleaned_data["time_zone"].strip())
        except ValueError as wrong:
            raise forms.ValidationError(_("There is no such time zone; write it as in America/Chicago.")) from wrong

    def clean(self) -> None:
        country, state = self.cleaned_data.get("country", "").upper(), self.cleaned_data.get("subdivision", "").upper()
        known = holidays.list_supported_countries()
        if country not in known:
            self.add_error("country", _("The holidays of this country are not known."))
        elif state and state not in known[country]:
            self.add_error("subdivision", _("The holidays of this state are not known."))
        self.cleaned_data |= {"country": country, "subdivision": state}
        first, last = self.cleaned_data.get("texts_from"), self.cleaned_data.get("texts_until")
        if first and last and not DAY[0] <= first < last <= DAY[1]:
            self.add_error("texts_until", _("From nine at the earliest until eight in the evening at the latest."))


class NewSiteForm(SiteForm):
    code = forms.SlugField(label=gettext_lazy("Code"), max_length=40, help_text=gettext_lazy("Short and for ever, as north."))
    field_order = ("code",)

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if Site.objects.filter(code=code).exists():
            raise forms.ValidationError(_("There is a site of this code already."))
        return code


class MinutesForm(forms.Form):
    """What each role has for the queue on a working day; blank: the local default, which stands in the field."""

    prefix = "minutes"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for role, usual in verbs.MINUTES_A_DAY.items():
            widget = forms.NumberInput(attrs={"placeholder": str(usual), "inputmode": "numeric"})
            self.fields[role] = forms.IntegerField(
                label=words(str(Role(role).label)), required=False, min_value=0, max_value=1440, widget=widget
            )

    def stated(self) -> dict[str, int]:
        return {role: minutes for role, minutes in self.cleaned_data.items() if minutes is not None}


class ClosedForm(forms.Form):
    first = forms.DateField(label=gettext_lazy("From"), widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label=gettext_lazy("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    name = forms.CharField(label=gettext_lazy("Why"), max_length=80)

    def days(self) -> list[date]:
        first, last = self.cleaned_data["first"], self.cleaned_data["last"] or self.cleaned_data["first"]
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]

    def clean(self) -> None:
        first, last = self.cleaned_data.get("first"), self.cleaned_data.get("last")
        if first and last and not first <= last <= first + AHEAD:
            raise forms.ValidationError(_("The last day comes after the first, within a year."))


@require_http_methods(["GET", "POST"])
@page(*ADMINISTRATORS)
def sites(request: StaffRequest) -> HttpResponse:
    """All that the user administers, and the form for a new one: whoever adds it administers it."""
    form = NewSiteForm(request.POST or None, initial={"country": "US"})
    if form.is_valid():
        try:
            _add(request, form)
        except staff.Mixed as wrong:
            form.add_error(None, str(wrong))
        else:
            return redirect("site", site=form.cleaned_data["code"])
    context = {"sites": administered(request.user), "form": form, "zones": zones(), "tab": "sites"}
    return render(request, "patients/sites.html", context, status=422 if form.is_bound else 200)


def _add(request: StaffRequest, form: NewSiteForm) -> None:
    if any(one.site.is_training for one in request.user.held()):
        raise staff.Mixed(_("Whoever works at a training site adds no real one."))
    made = verbs.add(**form.cleaned_data)
    staff.join(request.user, site=made, role=Role.ADMINISTRATOR)
    messages.success(request, _("The site is there. Next: its people, its feeds."))


@require_http_methods(["GET", "POST"])
@page(*ADMINISTRATORS)
def site(request: StaffRequest, site: str) -> HttpResponse:
    place = get_object_or_404(administered(request.user), code=site)
    form, minutes = SiteForm(request.POST or None, initial=said_of(place)), MinutesForm(request.POST or None, initial=place.minutes)
    if form.is_valid() and minutes.is_valid():
        verbs.change(place, **form.cleaned_data, minutes=minutes.stated())
        messages.success(request, _("Saved. Open deadlines follow within minutes."))
        return redirect("site", site=site)
    return _page(request, place, form, minutes, ClosedForm())


def said_of(place: Site) -> dict[str, Any]:
    return {name: getattr(place, name) for name in SiteForm.base_fields}


@require_POST
@page(*ADMINISTRATORS)
def closed(request: StaffRequest, site: str) -> HttpResponse:
    """Close on some days, or (`open`) take a closure back."""
    place = get_object_or_404(administered(request.user), code=site)
    if again := request.POST.get("open"):
        try:
            verbs.open_on(place, days=[date.fromisoformat(again)])
        except ValueError:
            messages.error(request, _("This is no day."))
        return redirect("site", site=site)
    form = ClosedForm(request.POST)
    if not form.is_valid():
        return _page(request, place, SiteForm(initial=said_of(place)), MinutesForm(initial=place.minutes), form)
    count = verbs.close_on(place, days=form.days(), name=form.cleaned_data["name"])
    messages.success(request, _("%(n)d days are new.") % {"n": count})
    return redirect("site", site=site)


def closed_days(place: Site, today: date) -> list[Closed]:
    """Of the next year, in order."""
    own = SiteHoliday.objects.filter(Q(on__gte=today) & Q(on__lte=today + AHEAD), site=place)
    days = [*_public(place, today), *(Closed(one.on, one.name, own=True) for one in own)]
    return sorted(days, key=lambda day: (day.on, day.own))


def _public(place: Site, today: date) -> Iterator[Closed]:
    try:
        found = holidays.country_holidays(place.country, subdiv=place.subdivision or None, years=[today.year, today.year + 1])
    except NotImplementedError:
        return
    yield from (Closed(on, name, own=False) for on, name in found.items() if today <= on <= today + AHEAD)


def zones() -> list[str]:
    return sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix/", "right/")))


def _page(request: StaffRequest, place: Site, form: SiteForm, minutes: MinutesForm, closure: ClosedForm) -> HttpResponse:
    context: dict[str, Any] = {
        "site": place,
        "form": form,
        "minutes": minutes,
        "changes": changes_of(place),
        "closure": closure,
        "closed_days": closed_days(place, timezone.localdate()),
        "zones": zones(),
        "tab": "sites",
    }
    return render(request, "patients/site.html", context, status=422 if form.is_bound or closure.is_bound else 200)
