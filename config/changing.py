"""What `manage.py pathways dry-run` and `migrate` do and say: changing a definition without fear."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from notifications.forecast import BUDGET, Forecast, Side, Texts, look
from pathways import migrating, rollouts
from pathways.definitions.reading import read_path
from pathways.definitions.validate import faults_of
from pathways.dry_run import HOW, DryRun
from pathways.migrating import Plan, Row
from pathways.models import Journey, PathwayVersion, Rollout
from patients.models import Site, User

SHOWN = 20


def stage_map(pairs: Iterable[str]) -> dict[str, str]:
    """`main.drug=main.waiting`, `plasma.at_lab=` (closed): as it is typed."""
    found = {}
    for pair in pairs:
        before, equals, after = pair.partition("=")
        if not equals or "." not in before:
            raise CommandError(f"--map {pair}: write track.stage=track.stage, or track.stage= to close it")
        found[before] = after
    return found


# dry run


def dry_run(path: Path, *, days: int, clock: str, pairs: Iterable[str], now: datetime) -> tuple[dict[str, Any], list[str]]:
    """The answer as JSON and in words."""
    source = read_path(path)
    if faults := faults_of(source):
        raise CommandError("\n".join(str(fault) for fault in faults))
    try:
        run, said = look(source.body, days=days, now=now, clock=clock, stages=stage_map(pairs))
    except KeyError as error:
        raise CommandError(f"nothing of {error} is in force: there is no today to compare with") from error
    except ValueError as error:
        raise CommandError(str(error)) from error
    return as_json(run, said), list(in_words(run, said))


def as_json(run: DryRun, said: Forecast) -> dict[str, Any]:
    uids = dict(Journey.objects.filter(pathway=run.code).values_list("pk", "uid"))
    sites = dict(Site.objects.values_list("pk", "code"))
    changes = {
        how: [
            {"journey": str(uids[one.journey_id]), "problem": one.problem, "today": _iso(one.before), "draft": _iso(one.after)}
            for one in run.changes[how]
        ]
        for how in HOW
    }
    return {
        "pathway": run.code,
        "in_force": run.in_force,
        "since": run.since.isoformat(),
        "until": run.now.isoformat(),
        "journeys": run.journeys,
        "stalls": changes,
        "misfits": [{"journey": str(uids[one.journey_id]), "reason": one.reason} for one in run.misfits],
        "today": _side(said.today, sites),
        "draft": _side(said.draft, sites),
        "migrating_now": {
            "moves": sum(not row.refused for row in run.next.rows),
            "newly_overdue": sum(row.newly_overdue for row in run.next.rows),
            "refused": [{"journey": str(uids[row.journey_id]), "reason": row.refused} for row in run.next.rows if row.refused],
            "work_items": [{"role": row["whom"], "problem": row["problem"], "priority": row["priority"]} for row in said.next.items],
            "texts": _texts(said.next_texts),
        },
        "price": {
            "from": said.price.since.isoformat(),
            "per_segment": said.price.each,
            "source": said.price.source,
            "checked": said.price.checked,
        },
    }


def _side(side: Side, sites: Mapping[int, str]) -> dict[str, Any]:
    return {
        "work_items": {day.isoformat(): counts for day, counts in side.days.items()},
        "roles": [
            {
                "site": sites[one.site_id],
                "role": one.role,
                "items": one.items,
                "most": one.most,
                "budget": one.budget,
                "days_over": one.days_over,
            }
            for one in side.roles
        ],
        "texts": _texts(side.texts),
    }


def _texts(texts: Texts) -> dict[str, Any]:
    return {
        "count": texts.count,
        "segments": texts.segments,
        "cost_usd": texts.cost,
        "without_wording": texts.unsayable,
        "beside": texts.beside,
        "cost_by_channel_usd": texts.costs,
    }


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def in_words(run: DryRun, said: Forecast) -> Iterator[str]:
    counts = ", ".join(f"{len(run.changes[how])} {how.replace('_', ' ')}" for how in HOW)
    yield f"{run.code}: the draft against v{run.in_force}, {run.journeys} journeys open since {run.since:%d %b %Y}. Nothing was changed."
    yield f"Stalls found {counts}."
    yield f"Journeys that would not fit: {len(run.misfits)}."
    yield from (f"  {reason} ({number})" for reason, number in _counted(one.reason for one in run.misfits))
    yield "Work items, today's definition against the draft's (worst day, days over budget):"
    yield from _role_lines(said)
    yield f"Texts: {_cost(said.today.texts)} today, {_cost(said.draft.texts)} with the draft, before caps, quiet hours and consent."
    yield f"  priced {said.price.since} at ${said.price.each:.4f} a segment; {said.price.checked}"
    refused = [row for row in run.next.rows if row.refused]
    yield (
        f"Migrating now: {len(run.next.rows) - len(refused)} journeys would move, {sum(row.newly_overdue for row in run.next.rows)} newly "
        f"overdue, {len(refused)} refused; the next sweep would ask for {len(said.next.items)} things and send {len(said.next.texts)} texts."
    )
    yield from (f"  refused: {reason} ({number})" for reason, number in _counted(row.refused for row in refused))


def _role_lines(said: Forecast) -> Iterator[str]:
    names = dict(Site.objects.values_list("pk", "name"))
    sides = [{(one.site_id, one.role): one for one in side.roles} for side in (said.today, said.draft)]
    for key in sorted({*sides[0], *sides[1]}):
        old, new = sides[0].get(key), sides[1].get(key)
        budget = (old or new).budget  # type: ignore[union-attr]
        before = f"{old.items} ({old.most}, {old.days_over})" if old else "0"
        after = f"{new.items} ({new.most}, {new.days_over})" if new else "0"
        yield f"  {names[key[0]]}, {key[1].replace('_', ' ')}: {before} -> {after}; budget {budget} a day"


def _cost(texts: Texts) -> str:
    beside = "".join(f", {count} {channel}" for channel, count in texts.beside.items())
    return f"{texts.count} ({texts.segments} segments{beside}, ${texts.cost:.2f})"


def _counted(reasons: Iterable[str]) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    for reason in reasons:
        counts[reason] = counts.get(reason, 0) + 1
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:SHOWN]


# migrating


def migrate(options: Mapping[str, Any], *, by: User | None, now: datetime) -> tuple[dict[str, Any], list[str]]:
    """Previews unless `--yes`; `--undo` takes the site's migrations to this version back."""
    code = options["code"]
    version = PathwayVersion.objects.filter(code=code, status=PathwayVersion.Status.PUBLISHED).first()
    if version is None:
        raise CommandError(f"no published pathway called {code}")
    site = _site(options["site"])
    if options["undo"]:
        if site is None or by is None:
            raise CommandError("undo needs --site CODE and --by USERNAME")
        undone = migrating.undo(pathway=code, version=version, site=site, by=by, now=now, batch=options["batch"])
        return {"undone": undone}, [f"{undone} journeys of {site.name} stand under their earlier version again"]
    try:
        plan = migrating.target(version, clock=options["clock"], stages=stage_map(options["map"]))
    except ValueError as error:
        raise CommandError(str(error)) from error
    if not options["yes"]:
        return _preview(version, migrating.preview(pathway=code, plan=plan, now=now, site=site))
    if site is None or by is None:
        raise CommandError("migrating goes site by site: say --site CODE and --by USERNAME")
    return _moved(version, plan, site, by, now)


