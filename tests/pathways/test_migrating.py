"""Open journeys under a new version: previewed, by site, taken back; nothing rings twice because of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from pathways import invariants, journeys, migrating
from pathways.definitions.publish import publish
from pathways.definitions.reading import CATALOG, read_path
from pathways.migrating import Plan
from pathways.models import Alert, Event, Journey, PathwayVersion, Rollout, Stay
from pathways.sweep import ring
from patients.models import Site, User
from tests.pathways.said import OSIMERTINIB, fact
from tests.pathways.test_journeys import DAY, MONDAY, picture, site, somebody, tell, the_course

__all__ = ["site"]  # the fixture
pytestmark = pytest.mark.django_db

LUNG = "nsclc-biomarker"
DECIDE = 12  # the day on which the final report makes the finding actionable and the decision is awaited


def changed(change: Callable[[dict[str, Any]], None], *, now: datetime = MONDAY) -> PathwayVersion:
    """A next version of the lung programme, in force."""
    body = read_path(CATALOG / f"{LUNG}.yaml").body
    change(body)
    return publish(text=json.dumps(body, ensure_ascii=False), by=None, now=now)


def decide_within(days: str) -> Callable[[dict[str, Any]], None]:
    def change(body: dict[str, Any]) -> None:
        body["tracks"]["main"]["stages"]["to_decide"]["within"] = days

    return change


def renamed(value: Any) -> Any:
    if isinstance(value, dict):
        return {renamed(key): renamed(one) for key, one in value.items()}
    if isinstance(value, list):
        return [renamed(one) for one in value]
    return "deciding" if value == "to_decide" else value


def rename(body: dict[str, Any]) -> None:
    new = renamed(dict(body))
    body.clear()
    body.update(new)


def undecided(site: Site) -> Journey:
    """Ana: actionable since day 12 (or 10, by the partial report), nobody has decided."""
    ana = somebody(site)
    tell(ana, site, *the_course()[:-1], now=MONDAY + DECIDE * DAY)
    return Journey.objects.get(patient=ana)


def waits(journey: Journey, stage: str = "to_decide") -> Stay:
    return journey.stays.current().get(stage__name=stage)


def rows(journey: Journey) -> list[Any]:
    return list(
        journey.stays.order_by("pk").values_list(
            "pk",
            "stage__version__number",
            "stage__name",
            "entered_at",
            "due_at",
            "left_at",
            "rung_at",
            "attention_at",
            "round",
            "superseded",
        )
    )


def shared(to: PathwayVersion, clock: str = "recompute", **stages: str) -> Plan:
    return migrating.target(to, clock=clock, stages={f"main.{old}": f"main.{new}" for old, new in stages.items()})


def test_a_shortened_deadline_is_previewed_then_kept_recomputed_or_begun_anew(site: Site) -> None:
    journey, now = undecided(site), MONDAY + 14 * DAY
    before = waits(journey).due_at
    assert before is not None
    quick = changed(decide_within("1 day"), now=now)
    for clock, overdue in (("keep", False), ("recompute", True), ("restart", False)):
        [row] = migrating.preview(pathway=LUNG, plan=shared(quick, clock), now=now)
        [move] = [one for one in row.moves if one.from_stage == "main.to_decide"]
        assert (move.due_before, move.newly_overdue, row.refused) == (before, overdue, "")
    assert Journey.objects.get().version_id != quick.pk
    done = migrating.migrate(pathway=LUNG, plan=shared(quick), site=site, by=User.objects.get(), now=now)
    assert (done.moved, done.refused) == (1, ())
    assert waits(journey).due_at is not None
    assert Journey.objects.get().version_id == quick.pk
    assert ring(now=now).alerts > 0
    assert Alert.objects.filter(stay=waits(journey), acts=True).count() == 1
    assert invariants.check(now=now) == []


@pytest.mark.parametrize("clock", ["keep", "recompute"])
def test_what_rang_does_not_ring_again(site: Site, clock: str) -> None:
    journey, now = undecided(site), MONDAY + 40 * DAY
    for days in range(10, 41):
        ring(now=MONDAY + days * DAY)
    before = list(Alert.objects.order_by("pk").values_list("pk", "withdrawn_at"))
    assert len(before) > 3
    newer = changed(rename, now=now)
    plan = shared(newer, clock, to_decide="deciding")
    migrating.migrate(pathway=LUNG, plan=plan, site=site, by=None, now=now)
    assert waits(journey, "deciding").stage.version_id == newer.pk
    ring(now=now)
    assert list(Alert.objects.order_by("pk").values_list("pk", "withdrawn_at")) == before
    migrating.undo(pathway=LUNG, version=newer, site=site, by=None, now=now)
    ring(now=now + timedelta(hours=1))
    assert list(Alert.objects.order_by("pk").values_list("pk", "withdrawn_at")) == before
    assert ring(now=now + 8 * DAY).alerts > 0  # and what repeats goes on repeating
    assert invariants.check(now=now) == []


@pytest.mark.parametrize("clock", ["keep", "recompute", "restart"])
def test_taking_it_back_leaves_everything_as_if_it_had_never_been(site: Site, clock: str) -> None:
    journey, now = undecided(site), MONDAY + 13 * DAY
    before, pictured = rows(journey), picture(journey.patient)
    newer = changed(rename, now=now)
    done = migrating.migrate(pathway=LUNG, plan=shared(newer, clock, to_decide="deciding"), site=site, by=None, now=now)
    assert rows(journey) != before
    assert migrating.undo(pathway=LUNG, version=newer, site=site, by=None, now=now, batch="another") == 0
    assert migrating.undo(pathway=LUNG, version=newer, site=site, by=None, now=now, batch=done.batch) == 1
    assert rows(journey) == before
    assert picture(journey.patient) == pictured
    assert Journey.objects.get().version.number == 1
    assert invariants.check(now=now) == []


def test_facts_go_on_under_the_new_version_whatever_comes_first(site: Site) -> None:
    """One patient's decision, told on the old version's time, arrives before the migration, the other's after."""
    early, late = undecided(site), undecided(site)
    newer = changed(rename, now=MONDAY)
    decided = fact("treatment_decided", MONDAY + 13 * DAY, "T1", body={"decision": "matched", "drugs": [OSIMERTINIB]})
    ordered = fact("drug_ordered", MONDAY + 16 * DAY, "D1", body={"drugs": [OSIMERTINIB]})
    tell(early.patient, site, decided, now=MONDAY + 14 * DAY)
    migrating.migrate(pathway=LUNG, plan=shared(newer, to_decide="deciding"), site=site, by=None, now=MONDAY + 15 * DAY)
    tell(early.patient, site, ordered, now=MONDAY + 17 * DAY)
    tell(late.patient, site, ordered, now=MONDAY + 17 * DAY)
    tell(late.patient, site, decided, now=MONDAY + 18 * DAY)
    assert picture(late.patient) == picture(early.patient)
    assert waits(late, "drug").stage.version_id == newer.pk
    assert waits(late, "to_decide").stage.version.number == 1
    assert invariants.check(now=MONDAY + 18 * DAY) == []


