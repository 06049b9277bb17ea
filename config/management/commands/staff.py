"""`manage.py staff`: adds an account, gives it roles at sites, takes them, corrects it, or closes it."""

from __future__ import annotations

import secrets
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from patients import staff
from patients.models import Role, Site, User


class Command(BaseCommand):
    help = "Add an account or change its roles. Nobody sees a site without a role there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--first-name", default="")
        parser.add_argument("--last-name", default="")
        parser.add_argument("--email", default="", help="by which single sign-on finds the account; of one that exists it is changed")
        parser.add_argument("--site", help="code")
        parser.add_argument(
            "--role", action="append", default=[], choices=[str(role) for role in Role], help="at the site; may be repeated"
        )
        parser.add_argument("--leave", action="store_true", help="take the roles (all of them without --role) at the site instead")
        parser.add_argument(
            "--password", action="store_true", help="make a password and print it once; without one only single sign-on works"
        )
        parser.add_argument(
            "--forget-second-factor", action="store_true", help="it was lost: sessions end, the next sign-in sets up a new one"
        )
        parser.add_argument("--disable", action="store_true", help="the person has left")

    def handle(self, *args: Any, **options: Any) -> None:
        today = timezone.localdate()
        if options["disable"]:
            found = User.objects.filter(username=options["username"]).first()
            if found is None:
                raise CommandError("no such account")
            staff.disable(found, on=today)
            self.stdout.write(f"{found.username} is closed")
            return
        said = {name: options[name] for name in ("first_name", "last_name", "email")}
        user = staff.add(username=options["username"], **said)
        staff.correct(user, **{name: value or getattr(user, name) for name, value in said.items()})
        if options["forget_second_factor"]:
            self.stdout.write(f"the second factor is gone; sessions ended: {staff.forget_second_factor(user, now=timezone.now())}")
        if options["site"]:
            self._roles(user, options)
        if options["password"]:
            password = secrets.token_urlsafe(12)
            user.set_password(password)
            user.save(update_fields=["password"])
            self.stdout.write(f"password (shown once): {password}")
        held = user.memberships.filter(until=None).order_by("site__code", "role").values_list("site__code", "role")
        self.stdout.write(f"{user.username}: {', '.join(f'{role} at {site}' for site, role in held) or 'no role anywhere'}")

    def _roles(self, user: User, options: dict[str, Any]) -> None:
        site = Site.objects.filter(code=options["site"]).first()
        if site is None:
            raise CommandError(f"no site {options['site']}")
        if options["leave"]:
            for role in options["role"] or [None]:
                staff.leave(user, site=site, on=timezone.localdate(), role=role)
            return
        try:
            for role in options["role"]:
                staff.join(user, site=site, role=role)
        except staff.Mixed as wrong:
            raise CommandError(str(wrong)) from wrong
