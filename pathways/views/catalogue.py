"""The programmes: which version of each is in force, which is being made, how far each has gone live."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from pathways.definitions.lifecycle import MAKING
from pathways.definitions.schema import Pathway
from pathways.models import PathwayVersion, Rollout
from pathways.timeline import PHASES
from pathways.views.versions import latest, shown
from pathways.views.written import pathway_of
from patients.models import User
from patients.templatetags.finalmile import sentence
from patients.views.guard import ANYONE, StaffRequest, page

Status = PathwayVersion.Status


@dataclass(frozen=True, slots=True)
class Programme:
    """`version` is the one in force, else the latest; `making` the one that waits for review or publication."""

    version: PathwayVersion
    making: PathwayVersion | None
    pathway: Pathway
    chain: list[str]
    rollouts: list[Rollout]
    versions: int


@require_GET
@page(*ANYONE)
def catalogue(request: StaffRequest) -> HttpResponse:
    return render(request, "pathways/catalogue.html", {"programmes": programmes(request.user)})


@require_GET
@page(*ANYONE)
def programme(request: StaffRequest, code: str) -> HttpResponse:
    """The version in force, or the last one of a programme that has none."""
    return shown(request, latest(code))


def programmes(user: User) -> list[Programme]:
    by_code: dict[str, list[PathwayVersion]] = {}
    for row in PathwayVersion.objects.defer("body").select_related("approved_by").order_by("code", "number"):
        by_code.setdefault(row.code, []).append(row)
    begun = rollouts(user)
    found = [_programme(rows, begun.get(code, [])) for code, rows in by_code.items()]
    return sorted(found, key=lambda one: (one.version.status != Status.PUBLISHED, one.version.title))


def _programme(rows: list[PathwayVersion], begun: list[Rollout]) -> Programme:
    version = next((row for row in rows if row.status == Status.PUBLISHED), rows[-1])
    making = next((row for row in rows if row.status in MAKING and row is not version), None)
    pathway = pathway_of(version)
    return Programme(version, making, pathway, chain(pathway), begun, len(rows))


def rollouts(user: User) -> dict[str, list[Rollout]]:
    """How far each programme has gone live at the user's sites, by its code."""
    found: dict[str, list[Rollout]] = {}
    for row in Rollout.objects.filter(site__in=user.site_ids()).select_related("site").order_by("site__name"):
        found.setdefault(row.pathway, []).append(row)
    return found


def chain(pathway: Pathway) -> list[str]:
    return [sentence(pathway.phases[phase]) for phase in PHASES if phase in pathway.phases]
