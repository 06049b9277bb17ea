"""C. Definitions: changed under way, shortened, broken, hostile; and rows that poison a sweep. Cases 49 to 58."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from config.management.commands.pathways import WORDINGS
from notifications.models import Message, WorkItem
from pathways import migrating
from pathways.definitions import registry
from pathways.definitions.reading import LARGEST, Unacceptable, read_text
from pathways.definitions.validate import faults_of_files
from pathways.models import Alert, Journey, PathwayVersion, Stay
from pathways.sweep import ring
from patients.models import Person
from tests.notifications.world import DAY, NOON, World
from tests.pathways.test_migrating import changed, decide_within, rename
from tests.pathways.test_validate import BROKEN, expected
from tests.stories.letters import L858R, Chart
from tests.stories.telling import LUNG, Hospital, day

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def forgets_its_versions() -> Iterator[None]:
    yield
    registry.clear()


def undecided(hospital: Hospital) -> Chart:
    ana = hospital.in_the_laboratory("Ana")
    hospital.at(14)
    hospital.hears(ana.report(EGFR=L858R))
    return ana


def wait_of(hospital: Hospital, chart: Chart) -> Stay:
    return hospital.journey(chart).stays.open().get(track="main")


def test_case_49_a_journey_stays_on_its_version_until_a_person_migrates_it_and_can_be_taken_back(hospital: Hospital) -> None:
    """Publishing changes nothing for it; migrating is previewed, explicit and reversible."""
    ana = undecided(hospital)
    pinned, before = hospital.journey(ana).version, wait_of(hospital, ana)
    newer = changed(decide_within("1 day"), now=hospital.now)
    hospital.hears(ana.visit(day(20)))
    assert hospital.journey(ana).version == pinned
    plan = migrating.target(newer, clock="recompute", stages={})
    [row] = migrating.preview(pathway=LUNG, plan=plan, now=hospital.now)
    assert (row.refused, row.from_version, hospital.journey(ana).version) == ("", pinned.number, pinned)
    migrating.migrate(pathway=LUNG, plan=plan, site=hospital.site, by=hospital.lena, now=hospital.now)
    assert hospital.journey(ana).version == newer
    assert wait_of(hospital, ana).due_at != before.due_at
    migrating.undo(pathway=LUNG, version=newer, site=hospital.site, by=hospital.lena, now=hospital.now)
    assert hospital.journey(ana).version == pinned
    assert (wait_of(hospital, ana).pk, wait_of(hospital, ana).due_at) == (before.pk, before.due_at)


def test_case_50_the_stall_of_a_removed_stage_ends_as_definition_retired(hospital: Hospital) -> None:
    """The map of stages says that a side wait has no counterpart: its alerts are withdrawn with that reason, unclaimed items with them."""
    ana = undecided(hospital)
    side = hospital.journey(ana).stays.open().exclude(track="main").first()
    assert side is not None
    hospital.live_until(40)
    newer = changed(rename, now=hospital.now)
    stages = {"main.to_decide": "main.deciding", f"{side.track}.{side.stage.name}": ""}
    plan = migrating.target(newer, clock="keep", stages=stages)
    migrating.migrate(pathway=LUNG, plan=plan, site=hospital.site, by=hospital.lena, now=hospital.now)
    hospital.tick()
    side.refresh_from_db()
    assert side.left_at is not None
    reasons = set(Alert.objects.filter(stay=side).values_list("reason", flat=True))
    assert "definition retired" in reasons
    assert not WorkItem.objects.filter(problem=side.stage.problem, state="open").exists()


def test_case_51_a_shortened_deadline_is_counted_before_and_moved_site_by_site(hospital: Hospital) -> None:
    """The preview names who would be newly overdue; another site's journeys are not touched. (The forecast of planned reactions equals what
    is then planned: `tests/config/`.)"""
    ana = undecided(hospital)
    hospital.at(16)
    newer = changed(decide_within("1 day"), now=hospital.now)
    plan = migrating.target(newer, clock="recompute", stages={})
    rows = migrating.preview(pathway=LUNG, plan=plan, now=hospital.now, site=hospital.site)
    assert [row.newly_overdue for row in rows] == [True]
    elsewhere = migrating.preview(pathway=LUNG, plan=plan, now=hospital.now, site=other_site())
    assert elsewhere == []
    assert hospital.journey(ana).version != newer


def other_site() -> Any:
    from patients import sites

    return sites.add(code="south", name="South", time_zone="America/Chicago")


@pytest.mark.parametrize("name", ["cycle-without-clock", "unreachable-stage", "dead-end-stage", "circle-without-end"])
def test_case_52_a_circle_an_unreachable_stage_and_a_dead_end_are_refused_by_name(name: str) -> None:
    """Each with file, line and rule."""
    path = BROKEN / f"{name}.yaml"
    faults = faults_of_files([path], WORDINGS)
    assert sorted((fault.line, fault.rule) for fault in faults) == expected(path)
    assert faults


def test_case_53_two_versions_are_never_in_force_at_once(hospital: Hospital) -> None:
    """Publishing retires the one before; two files of one programme are refused together."""
    changed(decide_within("1 day"), now=hospital.now)
    assert PathwayVersion.objects.filter(code=LUNG, status="published").count() == 1
    one, two = sorted((BROKEN / "two-versions-active").glob("*.yaml"))
    assert [fault.rule for fault in faults_of_files([one, two], WORDINGS)] == ["two-versions-active"]


def test_case_54_a_language_without_a_text_holds_it_and_asks_for_a_call(hospital: Hospital) -> None:
    """Nobody writes Vietnamese here: the text is put off with that reason, no English one goes in its place, and a person is asked to call.
    (A definition cannot be published while a language that we do write lacks one of its texts: `missing-language`.)"""
    ana = hospital.knows("Ana")
    hospital.at(0)
    hospital.hears(ana.has_lung_cancer(), ana.visit(day(9)))
    Person.objects.filter(patient=hospital.patient(ana)).update(language="vi")
    hospital.live_until(7)
    assert list(Message.objects.values_list("state", "reason")) == [("pending", "no wording in vi")]
    assert hospital.texts_to(ana) == []
    item = WorkItem.objects.get(problem="interpreter-call")
    assert item.state == "open"
    assert item.note.startswith("Please call with an interpreter: Vietnamese.")


@pytest.mark.django_db(transaction=True)
def test_case_55_a_journey_whose_ringing_fails_is_set_aside_and_delays_nobody() -> None:
    """Found by halving the batch; shown with its error, back after an hour, the others ring in the same sweep."""
    world = World()
    world.rung(0)
    stays = [_due(world) for _ in range(5)]
    with Poison(stays[2].pk):
        done = ring(now=NOON)
        assert (done.alerts, done.set_aside) == (4, 1)
    stays[2].refresh_from_db()
    assert "poison" in stays[2].set_aside
    assert stays[2].attention_at == NOON + timedelta(hours=1)
    assert ring(now=NOON + timedelta(hours=1)).alerts == 1


@pytest.mark.django_db(transaction=True)
def test_case_56_many_poisoned_journeys_do_not_starve_the_queue() -> None:
    """Forty of sixty fail (the catalogue has 1,000): each is pushed back with its own backoff, the sound ones ring in the first sweep, and
    the next sweep does not try the poisoned ones again at once."""
    world = World()
    world.rung(0)
    poisoned = [_due(world) for _ in range(40)]
    for _ in range(20):
        _due(world)
    with Poison(*(stay.pk for stay in poisoned)):
        assert (ring(now=NOON, batch=10).alerts, Alert.objects.count()) == (20, 20)
        again = ring(now=NOON + timedelta(minutes=1), batch=10)
        assert (again.alerts, again.set_aside) == (0, 0)
        ring(now=NOON + timedelta(hours=1), batch=50)
    backoffs = set(Stay.objects.exclude(set_aside="").values_list("failures", flat=True))
    assert backoffs == {2}
    assert Stay.objects.exclude(set_aside="").earliest("attention_at").attention_at == NOON + timedelta(hours=3)


def _due(world: World) -> Stay:
    stay = world.stay()
    Stay.objects.filter(pk=stay.pk).update(rung_at=[NOON], attention_at=NOON)
    return stay


class Poison:
    """Rows of these stays cannot be written, as after a half-finished migration."""

    def __init__(self, *stays: int) -> None:
        self.stays = ", ".join(map(str, stays))

    def __enter__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE pathways_alert ADD CONSTRAINT poison CHECK (stay_id NOT IN ({self.stays}))")

    def __exit__(self, *_: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE pathways_alert DROP CONSTRAINT poison")


@pytest.mark.parametrize("name", ["no-deadline", "no-time-at-all"])
def test_case_57_a_wait_without_any_date_is_refused(name: str) -> None:
    """By `validate`, and by a CHECK of the database: an open wait has a due date or, where nobody is ever late (`review_after`, a watch), a
    time at which it rings. What has ended needs none."""
    assert faults_of_files([BROKEN / f"{name}.yaml"], WORDINGS)
    stay = World().stay()
    mine = Stay.objects.filter(pk=stay.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        mine.update(due_at=None, rung_at=[])
    with pytest.raises(IntegrityError), transaction.atomic():
        mine.update(entered_at=None)
    assert mine.update(due_at=None, rung_at=[NOON]) == 1
    assert mine.update(rung_at=[], left_at=NOON) == 1


BOMB = "\n".join([f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9) if n else 'x'}]" for n in range(9)])


@pytest.mark.parametrize("text", [BOMB, "code: !!python/object/apply:os.system ['true']", "code: small\ntitle: " + "x" * LARGEST])
def test_case_58_hostile_yaml_is_refused_before_anything_is_built(text: str, tmp_path: Path) -> None:
    """Aliases, tags and size."""
    with pytest.raises(Unacceptable):
        read_text(text)
    path = tmp_path / "hostile.yaml"
    path.write_text(text)
    assert faults_of_files([path], WORDINGS)
    assert not Journey.objects.exists()
    assert DAY
