"""Linked people on a patient's page: who may be told, in which language, on which number, on whose yes; and for whom this one speaks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from patients import access, asking, authority, consent, contacts
from patients.models import Authority, Patient, Permission, Phone, Role, User
from patients.views.guard import STEERING, StaffRequest, page

LINKING = (*STEERING, Role.GENETIC_COUNSELOR)
LANGUAGES = (
    ("", gettext_lazy("unknown")),
    ("en", gettext_lazy("English")),
    ("es", gettext_lazy("Spanish")),
    ("zh", gettext_lazy("Chinese")),
    ("vi", gettext_lazy("Vietnamese")),
    ("ar", gettext_lazy("Arabic")),
    ("ht", gettext_lazy("Haitian Creole")),
)
ENDINGS = (
    ("", gettext_lazy("Choose")),
    ("custody", gettext_lazy("custody changed")),
    ("own wish", gettext_lazy("own wish")),
    ("patient's wish", gettext_lazy("the patient's wish")),
    ("error", gettext_lazy("linked in error")),
    ("died", "died"),
)


@dataclass(frozen=True, slots=True)
class Link:
    """One person who may be told. `word` says whether a text about the patient may go to them now, and why not."""

    held: Authority
    phone: Phone | None
    word: str
    may: bool
    language: str


class LinkForm(forms.Form):
    given = forms.CharField(label=gettext_lazy("Given name"), max_length=200)
    family = forms.CharField(label=gettext_lazy("Family name"), max_length=200)
    basis = forms.ChoiceField(
        label=gettext_lazy("Speaks for the patient as"), choices=[("", gettext_lazy("Choose")), *Authority.Basis.choices]
    )
    number = forms.CharField(label=gettext_lazy("Phone"), max_length=30, required=False)
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=LANGUAGES, required=False)
    limits = forms.CharField(
        label=gettext_lazy("Limits"),
        max_length=400,
        required=False,
        help_text=gettext_lazy("Custody, a court, a wish. With limits no text goes out: a person judges each time."),
    )


class ChangeForm(forms.Form):
    """What is to change for one linked person."""

    link = forms.IntegerField(widget=forms.HiddenInput)
    does = forms.ChoiceField(choices=[(name, name) for name in ("agrees", "refuses", "limit", "lift", "end")], widget=forms.HiddenInput)
    words = forms.CharField(label=gettext_lazy("Which limit"), max_length=400, required=False)
    because = forms.ChoiceField(label=gettext_lazy("Why it ends"), choices=ENDINGS, required=False)

    def clean(self) -> dict[str, object]:
        given = self.cleaned_data
        for does, name in (("limit", "words"), ("end", "because")):
            if given.get("does") == does and not given.get(name):
                self.add_error(name, _("Please say it."))
        return given


def links(patient: Patient, *, now: datetime) -> list[Link]:
    """Everybody who may be told of the patient today, limited ones too."""
    held = authority.in_force([patient.pk], on=now.date()).get(patient.pk, [])
    told = {each.person_id for each in contacts.recipients(patient, on=now.date())}
    return [_link(each, patient, told, now.date()) for each in held]


def _link(held: Authority, patient: Patient, told: set[int], on: date) -> Link:
    phone = contacts.best_phone(held.person)
    word, may = _word(held, patient, phone, told)
    stale = may and _outgrown(held, patient, on)
    word, may = (_("asked before a birthday: ask anew"), False) if stale else (word, may)
    language = held.person.language.partition("-")[0]
    return Link(held, phone, word, may, str(dict(LANGUAGES).get(language, language)) if language else "")


def _word(held: Authority, patient: Patient, phone: Phone | None, told: set[int]) -> tuple[str, bool]:
    if held.limits:
        return _("a person judges each time"), False
    if held.person_id not in told:
        return _("the patient is of age") if contacts.is_adult(patient.person, timezone.localdate()) else _("not told"), False
    if phone is None:
        return _("no number that works"), False
    rows = Permission.objects.filter(person=held.person_id, patient=patient, phone=phone)
    if rows.filter(revoked_at__isnull=False).exists():
        return _("said no"), False
    return (_("agreed to texts"), True) if rows.filter(granted_at__isnull=False).exists() else (_("not asked"), False)


def _outgrown(held: Authority, patient: Patient, on: date) -> bool:
    """Whether the yes dates from before a birthday after which a site of the patient asks anew."""
    latest = Permission.objects.filter(person=held.person_id, patient=patient, granted_at__isnull=False).order_by("-granted_at").first()
    return latest is not None and latest.granted_at is not None and asking.outgrown(patient, latest.granted_at.date(), on=on)


def speaks_for(patient: Patient, user: User) -> list[Authority]:
    """Of whom this person may be told: children, wards. Only those whom the user may see."""
    seen = Patient.objects.visible_to(user)
    return list(
        Authority.objects.filter(person=patient.person_id, until=None, patient__in=seen).select_related("patient__person").order_by("pk")
    )


def patient_to_link(request: StaffRequest, uid: UUID) -> Patient:
    """The patient, if the user may link people at one of the patient's sites."""
    found = get_object_or_404(Patient.objects.visible_to(request.user).select_related("person"), uid=uid)
    if not any(request.user.roles_at(site) & set(LINKING) for site in found.sites.values_list("site", flat=True)):
        raise PermissionDenied
    return found


