"""A published definition as it was written, for pages that show it. What replays or rings reads the compiled one."""

from __future__ import annotations

from functools import lru_cache

from pathways.definitions.schema import Pathway, Stage
from pathways.models import PathwayVersion


def pathway_of(version: PathwayVersion) -> Pathway:
    return _pathway(version.pk, version.digest)


@lru_cache(maxsize=64)
def _pathway(version_id: int, digest: str) -> Pathway:
    """A published version never changes, so it is read once; the digest tells two databases of one process apart."""
    return Pathway.model_validate(PathwayVersion.objects.get(pk=version_id, digest=digest).body)


def stage_of(pathway: Pathway, track: str, stage: str) -> Stage | None:
    found = pathway.tracks.get(track)
    return found.stages.get(stage) if found else None
