"""The forms of registering and enrolling by hand."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pathways import registering as verbs
from pathways.ingest import feeds
from patients import codes
from patients.demographics import Demographics, StatedIdentifier
from patients.models import Patient, Site, User
from patients.views.clinicians import ClinicianField
from patients.views.guard import STEERING

LANGUAGES = [
    ("", gettext_lazy("Not known")),
    ("en", gettext_lazy("English")),
    ("es", gettext_lazy("Spanish")),
    ("zh", gettext_lazy("Chinese")),
    ("vi", gettext_lazy("Vietnamese")),
    ("other", gettext_lazy("Other")),
]
TEXTS = {
    "": (gettext_lazy("Not asked yet"), None),
    "verbal": (gettext_lazy("Yes, said so"), ("granted", "verbal")),
    "form": (gettext_lazy("Yes, signed the form"), ("granted", "form")),
    "no": (gettext_lazy("No"), ("revoked", "verbal")),
}


def sites_of(user: User) -> list[Site]:
    """Where the user may enrol, the first first."""
    held = {one.site_id: one.site for one in user.held() if one.role in STEERING}
    return [held[pk] for pk in sorted(held)]


class EnrolForm(forms.Form):
    """Which programme, at which site, since when, and who treats the patient."""

    no_programme = gettext_lazy("Choose")
    is_required = True
    site_field = forms.ChoiceField(label=gettext_lazy("Site"))
    programme = forms.ChoiceField(label=gettext_lazy("Programme"))
    began = forms.DateField(
        label=gettext_lazy("Since"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("The day from which the clocks count. Blank: today."),
    )
    clinician = ClinicianField(label=gettext_lazy("Responsible clinician"))

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(data)
        self.sites = sites_of(user)
        self.places = {f"{site.pk}": verbs.places(site) for site in self.sites}
        self._choose("site_field", [(str(site.pk), site.name) for site in self.sites])
        offered = {place.code: place.label for places in self.places.values() for place in places}
        self._choose("programme", [("", str(self.no_programme)), *offered.items()])
        self.fields["programme"].required = self.is_required

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean_began(self) -> Any:
        began = self.cleaned_data["began"]
        if began and began > timezone.localdate():
            raise forms.ValidationError(_("This day has not come yet."))
        return began

    def clean(self) -> dict[str, Any]:
        chosen = self.cleaned_data.get("programme")
        here = {place.code: place for place in self.places.get(self.cleaned_data.get("site_field", ""), [])}
        self.place = here.get(chosen) if chosen else None
        if chosen and self.place is None:
            self.add_error("programme", _("This programme is off at that site."))
        return self.cleaned_data

    @property
    def site(self) -> Site:
        return next(site for site in self.sites if str(site.pk) == self.cleaned_data["site_field"])

    def since(self, now: datetime) -> datetime:
        began = self.cleaned_data["began"]
        return timezone.make_aware(datetime.combine(began, time(12))) if began else now


class RegisterForm(EnrolForm):
    """Everything on one page, in the order in which a patient is asked."""

    family = forms.CharField(
        label=gettext_lazy("Family name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True})
    )
    given = forms.CharField(label=gettext_lazy("Given name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    born = forms.DateField(label=gettext_lazy("Birth date"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    sex = forms.ChoiceField(label=gettext_lazy("Sex"), required=False, choices=[("", gettext_lazy("Not known")), *Patient.Sex.choices])
    number = forms.CharField(
        label=gettext_lazy("Record number"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    phone = forms.CharField(
        label=gettext_lazy("Phone"), max_length=40, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False, choices=LANGUAGES)
    texts = forms.ChoiceField(
        label=gettext_lazy("May we text"), required=False, choices=[(code, said) for code, (said, _) in TEXTS.items()]
    )

    no_programme = gettext_lazy("None yet")
    is_required = False
    field_order = (
        "family",
        "given",
        "born",
        "sex",
        "number",
        "phone",
        "language",
        "texts",
        "site_field",
        "programme",
        "clinician",
        "began",
    )

    @classmethod
    def begun(cls, user: User, known: Any) -> RegisterForm:
        """The empty form with what a list says already: a number, a birth date, the day of the diagnosis."""
        form = cls(user)
        form.initial = {name: known[name] for name in ("number", "born", "began") if known.get(name)}
        return form

    def clean_phone(self) -> str:
        typed: str = self.cleaned_data["phone"]
        found = codes.phone(typed)
        if typed and not found:
            raise forms.ValidationError(_("This is no phone number. Write it with its area code."))
        return found

    def clean_born(self) -> Any:
        born = self.cleaned_data["born"]
        if born and born > timezone.localdate():
            raise forms.ValidationError(_("This day has not come yet."))
        return born

    def clean_number(self) -> str:
        typed: str = self.cleaned_data["number"].strip()
        if typed and not codes.is_id(typed):
            raise forms.ValidationError(_("This is no number. Leave it empty if you do not know it."))
        return typed

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("texts") in ("verbal", "form") and not cleaned.get("phone") and "phone" not in self.errors:
            self.add_error("phone", _("Texts need a number."))
        if cleaned.get("clinician") and not cleaned.get("programme") and "programme" not in self.errors:
            self.add_error("programme", _("A clinician is responsible on a programme: choose it, or name nobody yet."))
        return cleaned

    @property
    def said(self) -> Demographics:
        given = self.cleaned_data
        number = given["number"]
        return Demographics(
            identifiers=(StatedIdentifier(feeds.assigner_of(self.site), number),) if number else (),
            family=codes.name(given["family"]),
            given=codes.name(given["given"]),
            birth_lo=given["born"],
            birth_hi=given["born"],
            sex=given["sex"],
            language=given["language"] if given["language"] != "other" else "",
            phones=(given["phone"],) if given["phone"] else (),
        )

    @property
    def agreed(self) -> verbs.Agreed | None:
        said = TEXTS[self.cleaned_data["texts"]][1]
        return verbs.Agreed(*said) if said else None
