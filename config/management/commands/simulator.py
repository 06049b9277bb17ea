"""`manage.py simulator`: the local stand-in for Twilio, a process of its own."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from config.simulator import __main__ as simulator


class Command(BaseCommand):
    help = "Serve the local stand-in for Twilio (see also python -m config.simulator)."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        for action in simulator.parser()._actions[1:]:
            parser._add_action(action)

    def handle(self, *args: Any, **options: Any) -> None:
        given = {name: options[name] for name in ("host", "port", "ledger", "account", "token", "inbound_url")}
        simulator.main([f"--{name.replace('_', '-')}={value}" for name, value in given.items()])
