"""Routes of what the team writes down: notes on a journey, a patient or an item, and calls that came in."""

from __future__ import annotations

from django.urls import URLPattern, path

from notifications.views import notes

urlpatterns: list[URLPattern] = [
    path("journeys/<uuid:uid>/notes/", notes.note_on_journey, name="note_on_journey"),
    path("patients/<uuid:uid>/notes/", notes.note_on_patient, name="note_on_patient"),
    path("patients/<uuid:uid>/call/", notes.log_call, name="log_call"),
    path("items/<uuid:uid>/notes/", notes.note_on_item, name="note_on_item"),
]
