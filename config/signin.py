"""Who may get an account: nobody by themselves. Administrators make accounts; single sign-on only finds them.

A second factor (a security key or passkey, or an app's code) is asked of the roles in `MFA_REQUIRED_ROLES` (`all`: of everybody).
Whoever comes by single sign-on brought theirs along, where `OIDC_BRINGS_MFA` says so. A passkey that checks its owner (PIN, finger,
face) is two factors by itself and signs in without a password.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.core import context
from allauth.core.internal.httpkit import get_client_ip
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from axes.handlers.proxy import AxesProxyHandler
from cryptography.fernet import Fernet, MultiFernet
from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _

from patients import drafts
from patients.models import User

SECOND_FACTOR = "second_factor"
"""In the session: a second factor was seen, so that it is not looked up with every request."""
FACTORS = (Authenticator.Type.WEBAUTHN, Authenticator.Type.TOTP)
"""What counts as one; recovery codes only stand in for it."""
CODES_THAT_HOLD = 3
"""Of an app at once: the present one, the one before and the one after."""


class StaffAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def post_login(self, request: HttpRequest, user: User, **how: Any) -> HttpResponse:
        """What was typed when the last session ended is offered at once."""
        answer: HttpResponse = super().post_login(request, user, **how)
        if drafts.of(user, now=timezone.now()).exists():
            words = _("What you wrote before your session ended was kept:")
            messages.info(request, format_html('{} <a href="{}">{}</a>', words, reverse("drafts"), _("look at it")))
        return answer


class StaffSocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest, sociallogin: object) -> bool:
        return False


class StaffMFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets of second factors lie encrypted, under a key that is made of `SECRET_KEY` (and of former ones while it is rotated)."""

    def get_totp_issuer(self) -> str:
        return "Finalmile"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """A key is bound to the host name alone; what it shows its owner is the product's name."""
        return {**super().get_public_key_credential_rp_entity(), "name": "Finalmile"}

    def encrypt(self, text: str) -> str:
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _box().decrypt(encrypted_text.encode()).decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Whoever needs a second factor replaces it through an administrator, and is never without one."""
        others = Authenticator.objects.filter(user=authenticator.user, type__in=FACTORS).exclude(pk=authenticator.pk)
        return others.exists() or not is_required(authenticator.user)


class CodeForm(AuthenticateForm):  # type: ignore[misc]
    """A wrong code counts as a wrong password does, in the table that all processes share: whoever knows the password cannot try them all."""

    def clean_code(self) -> str:
        whose, request = {"username": self.user.get_username()}, context.request
        if not AxesProxyHandler.is_allowed(request, whose):
            raise forms.ValidationError(_("Locked for a while"))
        try:
            code: str = super().clean_code()
            _spend(self.authenticator, code)
        except forms.ValidationError:
            AxesProxyHandler.user_login_failed(CodeForm, whose, request)
            raise
        return code


def _spend(authenticator: Authenticator, code: str) -> None:
    """A code opens once, whichever process sees it: allauth remembers it in the memory of one, for as long as it holds."""
    if authenticator.type != Authenticator.Type.TOTP:
        return
    mark = hashlib.sha256(f"{authenticator.pk}:{code.strip()}".encode()).hexdigest()
    with transaction.atomic():
        kept = Authenticator.objects.select_for_update().get(pk=authenticator.pk)
        spent = kept.data.get("spent", [])
        if mark in spent:
            raise forms.ValidationError(_("This code was used already. Wait for the next one."))
        kept.data = {**kept.data, "spent": [*spent, mark][-CODES_THAT_HOLD:]}
        kept.save(update_fields=["data"])


def _box() -> MultiFernet:
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"second factor " + key.encode()).digest())) for key in keys])


def is_required(user: User) -> bool:
    """Whether one of the user's roles asks for a second factor."""
    asked = set(settings.MFA_REQUIRED_ROLES)
    return bool(asked) and ("all" in asked or not user.roles().isdisjoint(asked))


def brought_along(request: HttpRequest, user: User) -> bool:
    """Whether the single sign-on that the user came by stands for a second factor."""
    return settings.OIDC_BRINGS_MFA and any(one.get("method") == "socialaccount" for one in get_authentication_records(request, user))


def lacks_second_factor(request: HttpRequest, user: User) -> bool:
    """Whether one must be set up before anything else opens."""
    if not settings.MFA_REQUIRED_ROLES or request.session.get(SECOND_FACTOR):
        return False
    user.remember()
    if not is_required(user):
        return False
    if brought_along(request, user) or Authenticator.objects.filter(user=user, type__in=FACTORS).exists():
        request.session[SECOND_FACTOR] = True
        return False
    return True


def name_tried(request: HttpRequest, credentials: Mapping[str, str] | None) -> str | None:
    """Whose sign-in failed: the form calls the field `login`, the backends `username`. Large and small letters open the same account."""
    name = (credentials or {}).get("username") or request.POST.get("login")
    return name.strip().casefold() if name else None


def address_of(request: HttpRequest) -> str | None:
    """Where a request came from, as our own proxies say (`TRUSTED_PROXIES`): what a browser claims of itself is never believed."""
    found: str | None = get_client_ip(request)
    return found
