"""`make chaos SEED=7`: twenty thousand due journeys through real workers while everything is killed and frozen by a seed; the ledger of the
run as one JSON line, and exit 1 when a patient got two copies, or nothing and nobody knows.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from config.embedded.session import end_on_sigterm, scratch_services

WANTED = ("duplicates", "silent", "after_stop", "unknown", "in_flight_too_long", "sent_but_not_taken")

QUIET_SECONDS = 9.0  # of `hasty`
REPORTED = ("duplicates", "in_flight_too_long")  # what a freeze longer than that between a last look at the stopwatch and the wire may cost


def main() -> int:
    options = argparse.ArgumentParser(
        prog="chaos", description="Kills everything by a seed and looks whether anything is lost or done twice."
    )
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--journeys", type=int, default=20_000)
    options.add_argument("--seconds", type=float, default=285.0, help="after so long the run is cut, and what is open counts")
    options.add_argument(
        "--longest-freeze", type=float, default=4.0, help="above nine seconds, the quiet time, duplicates are reported, not promised away"
    )
    options.add_argument("--design", choices=("ours", "usual"), default="ours", help="usual: a task per text, repeated on error")
    options.add_argument("--calm", action="store_true", help="nothing is killed: how fast it is by itself")
    options.add_argument("--log", type=Path, help="where to keep what the parts wrote")
    chosen = options.parse_args()
    end_on_sigterm()
    with scratch_services(durable=False) as place, TemporaryDirectory() as home:
        os.environ |= {
            "DATABASE_URL": place.owner_url, "REDIS_URL": place.redis_url, "FINALMILE_ENV": "test", "DJANGO_SETTINGS_MODULE": "config.settings",
            "LOG_LEVEL": "CRITICAL", "TWILIO_TIMEOUT_SECONDS": "1.5", "SMS_AT_ONCE": "8",
        }  # fmt: skip
        from tests.chaos.storm import run

        said = run(place, Path(home), chosen)
    print(json.dumps(said))
    promised = [name for name in WANTED if chosen.longest_freeze < QUIET_SECONDS or name not in REPORTED]
    return 0 if chosen.design == "usual" or not any(said[name] for name in promised) else 1


if __name__ == "__main__":
    sys.exit(main())
