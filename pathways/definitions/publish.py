"""Publishes a definition: a version row that never changes, its stages and rungs as rows that the sweep can join."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from django.db import transaction

from pathways.definitions import compile as compiling
from pathways.definitions import registry, schema
from pathways.definitions.reading import CATALOG, Source, read_path, read_text, with_order
from pathways.definitions.validate import Fault, faults_of
from pathways.models import PathwayVersion, Rung, Stage
from patients.models import User

__all__ = ["CATALOG", "NotPublishable", "Retired", "catalogue", "publish", "publish_catalogue"]


class NotPublishable(Exception):
    """The definition has faults; nothing was written."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(str(fault) for fault in faults))
        self.faults = faults


class Retired(Exception):
    """This very content was published and retired before; a version is never revived, change its description to publish it again."""


def publish(*, path: Path | None = None, text: str | None = None, by: User | None, now: datetime) -> PathwayVersion:
    """Puts a definition in force; journeys stay on the version they were opened with. Safe to repeat: same content, same version.

    Raises:
        NotPublishable: with all faults. Unacceptable: the file cannot be read. Retired: content that was replaced before.
    """
    source = read_path(path) if path is not None else read_text(text or "")
    if faults := faults_of(source):
        raise NotPublishable(faults)
    version = _store(source, by, now)
    registry.clear()
    transaction.on_commit(registry.clear)
    return version


def publish_catalogue(*, by: User | None, now: datetime) -> list[PathwayVersion]:
    """Every pathway that ships with the product; tracks that only serve to be included are left out."""
    return [publish(path=path, by=by, now=now) for path in catalogue()]


def catalogue() -> list[Path]:
    return [path for path in sorted(CATALOG.glob("*.yaml")) if "track" not in read_path(path).body]


@transaction.atomic
def _store(source: Source, by: User | None, now: datetime) -> PathwayVersion:
    pathway = schema.Pathway.model_validate(source.body)
    digest = compiling.digest_of(source.body)
    earlier = PathwayVersion.objects.select_for_update().filter(code=pathway.code).order_by("number")
    numbers = []
    for row in earlier:
        if row.digest == digest:
            if row.status == PathwayVersion.Status.RETIRED:
                raise Retired(f"{row} was replaced by a later version")
            return row
        numbers.append(row.number)
    for row in earlier.filter(status=PathwayVersion.Status.PUBLISHED):
        row.retire()
        row.save(update_fields=["status"])
    version = PathwayVersion(
        code=pathway.code,
        number=max(numbers, default=0) + 1,
        title=pathway.title,
        digest=digest,
        body=with_order(source.body),
        approved_by=by,
        published_at=now,
    )
    version.publish()
    version.save()
    _store_stages(version, pathway)
    return version


def _store_stages(version: PathwayVersion, pathway: schema.Pathway) -> None:
    definition = compiling.compile_pathway(pathway, number=version.number, digest=version.digest)
    for stage in definition.stages.values():
        row = Stage.objects.create(
            version=version,
            track=stage.track,
            name=stage.name,
            problem=stage.problem,
            label=stage.label,
            ball=stage.ball,
            awaits=list(stage.awaits),
            watch=stage.watch,
            blocks=stage.blocks,
        )
        Rung.objects.bulk_create(_rung_row(row, rung) for rung in stage.ladder)


def _rung_row(stage: Stage, rung: compiling.Rung) -> Rung:
    return Rung(
        stage=stage,
        n=rung.n,
        audience=rung.to,
        problem=rung.problem or stage.problem,
        priority=rung.priority,
        wording=rung.wording,
        catch_up=rung.catch_up,
        expires_after=rung.expires_after,
        every=rung.every,
        answer_within=rung.answer_within,
    )