@require_POST
@page(*LINKING)
def link(request: StaffRequest, uid: UUID) -> HttpResponse:
    """Somebody may be told of the patient from now on."""
    patient, form = patient_to_link(request, uid), LinkForm(request.POST)
    if form.is_valid():
        try:
            authority.introduce(patient=patient, now=timezone.now(), by=request.user, **form.cleaned_data)
        except (authority.Refused, contacts.Unreachable) as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Linked. Texts need their own yes."))
            return redirect("patient", uid=patient.uid)
    return _again(request, patient, form)


@require_POST
@page(*LINKING)
def change(request: StaffRequest, uid: UUID) -> HttpResponse:
    """A yes or no to texts, a limit, an end."""
    patient, form = patient_to_link(request, uid), ChangeForm(request.POST)
    if not form.is_valid():
        return _again(request, patient, form)
    held = get_object_or_404(Authority.objects.select_related("person", "patient"), pk=form.cleaned_data["link"], patient=patient)
    messages.success(request, _do(held, form.cleaned_data, request.user, timezone.now()))
    return redirect("patient", uid=patient.uid)


def _do(held: Authority, said: dict[str, str], by: User, now: datetime) -> str:
    match said["does"]:
        case "limit":
            authority.limit(authority=held, words=said["words"], by=by)
            return _("Limited: nothing goes out by itself.")
        case "lift":
            authority.lift(authority=held, by=by)
            return _("The limit is lifted.")
        case "end" if said["because"] == "died":
            authority.died(person=held.person, now=now, by=by)
            return _("They are told nothing any more, of nobody.")
        case "end":
            authority.end(authority=held, because=said["because"], now=now, by=by)
            return _("They are told nothing any more.")
        case "agrees":
            return _agree(held, by, now)
        case _:
            evidence = consent.Evidence("verbal", reference="patient page")
            consent.revoke(person=held.person, patient=held.patient, at=now, evidence=evidence, by=by)
            return _("No more texts to them about this patient.")


def _agree(held: Authority, by: User, now: datetime) -> str:
    phone = contacts.best_phone(held.person)
    if phone is None:
        return _("There is no number that works; nothing was recorded.")
    evidence = consent.Evidence("verbal", reference="patient page", language=held.person.language)
    consent.grant(person=held.person, patient=held.patient, phone=phone, at=now, evidence=evidence, by=by)
    return _("Recorded: they agree to texts about this patient.")


def _again(request: StaffRequest, patient: Patient, form: forms.Form) -> HttpResponse:
    access.saw(request, action="view", what="linked people form", patients=[patient.pk], now=timezone.now())
    route = "link_person" if isinstance(form, LinkForm) else "change_link"
    return render(request, "notifications/link.html", {"patient": patient, "form": form, "route": route}, status=422)
