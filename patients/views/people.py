"""Accounts and their roles, for administrators of the sites where they work. Nobody changes their own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from patients import invitations, sessions, staff
from patients.models import Membership, Role, Site, User
from patients.views.guard import StaffRequest, page

ADMINISTRATORS = (Role.ADMINISTRATOR,)
QUIET_FOR = timedelta(days=90)
"""An account that nobody used for so long is marked (local default)."""


class Refused(ValueError):
    """The account is not this administrator's to change so."""


def administered(user: User) -> QuerySet[Site]:
    """Sites that the user administers."""
    return Site.objects.filter(pk__in={one.site_id for one in user.held() if one.role == Role.ADMINISTRATOR}).order_by("name")


def accounts(user: User) -> QuerySet[User]:
    """Accounts that have or had a role at one of these sites, and those that have none anywhere."""
    held = Membership.objects.select_related("site").order_by("site__name", "role")
    ours = Q(memberships__site__in=administered(user)) | Q(memberships=None)
    return User.objects.filter(ours).distinct().prefetch_related(Prefetch("memberships", queryset=held))


class InviteForm(forms.Form):
    username = forms.CharField(label=gettext_lazy("User name"), max_length=150, validators=[UnicodeUsernameValidator()])
    first_name = forms.CharField(label=gettext_lazy("First name"), max_length=150)
    last_name = forms.CharField(label=gettext_lazy("Last name"), max_length=150)
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        required=False,
        help_text=gettext_lazy("The invitation goes there; single sign-on finds the account by it."),
    )
    site = forms.ModelChoiceField(label=gettext_lazy("Site"), queryset=Site.objects.none())
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Role.choices)

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(data)
        site = self.fields["site"]
        assert isinstance(site, forms.ModelChoiceField)
        site.queryset = administered(user)
        if site.queryset.count() == 1:
            site.initial = site.queryset.get()

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=name).exists():
            raise forms.ValidationError(_("There is an account of this name already."))
        return name


class PersonForm(forms.Form):
    first_name = forms.CharField(label=gettext_lazy("First name"), max_length=150)
    last_name = forms.CharField(label=gettext_lazy("Last name"), max_length=150)
    email = forms.EmailField(label=gettext_lazy("E-mail"), required=False)


@require_http_methods(["GET", "POST"])
@page(*ADMINISTRATORS)
def people(request: StaffRequest) -> HttpResponse:
    """Everybody, and the form that invites one more."""
    form = InviteForm(request.user, request.POST or None)
    if form.is_valid():
        given = form.cleaned_data
        try:
            made = staff.add(**{name: given[name] for name in ("username", "first_name", "last_name", "email")})
            staff.join(made, site=given["site"], role=given["role"])
        except staff.Mixed as wrong:
            form.add_error(None, str(wrong))
        else:
            _invite(request, made)
            return redirect("person", uid=made.uid)
    found = list(accounts(request.user).order_by("-is_active", "last_name", "first_name", "username"))
    context = {"people": found, "quiet_since": timezone.now() - QUIET_FOR, "form": form, "tab": "people"}
    return render(request, "patients/people.html", context, status=422 if form.is_bound else 200)


@require_GET
@page(*ADMINISTRATORS)
def person(request: StaffRequest, uid: UUID) -> HttpResponse:
    found = get_object_or_404(accounts(request.user), uid=uid)
    return _person(request, found, PersonForm(initial={name: getattr(found, name) for name in PersonForm.base_fields}))


@require_POST
@page(*ADMINISTRATORS)
def change_person(request: StaffRequest, uid: UUID) -> HttpResponse:
    """One of `ACTS`; what is not allowed is said, and nothing is changed."""
    found = get_object_or_404(accounts(request.user), uid=uid)
    act = ACTS.get(request.POST.get("act", ""))
    try:
        if act is None:
            raise Refused(_("There is no such step."))
        if found.pk == request.user.pk:
            raise Refused(_("Somebody else has to change your own account."))
        act(request, found)
    except ValueError as wrong:
        messages.error(request, str(wrong))
    return redirect("person", uid=uid)


