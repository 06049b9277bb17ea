"""Routes of patients. No path or query carries a name or a number."""

from __future__ import annotations

from django.urls import URLPattern, path

from patients.views import drafts, people, places
from patients.views.clinicians import clinicians
from patients.views.emergency import emergency
from patients.views.search import patient_search

urlpatterns: list[URLPattern] = [
    path("patients/", patient_search, name="patient_search"),
    path("patients/emergency/", emergency, name="emergency"),
    path("clinicians/", clinicians, name="clinicians"),
    path("administration/people/", people.people, name="people"),
    path("administration/people/<uuid:uid>/", people.person, name="person"),
    path("administration/people/<uuid:uid>/change/", people.change_person, name="change_person"),
    path("administration/sites/", places.sites, name="sites"),
    path("administration/sites/<slug:site>/", places.site, name="site"),
    path("administration/sites/<slug:site>/closed/", places.closed, name="closed_days"),
    path("drafts/", drafts.drafts, name="drafts"),
    path("drafts/keep/", drafts.keep, name="keep_draft"),
    path("drafts/<uuid:uid>/", drafts.draft, name="draft"),
    path("drafts/<uuid:uid>/forget/", drafts.forget, name="forget_draft"),
]
