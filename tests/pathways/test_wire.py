"""Statements that share a trip to the database."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
import pghistory
import pytest
from django.db import IntegrityError, transaction

from pathways.writing.wire import apart, ask, execute, one_trip, put, rows, told, when_answered
from patients.models import Site

pytestmark = pytest.mark.django_db
ADD = (
    "INSERT INTO patients_site (code, name, time_zone, country, subdivision, sender_name, call_back, is_training, reconsent_ages, minutes) "
    "VALUES (%s, '', 'UTC', 'US', '', '', '', false, '{}', '{}')"
)
NAMES = "SELECT code FROM patients_site WHERE code LIKE 'trip-%%' ORDER BY code"


def test_what_was_sent_before_is_seen_by_what_is_asked_after() -> None:
    with one_trip():
        execute(ADD, ["trip-1"])
        early = ask(NAMES, None)
        with one_trip():  # the same trip
            execute(ADD, ["trip-2"])
        assert rows(NAMES, None) == [("trip-1",), ("trip-2",)]
        assert told(early) == [("trip-1",)]


def test_a_check_waits_for_the_answer_and_can_refuse_all() -> None:
    def refuse() -> None:
        assert done.rowcount == 1
        raise ValueError("refused")

    with pytest.raises(ValueError, match="refused"), transaction.atomic(), one_trip():
        done = execute(ADD, ["trip-1"])
        when_answered(refuse)
    assert rows(NAMES, None) == []


def test_an_error_is_raised_at_the_end_of_the_trip_and_undoes_the_savepoint() -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), one_trip():
        execute(ADD, ["trip-1"])
        execute(ADD, ["trip-1"])
    assert rows(NAMES, None) == []


def test_the_orm_counts_changed_rows_only_apart() -> None:
    with one_trip():
        execute(ADD, ["trip-1"])
        with apart():
            assert Site.objects.filter(code="trip-1").update(name="One") == 1
        execute(ADD, ["trip-2"])
    assert rows(NAMES, None) == [("trip-1",), ("trip-2",)]
    with pytest.raises(RuntimeError, match="apart"), transaction.atomic(), one_trip():
        Site.objects.filter(code="trip-1").update(name="X")


class Said(msgspec.Struct):
    n: int
    at: datetime
    several: list[datetime | None]
    words: tuple[str, ...]
    note: str | None
    more: dict[str, Any]
    raw: str = "\\x00ff"


class Counted(msgspec.Struct):
    n: int


def test_rows_of_several_tables_go_in_together_and_say_what_they_said() -> None:
    """Also what must be written with care: offsets, parts of a second, quotes and backslashes, nothing at all, bytes."""
    execute(
        "CREATE TEMP TABLE trip_said (n int, at timestamptz, several timestamptz[], words text[], note text, more jsonb, raw bytea, own int DEFAULT 7)",
        None,
    )
    execute("CREATE TEMP TABLE trip_counted (n int)", None)
    moment = datetime(2026, 3, 8, 1, 30, 0, 120, tzinfo=timezone(timedelta(hours=-5)))
    more = {"a": [1, None, 2.5], "ä": "\n"}
    one = Said(1, moment, [moment, None], ('a "b"', "c\\d", "{,}"), None, more)
    with one_trip():
        put({"trip_said": [one, msgspec.structs.replace(one, n=2)], "trip_counted": [Counted(n) for n in range(500)]})
        put({"trip_said": []})
    stored = rows("SELECT n, at, several, words, note, more, raw, own FROM trip_said ORDER BY n", None)
    assert stored == [(n, moment, [moment, None], list(one.words), None, more, b"\x00\xff", 7) for n in (1, 2)]
    assert rows("SELECT count(*), sum(n) FROM trip_counted", None) == [(500, 124_750)]


def test_a_trip_goes_on_after_a_stop() -> None:
    """What was to be checked stays to be checked, also where another trip was made meanwhile."""
    checked: list[str] = []
    with one_trip():
        execute("CREATE TEMP TABLE trip_many (n int) ON COMMIT DROP", None)
        when_answered(lambda: checked.append("outer"))
        put({"trip_many": [Counted(1)]})
        with apart(), one_trip():
            when_answered(lambda: checked.append("inner"))
            execute("INSERT INTO trip_many VALUES (%s)", [2])
        assert checked == ["inner"]
        assert rows("SELECT count(*) FROM trip_many", None) == [(2,)]
    assert checked == ["inner", "outer"]


def test_within_a_request_savepoints_and_new_rows_go_on_a_trip_too() -> None:
    """A request's history context writes a statement of its own before others, which a trip cannot carry."""
    with pghistory.context(user=1):
        with one_trip(), transaction.atomic():
            Site.objects.create(code="trip-1", name="", time_zone="UTC")
        with transaction.atomic():
            assert Site.objects.filter(code="trip-1").update(name="One") == 1  # and afterwards the context is there again
            assert rows("SELECT current_setting('pghistory.context_id', true) <> ''", None) == [(True,)]
    assert rows(NAMES, None) == [("trip-1",)]
