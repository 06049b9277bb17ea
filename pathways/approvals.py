"""A named person takes over a row of the knowledge files that could not be verified in its source, or gives it up again.

Until then such a row is shown and never flags. An approval is of the row as it reads: when its wording changes, it lapses.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pathways.knowledge import Knowledge, load
from pathways.knowledge.library import Approval, row_digest, unverified_row, with_approvals
from pathways.models import KnowledgeApproval
from patients.models import Role, User

MAY_APPROVE = (Role.CLINICIAN, Role.PHARMACIST, Role.GENETIC_COUNSELOR, Role.LEAD)


class NotApprovable(Exception):
    """No such row, or it needs no approval, or this person may not give it; the message says which."""


def approve(*, rule: str, by: User, reason: str, now: datetime) -> KnowledgeApproval:
    """From now on the row flags here. Raises NotApprovable."""
    return _write(rule, by, reason, now, approved=True)


def give_up(*, rule: str, by: User, reason: str, now: datetime) -> KnowledgeApproval:
    """From now on the row flags no more. Raises NotApprovable."""
    if rule not in {one.rule for one in standing()}:
        raise NotApprovable(f"{rule} is not approved")
    return _write(rule, by, reason, now, approved=False)


def _write(rule: str, by: User, reason: str, now: datetime, *, approved: bool) -> KnowledgeApproval:
    row = unverified_row(load(), rule)
    if row is None:
        raise NotApprovable(f"no row called {rule} waits for an approval")
    if not reason.strip():
        raise NotApprovable("say on which ground")
    if not by.has_role(*MAY_APPROVE):
        raise NotApprovable(f"{by.get_username()} is neither clinician, pharmacist, genetic counselor nor lead")
    name = by.get_full_name() or by.get_username()
    return KnowledgeApproval.objects.create(
        rule=rule, row_digest=row_digest(row), approved=approved, by=by, by_name=name, on=now.date(), reason=reason.strip(), at=now
    )


def standing() -> list[Approval]:
    """The approvals that count now, one per row."""
    rows = KnowledgeApproval.objects.order_by("rule", "-pk").distinct("rule").values_list("rule", "row_digest", "by_name", "on", "approved")
    return [Approval(rule, digest, by, on) for rule, digest, by, on, approved in rows if approved]


def in_force(approvals: Iterable[Approval] | None = None) -> Knowledge:
    """The knowledge as this house applies it."""
    return with_approvals(load(), frozenset(standing() if approvals is None else approvals))