def _must_be_ours(request: StaffRequest, found: User) -> None:
    """Whoever takes an account over reads the patients of all its sites; for these there is `manage.py staff`."""
    if found.memberships.filter(until=None).exclude(site__in=administered(request.user)).exists():
        raise Refused(_("They work at other sites as well: end the roles at yours instead."))


def _correct(request: StaffRequest, found: User) -> None:
    form = PersonForm(request.POST)
    if not form.is_valid():
        raise Refused(" ".join(str(text) for texts in form.errors.values() for text in texts))
    if form.cleaned_data["email"] != found.email:
        _must_be_ours(request, found)  # links to choose a password go there, and single sign-on finds the account by it
    staff.correct(found, **form.cleaned_data)
    messages.success(request, _("Saved."))


def _site(request: StaffRequest) -> Site:
    site = administered(request.user).filter(code=request.POST.get("site", "")).first()
    if site is None:
        raise Refused(_("Choose one of your sites."))
    return site


def _role(request: StaffRequest) -> Role:
    try:
        return Role(request.POST.get("role", ""))
    except ValueError as wrong:
        raise Refused(_("Choose a role.")) from wrong


def _give(request: StaffRequest, found: User) -> None:
    site, role = _site(request), _role(request)
    if not found.is_active:
        raise Refused(_("Open the account first."))
    staff.join(found, site=site, role=role)
    messages.success(request, _("The role holds from now on."))


def _take(request: StaffRequest, found: User) -> None:
    staff.leave(found, site=_site(request), role=_role(request), on=timezone.localdate())
    messages.success(request, _("The role has ended. What they held goes to somebody who is here, within a minute."))


def _close(request: StaffRequest, found: User) -> None:
    _must_be_ours(request, found)
    staff.disable(found, on=timezone.localdate())
    ended = sessions.end_all(found, now=timezone.now())
    messages.success(request, _("The account is closed; %(n)d sessions were ended.") % {"n": ended})


def _open(request: StaffRequest, found: User) -> None:
    staff.enable(found)
    messages.success(request, _("The account is open again. Give it a role and send a link."))


def _link(request: StaffRequest, found: User) -> None:
    if not found.is_active:
        raise Refused(_("Open the account first."))
    if not found.email:
        _must_be_ours(request, found)  # it would be shown to this administrator
    _invite(request, found)


def _reset_factor(request: StaffRequest, found: User) -> None:
    _must_be_ours(request, found)
    staff.forget_second_factor(found, now=timezone.now())
    messages.success(request, _("The second factor is gone and every session ended. They set up a new one at the next sign-in."))


ACTS: dict[str, Callable[[StaffRequest, User], None]] = {
    "correct": _correct,
    "give": _give,
    "take": _take,
    "close": _close,
    "open": _open,
    "link": _link,
    "reset_factor": _reset_factor,
}


def _invite(request: StaffRequest, user: User) -> None:
    """By mail where there is an address; else the link is shown once, to be handed over."""
    address = f"{settings.PUBLIC_BASE_URL}{invitations.path_for(user)}"
    if user.email:
        invitations.send(user, address=address)
        messages.success(request, _("A link to choose a password was mailed to %(address)s.") % {"address": user.email})
    else:
        messages.info(request, _("Hand this link over yourself; it is shown once and opens once: %(link)s") % {"link": address})


def _person(request: StaffRequest, found: User, form: PersonForm) -> HttpResponse:
    kinds = set(Authenticator.objects.filter(user=found).values_list("type", flat=True))
    context = {
        "person": found,
        "form": form,
        "held": [one for one in found.memberships.all() if one.until is None],
        "former": [one for one in found.memberships.all() if one.until is not None],
        "sites": administered(request.user),
        "roles": Role.choices,
        "second_factor": bool(kinds),
        "self": found.pk == request.user.pk,
        "tab": "people",
    }
    return render(request, "patients/person.html", context)
