"""Statements that share a trip to the database."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pghistory
import pytest
from django.db import IntegrityError, transaction

from pathways.writing.wire import FEW, apart, ask, execute, one_trip, put, rows, told, when_answered
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


def test_many_rows_say_the_same_as_few() -> None:
    """Few go by INSERT, many by COPY, which writes times and lists of times as text."""
    execute("CREATE TEMP TABLE trip_times (n int, at timestamptz, several timestamptz[], words text[], note text)", None)
    moment = datetime(2026, 3, 8, 1, 30, 0, 120, tzinfo=timezone(timedelta(hours=-5)))
    given = [(n, moment, [moment, None], ['a "b"', "c\\d"], None) for n in range(FEW + 1)]
    put("trip_times", "n, at, several, words, note", given[:1])
    put("trip_times", "n, at, several, words, note", given)
    stored = {(at, tuple(several), tuple(words), note) for _, at, several, words, note in rows("SELECT * FROM trip_times", None)}
    assert stored == {(moment, (moment, None), ('a "b"', "c\\d"), None)}


def test_many_rows_step_off_the_trip_which_then_goes_on() -> None:
    """COPY needs the wire for itself. What was to be checked stays to be checked, also where another trip was made meanwhile."""
    checked: list[str] = []
    with one_trip():
        execute("CREATE TEMP TABLE trip_many (n int) ON COMMIT DROP", None)
        when_answered(lambda: checked.append("outer"))
        put("trip_many", "n", [(n,) for n in range(FEW + 1)])
        with apart(), one_trip():
            when_answered(lambda: checked.append("inner"))
            execute("INSERT INTO trip_many VALUES (%s)", [FEW + 1])
        assert checked == ["inner"]
        assert rows("SELECT count(*) FROM trip_many", None) == [(FEW + 2,)]
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
