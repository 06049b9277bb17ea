"""What a site cannot show. A step that nobody there reports is *not observable here*, which is not the same as never reached."""

from __future__ import annotations

from collections.abc import Sequence

from pathways.definitions.schema import Milestone
from pathways.models import Coverage, PathwayVersion, Rollout
from pathways.reports.cohort import Question


def unseen(question: Question, milestones: Sequence[str]) -> list[bool]:
    """Of each milestone whether no site that is asked can observe any of the kinds that reach it."""
    sites = _sites(question)
    blind = set(Coverage.objects.filter(site__in=sites, how=Coverage.How.NOT_OBSERVABLE).values_list("site_id", "kind"))
    if not blind:
        return [False] * len(milestones)
    reached_by = _reached_by(question.pathway)
    return [_is_unseen(reached_by.get(name, set()), sites, blind) for name in milestones]


def _sites(question: Question) -> list[int]:
    if question.sites is not None:
        return list(question.sites)
    return list(Rollout.objects.filter(pathway=question.pathway).values_list("site_id", flat=True))


def _reached_by(pathway: str) -> dict[str, set[str]]:
    """The kinds of facts that reach each milestone, from the definition in force as it was published."""
    body = PathwayVersion.objects.filter(code=pathway, status=PathwayVersion.Status.PUBLISHED).values_list("body", flat=True).first() or {}
    written = {name: Milestone.model_validate(one) for name, one in body.get("milestones", {}).items()}
    return {name: {kind for reach in one.reached_by for kind in reach.on} for name, one in written.items()}


def _is_unseen(kinds: set[str], sites: Sequence[int], blind: set[tuple[int, str]]) -> bool:
    return bool(kinds) and bool(sites) and all((site, kind) in blind for site in sites for kind in kinds)
