"""Linked people on the journey page: relatives and who named them, who speaks for the patient; and the counselor's two acts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from django.views.decorators.http import require_POST

from notifications.views.item_forms import choices, day_field
from notifications.views.steering import again, back, journey_of
from pathways import cascade
from pathways.ingest import feeds
from pathways.models import Journey, JourneyLink, Status, Stay
from pathways.views.side_by_side import side_by_side
from patients import access, codes, registry
from patients.demographics import Demographics, StatedIdentifier
from patients.models import Authority, Patient, Role, User
from patients.templatetags.finalmile import sentence
from patients.views import sent
from patients.views.guard import StaffRequest, must_hold, page

HOW = (gettext_noop("by phone"), gettext_noop("in person"), gettext_noop("signed form"))
DEGREES = {1: gettext_lazy("first degree"), 2: gettext_lazy("second degree"), 3: gettext_lazy("third degree")}


@dataclass(frozen=True, slots=True)
class Linked:
    """One linked journey. `journey` only where the user may see it: else nothing but kinship and degree is known here."""

    kinship: str
    degree: str
    journey: Journey | None
    where: str


@dataclass(frozen=True, slots=True)
class Family:
    """`relatives` were named from this journey; `named_by` is the first person's where this one is a relative's."""

    relatives: list[Linked]
    named_by: list[Linked]
    speakers: list[Authority]

    def shown(self) -> list[int]:
        """Patients whose names the page shows beside its own."""
        return [one.journey.patient_id for one in (*self.relatives, *self.named_by) if one.journey]

    def __bool__(self) -> bool:
        return bool(self.relatives or self.named_by or self.speakers)


class NameForm(forms.Form):
    kinship = forms.ChoiceField(
        label=gettext_lazy("Relative by blood"),
        choices=choices(cascade.KINSHIPS),
        help_text=gettext_lazy("Only this and the degree are kept, until the relative agrees to more."),
    )


class JoinForm(forms.Form):
    """The relative's own words, written down with their consent."""

    family = forms.CharField(label=gettext_lazy("Family name"), max_length=200)
    given = forms.CharField(label=gettext_lazy("Given name"), max_length=200)
    born = day_field(gettext_lazy("Birth date"))
    number = forms.CharField(label=gettext_lazy("Record number, if they are a patient here"), max_length=120, required=False)
    phone = forms.CharField(label=gettext_lazy("Phone"), max_length=40, required=False)
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        choices=[("", gettext_lazy("not known")), ("en", gettext_lazy("English")), ("es", gettext_lazy("Spanish"))],
        required=False,
    )
    how = forms.ChoiceField(label=gettext_lazy("How they agreed"), choices=choices(HOW))

    def clean_phone(self) -> str:
        typed = self.cleaned_data["phone"]
        if typed and not codes.phone(typed):
            raise forms.ValidationError(_("This is no phone number. Write it with its area code."))
        return codes.phone(typed) if typed else ""

    def said(self, assigner: str) -> Demographics:
        given = self.cleaned_data
        return Demographics(
            identifiers=(StatedIdentifier(assigner, given["number"].strip()),) if given["number"].strip() and assigner else (),
            family=given["family"],
            given=given["given"],
            birth_lo=given["born"],
            birth_hi=given["born"],
            language=given["language"],
            phones=(given["phone"],) if given["phone"] else (),
        )


def family_of(journey: Journey, user: User, now: datetime) -> Family:
    relatives = JourneyLink.objects.filter(journey=journey).exclude(linked__status=Status.VOID).order_by("pk")
    named_by = JourneyLink.objects.filter(linked=journey).order_by("pk")
    seen = _visible([link.linked_id for link in relatives] + [link.journey_id for link in named_by], user)
    speakers = Authority.objects.filter(patient=journey.patient.meant, since__lte=now, until=None).select_related("person").order_by("pk")
    return Family(
        [_linked(link, seen.get(link.linked_id)) for link in relatives],
        [_linked(link, seen.get(link.journey_id)) for link in named_by],
        list(speakers),
    )


