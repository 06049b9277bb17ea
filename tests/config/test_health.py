"""What a load balancer, a pager and Prometheus are told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from config import health
from config.models import Heartbeat, beat
from notifications import halts

pytestmark = pytest.mark.django_db


def ready(client: Client) -> tuple[int, dict[str, Any]]:
    answer = client.get("/readyz")
    return answer.status_code, answer.json()


def test_alive_asks_no_store(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert client.get("/livez").content == b"ok\n"


def test_ready_when_a_sweep_has_just_ended(client: Client) -> None:
    beat("tick", now=timezone.now())
    status, said = ready(client)
    assert (status, said["wrong"]) == (200, [])


def test_not_ready_before_the_first_sweep(client: Client) -> None:
    status, said = ready(client)
    assert status == 503
    assert said["wrong"] == ["last_sweep"]


def test_not_ready_when_the_last_sweep_is_old(client: Client) -> None:
    beat("tick", now=timezone.now() - timedelta(hours=1))
    status, said = ready(client)
    assert (status, said["wrong"]) == (503, ["last_sweep"])
    assert said["checks"]["last_sweep"]["age_seconds"] == pytest.approx(3600, abs=5)


def test_a_store_that_is_gone_is_named_without_details(client: Client, settings: Any) -> None:
    beat("tick", now=timezone.now())
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    status, said = ready(client)
    assert (status, said["wrong"]) == (503, ["redis_server"])
    assert said["checks"]["redis_server"] == {"ok": False, "error": "ConnectionError"}


def test_a_heartbeat_is_one_row_that_moves(now: Any) -> None:
    beat("tick", now=now)
    beat("tick", now=now + timedelta(minutes=1))
    assert Heartbeat.objects.get().at == now + timedelta(minutes=1)


def test_an_outbox_that_waits_too_long_is_not_ready(now: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "oldest_due", lambda _now: now - timedelta(hours=2))
    assert health.oldest_due_message(now)["ok"] is False
    monkeypatch.setattr(health, "oldest_due", lambda _now: None)
    assert health.oldest_due_message(now)["ok"] is True


def test_what_stops_texts_is_named(db: None, now: Any) -> None:
    assert health.oldest_due_message(now)["stopped"] == []
    halts.trip(halts.STAFF, reason="a rehearsal", now=now)
    assert health.oldest_due_message(now)["stopped"] == ["staff"]


def test_metrics_count_what_the_database_knows(client: Client) -> None:
    beat("tick", now=timezone.now())
    said = client.get("/metrics").content.decode()
    assert "finalmile_stays_due 0.0" in said
    assert 'finalmile_heartbeat_age_seconds{task="tick"}' in said


def test_metrics_ask_for_the_token_when_there_is_one(client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = "a-long-token"
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer a-long-token"}).status_code == 200
