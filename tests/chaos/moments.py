"""`python -m tests.chaos.moments`: deaths at chosen moments, on a clock that stands still between them; prints one JSON line and ends with 1 when something does not hold."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from config.embedded.session import end_on_sigterm, scratch_services

if TYPE_CHECKING:
    from tests.chaos.driver import Chaos

CALM = 2
"""Portions of texts between two deaths in which nobody dies: a text is sent again once, so one that is lost twice is a person's."""


def main() -> int:
    options = argparse.ArgumentParser(prog="chaos", description="Kills workers by a seed and looks whether anything is lost or done twice.")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--patients", type=int, default=300)
    options.add_argument("--kills", type=int, default=24)
    chosen = options.parse_args()
    end_on_sigterm()
    with scratch_services(valkey=False, durable=False) as place, TemporaryDirectory() as home:
        os.environ |= {"DATABASE_URL": place.owner_url, "FINALMILE_ENV": "test", "DJANGO_SETTINGS_MODULE": "config.settings"}
        said = run(Path(home), seed=chosen.seed, patients=chosen.patients, kills=chosen.kills)
    print(json.dumps(said))
    return 0 if said["ok"] else 1


def run(home: Path, *, seed: int, patients: int, kills: int) -> dict[str, Any]:
    import django

    django.setup()
    from django.core.management import call_command

    from tests.chaos import truth
    from tests.chaos.cohort import SWEEPS, admit
    from tests.chaos.driver import chaos

    call_command("setup", quiet=True)
    admit(patients, home / "unused.sqlite3")
    calm, started = truth.calm(SWEEPS), time.monotonic()
    with chaos(home=home, seed=seed, start=SWEEPS[0]) as driven:
        quiet = sweep(driven, kills // 3)
        differs, sick = truth.differs(calm), truth.sick(SWEEPS[-1])
        quiet &= send(driven, kills - kills // 3)
        wrong, taken = truth.wrong_texts(driven.phones.ledger), truth.copies(driven.phones.ledger)
        sick += truth.sick(driven.clock.now())
        found: dict[str, Any] = {"differs": differs, "quiet": quiet, "doctor": sick, "wrong_texts": wrong}
        return {
            "ok": not differs and quiet and not sick and not wrong,
            "seed": seed,
            "patients": patients,
            "messages": calm.texts.total(),
            "accepted": taken.total(),
            "most_copies": max(taken.values()),
            "with_a_person": calls(),
            "kills": driven.done,
            "seconds": round(time.monotonic() - started, 1),
            **found,
        }


def calls() -> int:
    from notifications.models import WorkItem

    return WorkItem.objects.filter(cause_kind="unknown_send").count()


def sweep(driven: Chaos, kills: int) -> bool:
    from notifications.models import WorkItem
    from pathways.models import Alert
    from tests.chaos.cohort import SWEEPS

    quiet = True
    for now in SWEEPS:
        driven.move_to(now)
        for _ in range(max(kills // len(SWEEPS), 1)):
            if driven.dice.random() < 0.6:
                driven.kill_in_a_sweep()
            else:
                driven.kill_anywhere("tick", lambda: (Alert.objects.count(), WorkItem.objects.count()))
        quiet &= driven.sweep_until_quiet()
    return quiet


def send(driven: Chaos, kills: int) -> bool:
    from notifications.models import Message
    from tests.chaos.cohort import PORTION, portion

    portion(kills * (1 + CALM))
    ways = Random(driven.dice.random())
    for n in range(kills):
        way = ways.choice(("accepted", "late", "lost", "anywhere"))
        if way == "accepted":
            driven.kill_after_accepting()
        elif way == "anywhere":
            driven.kill_anywhere("send", lambda: Message.objects.exclude(state="pending").count())
        else:
            driven.kill_before_accepting(provider_too=way == "lost")
        if n == kills // 2:
            driven.lose_the_broker(5)
        for _ in range(1 + CALM):
            driven.let_pass(PORTION)
            driven.wake("send", "reconcile")
    return driven.send_until_quiet()


if __name__ == "__main__":
    sys.exit(main())
