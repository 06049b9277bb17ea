"""What the team writes to each other about a patient; `@name` hands a piece of work to that person. The only writer of notes."""

from __future__ import annotations

import re
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from notifications import worklist
from notifications.models import Note, WorkItem
from notifications.said import calendar
from notifications.worklist import NewItem
from pathways.deadlines import Duration, due
from pathways.models import Journey
from patients.models import Patient, Site, User

CAUSE, PROBLEM = "note", "note-to-you"
ANSWER_WITHIN = Duration(2, "working_days")
AT = re.compile(r"(?<![\w@.])@([\w.+-]+)")
LONGEST = 4_000


class Unknown(ValueError):
    """Nobody of this name works at the site: the note is not kept, or whoever it was for would never see it."""


def write(
    *, text: str, patient: Patient, site: Site, by: User, now: datetime, journey: Journey | None = None, item: WorkItem | None = None
) -> Note:
    """Keeps a note; everybody whom it names gets an item of their own, due in two working days.

    Raises:
        Unknown: a name that is nobody's at the site.
    """
    with transaction.atomic():
        named = mentioned(text, site)
        note = Note.objects.create(site=site, patient=patient, journey=journey, item=item, by=by, at=now, text=text[:LONGEST])
        for user in named:
            if user.pk != by.pk:
                _ask(note, user, now)
        return note


def mentioned(text: str, site: Site) -> list[User]:
    """The colleagues whom the text names, each once. Raises Unknown."""
    names = list(dict.fromkeys(name.rstrip(".").casefold() for name in AT.findall(text)))
    here = User.objects.filter(is_active=True, memberships__site=site, memberships__until__isnull=True).distinct()
    found = {user.get_username().casefold(): user for user in here} if names else {}
    if unknown := [name for name in names if name not in found]:
        raise Unknown(_("Nobody called @%(unknown)s works at %(name)s.") % {"unknown": unknown[0], "name": site.name})
    return [found[name] for name in names]


def _ask(note: Note, to: User, now: datetime) -> None:
    """Theirs at once: a pool is nobody. Unanswered it goes to the lead like other work."""
    opened = worklist.open(
        NewItem(
            cause_kind=CAUSE,
            cause_key=f"{note.uid}:{to.pk}",
            site=note.site_id,
            patient=note.patient_id,
            journey=note.journey_id,
            problem=PROBLEM,
            audience=min(to.roles_at(note.site_id)),
            priority=4,
            due_at=due(now, ANSWER_WITHIN, calendar(note.site)),
            note=f"{note.by.get_full_name() or note.by.get_username()}: {note.text}",
        ),
        now=now,
    )
    worklist.claim(item=opened, by=to, revision=opened.revision, now=now)
