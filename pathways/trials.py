"""Comparisons by lot of when a reminder goes out: what a definition declares becomes a row; a lead can end one at once."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from django.utils.crypto import salted_hmac

from pathways.deadlines import as_timedelta, parse
from pathways.definitions.compiled import Rung, Stage
from pathways.definitions.lots import block_of
from pathways.models import Trial
from patients.models import User


class Refused(Exception):
    """The message says why."""


def terms_of(pathway: str, stage: Stage, rung: Rung) -> dict[str, Any]:
    """What a comparison is, apart from how long it goes on and who allowed it: columns of its row."""
    trial = rung.trial
    assert trial is not None
    held, block = block_of(trial.share) or (0, 0)
    return {
        "pathway": pathway,
        "stage": stage.key,
        "wording": rung.wording,
        "protocol": trial.protocol,
        "arm": trial.arm,
        "held": held,
        "block": block,
        "delay": as_timedelta(parse(trial.delay)) if trial.delay else None,
        "horizon_days": as_timedelta(parse(trial.horizon)).days,
        "since": trial.from_,
    }


def declared(pathway: str, stage: Stage, rung: Rung) -> dict[str, Any]:
    """All columns of the row that a rung declares, its key among them."""
    trial, terms = rung.trial, terms_of(pathway, stage, rung)
    assert trial is not None
    said = json.dumps({**terms, "seed": trial.seed}, default=str, sort_keys=True)
    return {
        **terms,
        "terms": hashlib.sha256(said.encode()).hexdigest(),
        "key": salted_hmac("pathways.trial", said, algorithm="sha256").hexdigest(),
        "label": stage.label,
        "until": trial.until,
        "approved_by": trial.approved_by,
        "reason": trial.reason,
    }


def publish(pathway: str, stage: Stage, rung: Rung) -> Trial | None:
    """The row of a rung's comparison. The same terms go on as the same comparison under a later version, ended ones stay ended."""
    if rung.trial is None:
        return None
    row = declared(pathway, stage, rung)
    names = ("pathway", "protocol", "terms")
    later = {name: row[name] for name in ("label", "until", "approved_by", "reason")}
    found, _ = Trial.objects.update_or_create(**{name: row[name] for name in names}, defaults=later, create_defaults=row)
    return found


def stop(trial: Trial, *, by: User, why: str, now: datetime) -> Trial:
    """Ends a comparison: nobody is drawn any more. Raises Refused."""
    row = Trial.objects.select_for_update(of=("self",)).get(pk=trial.pk)
    if not why.strip():
        raise Refused("say why the comparison ends")
    if row.stopped_at is not None:
        raise Refused("it has ended already")
    row.stopped_at, row.stopped_by, row.stopped_why = now, by, why.strip()
    row.save(update_fields=["stopped_at", "stopped_by", "stopped_why"])
    return row
