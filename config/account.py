"""One's own account: language, password, second factor; and staying signed in."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.views import remove_webauthn
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from config import signin
from patients import drafts, staff
from patients.models import User
from patients.views.guard import ANYONE, StaffRequest, page

YEAR = 365 * 24 * 3600


@require_GET
@page(*ANYONE)
def account(request: StaffRequest) -> HttpResponse:
    kinds = set(Authenticator.objects.filter(user=request.user).values_list("type", flat=True))
    context = {
        "memberships": sorted(request.user.held(), key=lambda one: (one.site.name, one.role)),
        "second_factor": not kinds.isdisjoint(signin.FACTORS),
        "required": signin.is_required(request.user),
        "has_password": request.user.has_usable_password(),
        "kept": drafts.of(request.user, now=timezone.now()).count(),
    }
    return render(request, "account/account.html", context)


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Of the screens: kept with the account, and in a cookie for the door."""
    chosen, target = request.POST.get("language", ""), request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
        target = "/"
    if chosen not in dict(settings.LANGUAGES):
        return HttpResponse(status=400)
    if isinstance(request.user, User):
        staff.speak(request.user, language=chosen)
        with translation.override(chosen):
            messages.success(request, _("The screens speak English now."))
    answer = redirect(target)
    answer.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, chosen, max_age=YEAR, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax"
    )
    return answer


@login_required
def remove_key(request: HttpRequest, pk: int) -> HttpResponseBase:
    """allauth's own page, but nobody who needs a second factor takes the last one off."""
    key = get_object_or_404(Authenticator, user=request.user, pk=pk, type=Authenticator.Type.WEBAUTHN)
    if not signin.StaffMFAAdapter().can_delete_authenticator(key):
        messages.error(request, _("Your role needs a second factor: add another one first."))
        return redirect("mfa_list_webauthn")
    removed: HttpResponseBase = remove_webauthn(request, pk=pk)
    return removed


@require_POST
@page(*ANYONE)
def stay(_request: StaffRequest) -> HttpResponse:
    """Somebody is there: the session's time begins anew, as with every request."""
    return HttpResponse(status=204)
