"""Who may get an account: nobody by themselves. Administrators make accounts; single sign-on only finds them."""

from __future__ import annotations

from collections.abc import Mapping

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.http import HttpRequest


class StaffAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class StaffSocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest, sociallogin: object) -> bool:
        return False


def name_tried(request: HttpRequest, credentials: Mapping[str, str] | None) -> str | None:
    """Whose sign-in failed: the form calls the field `login`, the backends `username`."""
    return (credentials or {}).get("username") or request.POST.get("login")
