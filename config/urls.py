"""All routes. Each app lists its own; paths carry `uid`s, never names or numbers of patients."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from config import account, admin, administration, digest_pages, exports, health, methods, report_pages

urlpatterns: list[URLPattern | URLResolver] = [
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("reports/", report_pages.index, name="reports"),
    path("reports/methods/", methods.methods_page, name="methods"),
    path("reports/<slug:name>/", report_pages.first, name="report_of"),
    path("reports/<slug:name>/<slug:code>/", report_pages.report, name="report"),
    path("reports/<slug:name>/<slug:code>/rows/", report_pages.rows, name="report_rows"),
    path("reports/<slug:name>/<slug:code>.csv", exports.export, name="report_export"),
    path("reports/<slug:name>/<slug:code>.xlsx", exports.workbook, name="report_workbook"),
    path("digests/", digest_pages.mine, name="digests"),
    path("digests/<uuid:uid>/end/", digest_pages.end, name="end_digest"),
    path("digests/stop/<slug:token>/", digest_pages.stop, name="stop_digest"),
    path("administration/", administration.administration, name="administration"),
    path("admin/", admin.site.urls),
    path("account/", account.account, name="account"),
    path("language/", account.language, name="language"),
    path("session/stay/", account.stay, name="stay"),
    path("accounts/2fa/webauthn/keys/<int:pk>/remove/", account.remove_key, name="remove_key"),
    path("accounts/", include("allauth.urls")),
    path("", include("patients.urls")),
    path("", include("pathways.urls")),
    path("", include("notifications.urls")),
    path("", include("notifications.queue_urls")),
    path("", include("notifications.linked_urls")),
    path("", include("notifications.team_urls")),
    path("", include("notifications.note_urls")),
]
