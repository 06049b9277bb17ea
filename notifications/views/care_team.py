"""The care team of a journey: who has the ball, who is accountable, who is the responsible clinician; and handing the journey over."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_POST

from notifications import handing
from notifications.models import Notice
from notifications.views.steering import again, back, journey_of, steered
from pathways import team
from pathways.models import CareTeam, HandOver, Journey, JourneySite, TeamRole
from patients import practitioners
from patients.models import Membership, Practitioner, Role, Site, User
from patients.views import sent
from patients.views.clinicians import ClinicianField
from patients.views.guard import CARE, STEERING, StaffRequest, page

NAMED = (TeamRole.RESPONSIBLE, TeamRole.ORDERER, TeamRole.COUNSELOR, TeamRole.PHARMACIST, TeamRole.OTHER)
MOST = 300


class MemberForm(forms.Form):
    """A clinician of the directory, or a new one by NPI."""

    role = forms.ChoiceField(label=gettext_lazy("As"), choices=[(role.value, role.label) for role in NAMED])
    clinician = ClinicianField()
    npi = forms.CharField(
        label="NPI", max_length=10, required=False, help_text=gettext_lazy("Only for somebody whom the directory does not know.")
    )
    family = forms.CharField(label=gettext_lazy("Family name"), max_length=120, required=False)
    given = forms.CharField(label=gettext_lazy("Given name"), max_length=120, required=False)

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given.get("clinician") is None and "clinician" not in self.errors:
            if not practitioners.is_npi(given.get("npi") or ""):
                self.add_error("npi", gettext("Name somebody of the directory, or give the ten digits of the NPI."))
            elif not given.get("family"):
                self.add_error("family", gettext("The name, please."))
        return given

    def person(self) -> Practitioner:
        given = self.cleaned_data
        if given["clinician"] is not None:
            return given["clinician"]  # type: ignore[no-any-return]
        found = practitioners.upsert(npi=given["npi"], family=given["family"], given=given["given"])
        assert found is not None
        return found


class HandOverForm(forms.Form):
    to = forms.ChoiceField(label=gettext_lazy("To"))
    note = forms.CharField(
        label=gettext_lazy("What they must know"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, journey: Journey, data: Any = None) -> None:
        super().__init__(data)
        field = self.fields["to"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", gettext("Choose")), *who_may_take(journey)]

    def chosen(self) -> tuple[User, Site]:
        user, _, site = self.cleaned_data["to"].partition("@")
        return User.objects.get(pk=user), Site.objects.get(pk=site)


class DeclineForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Why not"), max_length=200)


def who_may_take(journey: Journey) -> list[tuple[str, list[tuple[str, str]]]]:
    """People who may be accountable, by site, the home site first; another site becomes the home when they accept."""
    rows = Membership.objects.filter(
        role__in=team.MAY_BE_ACCOUNTABLE, until=None, user__is_active=True, site__is_training=journey.home_site.is_training
    )
    found: dict[str, dict[str, str]] = {journey.home_site.name: {}}
    for one in rows.exclude(user=journey.accountable).select_related("user", "site").order_by("site__name", "user__last_name", "pk")[:MOST]:
        people = found.setdefault(
            one.site.name
            if one.site_id == journey.home_site_id
            else gettext("%(name)s (the journey moves there)") % {"name": one.site.name},
            {},
        )
        people[f"{one.user_id}@{one.site_id}"] = one.user.get_full_name() or one.user.username
    return [(site, list(people.items())) for site, people in found.items() if people]


def care_team(journey: Journey, user: User, now: datetime) -> dict[str, Any]:
    """What the page shows of the team and lets this user do."""
    rows = team.of(journey)
    asked = handing.waiting(journey)
    shown: dict[str, Any] = {
        "members": [row for row in rows if row.until is None and row.role not in ("accountable", "responsible")],
        "formerly": [row for row in rows if row.until is not None],
        "responsible_row": next((row for row in rows if row.until is None and row.role == "responsible"), None),
        "hand_over": asked,
        "asks_me": asked is not None and asked.recipient_id == user.pk,
        "taking_part": [one.site for one in JourneySite.objects.filter(journey=journey).select_related("site").order_by("pk")],
        "notices": list(Notice.objects.filter(journey=journey).select_related("practitioner", "item", "email").order_by("-created_at")),
    }
    if journey.status == "active" and user.roles_at(journey.home_site_id) & set(STEERING):
        shown |= {
            "member_form": MemberForm(),
            "hand_over_form": None if asked else HandOverForm(journey),
            "may_take_back": asked is not None,
        }
    return shown


@require_POST
@page(*STEERING)
def name_member(request: StaffRequest, uid: UUID) -> HttpResponse:
    """Names the responsible clinician or somebody else; or confirms whom a feed has named."""
    journey, now = steered(request, uid), timezone.now()
    if request.POST.get("confirm") == "responsible" and journey.responsible is not None:
        team.name(journey=journey, role=TeamRole.RESPONSIBLE, person=journey.responsible, source="by hand", now=now, by=request.user)
        return back(request, journey, gettext("Confirmed as responsible clinician."))
    form = MemberForm(request.POST)
    if not form.is_valid():
        return again(request, journey, form, gettext("Name somebody of the care team"), "name_member")
    role = form.cleaned_data["role"]
    named = team.name(journey=journey, role=role, person=form.person(), source="by hand", now=now, by=request.user)
    return back(request, journey, f"{named}: {TeamRole(role).label}.")


@require_POST
@page(*STEERING)
def leave_team(request: StaffRequest, uid: UUID) -> HttpResponse:
    journey = steered(request, uid)
    member = get_object_or_404(CareTeam, pk=sent.number(request.POST.get("member")), journey=journey)
    try:
        team.leave(member=member, now=timezone.now(), by=request.user)
    except team.Refused as refusal:
        return back(request, journey, str(refusal))
    return back(request, journey, gettext("%(member)s takes part no longer.") % {"member": member})


@require_POST
@page(*STEERING)
def hand_over(request: StaffRequest, uid: UUID) -> HttpResponse:
    journey = steered(request, uid)
    form = HandOverForm(journey, request.POST)
    if form.is_valid():
        to, site = form.chosen()
        try:
            handing.ask(journey=journey, to=to, note=form.cleaned_data["note"], by=request.user, now=timezone.now(), site=site)
        except team.Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return back(
                request, journey, gettext("Asked. It counts when they accept; in two working days it comes back to you and the lead.")
            )
    return again(request, journey, form, gettext("Hand over"), "hand_over")


@require_POST
@page(*CARE)
def answer_hand_over(request: StaffRequest, uid: UUID) -> HttpResponse:
    """The recipient accepts or declines; the sender or a lead of the home site takes it back."""
    journey, now = journey_of(request, uid), timezone.now()
    asked = get_object_or_404(HandOver.objects.select_related("journey"), journey=journey, settled_at=None)
    try:
        return _answered(request, journey, asked, now)
    except team.Refused as refusal:
        return back(request, journey, str(refusal))


def _answered(request: StaffRequest, journey: Journey, asked: HandOver, now: datetime) -> HttpResponse:
    match request.POST.get("answer"):
        case "accept":
            handing.accept(asked=asked, by=request.user, now=now)
            return back(request, journey, gettext("You answer for this journey from now on."))
        case "decline":
            form = DeclineForm(request.POST)
            if not form.is_valid():
                return again(request, journey, form, gettext("Decline the hand-over"), "answer_hand_over")
            handing.decline(asked=asked, reason=form.cleaned_data["reason"], by=request.user, now=now)
            return back(request, journey, gettext("Declined. It is back with who sent it."))
        case _:
            if asked.sender_id != request.user.pk and Role.LEAD not in request.user.roles_at(journey.home_site_id):
                raise PermissionDenied
            handing.take_back(asked=asked, by=request.user, now=now)
            return back(request, journey, gettext("Taken back."))
