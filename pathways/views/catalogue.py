"""The programmes in force: every stage with its target and where the target comes from, and who signed it."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from pathways.definitions.schema import Pathway, Stage
from pathways.models import PathwayVersion, Rollout
from pathways.reports.drop_off import EXIT_CLASSES
from pathways.timeline import PHASES
from pathways.views.written import pathway_of
from patients.models import User
from patients.templatetags.finalmile import sentence
from patients.views.guard import ANYONE, StaffRequest, page


@dataclass(frozen=True, slots=True)
class Row:
    track: str
    name: str
    stage: Stage
    first: bool


def published() -> list[PathwayVersion]:
    return list(PathwayVersion.objects.filter(status=PathwayVersion.Status.PUBLISHED).select_related("approved_by").order_by("title"))


def rollouts(user: User, code: str) -> list[Rollout]:
    """How far the programme has gone live at the user's sites."""
    return list(
        Rollout.objects.filter(pathway=code, site__in=user.site_ids()).select_related("site", "default_accountable").order_by("site__name")
    )


@require_GET
@page(*ANYONE)
def catalogue(request: StaffRequest) -> HttpResponse:
    shown = [(version, pathway_of(version), chain(pathway_of(version)), rollouts(request.user, version.code)) for version in published()]
    return render(request, "pathways/catalogue.html", {"programmes": shown})


@require_GET
@page(*ANYONE)
def programme(request: StaffRequest, code: str) -> HttpResponse:
    version = get_object_or_404(PathwayVersion, code=code, status=PathwayVersion.Status.PUBLISHED)
    pathway = pathway_of(version)
    context = {
        "version": version,
        "pathway": pathway,
        "rows": rows_of(version),
        "exits": exits_of(pathway),
        "rollouts": rollouts(request.user, code),
    }
    return render(request, "pathways/programme.html", context)


def rows_of(version: PathwayVersion) -> list[Row]:
    """Stages in the order in which they were written (the stored body keeps no order), grouped by track."""
    pathway = pathway_of(version)
    order = list(version.stages.order_by("pk").values_list("track", "name"))
    tracks = list(dict.fromkeys(track for track, _ in order))
    order.sort(key=lambda pair: tracks.index(pair[0]))
    firsts = {track: next(name for at, name in order if at == track) for track in tracks}
    return [Row(track, name, pathway.tracks[track].stages[name], name == firsts[track]) for track, name in order]


def chain(pathway: Pathway) -> list[str]:
    return [sentence(pathway.phases[phase]) for phase in PHASES if phase in pathway.phases]


def exits_of(pathway: Pathway) -> list[tuple[str, str]]:
    """Reasons by class, what could have been prevented first."""
    return sorted(pathway.exits.items(), key=lambda one: (EXIT_CLASSES.index(one[1]), one[0]))
