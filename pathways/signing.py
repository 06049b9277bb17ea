"""Who answers for targets that no published standard stands behind. A site's lead signs them per version, for twelve months.

A signature that lapses, or a new version in force, asks the lead again; it never silences anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

import msgspec
from django.db import transaction
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from pathways import matters
from pathways.deadlines import add_months
from pathways.definitions.schema import Pathway, Source
from pathways.ladders import LADDERS
from pathways.models import Matter, MatterKind, PathwayVersion, Rollout, Signature
from patients.models import Role, Site, User
from patients.templatetags.finalmile import translated

HOLDS_MONTHS = 12
UNSOURCED = ("local default", "unverified")
"""How a definition says that a target is nobody's standard."""


class NotSigned(ValueError):
    """The version's local targets are not signed for the site."""

    field = "signed_version"

    def __init__(self, why: str) -> None:
        super().__init__(f"signed_version: {why}")
        self.why = why


class State(StrEnum):
    NOTHING = "nothing to sign"
    UNSIGNED = "not signed"
    LAPSED = "lapsed"
    SIGNED = "signed"


class Unsourced(msgspec.Struct, frozen=True):
    """A target that asks for a signature: what is awaited, within what, and what the definition says of its source."""

    where: str
    what: str
    within: str
    source: str


ALSO_SIGNED: list[Callable[[PathwayVersion], list[Unsourced]]] = []
"""What else a lead answers for, said by apps above this one (texts that nobody of the house has read)."""


def unsourced(version: PathwayVersion) -> list[Unsourced]:
    """Every target of the version that is a local default or unverified, in the order of the definition, and what else is to be signed."""
    return [*_targets(version), *(one for more in ALSO_SIGNED for one in more(version))]


def _targets(version: PathwayVersion) -> list[Unsourced]:
    return list(_of(version.pk, version.digest, get_language())) if version.body.get("tracks") else []


@lru_cache(maxsize=256)
def _of(version_id: int, digest: str, language: str | None) -> tuple[Unsourced, ...]:
    """A version never changes, so it is read once; the digest tells two databases of one process apart, the language its readers."""
    body = PathwayVersion.objects.values_list("body", flat=True).get(pk=version_id, digest=digest)
    return tuple(_unsourced(Pathway.model_validate(body)))


def state(*, site: Site, version: PathwayVersion, now: datetime) -> State:
    if not _targets(version) and not unsourced(version):
        return State.NOTHING
    last = latest(site=site, version=version)
    if last is None:
        return State.UNSIGNED
    return State.SIGNED if now < lapses_at(last) else State.LAPSED


def latest(*, site: Site, version: PathwayVersion, until: datetime | None = None) -> Signature | None:
    """The newest, or the one that was the newest then."""
    found = Signature.objects.filter(site=site, version=version).select_related("by").order_by("-at", "-pk")
    return (found.filter(at__lte=until) if until else found).first()


def lapses_at(signature: Signature) -> datetime:
    day = add_months(signature.at.date(), HOLDS_MONTHS)
    return signature.at.replace(year=day.year, month=day.month, day=day.day)


def in_force(pathway: str) -> PathwayVersion | None:
    return PathwayVersion.objects.filter(code=pathway, status=PathwayVersion.Status.PUBLISHED).first()


def sign(*, site: Site, version: PathwayVersion, by: User, now: datetime, note: str = "") -> Signature:
    """A lead of the site answers for the version's local targets, as they stand.

    Raises:
        PermissionError: `by` is no lead navigator of the site.
    """
    if Role.LEAD not in by.roles_at(site.pk):
        raise PermissionError(_("only a lead navigator of the site signs its targets"))
    with override("en"):  # the record says it alike for everybody, whatever language the signer reads
        said = [msgspec.to_builtins(one) for one in unsourced(version)]
    with transaction.atomic():
        signature = Signature.objects.create(site=site, version=version, by=by, at=now, note=note.strip(), targets=said)
        for matter in Matter.objects.filter(kind=MatterKind.SIGNATURE, subject=_subject(site.pk, version.code), closed_at=None):
            matters.close(matter=matter, reason="signed", by=by, now=now)
    return signature


def must_be_signed(*, site: Site, pathway: str, version: PathwayVersion | None, now: datetime) -> PathwayVersion:
    """The version that the site goes live on, if its lead has signed it. Raises NotSigned."""
    version = version or in_force(pathway)
    if version is None:
        raise NotSigned(_("there is no version in force to sign"))
    found = state(site=site, version=version, now=now)
    if found in (State.UNSIGNED, State.LAPSED):
        raise NotSigned(
            _("the local targets of %(version)s are %(found)s for this site: a lead signs them first")
            % {"version": version, "found": found}
        )
    return version


def remind(*, now: datetime) -> int:
    """Asks the lead of every site that acts on targets which are not signed, or not any more; how many are asked anew."""
    asked = 0
    for rollout in Rollout.objects.acting().select_related("site"):
        version = in_force(rollout.pathway)
        if version is None:
            continue
        found = state(site=rollout.site, version=version, now=now)
        if found in (State.UNSIGNED, State.LAPSED):
            asked += matters.open_for_site(
                kind=MatterKind.SIGNATURE,
                subject=_subject(rollout.site_id, rollout.pathway),
                site=rollout.site,
                mode=rollout.mode,
                detail={"pathway": rollout.pathway, "version": version.number, "state": found.value},
                now=now,
            )
    return asked


def _subject(site_id: int, pathway: str) -> str:
    return f"{site_id}:{pathway}"


def _unsourced(pathway: Pathway) -> Iterator[Unsourced]:
    for track, written in pathway.tracks.items():
        for stage in written.stages.values():
            if stage.source and _is_local(stage.source):
                yield Unsourced(f"{track}", translated(stage.label), stage.within or stage.review_after or "", _said(stage.source))
    for target in pathway.targets:
        if _is_local(target.source):
            yield Unsourced(
                "report",
                translated(target.label) or _("%(from)s to %(to)s") % {"from": target.from_, "to": target.to},
                target.within,
                _said(target.source),
            )
    for kind, rungs in LADDERS.items():
        if kind.value in {rule.matter for rule in pathway.matters}:
            yield Unsourced(
                "matter",
                str(kind.label),
                _("answer in %(answer_within)s working days") % {"answer_within": rungs[0].answer_within},
                "local default",
            )


def _is_local(source: Source) -> bool:
    return any(word in source.text.casefold() for word in UNSOURCED)


def _said(source: Source) -> str:
    approved = f" ({source.approved_by}, {source.approved_on})" if source.approved_by else ""
    return f"{source.text}{approved}"


def words(signature: Signature | None) -> dict[str, Any]:
    """Who signed, when, and until when it holds; empty where nobody did."""
    return {} if signature is None else {"by": signature.by, "at": signature.at, "until": lapses_at(signature), "note": signature.note}
