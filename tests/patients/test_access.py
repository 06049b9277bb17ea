"""Who read what: a read without a row is no read, and no row changes unseen."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from patients import access
from patients.access import ReadsAreLogged, UnloggedRead
from patients.models import AccessLog, AccessSeal, Patient, Person, Site, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def log(dara: User, now: datetime) -> list[int]:
    """Six reads, sealed."""
    rows = [access.saw(user=dara, action="view", what="journey", patients=[n], now=now + timedelta(minutes=n)).pk for n in range(6)]
    assert access.seal(now=now) == 6
    return rows


def broken(now: datetime, anchor: str = "") -> set[str]:
    return {violation.row for violation in access.verify(now=now, anchors=[anchor])}


def named(pk: int) -> str:
    return f"patients.accesslog {pk}"


def run(statement: str, *values: int) -> None:
    """As somebody with the owner's rights would, past the product."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_a_list_is_one_row_that_names_every_patient(dara: User, now: datetime) -> None:
    row = access.saw(user=dara, action="list", what="queue", patients=[3, 1, 3], now=now, request_id="r1")
    assert (row.patients, row.user, row.actor, row.at, row.request_id) == ([1, 3], dara, "dara", now, "r1")


def test_the_user_comes_from_the_request_and_a_process_names_itself(dara: User, rf: RequestFactory, now: datetime) -> None:
    request = rf.get("/")
    request.user = dara
    assert access.saw(request, action="view", what="journey", patients=[1], now=now).user == dara
    request.user = AnonymousUser()
    assert access.saw(request, action="api", what="export", patients=[1], now=now, actor="nightly export").actor == "nightly export"


def test_an_unbroken_log_verifies_and_sealing_twice_adds_nothing(log: list[int], now: datetime) -> None:
    assert access.verify(now=now + timedelta(days=1), anchors=[access.head()]) == []
    assert access.seal(now=now) == 0


def test_sealing_goes_on_where_it_ended(log: list[int], dara: User, now: datetime) -> None:
    for n in range(5):
        access.saw(user=dara, action="view", what="journey", patients=[n], now=now + timedelta(hours=1))
    assert access.seal(now=now, batch=2) == 5
    assert access.verify(now=now + timedelta(days=1)) == []


@pytest.mark.parametrize(
    "column", ["patients = '{99}'", "actor = 'x'", "action = 'x'", "what = 'x'", "at = at + interval '1 s'", "user_id = NULL"]
)
def test_an_edited_row_is_named(log: list[int], now: datetime, column: str) -> None:
    run(f"UPDATE patients_accesslog SET {column} WHERE id = %s", log[2])
    assert broken(now) == {named(log[2])}


def test_a_deleted_row_is_noticed_at_the_next_one(log: list[int], now: datetime) -> None:
    run("DELETE FROM patients_accessseal WHERE entry_id = %s", log[2])
    run("DELETE FROM patients_accesslog WHERE id = %s", log[2])
    assert broken(now) == {named(log[3])}


def test_two_swapped_rows_are_named(log: list[int], now: datetime) -> None:
    run("UPDATE patients_accesslog SET patients = ARRAY[5 - patients[1]] WHERE id IN (%s, %s)", log[2], log[3])
    assert broken(now) == {named(log[2]), named(log[3])}


def test_a_row_put_into_the_middle_is_named(log: list[int], now: datetime) -> None:
    spare = AccessLog.objects.create(at=now, actor="x", action="view", what="journey", patients=[])
    run("UPDATE patients_accessseal SET id = id + 1000 WHERE entry_id > %s", log[2])
    AccessSeal.objects.create(entry=spare, digest="f" * 64)
    assert named(spare.pk) in broken(now)


def test_a_backdated_row_is_named_though_its_seal_fits(log: list[int], now: datetime) -> None:
    late = AccessLog.objects.create(at=now - timedelta(days=40), actor="x", action="view", what="journey", patients=[])
    access.seal(now=now)
    assert broken(now) == {named(late.pk)}


