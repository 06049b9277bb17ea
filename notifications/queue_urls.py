"""Routes of the queue itself: from hand to hand, undo, many at once, guided mode, views, capacity, one's own desk. No route names a patient."""

from __future__ import annotations

from django.urls import URLPattern, path

from notifications.views import bulk, capacity, desk, finding, guided, hands, precision

urlpatterns: list[URLPattern] = [
    path("queue/next/", guided.next_item, name="next_item"),
    path("queue/find/", finding.find_items, name="find_items"),
    path("queue/new/", finding.newcomers, name="newcomers"),
    path("queue/lost/", finding.lost, name="lost"),
    path("queue/bulk/", bulk.bulk, name="bulk"),
    path("queue/views/", finding.save_view, name="save_view"),
    path("queue/views/forget/", finding.forget_view, name="forget_view"),
    path("queue/capacity/", capacity.capacity, name="capacity"),
    path("queue/precision/", precision.precision, name="precision"),
    path("items/<uuid:uid>/take-over/", hands.take_over, name="take_over"),
    path("items/<uuid:uid>/hand-over/", hands.hand_over, name="hand_over_item"),
    path("items/<uuid:uid>/accept/", hands.accept_item, name="accept_item"),
    path("items/<uuid:uid>/decline/", hands.decline_item, name="decline_item"),
    path("items/<uuid:uid>/undo/", hands.undo, name="undo"),
    path("items/<uuid:uid>/reopen/", hands.reopen_item, name="reopen_item"),
    path("items/<uuid:uid>/skip/", guided.skip, name="skip"),
    path("desk/", desk.desk, name="desk"),
    path("desk/away/", desk.away, name="away"),
    path("desk/back/", desk.back, name="back"),
    path("palette/", desk.palette, name="palette"),
    path("keys/", desk.keys, name="keys"),
]