def test_a_stage_without_counterpart_is_refused_and_a_removed_one_closes_its_stall(site: Site) -> None:
    journey, now = undecided(site), MONDAY + 16 * DAY
    side = next(stay for stay in journey.stays.open() if stay.track != "main")
    newer = changed(rename, now=now)
    [row] = migrating.preview(pathway=LUNG, plan=Plan(newer.number), now=now)
    assert "no counterpart" in row.refused
    assert migrating.migrate(pathway=LUNG, plan=Plan(newer.number), site=site, by=None, now=now).moved == 0
    key = f"{side.track}.{side.stage.name}"
    plan = migrating.target(newer, clock="keep", stages={"main.to_decide": "main.deciding", key: ""})
    ring(now=now + 60 * DAY)
    assert Alert.objects.filter(stay=side, withdrawn_at=None).exists()
    migrating.migrate(pathway=LUNG, plan=plan, site=site, by=None, now=now + 60 * DAY)
    side.refresh_from_db()
    assert side.left_at == now + 60 * DAY
    assert set(Alert.objects.filter(stay=side).values_list("reason", flat=True)) == {"definition retired"}
    assert invariants.check(now=now + 60 * DAY) == []


def test_one_site_at_a_time(site: Site) -> None:
    south = Site.objects.create(code="south", name="South")
    lead = User.objects.get()
    Rollout.objects.create(site=south, pathway=LUNG, mode="live", texts_from=MONDAY - 300 * DAY, default_accountable=lead)
    here, there = undecided(site), undecided(south)
    newer = changed(decide_within("2 days"))
    migrating.migrate(pathway=LUNG, plan=shared(newer), site=south, by=lead, now=MONDAY + 14 * DAY)
    here.refresh_from_db()
    there.refresh_from_db()
    assert (here.version.number, there.version.number) == (1, 2)
    assert Event.objects.get(kind="migrated").by == lead
    assert [row.journey_id for row in migrating.preview(pathway=LUNG, plan=shared(newer), now=MONDAY + 14 * DAY)] == [here.pk]


def test_a_plan_is_checked_before_anything_moves(site: Site) -> None:
    old = PathwayVersion.objects.get(code=LUNG)
    newer = changed(decide_within("2 days"))
    for version, clock, stages in (
        (old, "keep", {}),
        (newer, "stop", {}),
        (newer, "keep", {"main.to_decide": "main.nowhere"}),
        (newer, "keep", {"tissue.at_lab": "main.to_decide"}),
    ):
        version.refresh_from_db()
        with pytest.raises(ValueError, match=r"in force|clock|no such stage|track"):
            migrating.target(version, clock=clock, stages=stages)


def test_a_journey_that_ended_since_is_taken_back_too(site: Site) -> None:
    journey, now = undecided(site), MONDAY + 14 * DAY
    newer = changed(decide_within("2 days"))
    migrating.migrate(pathway=LUNG, plan=shared(newer), site=site, by=None, now=now)
    journeys.exit(journey=journey, reason="lost_to_follow_up", now=now + DAY, by=User.objects.get())
    assert migrating.undo(pathway=LUNG, version=newer, site=site, by=None, now=now + 2 * DAY) == 1
    journey.refresh_from_db()
    assert (journey.version.number, journey.status) == (1, "exited")
    assert invariants.check(now=now + 2 * DAY) == []
