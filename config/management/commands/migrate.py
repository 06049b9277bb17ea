"""`manage.py migrate`: Django's own, run as the owner of the tables unless told otherwise."""

from __future__ import annotations

from django.conf import settings
from django.core.management.base import CommandParser
from django.core.management.commands import migrate


class Command(migrate.Command):
    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database=owner_alias())


def owner_alias() -> str:
    """The connection that may change the schema: the only one, where the site has one role."""
    return "owner" if "owner" in settings.DATABASES else "default"
