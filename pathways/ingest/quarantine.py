"""What a person does about a message in quarantine: says whom it is about, whose numbers they are, and has it tried again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from pathways.models import Feed, Inbound
from patients import registry
from patients.models import Identifier, Patient, User

from . import feeds, split, waiting
from .message import ParsedMessage, Unreadable

WHOSE = ("unknown_patient", "no_identifier", "identifiers_disagree", "recycled_identifier")
"""Reasons that a person can answer by naming the patient."""
AT_ONCE = 500


class Refused(ValueError):
    """The act is not possible; the message says why, in words for the person who tried."""


def replay(*, inbound: Inbound, by: User | None, now: datetime) -> Inbound:
    """Tries the message again, whole, with the feed's settings of today; the row as it is now. A person decided: a used id no longer stops it.

    What waited for whom it brings in is tried after it. Applying twice changes nothing: an applied message is left as it is.
    """
    with transaction.atomic():
        row = Inbound.objects.select_for_update(of=("self",)).select_related("feed__site").get(pk=inbound.pk)
        if row.outcome == Inbound.Outcome.QUARANTINED:
            waiting.let_in(waiting.again(row, now=now), now=now)
    return Inbound.objects.get(pk=inbound.pk)


def is_about(*, inbound: Inbound, patient: Patient, add_number: bool, by: User, now: datetime) -> Inbound:
    """A person compared and says whom the message is about. With `add_number` its record numbers are the patient's from now on, so that
    the next message needs nobody; else the word holds for this message alone.

    Raises:
        Refused: several people are in the message, or a number of it is another patient's.
    """
    parsed = parsed_of(inbound)
    if parsed is None or len(parsed.subjects) != 1:
        raise Refused("This message cannot be read, or is about several people: ask the sender to correct it.")
    with transaction.atomic():
        row = Inbound.objects.select_for_update(of=("self",)).select_related("feed__site").get(pk=inbound.pk)
        if row.outcome != Inbound.Outcome.QUARANTINED:
            raise Refused("Somebody settled this message meanwhile.")
        if add_number and parsed.person is not None:
            try:
                registry.add_what_is_new(patient=patient.meant, said=parsed.person, site=row.feed.site, now=now)
            except registry.NumberOfAnother as taken:
                raise Refused("A number of the message is another patient’s. Leave it with them, or end it there first.") from taken
        row.about, row.about_by = patient.meant, by
        row.save(update_fields=["about", "about_by"])
    return replay(inbound=row, by=by, now=now)


def is_somebody_new(*, inbound: Inbound, by: User, now: datetime) -> Inbound:
    """The number was given to a new patient: the old one has it no more, and the message may bring the new one in.

    Raises:
        Refused: the message gives no number that is known here.
    """
    parsed = parsed_of(inbound)
    numbers = parsed.person.identifiers if parsed and parsed.person else ()
    with transaction.atomic():
        ended = [registry.retire_identifier(authority=one.authority, value=one.value, now=now) for one in numbers]
        if not any(ended):
            raise Refused("No number of this message is known here.")
        return replay(inbound=inbound, by=by, now=now)


def assign(*, feed: Feed, assigner: str, by: User, now: datetime) -> int:
    """Numbers of this feed that name no authority are of this one, from now on and for what waits; how many got in.

    Raises:
        Refused: numbers of the feed are known under its present name already: they would become strangers.
    """
    present = feed.assigner or feed.name
    if assigner != present and Identifier.objects.filter(authority=present, until=None).exists():
        raise Refused(f"Patients are known under numbers of “{present}” already. Ask for a migration of their numbers instead.")
    feed.assigner = assigner
    feed.save(update_fields=["assigner"])
    return replay_all(feed=feed, by=by, now=now)


def replay_all(*, feed: Feed, by: User | None, now: datetime, reason: str = "") -> int:
    """Tries everything that waits on the feed once more, each by itself, the oldest first; how many got in."""
    waited = Inbound.objects.quarantined().filter(feed=feed).order_by("pk")
    if reason:
        waited = waited.filter(reason=reason)
    done = 0
    for row in waited.only("pk")[:AT_ONCE]:
        done += replay(inbound=row, by=by, now=now).outcome == Inbound.Outcome.APPLIED
    return done


def parsed_of(inbound: Inbound) -> ParsedMessage | None:
    """The message read with the feed's profile of today; None where it cannot be read."""
    body = bytes(inbound.body)
    try:
        piece = split.Piece(inbound.format, body) if inbound.format in split.READERS else next(split.split(body))
        return split.parse(piece, feeds.profile(inbound.feed, inbound.received_at))
    except Unreadable:
        return None
