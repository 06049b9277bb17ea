"""Routes of linked people, of what patients say to texts and by text, and of whom to ask at the next visit."""

from __future__ import annotations

from django.urls import URLPattern, path

from notifications.views import answer_link, asking, consenting, consents, letter, life, linked, thread

urlpatterns: list[URLPattern] = [
    path("items/<uuid:uid>/conversation/", thread.conversation, name="conversation"),
    path("items/<uuid:uid>/letter/", letter.letter, name="letter"),
    path("patients/<uuid:uid>/death/", life.death, name="death"),
    path("patients/<uuid:uid>/texts/", consenting.consenting, name="consenting"),
    path("a/<str:token>", answer_link.answer_link, name="answer_link"),
    path("consents/", consents.consents, name="consents"),
    path("queue/ask/", asking.asking_list, name="ask"),
    path("patients/<uuid:uid>/people/", linked.link, name="link_person"),
    path("patients/<uuid:uid>/people/change/", linked.change, name="change_link"),
]
