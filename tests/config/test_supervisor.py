"""The demo's processes: none is left, whatever ends first."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config import supervisor
from config.embedded.place import CHECKOUT
from config.supervisor import Child

pytestmark = pytest.mark.processes

# A child with a child of its own, both of which tell their pids; `stubborn` ones do not listen to SIGTERM.
FAMILY = """
import os, signal, subprocess, sys, time
if "stubborn" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("family", os.getpid(), grandchild.pid, flush=True)
time.sleep(600)
"""
RUNNER = """
import sys
from config import supervisor
from config.supervisor import Child
supervisor.GRACE_SECONDS = 2
sys.exit(supervisor.run([Child("family", [sys.executable, "-c", sys.argv[1], *sys.argv[2:]])]))
"""


@contextmanager
def supervised(*words: str) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    command = [sys.executable, "-c", RUNNER, FAMILY, *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=CHECKOUT) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("   family | family ")
        yield process, [int(word) for word in line.split()[-2:]]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pids: list[int]) -> bool:
    end = time.monotonic() + 20
    while any(alive(pid) for pid in pids) and time.monotonic() < end:
        time.sleep(0.05)
    return not any(alive(pid) for pid in pids)


linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc")


@linux
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_children_and_grandchildren(number: signal.Signals) -> None:
    with supervised() as (process, pids):
        process.send_signal(number)
        assert process.wait(timeout=30) == 0
        assert gone(pids)


@linux
def test_a_child_that_does_not_listen_is_killed_after_the_grace_period() -> None:
    with supervised("stubborn") as (process, pids):
        process.terminate()
        assert process.wait(timeout=30) == 0
        assert gone(pids)


@linux
def test_children_hear_of_the_death_of_a_killed_supervisor() -> None:
    with supervised() as (process, pids):
        process.kill()
        process.wait(timeout=30)
        try:
            assert gone(pids[:1]), "the kernel sends SIGTERM; what the child does with its own children is its business"
        finally:
            os.kill(pids[1], signal.SIGKILL)


def test_a_vital_child_that_ends_ends_everything(capfd: pytest.CaptureFixture[str]) -> None:
    wait = Child("other", [sys.executable, "-c", "import time; time.sleep(600)"])
    assert supervisor.run([wait, Child("web", [sys.executable, "-c", "print('port is taken')"], vital=True)]) == 1
    assert "web | port is taken" in capfd.readouterr().out


def test_another_child_that_ends_is_started_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(supervisor, "RESTART_SECONDS", (0,))
    count = f"open({str(tmp_path / 'runs')!r}, 'a').write('x')"
    watcher = f"import pathlib, time\nwhile len(pathlib.Path({str(tmp_path / 'runs')!r}).read_text()) < 3: time.sleep(.02)"
    (tmp_path / "runs").touch()
    assert (
        supervisor.run([Child("crasher", [sys.executable, "-c", count]), Child("watcher", [sys.executable, "-c", watcher], vital=True)])
        == 1
    )
    assert len((tmp_path / "runs").read_text()) >= 3
