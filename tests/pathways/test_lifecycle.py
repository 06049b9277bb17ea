"""From a draft to a version in force: nobody alone, nothing unwritten, nothing changed afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, transaction

from pathways.definitions import lifecycle, registry
from pathways.definitions.lifecycle import NotPublishable, Refused, Retired
from pathways.definitions.publish import catalogue, publish, publish_catalogue
from pathways.definitions.reading import Source, read_text
from pathways.invariants import check
from pathways.models import PathwayVersion, Stage, VersionAct
from patients.models import Role, Site, User
from tests.pathways.test_definitions import SMALL
from tests.people import dara, north, nurse

__all__ = ["dara", "north"]

pytestmark = pytest.mark.django_db
Status = PathwayVersion.Status
LATER = SMALL.replace("within: 5 working days", "within: 4 working days")


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    registry.clear()
    yield
    registry.clear()


@pytest.fixture
def lena(north: Site) -> User:
    return nurse("lena", north, role=Role.LEAD)


@pytest.fixture
def petra(north: Site) -> User:
    return nurse("petra", north, role=Role.CLINICIAN)


def source(text: str = SMALL) -> Source:
    return read_text(text)


def reviewed(text: str, now: datetime, by: User) -> PathwayVersion:
    return lifecycle.submit(lifecycle.draft(source(text), by=by, now=now), by=by, now=now)


def test_a_version_goes_its_way_and_every_step_is_kept(now: datetime, lena: User, petra: User) -> None:
    version = lifecycle.draft(source(), by=lena, now=now, why="the pilot asked for it")
    assert (version.status, version.number, "small" in registry.published()) == (Status.DRAFT, 1, False)
    version = lifecycle.submit(version, by=lena, now=now)
    version = lifecycle.approve(version, by=petra, on=now.date(), why="as the tumour board decided", now=now)
    version = lifecycle.publish(version, by=lena, now=now + timedelta(days=1))
    assert registry.published()["small"].version_id == version.pk
    assert (version.approved_by, version.approved_on, version.approved_note) == (petra, now.date(), "as the tumour board decided")
    acts = version.acts.order_by("pk").values_list("act", "by__username", "why")
    assert list(acts) == [
        ("draft", "lena", "the pilot asked for it"),
        ("submit", "lena", ""),
        ("approve", "petra", "as the tumour board decided"),
        ("publish", "lena", ""),
    ]
    assert check(now=now) == []


def test_whoever_drafted_it_does_not_approve_it_and_neither_does_a_nurse(now: datetime, lena: User, dara: User) -> None:
    version = reviewed(SMALL, now, lena)
    for by, why in ((lena, "I wrote it"), (dara, "looks good")):
        with pytest.raises(Refused):
            lifecycle.approve(version, by=by, on=now.date(), why=why, now=now)
    version.refresh_from_db()
    assert version.status == Status.IN_REVIEW


def test_an_approval_has_a_person_a_reason_and_a_day_that_has_come(now: datetime, lena: User, petra: User) -> None:
    version = reviewed(SMALL, now, lena)
    with pytest.raises(Refused, match="why"):
        lifecycle.approve(version, by=petra, on=now.date(), why=" ", now=now)
    with pytest.raises(Refused, match="ahead"):
        lifecycle.approve(version, by=petra, on=now.date() + timedelta(days=3), why="soon", now=now)
    with pytest.raises(Refused, match="person"):
        lifecycle.approve(version, by=None, on=now.date(), why="somebody said so", now=now)


@pytest.mark.parametrize("verb", ["submit", "approve", "publish", "retire", "discard"])
@pytest.mark.parametrize("status", list(Status))
def test_no_verb_skips_a_step(status: Status, verb: str, now: datetime, lena: User, petra: User) -> None:
    version = lifecycle.draft(source(), by=lena, now=now)
    PathwayVersion.objects.filter(pk=version.pk).update(status=status)
    allowed = {
        "submit": {Status.DRAFT}, "approve": {Status.IN_REVIEW}, "publish": {Status.APPROVED}, "retire": {Status.PUBLISHED},
        "discard": {Status.DRAFT, Status.IN_REVIEW, Status.APPROVED},
    }  # fmt: skip

    def do() -> None:
        if verb == "submit":
            lifecycle.submit(version, by=lena, now=now)
        elif verb == "approve":
            lifecycle.approve(version, by=petra, on=now.date(), why="because", now=now)
        elif verb == "publish":
            lifecycle.publish(version, by=lena, now=now)
        else:
            getattr(lifecycle, verb)(version, by=lena, why="because", now=now)

    if status in allowed[verb]:
        do()
    else:
        with pytest.raises(Refused):
            do()


def test_a_changed_draft_is_the_next_number_and_the_old_one_is_discarded(now: datetime, lena: User) -> None:
    first = lifecycle.draft(source(), by=lena, now=now)
    second = lifecycle.draft(source(LATER), by=lena, now=now)
    first.refresh_from_db()
    assert (first.status, second.status, second.number) == (Status.DISCARDED, Status.DRAFT, 2)
    assert lifecycle.draft(source(LATER), by=lena, now=now) == second
    assert lifecycle.draft(source(), by=lena, now=now).number == 3  # what was only ever a draft may be drafted again


def test_a_version_in_review_is_not_pushed_aside(now: datetime, lena: User) -> None:
    version = reviewed(SMALL, now, lena)
    with pytest.raises(Refused, match="in review"):
        lifecycle.draft(source(LATER), by=lena, now=now)
    lifecycle.discard(version, by=lena, why="rewritten", now=now)
    assert lifecycle.draft(source(LATER), by=lena, now=now).status == Status.DRAFT


def test_a_definition_with_faults_is_not_even_a_draft(now: datetime, lena: User) -> None:
    with pytest.raises(NotPublishable, match="no-ball"):
        lifecycle.draft(source(SMALL.replace("        ball: clinic\n", "")), by=lena, now=now)
    assert not PathwayVersion.objects.exists()


def test_two_versions_are_never_in_force_at_once(now: datetime, lena: User, petra: User) -> None:
    old = publish(text=SMALL, by=None, now=now)
    new = lifecycle.approve(reviewed(LATER, now, lena), by=petra, on=now.date(), why="shorter", now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        PathwayVersion.objects.filter(pk=new.pk).update(status=Status.PUBLISHED)
    lifecycle.publish(new, by=lena, now=now)
    old.refresh_from_db()
    assert old.status == Status.RETIRED
    assert old.acts.get(act="retire").why == "replaced by version 2"
    with pytest.raises(Retired):
        lifecycle.draft(source(), by=lena, now=now)


def test_a_retired_programme_enrols_nobody_and_a_release_does_not_bring_it_back(now: datetime, lena: User) -> None:
    path = next(path for path in catalogue() if path.stem == "pgx-reactive")
    version = publish(path=path, by=None, now=now)
    lifecycle.retire(version, by=lena, why="the pharmacy does it by hand", now=now)
    assert "pgx-reactive" not in registry.published()
    assert registry.load(version.pk).definition.code == "pgx-reactive"
    publish_catalogue(by=None, now=now)
    assert "pgx-reactive" not in registry.published()


def test_a_release_replaces_the_products_own_version_but_not_the_hospitals(now: datetime, petra: User) -> None:
    publish_catalogue(by=None, now=now)
    path = next(path for path in catalogue() if path.stem == "pgx-reactive")
    ours = publish(text=path.read_text().replace("look_back: 30 days", "look_back: 60 days"), by=petra, why="we look further back", now=now)
    assert (ours.number, ours.shipped) == (2, False)
    assert [version for version in publish_catalogue(by=None, now=now) if version.code == "pgx-reactive"] == [ours]


def test_what_ships_is_approved_as_what_it_is(now: datetime) -> None:
    for version in publish_catalogue(by=None, now=now):
        assert (version.shipped, version.approved_by, version.approved_on) == (True, None, now.date())
        assert version.acts.get(act=VersionAct.Act.APPROVE).why == "released with the product"


def test_doctor_finds_a_version_that_somebody_changed_or_nobody_approved(now: datetime) -> None:
    version = publish(text=SMALL, by=None, now=now)
    body = {**version.body, "title": "Another"}
    PathwayVersion.objects.filter(pk=version.pk).update(body=body, approved_note="")
    assert sorted(one.invariant for one in check(now=now)) == ["a version never changes", "what is or was in force was approved"]


def test_edits_of_a_version_are_kept_by_the_database(now: datetime) -> None:
    version = publish(text=SMALL, by=None, now=now)
    assert list(version.history.order_by("pgh_id").values_list("status", flat=True)) == ["draft", "in_review", "approved"]  # type: ignore[attr-defined]


# the command


def run(*words: str) -> str:
    out = StringIO()
    call_command("pathways", *words, stdout=out)
    return out.getvalue().strip()


def test_the_command_goes_the_same_way(tmp_path: Path, lena: User, petra: User) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    assert run("draft", str(path), "--by", "lena", "--why", "pilot") == "in review: small v1"
    with pytest.raises(CommandError, match="no version of small is approved"):
        run("publish", "small", "--by", "lena")
    with pytest.raises(CommandError, match="does not approve"):
        run("approve", "small", "--by", "lena", "--why", "mine")
    assert run("approve", "small", "--by", "petra", "--why", "board of 3 March", "--on", "2026-01-02") == "approved by petra: small v1"
    assert PathwayVersion.objects.get().approved_on == date(2026, 1, 2)
    assert run("publish", "small", "--by", "lena") == "in force: small v1"
    assert Stage.objects.filter(version__code="small").exists()
    assert run("retire", "small", "--by", "lena", "--why", "pilot is over") == "retired: small v1"
    assert run("show") == "nothing is published"


def test_a_file_all_the_way_at_once_needs_somebody_who_approves_it(tmp_path: Path, petra: User) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    with pytest.raises(CommandError, match="who approves it and why"):
        run("publish", str(path))
    assert run("publish", str(path), "--by", "petra", "--why", "one-person clinic") == "in force: small v1"
    path.write_text(LATER.replace("ball: clinic", "ball: ''"))
    with pytest.raises(CommandError, match="no-ball"):
        run("publish", str(path), "--by", "petra", "--why", "hurry")
