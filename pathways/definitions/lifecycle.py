"""From a draft to a version in force and out of it again: who approved what, on which day, and why. The only writer of versions.

draft -> in review -> approved -> in force -> retired; before it is in force a version may be discarded. Whoever drafted a version
does not approve it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django_fsm import TransitionNotAllowed, can_proceed

from pathways import trials
from pathways.definitions import compile as compiling
from pathways.definitions import registry, schema
from pathways.definitions.faults import Fault
from pathways.definitions.laddering import Wordings
from pathways.definitions.reading import Source, ordered_as_written, with_order
from pathways.definitions.validate import faults_of
from pathways.models import PathwayVersion, Rung, Stage, Trial, VersionAct
from patients.models import Role, User

Status, Act = PathwayVersion.Status, VersionAct.Act
APPROVERS = (Role.LEAD, Role.CLINICIAN, Role.ADMINISTRATOR)
FARTHEST_EAST = timedelta(hours=14)
MAKING = (Status.DRAFT, Status.IN_REVIEW, Status.APPROVED)


class NotPublishable(Exception):
    """The definition has faults; nothing was written."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(str(fault) for fault in faults))
        self.faults = faults


class Retired(Exception):
    """This very content was in force and was retired; a version is never revived, change its description to publish it again."""


class Refused(Exception):
    """The verb is not to be done now, or not by this person; the message says why."""


@transaction.atomic
def draft(
    source: Source, *, by: User | None, now: datetime, why: str = "", wordings: Wordings | None = None, shipped: bool = False
) -> PathwayVersion:
    """Stores a definition as the next version of its programme. The draft that it replaces is discarded; the same content is not stored twice.

    Raises:
        NotPublishable: with all faults. Retired: content that was in force before. Refused: another version waits for review or publication.
    """
    if faults := faults_of(source, wordings):
        raise NotPublishable(faults)
    pathway, digest = schema.Pathway.model_validate(source.body), compiling.digest_of(source.body)
    known = list(PathwayVersion.objects.select_for_update().filter(code=pathway.code).order_by("number"))
    for row in known:
        if row.digest == digest and row.status == Status.RETIRED:
            raise Retired(_("%(row)s was replaced by a later version") % {"row": row})
        if row.digest == digest and row.status != Status.DISCARDED:
            return row
    for row in known:
        if row.status in (Status.IN_REVIEW, Status.APPROVED):
            raise Refused(_("%(row)s is %(status)s: publish or discard it first") % {"row": row, "status": row.get_status_display()})
        if row.status == Status.DRAFT:
            _do(row, Act.DISCARD, by, now, why="replaced by a later draft")
    number = max((row.number for row in known), default=0) + 1
    version = PathwayVersion.objects.create(
        code=pathway.code, number=number, title=pathway.title, digest=digest, body=with_order(source.body), shipped=shipped
    )
    VersionAct.objects.create(version=version, act=Act.DRAFT, by=by, at=now, why=why)
    return version


def submit(version: PathwayVersion, *, by: User | None, now: datetime, why: str = "") -> PathwayVersion:
    """Asks for a review. Raises Refused."""
    with transaction.atomic():
        return _do(_locked(version), Act.SUBMIT, by, now, why=why)


def approve(version: PathwayVersion, *, by: User | None, on: date, why: str, now: datetime) -> PathwayVersion:
    """A lead, clinician or administrator other than the one who drafted it takes responsibility, from day `on`, for a reason.

    `by` is None only for what ships: whoever released the product approved it.

    Raises:
        Refused: not in review, no reason, a day to come, or a person who may not.
    """
    if not why.strip():
        raise Refused(_("an approval says why"))
    if on > (now + FARTHEST_EAST).date():
        raise Refused(_("an approval is not dated ahead"))
    with transaction.atomic():
        row = _locked(version)
        if by is None and not row.shipped:
            raise Refused(_("an approval names the person"))
        if by is not None:
            _must_judge(row, by)
        row.approved_by, row.approved_on, row.approved_note = by, on, why.strip()
        return _do(row, Act.APPROVE, by, now, why=why.strip())


