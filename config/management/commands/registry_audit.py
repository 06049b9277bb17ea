"""`manage.py registry_audit`: lays a registry's list beside the journeys. Prints counts and reasons, no patient; the rows open on the page."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from pathways import audits, uploads
from pathways.models import RegistryRow
from patients import access
from patients.models import Role, Site, User


class Command(BaseCommand):
    help = "Compare a registry's list (CSV: mrn, birth_date, diagnosis_date, primary) with the journeys of a programme."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--site", required=True, help="code of the site")
        parser.add_argument("--pathway", required=True)
        parser.add_argument("--primary", default="", help="codes that count, as C34; default all rows")
        parser.add_argument("--by", required=True, help="user name of the lead or navigator who asks")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        site = Site.objects.filter(code=options["site"]).first()
        by = User.objects.filter(username=options["by"]).first()
        if site is None or by is None or not by.roles_at(site.pk) & {Role.LEAD, Role.NAVIGATOR}:
            raise CommandError("no such site, or --by is no lead or navigator of it")
        try:
            lines = uploads.read(options["file"].read_bytes())
            made = audits.audit(site=site, pathway=options["pathway"], lines=lines, primary=options["primary"], by=by, now=now)
        except (OSError, uploads.Unusable) as wrong:
            raise CommandError(str(wrong)) from wrong
        rows = list(made.rows.all())
        access.saw(action="list", what="registry audit", patients=[row.patient_id for row in rows if row.patient_id], now=now, user=by)
        said = {
            "rows": len(rows),
            **{str(verdict.value): sum(row.verdict == verdict for row in rows) for verdict in RegistryRow.Verdict},
            "not_in_registry": len(audits.extras(made)),
            "reasons": dict(Counter(row.reason for row in rows if row.verdict == RegistryRow.Verdict.MISSING)),
            "page": f"/audits/{made.uid}/",
        }
        self.stdout.write(json.dumps(said) if options["json"] else "\n".join(f"{name}: {value}" for name, value in said.items()))
