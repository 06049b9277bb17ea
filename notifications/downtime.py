"""When the screens are down: everybody's queue on paper, and what was done on paper written down afterwards, at its own time."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from string import hexdigits
from typing import Any
from uuid import UUID

from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from notifications import worklist
from notifications.holding import mine as held
from notifications.models import WorkItem
from notifications.outcomes import OUTCOMES, Refused, check, perform
from notifications.views.deeds import to_do
from notifications.views.filters import Wanted
from notifications.views.lanes import mine, unclaimed
from notifications.views.lines import Line, lines, open_stays
from pathways.views.written import pathway_of, stage_of
from patients.models import ContactPoint, User
from patients.views.guard import CARE, zone_of

CODE = 8  # letters of a code: the beginning of the item's uid, which says nothing of anybody
NUMBERS = re.compile(r"[+\d, ]+")
"""Telephone numbers: a leading + that a spreadsheet may take for nothing else."""
MOST = 300  # rows of one person's pack; a longer queue is not worked off on paper
# What can be said on paper; the rest needs the screen.
ON_PAPER = ("reached", "left_message", "no_answer", "appointment_made", "already_happened", "waiting_on", "barrier", "handled")
COLUMNS = (
    "code",
    "lane",
    "risk",
    "patient",
    "about",
    "phones",
    "missing",
    "over",
    "ball",
    "last contact",
    "what to do",
    "done",
    "day",
    "hour",
    "initials",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line on paper. `code` finds the item again; the last four columns are for the pen."""

    code: str
    lane: str
    line: Line
    phones: str
    deed: str

    def cells(self) -> list[str]:
        contact = self.line.contact
        last = f"{contact.at.astimezone(timezone.get_current_timezone()):%Y-%m-%d %H:%M} {contact.what}" if contact else ""
        told = (self.code, self.lane, self.line.risk.word, self.line.who, self.line.about, self.phones, self.line.missing)
        return [*told, str(self.line.late), self.line.ball, last, self.deed, "", "", "", ""]


@dataclass(frozen=True, slots=True)
class Pack:
    user: User
    rows: list[Row]
    made_at: datetime

    def patients(self) -> list[int]:
        return [row.line.item.patient_id for row in self.rows if row.line.item.patient_id]

    def html(self) -> str:
        """A page by itself: no script, no other file, black on white."""
        with timezone.override(zone_of(self.user)):
            return render_to_string("notifications/downtime_pack.html", {"pack": self})

    def csv(self) -> str:
        """As the page; what a spreadsheet would take for a formula is quoted."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        with timezone.override(zone_of(self.user)):
            writer.writerows([[_plain(cell) for cell in row.cells()] for row in self.rows])
        return out.getvalue()


def people(site: str = "") -> list[User]:
    """Everybody who works a queue, at the site or anywhere."""
    found = User.objects.filter(is_active=True, memberships__role__in=CARE, memberships__until__isnull=True)
    return list((found.filter(memberships__site__code=site) if site else found).distinct().order_by("username"))


def pack_of(user: User, *, now: datetime) -> Pack:
    """What is theirs, then what their team has unclaimed, in the order of the queue."""
    rows: list[Row] = []
    with timezone.override(zone_of(user)):
        wanted = Wanted.read({}, now)
        related = ("patient__person", "journey__version", "matter", "owner", "site")
        for lane, question in (("mine", mine), ("team", unclaimed)):
            found = question(user, wanted).order_by("priority", "due_at", "pk").select_related(*related)[: MOST - len(rows)]
            rows += _rows(list(found), lane, user, now)
    return Pack(user, rows, now)


def code_of(item: WorkItem) -> str:
    return item.uid.hex[:CODE].upper()


def by_code(user: User, code: str) -> WorkItem | None:
    """The item of a row on paper, if the user may see it."""
    typed = code.strip().lower().replace("-", "")
    if len(typed) != CODE or not set(typed) <= set(hexdigits):
        return None
    first, last = (UUID(typed + end * (32 - CODE)) for end in "0f")
    return WorkItem.objects.worked_by(user).filter(uid__range=(first, last)).order_by("pk").first()


def write_down(
    *, item: WorkItem, outcome: str, details: Mapping[str, Any], occurred: datetime, by: User, revision: int, now: datetime, note: str = ""
) -> WorkItem:
    """What was done on paper at `occurred`, by who writes it down now. There is nothing to undo any more: it happened.

    Raises:
        Refused: it cannot be said on paper, has not happened yet, or somebody else holds the item.
    """
    if outcome not in ON_PAPER or occurred > now:
        raise Refused(_("This cannot be written down here."))
    given = dict(details) | ({"on": occurred} if "on" in OUTCOMES[outcome].needs else {})
    check(item, outcome, given)
    said = f"On paper. {note}".strip()
    with transaction.atomic():
        perform(item, outcome, given, note=said, by=by, now=now, at=occurred)
        return worklist.end(held(item, by, revision), outcome, given, note=said, by=by, now=now)


def _rows(items: list[WorkItem], lane: str, user: User, now: datetime) -> Iterable[Row]:
    stays, phones = open_stays(items), _phones(items)
    for line in lines(items, user, now):
        item = line.item
        stay = stays.get((item.journey_id, item.problem))
        deeds = []
        if stay is not None and item.journey is not None:
            pathway = pathway_of(stay.stage.version)
            deeds = to_do(item.journey, pathway, stage_of(pathway, stay.track, stay.stage.name), item)
        number = phones.get(item.patient.person_id, "") if item.patient else ""
        yield Row(code_of(item), lane, line, number, deeds[0].say if deeds else "")


def _phones(items: Iterable[WorkItem]) -> dict[int, str]:
    persons = {item.patient.person_id for item in items if item.patient}
    found = ContactPoint.objects.filter(person__in=persons, phone__isnull=False, phone__bad_since=None, until=None)
    numbers: dict[int, list[str]] = {}
    for person, number in found.order_by("rank", "pk").values_list("person", "phone__e164"):
        numbers.setdefault(person, []).append(number)
    return {person: ", ".join(dict.fromkeys(one)) for person, one in numbers.items()}


def _plain(cell: str) -> str:
    dangerous = cell.startswith(("=", "-", "@", "\t", "\r")) or (cell.startswith("+") and not NUMBERS.fullmatch(cell))
    return f"'{cell}" if dangerous else cell
