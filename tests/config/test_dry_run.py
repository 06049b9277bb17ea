"""A small demo hospital, a draft with one deadline shortened: what the dry run forecasts is what is then planned."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import Count
from pytest_django import Settings

from config.demo import lung, story
from notifications.forecast import forecast
from notifications.models import Message, WorkItemAlert
from notifications.tick import tick
from pathways import invariants, migrating
from pathways.definitions.publish import publish
from pathways.definitions.reading import CATALOG, read_path
from pathways.dry_run import dry_run
from pathways.models import Alert, Journey, Stay
from patients.models import Site
from tests.config.living import TODAY, Lived, lived_through

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.processes]

PATIENTS, DAYS, SEED = 16, 45, 5


@pytest.fixture(scope="module")
def hospital(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    with lived_through(
        story.cohort(count=PATIENTS, days=DAYS, seed=SEED, today=TODAY),
        seed=SEED,
        days=DAYS,
        blocker=django_db_blocker,
        folder=tmp_path_factory.mktemp("demo"),
    ) as told:
        yield told


def hurried() -> dict[str, Any]:
    """The lung programme with one deadline of a day, that of the stage where most wait who are not late yet."""
    waiting = Stay.objects.open().filter(
        journey__pathway=lung.PATHWAY, track="main", due_at__gt=TODAY, entered_at__lt=TODAY - timedelta(days=3)
    )
    [stage] = waiting.values_list("stage__name").annotate(n=Count("pk")).order_by("-n", "stage__name")[:1]
    body = read_path(CATALOG / f"{lung.PATHWAY}.yaml").body
    body["tracks"]["main"]["stages"][stage[0]]["within"] = "1 day"
    return body


def written(body: dict[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False)


def state() -> dict[str, tuple[int, str]]:
    """Rows and a digest of every table."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT count(*), coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM \"{table}\" t")
            rows, digest = cursor.fetchone() or (0, "")
            found[table] = (rows, digest)
    return found


def test_a_dry_run_changes_nothing_and_names_what_would_change(hospital: None, tmp_path: Path) -> None:
    draft = tmp_path / "draft.yaml"
    draft.write_text(written(hurried()))
    before = state()
    out = io.StringIO()
    with mock.patch("django.utils.timezone.now", return_value=TODAY):
        call_command("pathways", "dry-run", str(draft), "--days", "30", "--json", stdout=out)
        call_command("pathways", "dry-run", str(draft), "--days", "30", stdout=io.StringIO())
    assert state() == before
    said = json.loads(out.getvalue())
    assert said["journeys"] > 5
    assert said["stalls"]["earlier"] or said["stalls"]["newly"]
    assert len({one["problem"] for how in ("earlier", "newly") for one in said["stalls"][how]}) == 1
    assert all(one["draft"] < one["today"] for one in said["stalls"]["earlier"])
    assert not said["stalls"]["later"]
    assert not said["misfits"]
    items = {side: sum(sum(counts.values()) for counts in said[side]["work_items"].values()) for side in ("today", "draft")}
    assert 0 < items["today"] < items["draft"]
    assert items["draft"] == sum(role["items"] for role in said["draft"]["roles"])
    assert said["today"]["texts"] == said["draft"]["texts"]
    assert said["price"]["source"].startswith("https://")


def test_a_draft_that_changes_nothing_finds_nothing_else(hospital: None) -> None:
    run_of = dry_run(read_path(CATALOG / f"{lung.PATHWAY}.yaml").body, days=30, now=TODAY)
    said = forecast(run_of)
    assert not any(run_of.changes.values())
    assert not run_of.misfits
    assert said.today == said.draft
    assert not said.next.items
    assert not [row for row in run_of.next.rows if row.refused or row.newly_overdue]


@pytest.mark.parametrize("channel", ["email", "letter"])
def test_what_begins_with_another_channel_is_priced_as_that(hospital: None, settings: Settings, channel: str) -> None:
    """As many as there were texts, none of them by the segment."""
    settings.EMAIL_PRICE, settings.LETTER_PRICE = 0.25, 2.0
    body = read_path(CATALOG / f"{lung.PATHWAY}.yaml").body
    rungs = [rung for track in body["tracks"].values() for stage in track["stages"].values() for rung in stage.get("ladder", [])]
    for rung in rungs:
        if rung["to"] == "patient":
            rung["channels"] = [channel, "sms"]
    said = forecast(dry_run(body, days=30, now=TODAY))
    count = said.today.texts.count
    assert count > 0
    assert (said.draft.texts.count, said.draft.texts.beside) == (0, {channel: count})
    assert said.draft.texts.cost == count * {"email": 0.25, "letter": 2.0}[channel]
    assert said.today.texts.cost == round(said.today.texts.segments * said.price.each, 2)


def test_the_forecast_is_what_is_then_planned(hospital: None) -> None:
    draft = read_path(CATALOG / f"{lung.PATHWAY}.yaml")
    body = hurried()
    assert body != draft.body
    tick(now=TODAY)
    run_of = dry_run(body, days=30, now=TODAY)
    expected = forecast(run_of)
    assert expected.next.items, "the draft must set something off, or the test shows nothing"
    last = Alert.objects.latest("pk").pk
    known = set(Message.objects.values_list("pk", flat=True))

    version = publish(text=written(body), by=None, now=TODAY)
    plan = migrating.target(version, clock="recompute", stages={})
    moved = sum(migrating.migrate(pathway=lung.PATHWAY, plan=plan, site=site, by=None, now=TODAY).moved for site in Site.objects.all())
    assert moved == sum(not row.refused for row in run_of.next.rows) > 0
    tick(now=TODAY)

    rang = Alert.objects.filter(pk__gt=last)
    assert sorted(rang.filter(stay__isnull=False).values_list("stay_id", "due_at", "audience", "acts")) == sorted(
        (one["stay_id"], datetime.fromisoformat(one["due_at"]), one["audience"], one["acts"]) for one in run_of.next.alerts
    )
    items = {link.item for link in WorkItemAlert.objects.filter(alert__in=rang).select_related("item")}
    assert {(f"{item.cause_kind}:{item.cause_key}", item.audience) for item in items} == {
        (row["cause"], row["whom"]) for row in expected.next.items
    }
    texts = Message.objects.exclude(pk__in=known).values_list("stay_id", "recipient_id", "wording", "channel")
    assert sorted(texts) == sorted(
        (int(row["cause"].partition(":")[0]), row["person_id"], row["wording"], row["channel"]) for row in expected.next.texts
    )
    assert invariants.check(now=TODAY) == []
    for site in Site.objects.all():
        migrating.undo(pathway=lung.PATHWAY, version=version, site=site, by=None, now=TODAY)
    assert not Journey.objects.filter(version=version).exclude(opened_at=TODAY).exists()
    assert invariants.check(now=TODAY) == []


def test_a_budget_of_the_site_goes_before_the_default(hospital: None) -> None:
    site = Site.objects.earliest("pk")
    call_command(
        "pathways", "budget", lung.PATHWAY, "lead=0", "--site", site.code, "--by", "lena", "--why", "short of people", stdout=io.StringIO()
    )
    said = forecast(dry_run(read_path(CATALOG / f"{lung.PATHWAY}.yaml").body, days=40, now=TODAY))
    leads = {role.site_id: role for role in said.today.roles if role.role == "lead"}
    assert leads[site.pk].budget == 0
    assert leads[site.pk].days_over > 0
    assert all(role.budget == 10 for other, role in leads.items() if other != site.pk)