def publish(version: PathwayVersion, *, by: User | None, now: datetime, why: str = "", wordings: Wordings | None = None) -> PathwayVersion:
    """Puts an approved version in force for journeys that open from now on, and retires the one it follows.

    Raises:
        Refused: not approved. NotPublishable: the product has changed since, and the definition has faults now.
    """
    with transaction.atomic():
        list(PathwayVersion.objects.select_for_update().filter(code=version.code).order_by("number"))
        row, heard = _locked(version), _heard_so_far()
        if not can_proceed(row.publish):
            raise Refused(_("%(row)s is %(status)s, not approved") % {"row": row, "status": row.get_status_display()})
        body = ordered_as_written(row.body)
        if faults := faults_of(Source(str(row), body, {}), wordings):
            raise NotPublishable(faults)
        for before in PathwayVersion.objects.filter(code=row.code, status=Status.PUBLISHED):
            _do(before, Act.RETIRE, by, now, why=f"replaced by version {row.number}")
        row.published_at = now
        _do(row, Act.PUBLISH, by, now, why=why)
        row.listens = sorted(_store_stages(row, body).listens)
        row.rereads_after = 0 if set(row.listens) - heard else None
        row.save(update_fields=["listens", "rereads_after"])
        registry.clear()
        transaction.on_commit(registry.clear)
    return row


def retire(version: PathwayVersion, *, by: User | None, why: str, now: datetime) -> PathwayVersion:
    """Takes a programme out of force: nobody is enrolled any more, open journeys go on under their version. Raises Refused."""
    if not why.strip():
        raise Refused(_("say why the programme is taken out of force"))
    with transaction.atomic():
        row = _do(_locked(version), Act.RETIRE, by, now, why=why.strip())
        registry.clear()
        transaction.on_commit(registry.clear)
    return row


def discard(version: PathwayVersion, *, by: User | None, why: str, now: datetime) -> PathwayVersion:
    """Sets a version aside that was never in force. Raises Refused."""
    if not why.strip():
        raise Refused(_("say why it is discarded"))
    with transaction.atomic():
        return _do(_locked(version), Act.DISCARD, by, now, why=why.strip())


def may_judge(version: PathwayVersion, by: User) -> bool:
    """Whether this person may approve this version."""
    return by.has_role(*APPROVERS) and not version.acts.filter(act=Act.DRAFT, by=by).exists()


def _must_judge(version: PathwayVersion, by: User) -> None:
    if not by.has_role(*APPROVERS):
        raise Refused(_("a lead, a clinician or an administrator approves"))
    if not may_judge(version, by):
        raise Refused(_("whoever drafted a version does not approve it"))


def _locked(version: PathwayVersion) -> PathwayVersion:
    return PathwayVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)


def _do(row: PathwayVersion, act: VersionAct.Act, by: User | None, now: datetime, *, why: str) -> PathwayVersion:
    """One transition of the machine, written down."""
    try:
        getattr(row, act.value)()
    except TransitionNotAllowed as error:
        raise Refused(
            _("%(row)s is %(status)s: it cannot be %(label)s") % {"row": row, "status": row.get_status_display(), "label": act.label}
        ) from error
    row.save(update_fields=["status", "approved_by", "approved_on", "approved_note", "published_at"])
    VersionAct.objects.create(version=row, act=act, by=by, at=now, why=why)
    return row


def _heard_so_far() -> set[str]:
    """A version that listens to more asks for the messages that nothing listened to; see `ingest.rereading`."""
    in_force = PathwayVersion.objects.filter(status=Status.PUBLISHED).values_list("listens", flat=True)
    return {kind for kinds in in_force for kind in kinds}


# stages and rungs as rows that the sweep can join


def _store_stages(version: PathwayVersion, body: dict[str, Any]) -> compiling.Definition:
    definition = compiling.compile_pathway(schema.Pathway.model_validate(body), number=version.number, digest=version.digest)
    rows = Stage.objects.bulk_create(_stage_row(version, stage) for stage in definition.stages.values())
    stages = zip(rows, definition.stages.values(), strict=True)
    Rung.objects.bulk_create(
        _rung_row(row, rung, trials.publish(version.code, stage, rung)) for row, stage in stages for rung in stage.ladder
    )
    return definition


def _stage_row(version: PathwayVersion, stage: compiling.Stage) -> Stage:
    return Stage(
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


def _rung_row(stage: Stage, rung: compiling.Rung, trial: Trial | None) -> Rung:
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
        trial=trial,
        channels=list(rung.channels),
        quiet_hours=rung.quiet_hours,
    )