def test_an_unsealed_row_is_named_once_the_sealer_had_its_time(log: list[int], now: datetime) -> None:
    run("DELETE FROM patients_accessseal WHERE entry_id = %s", log[5])
    assert broken(now + timedelta(minutes=6)) == set()
    assert broken(now + timedelta(hours=1)) == {named(log[5])}


def test_a_cut_end_is_noticed_by_the_digest_kept_outside(log: list[int], now: datetime) -> None:
    anchor = access.head()
    run("DELETE FROM patients_accessseal WHERE entry_id >= %s", log[4])
    run("DELETE FROM patients_accesslog WHERE id >= %s", log[4])
    assert access.verify(now=now) == []
    assert broken(now, anchor) == {named(0)}


def test_a_row_that_was_committed_late_joins_the_chain_where_it_came(dara: User, now: datetime) -> None:
    """Its number was drawn before its neighbour's, its transaction ended after that one was sealed."""
    sealed = access.saw(user=dara, action="view", what="journey", patients=[1], now=now)
    access.seal(now=now)
    AccessLog.objects.create(pk=sealed.pk - 1, at=now, user=dara, actor="dara", action="view", what="journey", patients=[2], request_id="")
    assert access.seal(now=now) == 1
    assert access.verify(now=now + timedelta(days=1), anchors=[access.head()]) == []


def test_two_sealers_never_make_two_chains(dara: User, now: datetime) -> None:
    """While another process seals, this one leaves the rows to it."""
    access.saw(user=dara, action="view", what="journey", patients=[1], now=now)
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as another:
        another.execute("SELECT pg_advisory_lock(%s)", [access.SEALING])
        assert access.seal(now=now) == 0
        another.execute("SELECT pg_advisory_unlock(%s)", [access.SEALING])  # a closed connection lets go a moment later
    assert access.seal(now=now) == 1


class TestNoReadWithoutARow:
    def test_a_view_that_forgets_answers_nobody(self, rf: RequestFactory, dara: User, now: datetime) -> None:
        def forgets(request: HttpRequest) -> HttpResponse:
            return HttpResponse("Ana")

        def remembers(request: HttpRequest) -> HttpResponse:
            access.saw(request, action="view", what="x", patients=[1], now=now)
            return HttpResponse("Ana")

        def sends_away(request: HttpRequest) -> HttpResponse:
            return HttpResponse(status=302)

        request = rf.get("/")
        request.user = dara
        with pytest.raises(UnloggedRead):
            access.reads_patients(forgets)(request)
        assert access.reads_patients(remembers)(request).status_code == 200
        assert access.reads_patients(sends_away)(request).status_code == 302

    @pytest.mark.parametrize(("reads", "logs", "answers"), [(True, False, False), (True, True, True), (False, False, True)])
    def test_the_net_under_every_view(
        self, rf: RequestFactory, ana: Patient, dara: User, now: datetime, reads: bool, logs: bool, answers: bool
    ) -> None:
        def view(request: HttpRequest) -> HttpResponse:
            shown = [str(person) for person in Person.objects.all()] if reads else []
            if logs:
                access.saw(request, action="view", what="x", patients=[ana.pk], now=now)
            return HttpResponse(" ".join(shown))

        request = rf.get("/")
        request.user = dara
        if answers:
            assert ReadsAreLogged(view)(request).status_code == 200
        else:
            with pytest.raises(UnloggedRead):
                ReadsAreLogged(view)(request)

    def test_a_log_that_cannot_be_written_shows_nothing(self, dara: User, monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
        def full(*args: Any, **kwargs: Any) -> None:
            raise OSError("disk full")

        monkeypatch.setattr(AccessLog.objects, "create", full)
        with pytest.raises(OSError, match="disk full"):
            access.saw(user=dara, action="view", what="x", patients=[], now=now)


def test_everybody_sees_the_patients_of_their_sites_only(ana: Patient, south: Site, dara: User, eli: User, fay: User) -> None:
    assert list(Patient.objects.visible_to(dara)) == [ana]
    assert list(Patient.objects.visible_to(fay)) == [ana]
    assert list(Patient.objects.visible_to(eli)) == []
