"""Reports by e-mail, as their reader manages them; and the page behind the link that stops one, for which nobody signs in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from config import digests
from config.models import Digest, Subscription
from config.reports import EVERY, REPORTS
from pathways.definitions import registry
from patients.models import User
from patients.views.guard import ANYONE, StaffRequest, page
from patients.views.guard import REPORTS as READERS

WEEK = (
    gettext_lazy("Monday"),
    gettext_lazy("Tuesday"),
    gettext_lazy("Wednesday"),
    gettext_lazy("Thursday"),
    gettext_lazy("Friday"),
    gettext_lazy("Saturday"),
    gettext_lazy("Sunday"),
)
DAILY = "daily"
HEADERS = {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}
USUAL_HOUR = 7


class SubscribeForm(forms.Form):
    """What, and when it comes. What is offered are the reader's reports, each with the programmes it can be asked of."""

    report = forms.ChoiceField(label=gettext_lazy("Report"))
    day = forms.ChoiceField(label=gettext_lazy("Day"), initial="0")
    hour = forms.TypedChoiceField(label=gettext_lazy("Hour"), coerce=int, initial=USUAL_HOUR)

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(data)
        self._offer("report", offered(user))
        self._offer("day", [(DAILY, _("every day")), *((str(n), str(name)) for n, name in enumerate(WEEK))])
        self._offer("hour", [(str(hour), f"{hour:02d}:00") for hour in range(24)])

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    @property
    def wanted(self) -> dict[str, Any]:
        report, _slash, programme = self.cleaned_data["report"].partition("/")
        day = self.cleaned_data["day"]
        return {"report": report, "programme": programme, "weekday": None if day == DAILY else int(day), "hour": self.cleaned_data["hour"]}


def offered(user: User) -> list[tuple[str, str]]:
    """`report/programme` and both in words."""
    titles = {code: one.definition.title for code, one in registry.published().items()}
    mine = [one for one in REPORTS.values() if digests.may_read(user, one.name)]
    every = [(f"{one.name}/{EVERY}", str(_(one.title))) for one in mine if one.every]
    return every + [(f"{one.name}/{code}", f"{_(one.title)}: {title}") for one in mine if one.one for code, title in sorted(titles.items())]


@dataclass(frozen=True, slots=True)
class Kept:
    """A subscription as its reader sees it, with what became of the last e-mail."""

    row: Subscription
    title: str
    when: str
    last: Digest | None

    @property
    def troubled(self) -> bool:
        return self.last is not None and self.last.state in (Digest.State.FAILED, Digest.State.UNKNOWN)


def kept(user: User) -> list[Kept]:
    titles, rows = dict(offered(user)), list(digests.mine(user))
    last = {one.subscription_id: one for one in Digest.objects.filter(subscription__in=rows).order_by("day")}
    return [Kept(row, titles.get(f"{row.report}/{row.programme}", row.report), _when(row), last.get(row.pk)) for row in rows]


def _when(row: Subscription) -> str:
    day = _("every day") if row.weekday is None else str(WEEK[row.weekday])
    return f"{day}, {row.hour:02d}:00"


@require_http_methods(["GET", "POST"])
@page(*READERS)
def mine(request: StaffRequest) -> HttpResponse:
    form = SubscribeForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            digests.subscribe(user=request.user, now=timezone.now(), **form.wanted)
        except digests.Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("You will get an e-mail with a link."))
            return redirect("digests")
    context = {"kept": kept(request.user), "form": form, "address": request.user.email}
    return render(request, "digests/mine.html", context, status=422 if form.is_bound else 200)


@require_POST
@page(*ANYONE)
def end(request: StaffRequest, uid: UUID) -> HttpResponse:
    row = get_object_or_404(digests.mine(request.user), uid=uid)
    digests.stop(token=row.token, why="on the page", now=timezone.now())
    messages.success(request, _("Stopped."))
    return redirect("digests")


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """One click (RFC 8058): a mail program posts here without a cookie. GET changes nothing, because links are opened by scanners too.
    Nobody learns whether there is such a subscription."""
    if request.method == "POST":
        digests.stop(token=token, why="from the e-mail", now=timezone.now())
    response = render(request, "digests/stop.html", {"stopped": request.method == "POST"})
    for name, value in HEADERS.items():
        response.headers[name] = value
    return response
