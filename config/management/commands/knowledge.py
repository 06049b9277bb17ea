"""`manage.py knowledge`: looks over the rules, prints them, and lets a named person take over a row that could not be verified."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from pathways import approvals, newly_actionable, second_chance
from pathways.knowledge import DISCLAIMER
from pathways.knowledge.library import HERE, read
from pathways.knowledge.lint import lint
from pathways.knowledge.schema import GeneList
from pathways.models import Journey
from patients.models import User


def _genes(listed: GeneList) -> list[dict[str, Any]]:
    """Each gene of a list as a row of its own, with the list's date and source."""
    shared = {"published": str(listed.published), "checked_on": str(listed.checked_on), "source": str(listed.source)}
    return [
        {"id": f"{listed.id}:{gene}", **shared, **row.model_dump(mode="json"), "status": row.status or listed.status}
        for gene, row in listed.genes.items()
    ]


class Command(BaseCommand):
    help = "Looks over the dated, sourced rules that flag findings, prints them, or approves an unverified row."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        looked = actions.add_parser("lint", help="name every fault with file, line and row; exit 1 when there are any")
        looked.add_argument("--folder", type=Path, default=HERE, help="files laid out as the shipped ones (default: those)")
        looked.add_argument("--json", action="store_true")
        shown = actions.add_parser("show", help="every row with date, status, source, and who approved it here")
        shown.add_argument("--json", action="store_true")
        chances = actions.add_parser("second-chance", help="closed journeys that today's rules would flag and those of then did not")
        chances.add_argument("--json", action="store_true")
        newly = actions.add_parser("newly-actionable", help="open journeys whose findings became actionable since they were judged")
        newly.add_argument("--json", action="store_true")
        for action, words in (("approve", "an unverified row flags from now on"), ("revoke", "an approved row flags no more")):
            decided = actions.add_parser(action, help=words)
            decided.add_argument("row", help="its id")
            decided.add_argument(
                "--by", required=True, help="username of the clinician, pharmacist, genetic counselor or lead who answers for it"
            )
            decided.add_argument("--reason", required=True, help="on which ground")

    def handle(self, *, action: str, **options: Any) -> None:
        answers = {
            "lint": self._lint,
            "show": self._show,
            "second-chance": self._chances,
            "newly-actionable": self._news,
            "approve": self._decide,
            "revoke": self._decide,
        }
        answers[action](action, options)

    def _lint(self, action: str, options: dict[str, Any]) -> None:
        found = lint(options["folder"], today=timezone.now().date())
        counts: dict[str, Any] = (
            {"version": "", "rules": 0, "unverified": 0} if any(one.rule == "format" for one in found) else _counts(options["folder"])
        )
        if options["json"]:
            listed = [{"file": one.file, "line": one.line, "rule": one.rule, "row": one.row, "detail": one.detail} for one in found]
            self.stdout.write(json.dumps({**counts, "faults": listed}))
        else:
            for fault in found:
                self.stdout.write(str(fault))
            self.stdout.write(f"{counts['rules']} rules of {counts['version']}, {counts['unverified']} unverified, {len(found)} faults")
        if broken := [one for one in found if not one.is_of_age]:
            raise CommandError(f"{len(broken)} faults")

    def _show(self, action: str, options: dict[str, Any]) -> None:
        knowledge = approvals.in_force()
        rows = [rule.model_dump(mode="json") for rule in (*knowledge.rules.values(), *knowledge.pgx_rules.values())]
        rows += [row for one in knowledge.gene_lists for row in _genes(one)]
        if options["json"]:
            self.stdout.write(json.dumps({"version": knowledge.version, "note": DISCLAIMER, "rules": rows}))
            return
        self.stdout.write(DISCLAIMER)
        for row in rows:
            since = row.get("approved") or row.get("published")
            taken = f" (approved by {row['approved_by']} on {row['approved_on']})" if row.get("approved_by") else ""
            self.stdout.write(f"{row['id']}  since {since}  {row['status']}{taken}  checked {row['checked_on']}  {row['source']}")

    def _chances(self, action: str, options: dict[str, Any]) -> None:
        found = second_chance.find(now=timezone.now())
        journeys = Journey.objects.in_bulk([one.journey_id for one in found])
        rows = [
            {
                "journey": str(journeys[one.journey_id].uid),
                "pathway": journeys[one.journey_id].pathway,
                "ended_at": _iso(journeys[one.journey_id].ended_at),
                "end": journeys[one.journey_id].exit_reason or journeys[one.journey_id].outcome,
                **{name: value for name, value in msgspec.structs.asdict(one).items() if name not in ("journey_id", "genes")},
            }
            for one in found
        ]
        if options["json"]:
            self.stdout.write(json.dumps({"second_chances": rows}))
            return
        for row in rows:
            self.stdout.write(f"{row['journey']}  {row['pathway']}  {row['end']}  {', '.join(row['rules'])}: {row['why']}")
        self.stdout.write(f"{len(rows)} closed journeys have a second chance; a clinician decides on each")

    def _news(self, action: str, options: dict[str, Any]) -> None:
        found = newly_actionable.find(now=timezone.now())
        known = Journey.objects.in_bulk([one.journey_id for one in found])
        rows = [
            {
                "journey": str(known[one.journey_id].uid),
                "pathway": known[one.journey_id].pathway,
                "since": one.since.isoformat(),
                **{name: getattr(one, name) for name in ("kind", "rules", "before", "why", "judged_by", "would_be")},
            }
            for one in found
        ]
        if options["json"]:
            self.stdout.write(json.dumps({"newly_actionable": rows}))
            return
        for row in rows:
            self.stdout.write(f"{row['journey']}  {row['pathway']}  since {row['since']}  {', '.join(row['rules'])}: {row['why']}")
        self.stdout.write(f"{len(rows)} open journeys hold a finding that became actionable; a clinician decides on each")

    def _decide(self, action: str, options: dict[str, Any]) -> None:
        person = User.objects.filter(username=options["by"]).first()
        if person is None:
            raise CommandError(f"nobody is called {options['by']}")
        verb = approvals.approve if action == "approve" else approvals.give_up
        try:
            row = verb(rule=options["row"], by=person, reason=options["reason"], now=timezone.now())
        except approvals.NotApprovable as error:
            raise CommandError(str(error)) from error
        self.stdout.write(str(row))


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _counts(folder: Path) -> dict[str, Any]:
    knowledge = read(folder)
    rows = (*knowledge.rules.values(), *knowledge.pgx_rules.values())
    return {
        "version": knowledge.version,
        "rules": len(rows),
        "unverified": sum(row.status == "unverified" for row in rows),
        "lists": {one.id: len(one.genes) for one in knowledge.gene_lists},
    }
