"""The app role may not rewrite the past, whoever writes the code."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import ProgrammingError, connection, transaction
from psycopg import sql

from config import grants

ROLE = "finalmile_app"
pytestmark = pytest.mark.django_db


@pytest.fixture
def as_app() -> Iterator[None]:
    """The rest of the test runs with the app role's rights."""
    if not grants.role_exists(ROLE, using="default"):
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE ROLE {ROLE} NOLOGIN")
    grants.apply(ROLE, using="default")
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {ROLE}")
        yield
        cursor.execute("RESET ROLE")


def refused(statement: str, table: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql.SQL(statement).format(sql.Identifier(table)).as_string(cursor.connection))
    except ProgrammingError as error:
        return "permission denied" in str(error) or "must be owner" in str(error)
    return False


def column_of(table: str) -> str:
    return connection.introspection.get_primary_key_column(connection.cursor(), table) or "id"


@pytest.mark.usefixtures("as_app")
def test_append_only_tables_can_be_neither_changed_nor_emptied() -> None:
    assert "pathways_event" in grants.append_only_tables()
    for table in grants.append_only_tables():
        key = column_of(table)
        assert refused(f"UPDATE {{}} SET {key} = {key}", table), table
        assert refused("DELETE FROM {}", table), table
        assert refused("TRUNCATE {}", table), table
        assert not refused("SELECT FROM {} LIMIT 1", table), table


@pytest.mark.usefixtures("as_app")
def test_the_schema_is_not_the_app_s_to_change() -> None:
    assert refused("DROP TABLE {}", "pathways_journey")
    assert refused("ALTER TABLE {} ADD COLUMN x int", "pathways_journey")
    assert refused("CREATE TABLE {} (x int)", "mine")
    assert refused("DELETE FROM {}", "django_migrations")


@pytest.mark.usefixtures("as_app")
def test_ordinary_tables_are_the_app_s_to_write() -> None:
    assert not refused("DELETE FROM {} WHERE false", "pathways_stay")
    assert not refused("UPDATE {} SET due_at = due_at WHERE false", "notifications_workitem")


@pytest.mark.usefixtures("as_app")
def test_the_app_is_no_superuser_and_cannot_become_the_owner_of_tables() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False,)


@pytest.mark.usefixtures("as_app")
def test_what_a_version_says_is_nobodys_to_change() -> None:
    for column in ("body", "digest", "code", "number", "shipped"):
        assert refused(f"UPDATE {{}} SET {column} = {column}", "pathways_pathwayversion"), column
    assert refused("DELETE FROM {}", "pathways_pathwayversion")
    assert refused("UPDATE {} SET ball = ball", "pathways_stage")
    assert not refused("UPDATE {} SET status = status WHERE false", "pathways_pathwayversion")
