"""Routes of patients. No path or query carries a name or a number."""

from __future__ import annotations

from django.urls import URLPattern, path

from patients.views.emergency import emergency
from patients.views.search import patient_search

urlpatterns: list[URLPattern] = [
    path("patients/", patient_search, name="patient_search"),
    path("patients/emergency/", emergency, name="emergency"),
]
