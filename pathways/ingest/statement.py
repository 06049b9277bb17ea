"""What one message states, gathered fact by fact: lineages, keys and digests are made here and nowhere else. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pathways.facts import Fact, Grade, Moment, Rank, content_digest
from patients import codes as people_codes

from .message import FeedProfile
from .when import at

FAMILY = {
    "result_partial": "result",
    "result_final": "result",
    "result_failed": "result",
    "test_ordered": "order",
    "order_cancelled": "order",
    "order_held": "order_held",
    "visit_booked": "visit",
    "visit_moved": "visit",
    "visit_cancelled": "visit",
    "visit_kept": "visit",
    "visit_missed": "visit",
    "biopsy_done": "biopsy",
    "biopsy_not_done": "biopsy",
    "drug_administered": "administration",
    "drug_not_given": "administration",
    "pa_pended": "pa_answer",
    "pa_approved": "pa_answer",
    "pa_denied": "pa_answer",
    "trial_screening": "trial",
    "trial_on_study": "trial",
    "trial_screen_failed": "trial",
}
"""Kinds that are versions of one thing share its word in the lineage, so that of them the latest version counts."""

LONGEST_ID = 200


class Statement:
    """Facts of one person in one message. `note` keeps in words what was left unread."""

    def __init__(self, profile: FeedProfile, message_at: datetime | None) -> None:
        self.profile = profile
        self.message_at = message_at
        self.facts: list[Fact] = []
        self.notes: list[str] = []
        self.undated: list[str] = []

    def note(self, words: str) -> None:
        if words not in self.notes:
            self.notes.append(words)

    def id(self, value: str) -> str:
        """`value` if it can name anything here, else blank: sentinels (`UNKNOWN`, `0`) never name."""
        value = value.strip()[:LONGEST_ID]
        return value if people_codes.is_id(value, self.profile.sentinel_ids) else ""

    def keys(self, **ids: str | Iterable[str]) -> tuple[str, ...]:
        """`("placer:ORD1", ...)` of the ids that can name anything, each once."""
        found: dict[str, None] = {}
        for kind, values in ids.items():
            for value in (values,) if isinstance(values, str) else values:
                if named := self.id(value):
                    found[f"{kind}:{named}"] = None
        return tuple(found)

    def say(
        self,
        kind: str,
        business_id: str,
        occurred: Moment | None,
        body: dict[str, Any],
        *,
        keys: tuple[str, ...] = (),
        rank: int = Rank.FINAL,
        issued_at: datetime | None = None,
        recorded_at: datetime | None = None,
        retracted: bool = False,
    ) -> None:
        """State a fact; one without a name goes by its time, or all of the patient's would be versions of each other. Without a time of its own it takes the message's, then the time of receipt, and says so; without that it is noted."""
        occurred = occurred or at(issued_at or self.message_at)
        if occurred is None and self.profile.received_at:
            occurred, body = at(self.profile.received_at), body | {"dated_by": "receipt"}
        if occurred is None:
            self.undated.append(kind)
            self.note(f"{kind} left out: neither the thing nor the message says when")
            return
        self.facts.append(
            Fact(
                kind=kind,
                lineage=f"{self.profile.system}|{FAMILY.get(kind, kind)}|{business_id or '@' + occurred.lo.isoformat()}",
                occurred=occurred,
                digest=content_digest(kind, occurred, rank, retracted, keys, body),
                rank=rank,
                issued_at=issued_at or self.message_at,
                message_at=self.message_at,
                recorded_at=recorded_at,
                retracted=retracted,
                grade=Grade.STAFF_ATTESTED if self.profile.attested else Grade.SYSTEM_OF_RECORD,
                keys=keys,
                body=body,
            )
        )


def clean(value: str, limit: int = 2000) -> str:
    """Free text as a fact may carry it: one line, without the characters that the store refuses, not endless."""
    return " ".join(value.replace("\x00", " ").split())[:limit]
