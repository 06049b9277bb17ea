"""Routes of linked people, of what patients say to texts and by text, and of whom to ask at the next visit."""

from __future__ import annotations

from django.urls import URLPattern, path

from notifications.views import answer_link, asking, consenting, consents, letter, life, linked, reaching, stop_mail, thread

urlpatterns: list[URLPattern] = [
    path("items/<uuid:uid>/conversation/", thread.conversation, name="conversation"),
    path("items/<uuid:uid>/letter/", letter.letter, name="letter"),
    path("patients/<uuid:uid>/death/", life.death, name="death"),
    path("patients/<uuid:uid>/texts/", consenting.consenting, name="consenting"),
    path("a/<str:token>", answer_link.answer_link, name="answer_link"),
    path("patients/<uuid:uid>/addresses/", reaching.add_address, name="add_address"),
    path("patients/<uuid:uid>/addresses/end/", reaching.end_address, name="end_address"),
    path("patients/<uuid:uid>/addresses/works/", reaching.clear_address, name="clear_address"),
    path("patients/<uuid:uid>/mail-consent/", reaching.mail_consent, name="mail_consent"),
    path("patients/<uuid:uid>/lives-in/", reaching.live_in, name="live_in"),
    path("mail/stop/<uuid:uid>/", stop_mail.stop_mail, name="stop_mail"),
    path("consents/", consents.consents, name="consents"),
    path("queue/ask/", asking.asking_list, name="ask"),
    path("patients/<uuid:uid>/people/", linked.link, name="link_person"),
    path("patients/<uuid:uid>/people/change/", linked.change, name="change_link"),
]
