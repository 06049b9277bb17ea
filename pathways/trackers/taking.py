"""Trackers: made, mapped, uploaded, shown, and taken in. The rows go through the one intake as messages of the tracker's feed.

The only writer of the tracker's tables.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from pathways import matters, observing, registering, sweep
from pathways.ingest import feeds, intake, ledger
from pathways.models import Coverage, EmptiedCell, Feed, Journey, Matter, MatterKind, Rollout, Tracker, TrackerRow, TrackerUpload
from pathways.uploads import Unusable
from patients import codes, registry, spans
from patients.demographics import Demographics
from patients.models import Identifier, Patient, Site, User

from . import sheet
from .differing import Difference, differences
from .mapping import DAYS, KIND_OF, NEEDED, Line, guess, label_of, lines

FOUND_BY = "tracker"


class Seen(msgspec.Struct, frozen=True):
    """An upload as it is shown before it is taken in. `alike` are rows of unknown numbers whose person may be known here."""

    differences: Sequence[Difference]
    errors: Sequence[Line]
    alike: Mapping[int, str]
    rows: int

    @property
    def counts(self) -> dict[str, int]:
        said = self.differences
        return {
            "rows": self.rows,
            "new": sum(one.is_new for one in said),
            "changed": sum(one.says_something and not one.is_new for one in said),
            "unchanged": sum(not one.says_something and not one.emptied for one in said),
            "emptied": sum(len(one.emptied) for one in said),
            "errors": len(self.errors),
            "held": len(self.alike),
        }


def make(*, name: str, site: Site, body: bytes, by: User, now: datetime) -> Tracker:
    """A tracker of the site with the headings of its first file and what they probably mean; the file waits to be shown.

    Raises:
        Unusable: the file is no table.
    """
    table = sheet.table(body)
    with transaction.atomic():
        stem = slugify(f"tracker-{site.code}-{name}")[:50] or f"tracker-{site.code}"
        same = Feed.objects.filter(name__startswith=stem).count()
        feed = Feed.objects.create(
            name=f"{stem}-{same + 1}" if same else stem,
            site=site,
            mode=Feed.Mode.BATCH,
            time_zone=site.time_zone,
            assigner=feeds.assigner_of(site),
            may_register=True,
            attested=True,
        )
        columns = guess([str(one) for one in table[0]])
        made = Tracker.objects.create(feed=feed, name=name, columns=columns, date_format="", by=by, changed_at=now)
        TrackerUpload.objects.create(tracker=made, by=by, at=now, extracted_at=now, lines=table)
        return made


def map_columns(
    *, tracker: Tracker, columns: Mapping[str, str], order: str, programme: str, by: User, now: datetime, sample: str = ""
) -> None:
    """What the headings mean, from now on. Kinds that nobody said anything about are seen through this tracker.

    Raises:
        Unusable: no column for the record number, a meaning twice, or a meaning that is none.
    """
    meant = [meaning for meaning in columns.values() if meaning]
    if NEEDED not in meant:
        raise Unusable(_("Say which column holds the record number."))
    if twice := next((one for one in meant if meant.count(one) > 1), None):
        raise Unusable(_("Two columns mean “%(twice)s”.") % {"twice": label_of(twice)})
    with transaction.atomic():
        tracker.columns, tracker.date_format, tracker.programme = dict(columns), order, programme
        tracker.sample, tracker.by, tracker.changed_at = sample, by, now
        tracker.save()
        site = tracker.feed.site
        kinds = {KIND_OF[one] for one in meant if one in DAYS}
        said = set(Coverage.objects.filter(site=site, kind__in=kinds).values_list("kind", flat=True))
        through = observing.Seen(Coverage.How.FED, tracker.feed)
        observing.cover(site=site, seen=dict.fromkeys(sorted(kinds - said), through), by=by, now=now)


def headings(tracker: Tracker) -> list[str]:
    """The columns in the order of the sheet that waits to be looked at, then those that only the mapping knows."""
    waiting = TrackerUpload.objects.filter(tracker=tracker, taken_at=None, dropped_at=None).order_by("-pk").first()
    stand = [str(one) for one in waiting.lines[0]] if waiting and waiting.lines else []
    return list(dict.fromkeys([*stand, *tracker.columns]))


def upload(*, tracker: Tracker, body: bytes, by: User | None, now: datetime, extracted_at: datetime | None = None) -> TrackerUpload:
    """Keeps a file to be shown; one that was not settled gives way to it.

    Raises:
        Unusable: the file is no table, has other headings than the mapping, or speaks for a time to come.
    """
    if extracted_at and extracted_at > now:
        raise Unusable(_("The sheet cannot speak for a time that is still to come."))
    table = sheet.table(body)
    missing = [name for name, meaning in tracker.columns.items() if meaning and name not in table[0]]
    if missing:
        raise Unusable(
            _("The sheet has no column “%(missing)s” any more. Correct the sheet, or say anew what its columns mean.")
            % {"missing": "”, “".join(missing)}
        )
    with transaction.atomic():
        TrackerUpload.objects.filter(tracker=tracker, taken_at=None, dropped_at=None).update(dropped_at=now, lines=[])
        return TrackerUpload.objects.create(tracker=tracker, by=by, at=now, extracted_at=extracted_at or now, lines=table)


def look(found: TrackerUpload) -> Seen:
    """What the upload says otherwise than before, what is wrong with it, and who may be known under another number."""
    tracker = found.tracker
    today = found.extracted_at.astimezone(ZoneInfo(tracker.feed.time_zone)).date()
    read = lines(found.lines, tracker.columns, tracker.date_format, today)
    before = {row.number: row.cells for row in TrackerRow.objects.filter(tracker=tracker)}
    said = differences(read, before)
    said, alike = _strangers(tracker, said)
    errors = [line for line in read if line.errors] + [one.line for one in said if one.line.errors]
    return Seen([one for one in said if not one.line.errors], sorted(errors, key=lambda one: one.n), alike, len(read))


def _strangers(tracker: Tracker, said: Sequence[Difference]) -> tuple[list[Difference], dict[int, str]]:
    """Rows of numbers that nobody has here: they need a name, and whoever may be meant is told first."""
    numbers = [one.line.number for one in said if one.is_new]
    known = set(Identifier.objects.filter(authority=tracker.feed.assigner, value__in=numbers, until=None).values_list("value", flat=True))
    alike: dict[int, str] = {}
    out = []
    for one in said:
        if one.is_new and one.line.number not in known:
            if not one.line.cells.get("family"):
                out.append(
                    msgspec.structs.replace(
                        one, line=msgspec.structs.replace(one.line, errors=("The number is not known here, and the row has no name.",))
                    )
                )
                continue
            if found := registry.match(_person(one.line)):
                alike[one.line.n] = found[0].why
        out.append(one)
    return out, alike


def _person(line: Line) -> Demographics:
    cells = line.cells
    born = spans.birth(cells.get("birth_date", "")) or (None, None)
    phone = codes.phone(cells.get("phone", ""))
    return Demographics(
        family=cells.get("family", ""), given=cells.get("given", ""), birth_lo=born[0], birth_hi=born[1], phones=(phone,) if phone else ()
    )


def take(*, found: TrackerUpload, by: User | None, now: datetime, anyway: Collection[int] = ()) -> dict[str, int]:
    """Sends what is new or other through the intake, and keeps what each row says now. Rows with errors stay out; rows of people who may be
    known under another number stay out too unless they are in `anyway`. Done twice it does nothing.

    Raises:
        Unusable: the mapping is not finished, or the upload is settled.
    """
    with transaction.atomic():
        locked = TrackerUpload.objects.select_for_update(of=("self",)).select_related("tracker__feed__site").get(pk=found.pk)
        if locked.taken_at or locked.dropped_at:
            raise Unusable(_("This upload is settled already."))
        tracker = locked.tracker
        if not tracker.date_format:
            raise Unusable(_("Say first what the columns mean, and how dates are written."))
        seen = look(locked)
        held = [one for one in seen.differences if one.line.n in seen.alike and one.line.n not in anyway]
        sent = [one for one in seen.differences if one not in held]
        told = [one for one in sent if one.says_something]
        outcomes = _send(tracker, told, locked.extracted_at, now)
        _keep(tracker, sent, now)
        _ask(locked, sent, now)
        enrolled = _enrol(tracker, sent, locked, by, now)
        counts = {**seen.counts, "held": len(held), **outcomes, "enrolled": enrolled}
        wrong = [[line.n, " ".join(line.errors)] for line in seen.errors] + [
            [one.line.n, _("Not taken in: %(n)s as a patient here.") % {"n": seen.alike[one.line.n]}] for one in held
        ]
        rows = [[n, why, *locked.lines[int(str(n)) - 1]] for n, why in sorted(wrong, key=lambda row: int(str(row[0])))]
        locked.lines = [["row", "what is wrong", *locked.lines[0]], *rows] if rows else []
        locked.counts, locked.taken_at = counts, now
        locked.save()
        return counts


def harmless(cell: object) -> str:
    """A cell as we hand it out: it never begins a formula."""
    text = f"{cell:g}" if isinstance(cell, float) else str(cell)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def drop(*, found: TrackerUpload, now: datetime) -> None:
    TrackerUpload.objects.filter(pk=found.pk, taken_at=None, dropped_at=None).update(dropped_at=now, lines=[])


def answer(*, cell: EmptiedCell, said: str, by: User, now: datetime) -> None:
    """A day that is gone from the sheet: it did happen (and stays), or it was entered in error (and is taken back)."""
    with transaction.atomic():
        locked = EmptiedCell.objects.select_for_update(of=("self",)).select_related("upload__tracker__feed__site").get(pk=cell.pk)
        if locked.answer:
            return
        tracker = locked.upload.tracker
        if said == "wrong":
            row = TrackerRow.objects.select_for_update().get(tracker=tracker, number=locked.number)
            details = {name: value for name, value in row.cells.items() if name not in DAYS}
            _receive(tracker, [{"mrn": row.number, **details, locked.column: f"{locked.was} retracted"}], now, now)
            row.cells.pop(locked.column, None)
            row.save(update_fields=["cells"])
        locked.answer, locked.by, locked.answered_at = said, by, now
        locked.save()
        if not EmptiedCell.objects.filter(upload__tracker=tracker, answer="").exists():
            for matter in Matter.objects.filter(kind=MatterKind.TRACKER, subject=f"tracker:{tracker.pk}", closed_at=None):
                matters.close(matter=matter, reason="answered", by=by, now=now)


def _receive(tracker: Tracker, messages: Sequence[Mapping[str, str]], extracted_at: datetime, now: datetime) -> list[ledger.Item]:
    always = {"extracted_at": extracted_at.isoformat()} | ({"specimen_class": tracker.sample} if tracker.sample else {})
    stated = [{**always, **one} for one in messages]
    return intake.take([json.dumps(stated, ensure_ascii=False).encode()], feed=tracker.feed, now=now) if stated else []


def _send(tracker: Tracker, told: Sequence[Difference], extracted_at: datetime, now: datetime) -> dict[str, int]:
    items = _receive(tracker, [one.message for one in told], extracted_at, now)
    if not items:  # an unchanged sheet says that nothing happened until its day: the feed has spoken
        _heard(tracker, extracted_at, now)
    return {name: sum(item.outcome == name for item in items) for name in (ledger.APPLIED, ledger.QUARANTINED)}


def _heard(tracker: Tracker, extracted_at: datetime, now: datetime) -> None:
    kinds = {KIND_OF[one] for one in tracker.columns.values() if one in DAYS}
    sweep.hear(tracker.feed_id, now=now, said=extracted_at, kinds=kinds)


def _keep(tracker: Tracker, sent: Sequence[Difference], now: datetime) -> None:
    """What each row says now; a day that is gone stays until somebody says that it was wrong."""
    rows = [TrackerRow(tracker=tracker, number=one.line.number, cells={**one.emptied, **one.line.cells}, taken_at=now) for one in sent]
    TrackerRow.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["tracker", "number"], update_fields=["cells", "taken_at"], batch_size=1_000
    )


def _ask(found: TrackerUpload, sent: Sequence[Difference], now: datetime) -> None:
    """One question per day that is gone, asked once; the navigators hear of it by one matter."""
    tracker = found.tracker
    asked = set(EmptiedCell.objects.filter(upload__tracker=tracker).values_list("number", "column", "was"))
    cells = [
        EmptiedCell(upload=found, number=one.line.number, column=name, was=was)
        for one in sent
        for name, was in one.emptied.items()
        if (one.line.number, name, was) not in asked
    ]
    if not cells:
        return
    EmptiedCell.objects.bulk_create(cells)
    modes = set(Rollout.objects.filter(site=tracker.feed.site).values_list("mode", flat=True))
    mode = next((one for one in (Rollout.Mode.LIVE, Rollout.Mode.STAFF) if one in modes), Rollout.Mode.OFF)
    matters.open_for_site(
        kind=MatterKind.TRACKER,
        subject=f"tracker:{tracker.pk}",
        site=tracker.feed.site,
        mode=mode,
        detail={"text": tracker.name, "tracker": str(tracker.uid)},
        now=now,
    )


def _enrol(tracker: Tracker, sent: Sequence[Difference], found: TrackerUpload, by: User | None, now: datetime) -> int:
    """Everybody on the sheet is put on the tracker's programme, since their first day on it; who is on it already stays."""
    site = tracker.feed.site
    place = next((one for one in registering.places(site) if one.code == tracker.programme), None)
    if place is None:
        return 0
    who = by or tracker.by
    owners = Identifier.objects.filter(authority=tracker.feed.assigner, value__in=[one.line.number for one in sent], until=None)
    patients = {one.value: one.patient.meant for one in owners.select_related("patient__survivor")}
    on_it = set(
        Journey.objects.filter(pathway=place.pathway, primary_group=place.group)
        .exclude(status="void")
        .filter(patient__in=[p.pk for p in patients.values()])
        .values_list("patient", flat=True)
    )
    count = 0
    for one in sent:
        patient: Patient | None = patients.get(one.line.number)
        if patient is None or patient.pk in on_it:
            continue
        days = sorted(value for name, value in one.line.cells.items() if name in DAYS and len(value) == 10)
        since = datetime.fromisoformat(days[0]).replace(tzinfo=ZoneInfo(site.time_zone)) if days else found.extracted_at
        registering.enrol(patient=patient, place=place, site=site, since=since, clinician=None, by=who, now=now, found_by=FOUND_BY)
        count += 1
    return count
