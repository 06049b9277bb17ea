"""The whole way of a definition at once: what ships with the product, and a file that one person drafts and another approves."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from django.db import transaction

from pathways.definitions import compile as compiling
from pathways.definitions import lifecycle
from pathways.definitions.laddering import Wordings
from pathways.definitions.lifecycle import NotPublishable, Refused, Retired
from pathways.definitions.reading import CATALOG, Source, read_path, read_text
from pathways.models import PathwayVersion
from patients.models import User

__all__ = ["CATALOG", "NotPublishable", "Refused", "Retired", "catalogue", "publish", "publish_catalogue"]

RELEASED = "released with the product"


@transaction.atomic
def publish(
    *,
    path: Path | None = None,
    text: str | None = None,
    by: User | None,
    now: datetime,
    why: str = RELEASED,
    wordings: Wordings | None = None,
) -> PathwayVersion:
    """Puts a definition in force; journeys stay on the version they were opened with. Safe to repeat: same content, same version.

    `by` approves it for the reason `why`; None means that it ships with the product, which is written down as its approval.

    Raises:
        NotPublishable: with all faults. Unacceptable: the file cannot be read. Retired: content that was replaced before.
        Refused: `by` may not approve, or another version is being reviewed.
    """
    source = read_path(path) if path is not None else read_text(text or "")
    version = lifecycle.draft(source, by=None, now=now, wordings=wordings, shipped=by is None)
    if version.status == PathwayVersion.Status.PUBLISHED:
        return version
    if version.status == PathwayVersion.Status.DRAFT:
        version = lifecycle.submit(version, by=None, now=now)
    if version.status == PathwayVersion.Status.IN_REVIEW:
        version = lifecycle.approve(version, by=by, on=now.date(), why=why, now=now)
    return lifecycle.publish(version, by=by, now=now, wordings=wordings)


def publish_catalogue(*, by: User | None, now: datetime, wordings: Wordings | None = None) -> list[PathwayVersion]:
    """Every pathway that ships with the product; tracks that only serve to be included are left out.

    What a hospital made of a programme stays: its own version in force or in the making, a programme that it retired, a release that it
    replaced.
    """
    found = []
    for path in catalogue():
        source = read_path(path)
        kept = _kept(source)
        if kept is None:
            found.append(publish(path=path, by=by, now=now, wordings=wordings))
        elif kept.status == PathwayVersion.Status.PUBLISHED:
            found.append(kept)
    return found


def _kept(source: Source) -> PathwayVersion | None:
    """The version that a release must not replace."""
    known = list(PathwayVersion.objects.filter(code=source.body.get("code")).order_by("-number"))
    in_force = next((row for row in known if row.status == PathwayVersion.Status.PUBLISHED), None)
    if in_force is not None and not in_force.shipped:
        return in_force
    if any(row.status in lifecycle.MAKING and not row.shipped for row in known):
        return in_force or known[0]
    digest = compiling.digest_of(source.body)
    before = next((row for row in known if row.digest == digest and row.status == PathwayVersion.Status.RETIRED), None)
    return (in_force or before) if before is not None else None


def catalogue() -> list[Path]:
    return [path for path in sorted(CATALOG.glob("*.yaml")) if "track" not in read_path(path).body]
