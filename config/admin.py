"""Django's own administration, for administrators alone: tables to look at, and the directory of clinicians to keep.

Everything else has a verb and a screen, and is changed there. Every page leaves an access-log row, and shows the user's sites only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from pathways.models import Coverage, Expectation, Feed, Rollout
from patients import access
from patients.models import AccessLog, EmergencyAccess, Membership, Patient, Practitioner, Site, User
from patients.views.people import administered

if TYPE_CHECKING:
    Table = admin.ModelAdmin[Any]
else:
    Table = admin.ModelAdmin


class Administration(admin.AdminSite):
    site_header = site_title = "Finalmile"
    index_title = "Tables"
    site_url = "/administration/"
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        return isinstance(request.user, User) and administered(request.user).exists()

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """There is one door, with its lock-out and its second factor."""
        if request.user.is_authenticated:
            return redirect("home")
        return redirect_to_login(request.get_full_path())


class Looked(Table):
    """A table to look at. `scope` leads from a row to its site; `whom` to the patient whom it shows."""

    scope = ""
    whom = ""
    actions = None
    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        assert isinstance(request.user, User)
        return rows.filter(**{f"{self.scope}__in": administered(request.user)}).distinct() if self.scope else rows

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True

    def has_module_permission(self, request: HttpRequest) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """No table is filtered by what its list does not show: answers to `?password__startswith=` would spell a password's hash."""
        return lookup.partition("__")[0] in self.list_display and super().lookup_allowed(lookup, value, request)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        answer = super().changelist_view(request, extra_context)
        changes = (getattr(answer, "context_data", None) or {}).get("cl")
        self.saw(request, "list", changes.result_list if changes else [])
        return answer

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None) -> Any:
        row = self.get_object(request, object_id) if object_id else None
        self.saw(request, "view", [row] if row else [])
        return super().changeform_view(request, object_id, form_url, extra_context)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        row = self.get_object(request, object_id)
        self.saw(request, "view", [row] if row else [])
        return super().history_view(request, object_id, extra_context)

    def saw(self, request: HttpRequest, action: str, rows: Any) -> None:
        shown = [getattr(row, self.whom) for row in rows] if self.whom else []
        access.saw(request, action=action, what=f"admin {self.opts.label_lower}", patients=shown, now=timezone.now())


class Sites(Looked):
    scope, list_display = "pk", ("code", "name", "time_zone", "country", "subdivision", "is_training")


class Accounts(Looked):
    scope, list_display = "memberships__site", ("username", "first_name", "last_name", "is_active", "last_login")
    fields = ("username", "first_name", "last_name", "email", "is_active", "language", "date_joined", "last_login")


class Memberships(Looked):
    scope, list_display = "site", ("user", "site", "role", "since", "until")


class Clinicians(Looked):
    """The directory is everybody's; whoever keeps it is written down, and what was before is kept."""

    list_display, search_fields = ("family", "given", "specialty", "npi", "user"), ("family", "given", "npi")
    raw_id_fields = ("user", "delegates")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return True

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True


class Feeds(Looked):
    scope, list_display = "site", ("name", "site", "mode", "may_register", "heard_at", "data_as_of")
    exclude = ("token_digest",)


class OfASite(Looked):
    scope = "site"


class Patients(Looked):
    """Without names: flags and times, for whoever looks after the installation."""

    scope, whom = "sites__site", "pk"
    list_display = ("uid", "is_test", "registered_at", "admitted_since", "death_hold_since")
    list_display_links = None

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """The list alone: a page of its own would carry the name."""
        return obj is None


class Emergencies(Looked):
    scope, whom = "patient__sites__site", "patient_id"
    list_display = ("user", "reason", "began_at", "until")
    fields = ("user", "reason", "why", "began_at", "until")


class Reads(Looked):
    """Who read what, by the ids of rows: of users who work at the administrator's sites."""

    scope = "user__memberships__site"
    list_display = ("at", "actor", "action", "what", "request_id")
    ordering = ("-pk",)


site = Administration(name="admin")
for model, kind in (
    (Site, Sites),
    (User, Accounts),
    (Membership, Memberships),
    (Practitioner, Clinicians),
    (Feed, Feeds),
    (Rollout, OfASite),
    (Coverage, OfASite),
    (Expectation, OfASite),
    (Patient, Patients),
    (EmergencyAccess, Emergencies),
    (AccessLog, Reads),
):
    site.register(model, kind)
