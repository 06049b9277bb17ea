"""`manage.py feed`: adds a feed or changes one, and issues its token."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from pathways.ingest import feeds
from pathways.models import Feed
from patients.models import Site

SETTINGS = ("system", "assigner", "time_zone", "may_register", "states_family", "restarts_counter", "holds_tests", "mode", "retention_days")


class Command(BaseCommand):
    help = "Add a feed, or change what is said of one; --token issues a new bearer token and prints it once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--site", help="code of the site that the feed speaks for; needed for a new feed")
        parser.add_argument("--system", help="prefix of lineages; two feeds of one system share it")
        parser.add_argument("--assigner", help="owner of patient numbers that name no authority")
        parser.add_argument("--time-zone", help="IANA zone of times without an offset")
        parser.add_argument(
            "--mode", choices=[str(mode) for mode in Feed.Mode], help="live, or batch: speaks for the time its extracts state"
        )
        parser.add_argument("--may-register", action="store_const", const=True, help="may bring in people who are not known yet")
        parser.add_argument(
            "--states-family", action="store_const", const=True, help="whom it calls a child's parents may be told of the child"
        )
        parser.add_argument("--restarts-counter", action="store_const", const=True, help="its message numbers begin anew now and then")
        parser.add_argument(
            "--holds-tests", action="store_const", const=True, help="what it marks as a test (MSH-11 T or D, HTEST) is held back"
        )
        parser.add_argument("--retention-days", type=int, help="how long messages that nothing listens to are kept whole (400)")
        parser.add_argument("--token", action="store_true", help="issue a new token; the old one stops working")

    def handle(self, *args: Any, **options: Any) -> None:
        said = {name: options[name] for name in SETTINGS if options[name] is not None}
        feed = Feed.objects.filter(name=options["name"]).first() or Feed(name=options["name"])
        if options["site"]:
            feed.site = self._site(options["site"])
        elif feed.pk is None:
            raise CommandError("a new feed needs --site")
        try:
            feeds.change(feed, **said)
        except ValueError as wrong:
            raise CommandError(str(wrong)) from wrong
        self.stdout.write(f"feed {feed.name} of {feed.site}: {'may' if feed.may_register else 'may not'} register people")
        if options["token"]:
            self.stdout.write(f"token (shown once): {feeds.issue_token(feed=feed)}")

    def _site(self, code: str) -> Site:
        site = Site.objects.filter(code=code).first()
        if site is None:
            raise CommandError(
                f"no site {code}; known: {', '.join(Site.objects.order_by('code').values_list('code', flat=True)) or 'none'}"
            )
        return site
