"""Routes of the navigators' screens. Paths carry `uid`s, queries the name of a lane, a role or a sort key; never a patient."""

from __future__ import annotations

from django.urls import URLPattern, path

from notifications import webhooks
from notifications.views import (
    answering,
    candidates,
    correcting,
    dry_run,
    entering,
    family,
    home,
    item,
    journey,
    judging,
    oversight,
    patient,
    shadow,
    steering,
    texts,
    then,
    worklist,
)

urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("queue/", worklist.queue, name="queue"),
    path("queue/candidates/", candidates.candidates, name="candidates"),
    path("candidates/<uuid:uid>/", candidates.candidate, name="candidate"),
    path("candidates/<uuid:uid>/accept/", candidates.accept, name="accept"),
    path("items/<uuid:uid>/", item.work_item, name="work_item"),
    path("items/<uuid:uid>/then/", then.then, name="item_then"),
    path("items/<uuid:uid>/claim/", worklist.claim, name="claim"),
    path("items/<uuid:uid>/put-back/", worklist.put_back, name="put_back"),
    path("items/<uuid:uid>/snooze/", item.snooze, name="snooze"),
    path("items/<uuid:uid>/finish/", item.finish, name="finish"),
    path("journeys/<uuid:uid>/", journey.journey, name="journey"),
    path("journeys/<uuid:uid>/hold/", steering.hold, name="hold"),
    path("journeys/<uuid:uid>/resume/", steering.resume, name="resume"),
    path("journeys/<uuid:uid>/exit/", steering.end, name="exit"),
    path("journeys/<uuid:uid>/reopen/", steering.reopen, name="reopen"),
    path("journeys/<uuid:uid>/add/", entering.choose, name="add"),
    path("journeys/<uuid:uid>/add/<slug:kind>/", entering.enter, name="enter"),
    path("journeys/<uuid:uid>/correct/", correcting.correct, name="correct"),
    path("journeys/<uuid:uid>/answer/", answering.answer, name="answer"),
    path("journeys/<uuid:uid>/pick/", judging.pick, name="pick"),
    path("journeys/<uuid:uid>/relatives/", family.name_relative, name="name_relative"),
    path("journeys/<uuid:uid>/join/", family.join, name="join"),
    path("journeys/<uuid:uid>/confirm/", judging.confirm, name="confirm"),
    path("patients/<uuid:uid>/", patient.patient, name="patient"),
    path("rollout/<slug:site>/<slug:code>/shadow/", shadow.shadow, name="shadow"),
    path("rollout/<slug:site>/<slug:code>/shadow/list/", shadow.put_on_list, name="shadow_list"),
    path("rollout/<slug:site>/<slug:code>/shadow/judge/", shadow.judge, name="shadow_judge"),
    path("pathways/<slug:code>/<slug:number>/dry-run/", dry_run.dry_run, name="dry_run"),
    path("oversight/", oversight.oversight, name="oversight"),
    path("oversight/<uuid:uid>/judge/", oversight.judge_emergency, name="judge_emergency"),
    path("texts/", texts.texts, name="texts"),
    path("webhooks/twilio/status/<uuid:uid>/<str:token>/", webhooks.status, name="sms-status"),
    path("webhooks/twilio/inbound/", webhooks.inbound, name="sms-inbound"),
]