def forms_of(journey: Journey, user: User) -> dict[str, forms.Form]:
    """What the genetic counselor may do here: name a relative, or let one join."""
    if Role.GENETIC_COUNSELOR not in user.roles_at(journey.home_site_id):
        return {}
    asked: dict[str, forms.Form] = {}
    if not cascade.may_name(journey):
        asked["name_form"] = NameForm()
    if journey.patient.pseudonym:
        asked["join_form"] = JoinForm()
    return asked


def _visible(ids: Iterable[int], user: User) -> dict[int, Journey]:
    related = ("patient__person", "patient__survivor__person", "version")
    return {one.pk: one for one in Journey.objects.visible_to(user).filter(pk__in=list(ids)).select_related(*related)}


def _linked(link: JourneyLink, journey: Journey | None) -> Linked:
    stay = Stay.objects.open().filter(journey=journey, track="main").select_related("stage").first() if journey else None
    where = sentence(stay.stage.label) if stay else sentence(journey.get_status_display()) if journey else ""
    return Linked(link.kinship, str(DEGREES.get(link.degree or 0, "")), journey, where)


@require_POST
@page(Role.GENETIC_COUNSELOR)
def name_relative(request: StaffRequest, uid: UUID) -> HttpResponse:
    journey, form = _counselled(request, uid), NameForm(request.POST)
    if form.is_valid():
        try:
            cascade.name_relative(journey=journey, kinship=form.cleaned_data["kinship"], by=request.user, now=timezone.now())
        except cascade.Refused as refused:
            form.add_error(None, str(refused))
        else:
            return back(request, journey, _("A journey is open for the relative. Until they join it holds kinship and degree only."))
    return again(request, journey, form, _("Name a relative"), "name_relative")


@require_POST
@page(Role.GENETIC_COUNSELOR)
def join(request: StaffRequest, uid: UUID) -> HttpResponse:
    journey, form = _counselled(request, uid), JoinForm(request.POST)
    if form.is_valid():
        said, now = form.said(feeds.assigner_of(journey.home_site)), timezone.now()
        known, looked_at = _looked(request)
        try:
            cascade.join(
                journey=journey, said=said, how=form.cleaned_data["how"], by=request.user, now=now, known=known, looked_at=looked_at
            )
        except registry.LooksAlike as alike:
            return _compare(request, journey, form, alike, now)
        except cascade.Refused as refused:
            form.add_error(None, str(refused))
        else:
            return back(request, journey, _("The relative has joined under their own name."))
    return again(request, journey, form, _("The relative joins"), "join")


def _looked(request: StaffRequest) -> tuple[Patient | None, list[int]]:
    """Who it is, where the counselor found them among our patients; and at whom they have looked."""
    looked = Patient.objects.filter(uid__in=sent.uids(request.POST.getlist("looked_at")) if "new" in request.POST else [])
    chosen = sent.uid(request.POST.get("same"))
    known = get_object_or_404(Patient.objects.visible_to(request.user).filter(pseudonym=""), uid=chosen) if chosen else None
    return known, list(looked.values_list("pk", flat=True))


def _compare(request: StaffRequest, journey: Journey, form: JoinForm, alike: registry.LooksAlike, now: datetime) -> HttpResponse:
    """Whom we know and who may be meant, beside what the relative said; nothing was written yet."""
    said = form.said("")
    known = side_by_side(alike.candidates, said, request.user)
    shown = [journey.patient_id, *(one.patient.pk for one in known if one.visible)]
    access.saw(request, action="search", what="duplicate check", patients=shown, now=now)
    context = {"journey": journey, "form": form, "said": said, "known": known}
    return render(request, "notifications/join_alike.html", context, status=422)


def _counselled(request: StaffRequest, uid: UUID) -> Journey:
    """The journey, if the user is a genetic counselor at its home site."""
    journey = journey_of(request, uid)
    must_hold(request.user, journey.home_site_id, Role.GENETIC_COUNSELOR)
    return journey
