"""`manage.py knowledge lint`: looks over the rules; `show`: prints them with date, source and status."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from pathways.knowledge import DISCLAIMER, load
from pathways.knowledge.lint import faults
from pathways.knowledge.schema import GeneList


def _genes(listed: GeneList) -> list[dict[str, Any]]:
    """Each gene of a list as a row of its own, with the list's date and source."""
    shared = {"published": str(listed.published), "checked_on": str(listed.checked_on), "source": str(listed.source)}
    return [
        {"id": f"{listed.id}:{gene}", **shared, **row.model_dump(mode="json"), "status": row.status or listed.status}
        for gene, row in listed.genes.items()
    ]


class Command(BaseCommand):
    help = "Looks over the dated, sourced rules that flag findings (lint), or prints them (show)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["lint", "show"])
        parser.add_argument("--json", action="store_true")

    def handle(self, *, action: str, **options: Any) -> None:
        as_json = bool(options["json"])
        if action == "lint":
            self._lint(as_json)
        else:
            self._show(as_json)

    def _lint(self, as_json: bool) -> None:
        knowledge = load()
        found = faults(knowledge, today=timezone.now().date())
        counts = {
            "version": knowledge.version,
            "rules": len(knowledge.rules) + len(knowledge.pgx_rules),
            "unverified": sum(rule.status == "unverified" for rule in knowledge.rules.values())
            + sum(rule.status == "unverified" for rule in knowledge.pgx_rules.values()),
            "lists": {one.id: len(one.genes) for one in knowledge.gene_lists},
            "faults": found,
        }
        if as_json:
            self.stdout.write(json.dumps(counts))
        else:
            for fault in found:
                self.stdout.write(fault)
            self.stdout.write(f"{counts['rules']} rules of {counts['version']}, {counts['unverified']} unverified, {len(found)} faults")
        if found:
            raise CommandError(f"{len(found)} faults")

    def _show(self, as_json: bool) -> None:
        knowledge = load()
        rows = [rule.model_dump(mode="json") for rule in (*knowledge.rules.values(), *knowledge.pgx_rules.values())]
        rows += [row for one in knowledge.gene_lists for row in _genes(one)]
        if as_json:
            self.stdout.write(json.dumps({"version": knowledge.version, "note": DISCLAIMER, "rules": rows}))
            return
        self.stdout.write(DISCLAIMER)
        for row in rows:
            since = row.get("approved") or row.get("published")
            self.stdout.write(f"{row['id']}  since {since}  {row['status']}  checked {row['checked_on']}  {row['source']}")
