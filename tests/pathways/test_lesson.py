"""The lesson of `docs/pathways.md`, followed to the letter: what it says to type is typed, and what it says is printed must be."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from pathways.definitions import registry
from pathways.definitions.reading import CATALOG
from pathways.ladders import publish_ladders
from pathways.models import Alert, Journey
from patients import sites
from patients.models import Role, Site, User
from tests.people import nurse

TEXT = (CATALOG.parent.parent / "docs" / "pathways.md").read_text()
LESSON = TEXT[TEXT.index("## A pathway in an hour") : TEXT.index("## A whole pathway")]

Enter = Callable[[User], Client]


def block(kind: str, text: str) -> str:
    found = re.search(rf"```{kind}\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1]


def typed(step: int) -> Iterator[tuple[list[str], list[str]]]:
    """Each command of a step with the lines that should follow it."""
    text = LESSON[LESSON.index(f"**{step}. ") :].partition(f"**{step + 1}. ")[0]
    lines = [line[4:] for line in text.splitlines() if line.startswith("    ")]
    for n, line in enumerate(lines):
        if line.startswith("$ manage.py "):
            following = [*lines[n + 1 :], "$ "]
            yield shlex.split(line)[2:], following[: next(m for m, one in enumerate(following) if one.startswith("$ "))]


def do(step: int) -> None:
    for words, expected in typed(step):
        out = StringIO()
        try:
            call_command(*words, stdout=out)
        except CommandError as error:
            out.write(str(error))
        for line in expected:
            assert line in out.getvalue(), f"{' '.join(words)} printed {out.getvalue()!r}"


@pytest.fixture
def harbor(db: None) -> Iterator[Site]:
    registry.clear()
    publish_ladders()
    yield sites.add(code="harbor", name="Harbor Medical Center", time_zone="America/New_York")
    registry.clear()


def test_a_newcomer_who_follows_the_lesson_sees_the_alert(harbor: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lena, dara = nurse("lena", harbor, role=Role.LEAD), nurse("dara", harbor)
    nurse("petra", harbor, role=Role.CLINICIAN)
    monkeypatch.chdir(tmp_path)
    pathway = block("yaml", TEXT)
    Path("example-therapy.yaml").write_text(pathway)
    Path("mistaken.yaml").write_text(pathway.replace("awaits: [drug_received]", "awaits: [drug_recieved]"))
    Path("changed.yaml").write_text(pathway.replace("within: 5 working days", "within: 3 working days"))
    Path("patients.csv").write_text(block("csv", LESSON))
    do(3)
    do(4)
    client = Client()
    client.force_login(lena, backend="django.contrib.auth.backends.ModelBackend")
    assert "Approved by Petra Example" in client.get("/pathways/example-therapy/").content.decode()
    begin(client, dara)
    do(6)
    assert Alert.objects.filter(acts=True, withdrawn_at=None).count() == 1
    queue = client.get("/queue/?lane=team").content.decode()
    assert "Ana" in queue
    assert "o treatment decision" in queue
    do(7)
    assert Journey.objects.get().version.number == 1


def begin(client: Client, dara: User) -> None:
    """Step 5, on the page that it names."""
    (address,) = re.findall(r"`(/rollout/[a-z/-]+)`", LESSON)
    assert client.post(f"{address}sign/", {"version": 1, "note": ""}).status_code == 302
    given = {"mode": "staff", "default_accountable": dara.pk, "release_per_day": 10, "reason": "first week"}
    assert client.post(address, given).status_code == 302


def test_every_step_that_types_something_says_what_is_printed() -> None:
    assert [step for step in range(1, 8) if any(not expected for _, expected in typed(step))] == []
    assert sum(len(list(typed(step))) for step in range(1, 8)) == 9
