"""Finding a patient. What is typed is posted, so that no name or number stands in a URL, a log or the browser's history."""

from __future__ import annotations

import phonenumbers
from django import forms
from django.db.models import Prefetch, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from patients import access
from patients.models import Identifier, Patient, Site, User
from patients.models.patient import PatientQuerySet
from patients.views.guard import CARE, STEERING, StaffRequest, page

MOST = 50
SHORTEST = 2  # letters of a name; one letter would list a ward


class SearchForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("Name, record number or phone"),
        max_length=100,
        min_length=SHORTEST,
        help_text=gettext_lazy("Family name first: “Okafor, Ann”. Record numbers and phone numbers must be complete."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True, "spellcheck": "false"}),
    )


@require_http_methods(["GET", "POST"])
@page(*CARE)
def patient_search(request: StaffRequest) -> HttpResponse:
    form = SearchForm(request.POST or None)
    found: list[Patient] | None = None
    if form.is_valid():
        text = form.cleaned_data["text"].strip()
        found = list(find(text, request.user)[: MOST + 1])
        shown = [patient.pk for patient in found[:MOST]]
        access.saw(request, action="search", what="patient search", patients=shown, now=timezone.now())
    context = {
        "form": form,
        "found": found[:MOST] if found else found,
        "too_many": bool(found) and len(found or ()) > MOST,
        "most": MOST,
        "may_register": request.user.has_role(*STEERING),
    }
    return render(request, "patients/search.html", context)


def find(text: str, user: User) -> PatientQuerySet:
    """Patients of the user's sites whose name begins so, or whose number or phone is exactly this."""
    numbers = Identifier.objects.filter(value__iexact=text, until__isnull=True).values("patient")
    match = named(text) | Q(pk__in=numbers)
    for e164 in phone_readings(text, user):
        match |= Q(person__contact_points__phone__e164=e164, person__contact_points__until__isnull=True)
    current = Prefetch("identifiers", queryset=Identifier.objects.filter(until__isnull=True).order_by("type", "pk"))
    found = Patient.objects.visible_to(user).filter(match, pseudonym="").select_related("person").prefetch_related(current)
    return found.order_by("person__family", "person__given", "person__birth_lo", "pk").distinct()


def named(text: str) -> Q:
    """`Family, given`, `family` or `given family`."""
    family, comma, given = (part.strip() for part in text.partition(","))
    if comma:
        return Q(person__family__istartswith=family, person__given__istartswith=given)
    first, space, last = text.rpartition(" ")
    alone = Q(person__family__istartswith=text)
    return alone | Q(person__given__istartswith=first, person__family__istartswith=last) if space else alone


def phone_readings(text: str, user: User) -> set[str]:
    """The number as written, read in the countries of the user's sites."""
    if sum(letter.isdigit() for letter in text) < 7:
        return set()
    readings = set()
    for country in Site.objects.filter(pk__in=user.site_ids()).values_list("country", flat=True).distinct():
        try:
            number = phonenumbers.parse(text, country)
        except phonenumbers.NumberParseException:
            continue
        readings.add(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return readings
