"""Routes of who answers for a journey: its care team, hand-overs, notices to its clinicians, incidents, and the record of it all."""

from __future__ import annotations

from django.urls import URLPattern, path

from notifications.views import care_team, comparing, downtime, incidents, notices, record

urlpatterns: list[URLPattern] = [
    path("journeys/<uuid:uid>/team/", care_team.name_member, name="name_member"),
    path("journeys/<uuid:uid>/team/leave/", care_team.leave_team, name="leave_team"),
    path("journeys/<uuid:uid>/hand-over/", care_team.hand_over, name="hand_over"),
    path("journeys/<uuid:uid>/hand-over/answer/", care_team.answer_hand_over, name="answer_hand_over"),
    path("downtime/", downtime.entry, name="downtime"),
    path("items/<uuid:uid>/paper/", downtime.paper, name="paper"),
    path("journeys/<uuid:uid>/record/", record.record, name="record"),
    path("journeys/<uuid:uid>/incident/", incidents.report, name="report_incident"),
    path("incidents/", incidents.listed, name="incidents"),
    path("comparisons/", comparing.comparisons, name="comparisons"),
    path("comparisons/<uuid:uid>/stop/", comparing.stop, name="stop_comparison"),
    path("incidents/<uuid:uid>/", incidents.incident, name="incident"),
    path("notices/", notices.mine, name="notices"),
    path("notices/<uuid:uid>/", notices.notice, name="notice"),
    path("notices/<uuid:uid>/acknowledge/", notices.acknowledge, name="acknowledge_notice"),
    path("notices/<uuid:uid>/acted/", notices.act, name="act_on_notice"),
    path("notices/<uuid:uid>/not-appropriate/", notices.refuse, name="refuse_notice"),
]