def _moved(version: PathwayVersion, plan: Plan, site: Site, by: User, now: datetime) -> tuple[dict[str, Any], list[str]]:
    done = migrating.migrate(pathway=version.code, plan=plan, site=site, by=by, now=now)
    reasons = _counted(row.refused for row in done.refused)
    words = [f"{done.moved} journeys of {site.name} go on under {version}; batch {done.batch}"]
    words += [f"  refused: {reason} ({number})" for reason, number in reasons]
    return {"moved": done.moved, "batch": done.batch, "refused": dict(reasons)}, words


def _preview(version: PathwayVersion, rows: list[Row]) -> tuple[dict[str, Any], list[str]]:
    uids = dict(Journey.objects.filter(pk__in=[row.journey_id for row in rows]).values_list("pk", "uid"))
    listed = [
        {
            "journey": str(uids[row.journey_id]),
            "from": row.from_version,
            "refused": row.refused,
            "moves": [
                {
                    "from": move.from_stage,
                    "to": move.to_stage,
                    "due_before": _iso(move.due_before),
                    "due_after": _iso(move.due_after),
                    "newly_overdue": move.newly_overdue,
                }
                for move in row.moves
            ],
        }
        for row in rows
    ]
    refused = [row.refused for row in rows if row.refused]
    overdue = sum(row.newly_overdue for row in rows)
    words = [
        f"{len(rows) - len(refused)} journeys would go on under {version}, {overdue} newly overdue, {len(refused)} refused; nothing was changed"
    ]
    words += [
        f"  {place} ({number})"
        for place, number in _counted(f"{m.from_stage} -> {m.to_stage or 'closed'}" for row in rows for m in row.moves)
    ]
    words += [f"  refused: {reason} ({number})" for reason, number in _counted(refused)]
    return {"version": version.number, "journeys": listed, "newly_overdue": overdue, "refused": len(refused)}, words


def budget(options: Mapping[str, Any], *, by: User | None, now: datetime) -> list[str]:
    """Sets the alert budget of a programme at a site."""
    site = _site(options["site"])
    if site is None or by is None or not options["why"]:
        raise CommandError("say --site CODE, --by USERNAME and --why REASON")
    roles = {role: number for role, _, number in (pair.partition("=") for pair in options["roles"])}
    if odd := [role for role, number in roles.items() if role not in BUDGET or not number.isdecimal()]:
        raise CommandError(f"{odd[0]}: write ROLE=NUMBER; roles are {', '.join(BUDGET)}")
    rollout = Rollout.objects.filter(site=site, pathway=options["code"]).first()
    if rollout is None:
        raise CommandError(f"{options['code']} has not begun at {site.name}")
    numbers = {role: int(number) for role, number in roles.items()}
    rollouts.set_alert_budget(rollout=rollout, budget=numbers, by=by, reason=options["why"], now=now)
    return [f"{site.name}, {role}: {number} a day" for role, number in {**BUDGET, **numbers}.items()]


def _site(code: str) -> Site | None:
    if not code:
        return None
    try:
        return Site.objects.get(code=code)
    except Site.DoesNotExist as error:
        raise CommandError(f"no site called {code}") from error
