"""`manage.py setup`: from an empty database to one that can take messages. Safe to repeat."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connections
from django.utils import timezone

from config import grants
from config.management.commands.migrate import owner_alias
from config.management.commands.pathways import WORDINGS
from pathways.definitions.publish import publish_catalogue
from pathways.ladders import publish_ladders
from patients.models import Site

NEXT = """There is no site yet. Add one, and whoever administers it; the rest is done after signing in, where the first page says what is missing:
    manage.py site north --name "North Valley Hospital" --time-zone America/New_York --subdivision MA
    manage.py staff root --first-name Ruth --last-name Moss --site north --role administrator --password"""


class Command(BaseCommand):
    help = "Migrate, give the app role its rights, publish the shipped pathways. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--quiet", action="store_true", help="say nothing when all is well")

    def handle(self, *args: Any, **options: Any) -> None:
        self.quiet = options["quiet"]
        with one_at_a_time(owner_alias()):
            call_command("migrate", interactive=False, verbosity=0)
            self.say("database migrated")
            self.give_rights()
        for version in publish_catalogue(by=None, now=timezone.now(), wordings=WORDINGS):
            self.say(f"in force: {version}")
        publish_ladders()
        if not Site.objects.exists():
            self.say(NEXT)

    def give_rights(self) -> None:
        role, using = settings.DATABASE_APP_ROLE, owner_alias()
        if not grants.role_exists(role, using=using):
            self.say(f"no role {role}: the app connects as the owner, so append-only tables are not protected from it")
        elif using == "default" and role == settings.DATABASES["default"]["USER"]:
            self.say("one role owns and uses the tables, so append-only tables are not protected; see docs/operations.md, Roles")
        else:
            grants.apply(role, using=using)
            self.say(f"rights given to {role}")

    def say(self, words: str) -> None:
        if not self.quiet:
            self.stderr.write(words)


@contextmanager
def one_at_a_time(alias: str) -> Iterator[None]:
    """Two machines that are set up at once must not migrate at once."""
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext('finalmile setup'))")
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtext('finalmile setup'))")
