"""One run: the parts are started, patients are due, and until all is quiet something is killed, frozen or lost every second or two."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import django
import psycopg

from config.embedded.place import Place
from tests.chaos.meter import Meter
from tests.chaos.parts import Part, beat, crash_postgres, crash_valkey, free_port, simulator, web, worker

FAULTS = {
    "FAIL_AFTER_ACCEPT": 0.02, "DROP_AFTER_ACCEPT": 0.02, "FAIL_BEFORE_ACCEPT": 0.02, "HANG": 0.015, "LATE_ACCEPT": 0.015, "GARBLED": 0.01,
    "TOO_MANY": 0.02, "HANG_SECONDS": 2.5, "EARLY_CALLBACK": 0.1, "DUPLICATE_CALLBACK": 0.1, "LATE_CALLBACK": 0.1, "LATE_SECONDS": 3,
    "LOST_CALLBACK": 0.5, "LIST_LAG_SECONDS": 1.5,
}  # fmt: skip
"""About 12 % of calls go wrong; of the receipts half never come, and of the others a third early, twice or late."""
STOPPED = 0.02  # of the patients say STOP, die or move on while their texts are going out
BLOWS = 25  # between as many all of them do
PAUSE = (1.5, 4.0)  # seconds between two blows
MOST = {
    "database crashed": 3,
    "broker killed": 3,
    "worker killed": 4,
    "provider killed": 4,
}  # what takes long to start is spared after so many


class Storm:
    """What may be struck, and how often each was."""

    def __init__(self, place: Place, home: Path, chosen: argparse.Namespace) -> None:
        self.place, self.dice, self.longest = place, Random(chosen.seed), chosen.longest_freeze
        self.struck: Counter[str] = Counter()
        app = "hasty" if chosen.design == "ours" else "usual"
        ledger, ports, log = home / "ledger.sqlite3", (free_port(), free_port()), home / "log"
        here = {"TWILIO_API_URL": f"http://127.0.0.1:{ports[0]}", "PUBLIC_BASE_URL": f"http://127.0.0.1:{ports[1]}"}
        faults = {f"SIMULATOR_{name}": str(rate) for name, rate in FAULTS.items()} | {"SIMULATOR_SEED": str(chosen.seed)}
        self.ledger, self.log = ledger, log
        self.phones = Part("simulator", simulator(ports[0], ledger), faults, log)
        self.web = Part("web", web(ports[1]), here, log)
        self.workers = [Part(f"worker {n}", worker(app), here, log) for n in range(2)]
        self.beats = [Part(f"beat {n}", beat(app, home, n), here, log) for n in range(2)]

    @property
    def parts(self) -> list[Part]:
        return [*self.beats, *self.workers, self.web, self.phones]

    def strike(self) -> None:
        """One blow by the seed."""
        blows: dict[str, tuple[int, Callable[[], object]]] = {
            "hands killed": (7, lambda: self.dice.choice(self.workers).kill_hands()),
            "worker killed": (1, lambda: self.dice.choice(self.workers).replace()),
            "worker frozen": (4, lambda: self._freeze(self.dice.choice(self.workers))),
            "beat killed": (1, lambda: self.dice.choice(self.beats).replace()),
            "web killed": (1, self.web.kill_hands),
            "web frozen": (1, lambda: self._freeze(self.web)),
            "provider killed": (1, self.phones.replace),
            "provider frozen": (1, lambda: self._freeze(self.phones)),
            "broker killed": (1, lambda: crash_valkey(self.place)),
            "database crashed": (1, lambda: crash_postgres(self.place)),
        }
        left = [name for name in blows if self.struck[name] < MOST.get(name, 1_000)]
        (name,) = self.dice.choices(left, [blows[name][0] for name in left])
        blows[name][1]()
        self.struck[name] += 1

    def _freeze(self, part: Part) -> None:
        part.freeze()
        time.sleep(self.dice.uniform(0.5, self.longest))
        part.thaw()

    def supervise(self) -> None:
        """Whatever ended by itself is started again."""
        self.struck["gave up"] += sum(part.revive() for part in self.parts)

    def tell(self, left: Any) -> None:
        print(f"          left: {left}; struck: {self.struck.total()}", file=sys.stderr, flush=True)

    def rest(self) -> None:
        time.sleep(self.dice.uniform(*PAUSE))


class Phases:
    """How long each part of a run took, said on stderr as soon as it is over."""

    def __init__(self) -> None:
        self.begun = self.last = time.monotonic()
        self.took: dict[str, float] = {}

    def end(self, name: str) -> None:
        now = time.monotonic()
        self.took[name], self.last = round(now - self.last, 1), now
        print(f"{now - self.begun:6.1f} s  {name}: {self.took[name]} s", file=sys.stderr, flush=True)


def run(place: Place, home: Path, chosen: argparse.Namespace) -> dict[str, Any]:
    phases = Phases()
    django.setup()
    meter = Meter(place.home)
    meter.start()
    _prepare(place, chosen.journeys, phases)
    from tests.chaos import book

    with storm(place, home, chosen) as struck:
        stopped, is_quiet = _rage(struck, chosen, phases)
        meter.look()
    figures = book.close(ledger=struck.ledger, journeys=chosen.journeys, stopped=stopped)
    phases.end("ledger")
    storm_s = phases.took["storm"] + phases.took["quiet"]
    rate = round(figures["accepted"] / storm_s, 1)
    times = {"texts_per_second": rate, "phases_s": phases.took, "seconds": round(time.monotonic() - phases.begun, 1)}
    spent = {"cpu_s": meter.end()}
    return {"seed": chosen.seed, "design": chosen.design, "quiet": is_quiet, **figures, "struck": dict(+struck.struck), **times, **spent}


def _prepare(place: Place, journeys: int, phases: Phases) -> None:
    """Commits count: a server that dies may lose none that it confirmed (the disk itself does not die here)."""
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from tests.chaos.crowd import admit
    from tests.notifications.world import World

    with psycopg.connect(host=str(place.sockets), user="postgres", dbname="postgres", autocommit=True) as server:
        server.execute("ALTER DATABASE finalmile SET synchronous_commit = on")
        server.execute("ALTER SYSTEM SET autovacuum_naptime = '5s'")  # tables fill in a minute that elsewhere take months
        server.execute("SELECT pg_reload_conf()")
    call_command("migrate", database="default", verbosity=0)
    phases.end("tables")
    admit(World(), journeys, now=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    connection.close()
    phases.end("patients")


@contextmanager
def storm(place: Place, home: Path, chosen: argparse.Namespace) -> Iterator[Storm]:
    """Everything running; nothing left afterwards."""
    struck = Storm(place, home, chosen)
    try:
        yield struck
    finally:
        for part in struck.parts:
            part.thaw()
            part.kill()
        if chosen.log:
            shutil.copy(struck.log, chosen.log)


def _rage(struck: Storm, chosen: argparse.Namespace, phases: Phases) -> tuple[list[Any], bool]:
    """Until all is quiet, or the time is up; whether it is. The storm is over when the last text has left its first place in the queue."""
    from notifications.models import Message
    from patients.models import Patient
    from tests.chaos import book

    patients = list(Patient.objects.order_by("pk").values_list("pk", flat=True))
    doomed = book.pick(struck.dice, patients, int(STOPPED * len(patients)))
    stopped: list[Any] = []
    at_a_time = max(3, len(doomed) // BLOWS)  # all of them while texts are still going out
    end = phases.begun + chosen.seconds
    while time.monotonic() < end and not again(Message.objects.exists):  # something must run before it can be struck
        time.sleep(0.5)
        struck.supervise()
    phases.end("start")
    while time.monotonic() < end:
        stopped += _stop_some(struck.dice, doomed[:at_a_time], {one.patient for one in stopped})
        del doomed[:at_a_time]
        if not chosen.calm:
            struck.strike()
        struck.rest()
        struck.supervise()
        left = again(book.left)
        if left is not None and not left.due + left.untried and "storm" not in phases.took:
            phases.end("storm")
        if left == book.Left() and not doomed:
            break
        struck.tell(left)
    else:
        left = again(book.left)
    if "storm" not in phases.took:
        phases.end("storm")
    phases.end("quiet")
    return stopped, left == book.Left()


def _stop_some(dice: Random, doomed: list[tuple[int, str]], already: set[int]) -> list[Any]:
    """Every other one strikes a patient whose text is on its way this very moment, where there is one."""
    from tests.chaos import book

    done = []
    for n, (patient, why) in enumerate(doomed):
        close = [one for one in again(book.under_way) or [] if one not in already] if n % 2 else []
        whom = dice.choice(close) if close else patient
        if whom not in already and (stop := again(partial(book.stop, whom, why))) is not None:
            done.append(stop)
            already.add(whom)
    return done


def again(work: Callable[[], Any]) -> Any:
    """The driver, too, loses its connection when the database dies; None when it could not be done."""
    from django.db import connection
    from django.db.utils import Error

    for _ in range(5):
        try:
            return work()
        except Error:
            connection.close()
            time.sleep(0.3)
    return None
