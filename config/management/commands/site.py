"""`manage.py site`: adds a site or changes what is said of one."""

from __future__ import annotations

from argparse import ArgumentParser, BooleanOptionalAction
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from patients import sites
from patients.models import Site

SETTINGS = ("name", "time_zone", "country", "subdivision", "sender_name", "call_back", "answers_worse", "texts_on_holidays")


class Command(BaseCommand):
    help = "Add a site, or change what is said of one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code")
        parser.add_argument("--name", help="needed for a new site")
        parser.add_argument("--time-zone", help="IANA zone, for example America/Chicago; needed for a new site")
        parser.add_argument("--country", help="of its public holidays; US by default")
        parser.add_argument("--subdivision", help="state, for its holidays")
        parser.add_argument("--sender-name", help="how texts sign; says nothing of a disease")
        parser.add_argument("--call-back", help="number that texts ask patients to call, as +16175550100")
        parser.add_argument("--answers-worse", help="who answers a patient that feels worse, as “the nurse on call”; blank: not offered")
        parser.add_argument("--texts-on-holidays", action=BooleanOptionalAction, help="whether reminders go out on its closed days")

    def handle(self, *args: Any, **options: Any) -> None:
        said = {name: options[name] for name in SETTINGS if options[name] is not None}
        found = Site.objects.filter(code=options["code"]).first()
        if found is None and not {"name", "time_zone"} <= said.keys():
            raise CommandError("a new site needs --name and --time-zone")
        try:
            site = sites.change(found, **said) if found else sites.add(code=options["code"], **said)
        except ValueError as wrong:
            raise CommandError(str(wrong)) from wrong
        self.stdout.write(f"site {site.code}: {site.name}, {site.time_zone}")
