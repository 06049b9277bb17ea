"""`manage.py import-log FILE --mapping M.yaml`: an event log of others becomes journeys of a definition, through the intake."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import yaml
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from pydantic import ValidationError

from pathways import event_log, rollouts
from pathways.definitions import publish, registry
from pathways.definitions.lifecycle import NotPublishable
from pathways.event_log import LogMapping, NotALog, Steps
from pathways.ingest import intake
from pathways.models import Feed
from patients.models import Site

SITE = "imported-logs"


class Command(BaseCommand):
    help = "Take in an event log (case, activity, time, attributes) as journeys of a definition; docs/reports.md shows how"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="CSV with a header line")
        parser.add_argument("--mapping", type=Path, required=True, help="YAML: which columns and activities mean what")
        parser.add_argument("--site", default=SITE, help="code of the site that the cases belong to; made where there is none")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *, file: Path, mapping: Path, site: str, **options: Any) -> None:
        now = timezone.now()
        said = self._mapping(mapping)
        code = self._pathway(said, now)
        feed = self._feed(said, site, code, now)
        try:
            table = event_log.as_table(event_log.rows(file.read_text(encoding="utf-8-sig"), said))
        except NotALog as wrong:
            raise CommandError(str(wrong)) from wrong
        counts = intake.receive([table], feed=feed, now=now, historical=True)
        answer = {"pathway": code, "received": counts.received, "applied": counts.applied, "duplicate": counts.duplicate}
        answer |= {"quarantined": counts.quarantined, "reasons": dict(counts.reasons)}
        self.stdout.write(json.dumps(answer) if options["json"] else "\n".join(f"{name:>12}  {value}" for name, value in answer.items()))

    def _mapping(self, path: Path) -> LogMapping:
        try:
            return LogMapping.model_validate(yaml.safe_load(path.read_text()))
        except (ValidationError, yaml.YAMLError) as wrong:
            raise CommandError(f"{path}: {wrong}") from wrong

    def _pathway(self, said: LogMapping, now: Any) -> str:
        if isinstance(said.pathway, Steps):
            try:
                publish.publish(text=json.dumps(event_log.definition(said.pathway)), by=None, now=now)
            except NotPublishable as wrong:
                raise CommandError(str(wrong)) from wrong
            return said.pathway.code
        if said.pathway not in registry.published():
            raise CommandError(f"no programme {said.pathway} is in force; there are {', '.join(sorted(registry.published()))}")
        return said.pathway

    def _feed(self, said: LogMapping, code: str, pathway: str, now: Any) -> Feed:
        """A feed of its own that may register people, at a site where the programme only fills in history."""
        site, _ = Site.objects.get_or_create(code=code, defaults={"name": "Imported logs", "time_zone": said.time_zone})
        rollouts.follow_log(site=site, pathway=pathway, now=now)
        feed, _ = Feed.objects.get_or_create(
            name=f"log-{site.code}",
            defaults={"site": site, "may_register": True, "time_zone": said.time_zone, "assigner": f"log-{site.code}"},
        )
        return feed
