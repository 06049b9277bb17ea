"""Production starts only with what it needs, and then Django's own deployment check has nothing to say."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from config.embedded.place import CHECKOUT

CHOSEN = {
    "FINALMILE_ENV": "production",
    "SECRET_KEY": "k9" * 40 + "!abcdefghijklmno",
    "ALLOWED_HOSTS": "finalmile.example.org",
    "PUBLIC_BASE_URL": "https://finalmile.example.org",
    "DATABASE_URL": "postgres://finalmile_app:secret@db.example.org/finalmile",
    "DATABASE_OWNER_URL": "postgres://finalmile_owner:secret@db.example.org/finalmile",
    "REDIS_URL": "rediss://redis.example.org/0",
    "TWILIO_ACCOUNT_SID": "AC" + "a" * 32,
    "TWILIO_AUTH_TOKEN": "token",
}


def production(*words: str, without: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in {**CHOSEN, **more}.items() if name != without}
    environment["PATH"] = os.environ["PATH"]
    return subprocess.run([sys.executable, *words], cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)


def test_the_deployment_check_has_nothing_to_say() -> None:
    done = production("manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize("name", [name for name in CHOSEN if name not in {"FINALMILE_ENV", "DATABASE_OWNER_URL"}])
def test_production_refuses_to_start_without(name: str) -> None:
    done = production("-c", "import config.settings", without=name)
    assert done.returncode != 0
    assert name in done.stderr


def test_production_cookies_are_bound_to_the_host_and_the_api_is_twilio_s() -> None:
    done = production(
        "-c",
        "from config import settings as s; print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.SECURE_HSTS_SECONDS >= 31536000, s.DEBUG, s.TWILIO_API_URL)",
        DEBUG="true",
    )
    assert done.stdout.split() == ["__Host-session", "__Host-csrf", "True", "True", "False", "https://api.twilio.com"]


def test_production_answers_to_hosts_that_are_named() -> None:
    assert "ALLOWED_HOSTS must name hosts" in production("-c", "import config.settings", ALLOWED_HOSTS="*").stderr


def test_a_word_that_is_no_environment_is_refused() -> None:
    assert "production" in production("-c", "import config.settings", FINALMILE_ENV="prod").stderr
