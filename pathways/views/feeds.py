"""Feeds: where messages come from, what each may do, and its token, which is shown once. For administrators and integration engineers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from pathways.ingest import feeds as verbs
from pathways.models import Expectation, Feed
from patients.changes import changes_of
from patients.models import Role, Site, User
from patients.views.guard import StaffRequest, page
from patients.views.places import zones

KEEPERS = (Role.ADMINISTRATOR, Role.INTEGRATION)
SILENCES = (("", gettext_lazy("no limit")), ("1", "1 h"), ("4", "4 h"), ("12", "12 h"), ("24", "24 h"), ("72", "72 h"))


def kept(user: User) -> QuerySet[Feed]:
    """Feeds of the sites where the user keeps them."""
    return Feed.objects.filter(site__in=kept_sites(user)).select_related("site").order_by("site__name", "name")


def kept_sites(user: User) -> QuerySet[Site]:
    return Site.objects.filter(pk__in={one.site_id for one in user.held() if one.role in KEEPERS}).order_by("name")


class FeedForm(forms.Form):
    mode = forms.ChoiceField(label=gettext_lazy("Speaks"), choices=Feed.Mode.choices)
    time_zone = forms.CharField(
        label=gettext_lazy("Time zone"),
        help_text=gettext_lazy("Of times that come without an offset."),
        widget=forms.TextInput(attrs={"list": "zones"}),
    )
    assigner = forms.CharField(
        label=gettext_lazy("Owner of record numbers"), required=False, max_length=80, help_text=gettext_lazy("Where a message names none.")
    )
    system = forms.CharField(
        label=gettext_lazy("System"),
        required=False,
        max_length=80,
        help_text=gettext_lazy("Two feeds of one system share it; blank: the feed itself."),
    )
    silence = forms.ChoiceField(
        label=gettext_lazy("May be silent for"),
        choices=SILENCES,
        required=False,
        help_text=gettext_lazy("Longer than that, the lab liaison is asked to look."),
    )
    may_register = forms.BooleanField(label=gettext_lazy("May bring in people who are not known yet"), required=False)
    states_family = forms.BooleanField(label=gettext_lazy("Is believed who a child's parents are"), required=False)
    restarts_counter = forms.BooleanField(label=gettext_lazy("Its message numbers begin anew now and then"), required=False)
    holds_tests = forms.BooleanField(label=gettext_lazy("What it marks as a test is held back"), required=False)

    def clean_time_zone(self) -> str:
        name: str = self.cleaned_data["time_zone"].strip()
        if name not in {*zones(), "UTC"}:
            raise forms.ValidationError(_("There is no such time zone; write it as in America/Chicago."))
        return name

    def stated(self) -> dict[str, Any]:
        given = dict(self.cleaned_data)
        hours = given.pop("silence")
        return {**given, "longest_silence": timedelta(hours=int(hours)) if hours else None}


class NewFeedForm(FeedForm):
    name = forms.SlugField(label=gettext_lazy("Name"), max_length=60, help_text=gettext_lazy("Short and for ever, as north-lab."))
    site = forms.ModelChoiceField(label=gettext_lazy("Site"), queryset=Site.objects.none())
    field_order = ("name", "site")

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        site = self.fields["site"]
        assert isinstance(site, forms.ModelChoiceField)
        site.queryset = kept_sites(user)

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if Feed.objects.filter(name=name).exists():
            raise forms.ValidationError(_("There is a feed of this name already."))
        return name


def said_of(feed: Feed) -> dict[str, Any]:
    hours = feed.longest_silence.total_seconds() / 3600 if feed.longest_silence else 0
    return {**{name: getattr(feed, name, "") for name in FeedForm.base_fields}, "silence": f"{hours:g}" if hours else ""}


@require_http_methods(["GET", "POST"])
@page(*KEEPERS)
def feeds(request: StaffRequest) -> HttpResponse:
    form = NewFeedForm(request.user, request.POST or None, initial={"time_zone": str(timezone.get_current_timezone())})
    if form.is_valid():
        stated = form.stated()
        feed = verbs.change(Feed(name=stated.pop("name"), site=stated.pop("site")), **stated)
        messages.success(request, _("The feed is there. It takes messages as soon as it has a token."))
        return redirect("feed", feed=feed.name)
    now = timezone.now()
    rows = [(feed, silent(feed)) for feed in kept(request.user)]
    context = {"feeds": rows, "form": form, "zones": zones(), "now": now, "tab": "feeds"}
    return render(request, "pathways/feeds.html", context, status=422 if form.is_bound else 200)


def silent(feed: Feed) -> bool:
    """Whether the feed has been quiet for longer than it may be."""
    return bool(feed.heard_at and feed.longest_silence and timezone.now() - feed.heard_at > feed.longest_silence)


@require_http_methods(["GET", "POST"])
@page(*KEEPERS)
def feed(request: StaffRequest, feed: str) -> HttpResponse:
    found = get_object_or_404(kept(request.user), name=feed)
    form = FeedForm(request.POST or None, initial=said_of(found))
    if form.is_valid():
        verbs.change(found, **form.stated())
        messages.success(request, _("Saved."))
        return redirect("feed", feed=feed)
    return _page(request, found, form, 422 if form.is_bound else 200)


@sensitive_variables("token")
@require_POST
@page(*KEEPERS)
def feed_token(request: StaffRequest, feed: str) -> HttpResponse:
    """Makes a token and shows it on this answer alone; or (`withdraw`) takes it away."""
    found = get_object_or_404(kept(request.user), name=feed)
    if request.POST.get("withdraw"):
        verbs.withdraw_token(feed=found)
        messages.success(request, _("The token does not open anything any more."))
        return redirect("feed", feed=feed)
    token = verbs.issue_token(feed=found)
    return _page(request, found, FeedForm(initial=said_of(found)), 200, token=token)


def _page(request: StaffRequest, found: Feed, form: FeedForm, status: int, *, token: str = "") -> HttpResponse:
    context = {
        "feed": found,
        "form": form,
        "token": token,
        "silent": silent(found),
        "changes": changes_of(found),
        "expectations": Expectation.objects.filter(feed=found).order_by("kind"),
        "zones": zones(),
        "tab": "feeds",
    }
    return render(request, "pathways/feed.html", context, status=status)
