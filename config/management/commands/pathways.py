"""`manage.py pathways`: check, draft, approve, publish, retire, show and compare definitions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from config import changing
from notifications.wording import compiler, written
from pathways.definitions import lifecycle, registry, schema
from pathways.definitions.compile import Definition
from pathways.definitions.differing import differences
from pathways.definitions.lifecycle import NotPublishable, Refused, Retired
from pathways.definitions.publish import CATALOG, catalogue, publish, publish_catalogue
from pathways.definitions.reading import SHARED, Source, Unacceptable, ordered_as_written, read_path
from pathways.definitions.validate import Wordings, faults_of_files
from pathways.models import PathwayVersion
from pathways.views.drawing import picture
from patients.models import User

WORDINGS = Wordings(
    {language: compiler.load(language).keys() for language in compiler.LANGUAGES},
    {language: written.load(language).keys() for language in compiler.LANGUAGES},
)
"""The texts there are. Definitions lie below the app that has them, so they are told."""

DIAGRAMS = Path(__file__).resolve().parents[3] / "docs" / "diagrams"
Status = PathwayVersion.Status


class Command(BaseCommand):
    help = "Check, draft, approve, publish, retire, show and compare pathway definitions."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)

        def action(name: str, said: str, *arguments: Callable[[CommandParser], Any]) -> None:
            added = actions.add_parser(name, help=said)
            for add in arguments:
                add(added)

        action("validate", "name every fault of files, with line and rule; exit 1 when there are any", _paths, _json)
        action("draft", "store a file as the next version of its programme, and ask for its review", _path, _by, _why)
        action("approve", "a named person takes responsibility for the version in review", _code, _by, _why, _on)
        action("publish", "put an approved version (CODE) in force; or files all the way at once, approved by --by", _targets, _by, _why)
        action("retire", "take a programme out of force; its journeys go on", _code, _by, _why)
        action("discard", "set aside the version that is being made", _code, _by, _why)
        action("show", "a published definition in words, or all programmes with their versions", _maybe_code, _json)
        action("diff", "what a file would change of the version in force, in words", _path)
        action(
            "dry-run", "what a draft would have made of the last days, and what migrating to it would set off", _path, _days, _change, _json
        )
        action(
            "migrate",
            "what the version in force would do to open journeys; --yes moves those of a site",
            _code,
            _change,
            _staging,
            _by,
            _json,
        )
        action("diagram", "draw a programme of the catalogue as SVG; with --write all of them into docs/diagrams", _maybe_code, _write)
        action("budget", "how many work items each role of a site can answer a day, for dry runs", _code, _roles, _staging, _by, _why)
        action("schema", "JSON Schema of the format")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, options["action"].replace("-", "_"))(options)
        except NotPublishable as error:
            raise CommandError("\n".join(str(fault) for fault in error.faults)) from error
        except (Refused, Retired, Unacceptable, OSError) as error:
            raise CommandError(str(error)) from error

    def validate(self, options: dict[str, Any]) -> None:
        faults = faults_of_files(_files(options["paths"] or [CATALOG]), WORDINGS)
        if options["json"]:
            listed = [{"file": one.file, "line": one.line, "rule": one.rule, "detail": one.detail} for one in faults]
            self.stdout.write(json.dumps({"ok": not faults, "faults": listed}))
        else:
            self.stdout.write("\n".join(str(fault) for fault in faults) or "no fault found")
        if faults:
            raise CommandError(f"{len(faults)} to mend", returncode=1)

    def draft(self, options: dict[str, Any]) -> None:
        now, by = timezone.now(), _person(options["by"])
        version = lifecycle.draft(read_path(options["path"]), by=by, now=now, why=options["why"], wordings=WORDINGS)
        if version.status == Status.DRAFT:
            version = lifecycle.submit(version, by=by, now=now)
        self.stdout.write(f"{version.get_status_display()}: {version}")

    def approve(self, options: dict[str, Any]) -> None:
        now, by = timezone.now(), _person(options["by"])
        if by is None:
            raise CommandError("say who approves it: --by USERNAME")
        on = options["on"] or timezone.localdate(now)
        version = lifecycle.approve(_one(options["code"], Status.IN_REVIEW), by=by, on=on, why=options["why"], now=now)
        self.stdout.write(f"approved by {by.username}: {version}")

    def publish(self, options: dict[str, Any]) -> None:
        now, by = timezone.now(), _person(options["by"])
        if not options["targets"]:
            for version in publish_catalogue(by=None, now=now, wordings=WORDINGS):
                self.stdout.write(f"in force: {version}")
        for target in options["targets"]:
            path = Path(target)
            if not path.suffix:
                version = lifecycle.publish(_one(target, Status.APPROVED), by=by, now=now, why=options["why"], wordings=WORDINGS)
            elif path.resolve() in catalogue() and by is None:
                version = publish(path=path, by=None, now=now, wordings=WORDINGS)
            elif by is None or not options["why"]:
                raise CommandError(f"{path}: say who approves it and why: --by USERNAME --why REASON (or draft, approve, publish)")
            else:
                version = publish(path=path, by=by, why=options["why"], now=now, wordings=WORDINGS)
            self.stdout.write(f"in force: {version}")

    def retire(self, options: dict[str, Any]) -> None:
        version = lifecycle.retire(
            _one(options["code"], Status.PUBLISHED), by=_person(options["by"]), why=options["why"], now=timezone.now()
        )
        self.stdout.write(f"retired: {version}")

    def discard(self, options: dict[str, Any]) -> None:
        version = lifecycle.discard(
            _one(options["code"], *lifecycle.MAKING), by=_person(options["by"]), why=options["why"], now=timezone.now()
        )
        self.stdout.write(f"discarded: {version}")

    def show(self, options: dict[str, Any]) -> None:
        if not options["code"]:
            versions = PathwayVersion.objects.exclude(status__in=[Status.RETIRED, Status.DISCARDED]).order_by("code", "number")
            listed = [f"{version}  {version.title}  ({version.get_status_display()})" for version in versions]
            self.stdout.write("\n".join(listed) or "nothing is published")
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
        """What changed in words, includes put in place, so that only meaning differs."""
        source = _read(options["path"])
        published = registry.published().get(str(source.body.get("code")))
        if published is None:
            self.stdout.write("nothing of this programme is in force")
            return
        before = schema.Pathway.model_validate(PathwayVersion.objects.get(pk=published.version_id).body)
        found = differences(before, schema.Pathway.model_validate(source.body))
        self.stdout.write("\n".join(str(one) for one in found) or "no difference")

    def dry_run(self, options: dict[str, Any]) -> None:
        clock, pairs = options["clock"], options["map"]
        self.say(options, *changing.dry_run(options["path"], days=options["days"], clock=clock, pairs=pairs, now=timezone.now()))

    def migrate(self, options: dict[str, Any]) -> None:
        self.say(options, *changing.migrate(options, by=_person(options["by"]), now=timezone.now()))

    def budget(self, options: dict[str, Any]) -> None:
        self.stdout.write("\n".join(changing.budget(options, by=_person(options["by"]), now=timezone.now())))

    def say(self, options: dict[str, Any], answer: dict[str, Any], words: list[str]) -> None:
        self.stdout.write(json.dumps(answer) if options["json"] else "\n".join(words))

    def diagram(self, options: dict[str, Any]) -> None:
        """Drawn from the file of the catalogue, so that documents and definitions change together."""
        for path in catalogue():
            if options["code"] not in (None, path.stem):
                continue
            drawn = picture(schema.Pathway.model_validate(read_path(path).body))
            if options["write"]:
                target = DIAGRAMS / f"{path.stem}.svg"
                target.parent.mkdir(exist_ok=True)
                target.write_text(drawn)
                self.stdout.write(f"drawn: {target.name}")
            else:
                self.stdout.write(drawn)

    def schema(self, options: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(schema.Pathway.model_json_schema(), indent=2))


# arguments


def _paths(parser: CommandParser) -> None:
    parser.add_argument("paths", nargs="*", type=Path, help="files or folders; default: the catalogue that ships with the product")


def _path(parser: CommandParser) -> None:
    parser.add_argument("path", type=Path)


def _targets(parser: CommandParser) -> None:
    parser.add_argument("targets", nargs="*", help="codes of programmes, or files; default: the catalogue that ships with the product")


def _code(parser: CommandParser) -> None:
    parser.add_argument("code")


def _maybe_code(parser: CommandParser) -> None:
    parser.add_argument("code", nargs="?")


def _json(parser: CommandParser) -> None:
    parser.add_argument("--json", action="store_true")


def _write(parser: CommandParser) -> None:
    parser.add_argument("--write", action="store_true", help="into docs/diagrams instead of on the screen")


def _by(parser: CommandParser) -> None:
    parser.add_argument("--by", default="", metavar="USERNAME", help="who does it")


def _why(parser: CommandParser) -> None:
    parser.add_argument("--why", default="", help="the reason, kept for ever")


def _on(parser: CommandParser) -> None:
    parser.add_argument("--on", type=date.fromisoformat, help="the day of the approval (default: today)")


def _days(parser: CommandParser) -> None:
    parser.add_argument("--days", type=int, default=90, help="how far back (default: 90)")


def _change(parser: CommandParser) -> None:
    clocks = ["keep", "recompute", "restart"]
    parser.add_argument("--clock", choices=clocks, default="recompute", help="deadlines of open waits: as they were, as new, or from now")
    parser.add_argument(
        "--map", action="append", default=[], metavar="OLD=NEW", help="where waits go on; OLD= closes one (repeat for more)"
    )


def _roles(parser: CommandParser) -> None:
    parser.add_argument("roles", nargs="*", metavar="ROLE=N", help="roles not named have the product's default")


def _staging(parser: CommandParser) -> None:
    parser.add_argument("--site", default="", metavar="CODE")
    parser.add_argument("--yes", action="store_true", help="do it; without, only show")
    parser.add_argument("--undo", action="store_true", help="take it back at this site")
    parser.add_argument("--batch", default="", help="with --undo: only what this call did")


def _person(username: str) -> User | None:
    if not username:
        return None
    try:
        return User.objects.get(username=username)
    except User.DoesNotExist as error:
        raise CommandError(f"no account called {username}") from error


def _one(code: str, *status: str) -> PathwayVersion:
    version = PathwayVersion.objects.filter(code=code, status__in=status).first()
    if version is None:
        wanted = " or ".join(str(Status(one).label) for one in status)
        raise CommandError(f"no version of {code} is {wanted}")
    return version


def _files(paths: Iterable[Path]) -> list[Path]:
    """Files as given, and the definitions of folders."""
    found: list[Path] = []
    for path in paths:
        inside = [one for one in sorted(path.rglob("*.y*ml")) if one.parent.name != SHARED] if path.is_dir() else [path]
        if not inside:
            raise CommandError(f"{path}: no definition in this folder")
        found += inside
    return found


def _read(path: Path) -> Source:
    if faults := faults_of_files([path], WORDINGS):
        raise NotPublishable(faults)
    return read_path(path)


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
