"""The app role's rights. What is append-only is so in the database, not by good behaviour."""

from __future__ import annotations

from pathlib import Path

import pghistory.models
from django.apps import apps
from django.db import connections, models
from psycopg import sql

from notifications.models import Allocation, WordingReview, WorkItemAct
from pathways.models import Binding, Event, JourneyRevision, KnowledgeApproval, RolloutChange, Signature, StayRevision, VersionAct
from patients.models import AccessLog, AccessSeal, ConsentEntry, EmergencyAccess, EmergencyReview, Merge

SQL = Path(__file__).parent / "sql" / "grants.sql"
APPEND_ONLY: tuple[type[models.Model], ...] = (
    AccessLog,
    AccessSeal,
    Allocation,
    Binding,
    ConsentEntry,
    EmergencyAccess,
    EmergencyReview,
    Event,
    JourneyRevision,
    KnowledgeApproval,
    Merge,
    RolloutChange,
    Signature,
    StayRevision,
    VersionAct,
    WordingReview,
    WorkItemAct,
)


def append_only_tables() -> list[str]:
    """The tables above, and the history that triggers write of human edits."""
    history = [model for model in apps.get_models() if issubclass(model, pghistory.models.Event)]
    return sorted({model._meta.db_table for model in (*APPEND_ONLY, *history) if model._meta.managed and not model._meta.proxy})


def role_exists(role: str, *, using: str) -> bool:
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [role])
        return cursor.fetchone() is not None


def apply(role: str, *, using: str) -> None:
    """Give `role` its rights, as the owner of the tables."""
    tables = sql.SQL(", ").join(map(sql.Identifier, append_only_tables()))
    statements = sql.SQL(SQL.read_text()).format(role=sql.Identifier(role), append_only=tables)
    with connections[using].cursor() as cursor:
        cursor.execute(statements.as_string(cursor.connection))
