"""`manage.py pathways`: check, publish, show and compare definitions."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from notifications.wording import compiler
from pathways.definitions import registry, schema
from pathways.definitions.compile import Definition
from pathways.definitions.publish import CATALOG, NotPublishable, Retired, catalogue, publish
from pathways.definitions.reading import SHARED, Source, Unacceptable, ordered_as_written, read_path
from pathways.definitions.validate import Wordings, faults_of_files
from pathways.models import PathwayVersion

WORDINGS = Wordings({language: compiler.load(language).keys() for language in compiler.LANGUAGES})


class Command(BaseCommand):
    help = "Check, publish, show and compare pathway definitions."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        validate = actions.add_parser("validate", help="name the faults of files, with line and rule; exit 1 when there are any")
        validate.add_argument("paths", nargs="*", type=Path, help="files or folders; default: the catalogue that ships with the product")
        validate.add_argument("--json", action="store_true")
        put = actions.add_parser("publish", help="put definitions in force; journeys stay on the version they were opened with")
        put.add_argument("paths", nargs="*", type=Path, help="default: the catalogue")
        show = actions.add_parser("show", help="a published definition in words, or what is in force")
        show.add_argument("code", nargs="?")
        show.add_argument("--json", action="store_true", help="the definition as stored")
        diff = actions.add_parser("diff", help="what a file would change of the version in force")
        diff.add_argument("path", type=Path)
        actions.add_parser("schema", help="JSON Schema of the format")

    def handle(self, *args: Any, **options: Any) -> None:
        getattr(self, options["action"])(options)

    def validate(self, options: dict[str, Any]) -> None:
        try:
            faults = faults_of_files(_files(options["paths"] or [CATALOG]), WORDINGS)
        except OSError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            listed = [{"file": one.file, "line": one.line, "rule": one.rule, "detail": one.detail} for one in faults]
            self.stdout.write(json.dumps({"ok": not faults, "faults": listed}))
        else:
            self.stdout.write("\n".join(str(fault) for fault in faults) or "no fault found")
        if faults:
            raise CommandError(f"{len(faults)} to mend", returncode=1)

    def publish(self, options: dict[str, Any]) -> None:
        for path in options["paths"] or catalogue():
            try:
                version = publish(path=path, by=None, now=timezone.now())
            except NotPublishable as error:
                raise CommandError("\n".join(str(fault) for fault in error.faults)) from error
            except (Unacceptable, Retired) as error:
                raise CommandError(f"{path}: {error}") from error
            self.stdout.write(f"in force: {version}")

    def show(self, options: dict[str, Any]) -> None:
        if not options["code"]:
            versions = PathwayVersion.objects.filter(status=PathwayVersion.Status.PUBLISHED).order_by("code")
            self.stdout.write("\n".join(f"{version}  {version.title}" for version in versions) or "nothing is published")
            return
        published = registry.published().get(options["code"])
        if published is None:
            raise CommandError(f"no published pathway called {options['code']}")
        if options["json"]:
            body = PathwayVersion.objects.get(pk=published.version_id).body
            self.stdout.write(json.dumps(ordered_as_written(body), ensure_ascii=False))
        else:
            self.stdout.write("\n".join(in_words(published.definition)))

    def diff(self, options: dict[str, Any]) -> None:
        """Old and new as YAML, includes put in place, keys sorted, so that only meaning differs."""
        source = _read(options["path"])
        published = registry.published().get(str(source.body.get("code")))
        old = ordered_as_written(PathwayVersion.objects.get(pk=published.version_id).body) if published else {}
        lines = difflib.unified_diff(_plain(old), _plain(source.body), "in force", str(options["path"]), lineterm="", n=2)
        self.stdout.write("\n".join(lines) or "no difference")

    def schema(self, options: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(schema.Pathway.model_json_schema(), indent=2))


def _read(path: Path) -> Source:
    try:
        return read_path(path)
    except (OSError, Unacceptable) as error:
        raise CommandError(f"{path}: {error}") from error


def _files(paths: Iterable[Path]) -> list[Path]:
    """Files as given, and the definitions of folders."""
    found: list[Path] = []
    for path in paths:
        inside = (
            sorted(one for one in path.rglob("*.y*ml") if one.suffix in (".yaml", ".yml") and one.parent.name != SHARED)
            if path.is_dir()
            else [path]
        )
        if not inside:
            raise CommandError(f"{path}: no definition in this folder")
        found += inside
    return found


def _plain(body: dict[str, Any]) -> list[str]:
    return yaml.safe_dump(body, sort_keys=True, allow_unicode=True, width=160).splitlines() if body else []


def in_words(definition: Definition) -> list[str]:
    """One line per stage: what is awaited, by when, on whose word, and who hears of it."""
    lines = [f"{definition.code} v{definition.number}: {definition.title} ({definition.digest[:12]})"]
    for stage in definition.stages.values():
        limit = f"within {stage.within}" if stage.within else f"review after {stage.review_after}"
        source = (stage.source or {}).get("text", "")
        rungs = ", ".join(f"{rung.to} {_signed(rung.at.amount, str(rung.at))}" for rung in stage.ladder) or "nobody"
        lines.append(f"  {stage.key}: {stage.label}; {limit} ({source}); ball {stage.ball}; rings {rungs}")
    return lines


def _signed(amount: int, text: str) -> str:
    return "when due" if amount == 0 else f"+{text}" if amount > 0 else text
