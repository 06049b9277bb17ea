"""Routes of linked people, and of whom to ask at the next visit."""

from __future__ import annotations

from django.urls import URLPattern, path

from notifications.views import asking, linked

urlpatterns: list[URLPattern] = [
    path("queue/ask/", asking.asking_list, name="ask"),
    path("patients/<uuid:uid>/people/", linked.link, name="link_person"),
    path("patients/<uuid:uid>/people/change/", linked.change, name="change_link"),
]
