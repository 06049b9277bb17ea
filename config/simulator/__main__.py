"""`python -m config.simulator --port N --ledger FILE`: serve until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence

from .faults import from_environment
from .handler import ACCOUNT, Provider
from .ledger import Ledger
from .server import TOKEN, Simulator


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="simulator", description="A stand-in for Twilio on this machine.")
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, default=8010, help="0: any free port, printed")
    options.add_argument("--ledger", default="simulator.sqlite3", help="file of what was sent and received")
    options.add_argument("--account", default=os.environ.get("TWILIO_ACCOUNT_SID") or ACCOUNT)
    options.add_argument("--token", default=os.environ.get("TWILIO_AUTH_TOKEN") or TOKEN)
    options.add_argument("--inbound-url", default=os.environ.get("SIMULATOR_INBOUND_URL", ""), help="webhook that replies go to")
    return options


def main(arguments: Sequence[str] | None = None) -> None:
    chosen = parser().parse_args(arguments)
    provider = Provider(Ledger(chosen.ledger), account=chosen.account, faults=from_environment(os.environ))
    simulator = Simulator((chosen.host, chosen.port), provider, token=chosen.token, inbound_url=chosen.inbound_url)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=simulator.shutdown, daemon=True).start())
    print(f"simulator at http://{chosen.host}:{simulator.server_address[1]}/", file=sys.stderr, flush=True)
    simulator.run()


if __name__ == "__main__":
    main()
