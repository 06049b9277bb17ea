"""Routes of intake, programmes and reports. Paths carry `uid`s and codes of programmes; never a patient."""

from __future__ import annotations

from django.urls import URLPattern, path

from pathways.views import audits, catalogue, coverage, drop_off, inbound, migrating, quarantine, review, rollouts, second_chances, versions

urlpatterns: list[URLPattern] = [
    path("inbound/", inbound.inbound, name="receive"),
    path("intake/", quarantine.quarantine, name="quarantine"),
    path("intake/<uuid:uid>/", quarantine.inbound, name="inbound"),
    path("intake/<uuid:uid>/replay/", quarantine.replay, name="replay"),
    path("pathways/", catalogue.catalogue, name="catalogue"),
    path("pathways/<slug:code>/", catalogue.programme, name="programme"),
    path("pathways/<slug:code>/history/", versions.history, name="version_history"),
    path("pathways/<slug:code>/<slug:number>/", versions.version, name="version"),
    path("pathways/<slug:code>/<slug:number>/changes/", versions.changes, name="version_changes"),
    path("pathways/<slug:code>/<slug:number>/act/", versions.act, name="version_act"),
    path("pathways/<slug:code>/<slug:number>/migrate/", migrating.migration, name="migrate_journeys"),
    path("pathways/<slug:code>/<slug:number>/migrate/<slug:site>/", migrating.migrate, name="migrate_site"),
    path("pathways/<slug:code>/<slug:number>/migrate/<slug:site>/undo/", migrating.undo, name="undo_migration"),
    path("second-chances/", second_chances.second_chances, name="second_chances"),
    path("second-chances/<uuid:uid>/open/", second_chances.open_again, name="open_again"),
    path("second-chances/<uuid:uid>/leave/", second_chances.leave_closed, name="leave_closed"),
    path("audits/", audits.audits, name="audits"),
    path("audits/<uuid:uid>/", audits.audit, name="audit"),
    path("audits/<uuid:uid>/open/", audits.open_candidates, name="open_candidates"),
    path("audits/<uuid:uid>/remove/", audits.remove, name="remove_audit"),
    path("coverage/", coverage.first, name="coverages"),
    path("coverage/<slug:site>/", coverage.coverage, name="coverage"),
    path("coverage/<slug:site>/expect/", coverage.expect, name="expect"),
    path("coverage/<slug:site>/forget/", coverage.forget, name="forget_expectation"),
    path("rollout/", rollouts.matrix, name="rollouts"),
    path("rollout/<slug:site>/pause/", rollouts.pause_site, name="pause_site"),
    path("rollout/<slug:site>/resume/", rollouts.resume_site, name="resume_site"),
    path("rollout/<slug:site>/<slug:code>/", rollouts.rollout, name="rollout"),
    path("rollout/<slug:site>/<slug:code>/pause/", rollouts.pause, name="pause_texts"),
    path("rollout/<slug:site>/<slug:code>/resume/", rollouts.resume, name="resume_texts"),
    path("rollout/<slug:site>/<slug:code>/review/", review.review, name="review"),
    path("rollout/<slug:site>/<slug:code>/release/", review.release, name="release"),
    path("rollout/<slug:site>/<slug:code>/sign/", rollouts.sign, name="sign_targets"),
    path("drop-off/", drop_off.first, name="drop_off"),
    path("drop-off/<slug:code>/", drop_off.drop_off, name="drop_off_of"),
]
