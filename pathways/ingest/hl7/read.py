"""An HL7 v2 message as a `ParsedMessage`: what it is, who it is about, which facts it states. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from pathways.ingest.message import FeedProfile, Merge, ParsedMessage, Subject, Unreadable
from pathways.ingest.statement import Statement
from pathways.ingest.when import instant
from patients import hl7 as people
from patients.demographics import Demographics

from . import diagnoses, documents, drugs, encounters, orders, results, visits
from .part import Part
from .tokens import Message, Segment, decode

READERS: dict[str, Callable[[Part, str], None]] = {
    "ORU": lambda part, _: results.read(part),
    "OUL": lambda part, _: results.read(part, specimen_first=True),
    "ORM": lambda part, _: orders.read(part),
    "OML": lambda part, _: orders.read(part),
    "OMG": lambda part, _: orders.read(part),
    "OMP": lambda part, _: drugs.orders(part),
    "RDE": lambda part, _: drugs.orders(part),
    "RDS": lambda part, _: drugs.dispensed(part),
    "RAS": lambda part, _: drugs.administered(part),
    "SIU": visits.read,
    "MDM": documents.read,
    "PPR": lambda part, _: diagnoses.from_problems(part),
    "REF": diagnoses.from_referral,
}
"""Any other type is read for who it is about and for its DG1 and PR1 segments."""

PROCESSING = {"T": "training", "D": "debugging"}
"""MSH-11 (table 0103) but P. Many senders never set theirs back, so it is told and decides nothing, unless the feed is marked for it."""

STRUCTURE = re.compile(r"([A-Z]{3})[_ -]([A-Z]\d\d)")
LONGEST = 32 * 1024 * 1024


class Header(msgspec.Struct, frozen=True):
    """MSH as far as identity, acknowledgement and accounting need it; readable even where the rest is not."""

    type: str = ""
    trigger: str = ""
    structure: str = ""
    control_id: str = ""
    sender: str = ""
    sent: str = ""
    version: str = ""
    digest: str = ""

    @property
    def name(self) -> str:
        return "^".join(filter(None, (self.type, self.trigger, self.structure)))[:60]

    @property
    def identity(self) -> str:
        """Control id with its sender, as one feed may carry several senders who count for themselves. Blank where there is no id."""
        return f"{self.control_id}@{self.sender}"[:200] if self.control_id and self.sender else self.control_id[:200]


def header(message: Message, text: str) -> Header:
    msh = message.one("MSH")
    kind, trigger = message.get(msh, 9).upper(), message.get(msh, 9, 2).upper()
    if not trigger and (structure := STRUCTURE.fullmatch(kind)):
        kind, trigger = structure[1], structure[2]  # `ORU_R01` alone
    sender = "/".join(filter(None, (message.get(msh, 3), message.get(msh, 4))))
    without_time = [*msh[:7], "", *msh[8:]] if len(msh) > 7 else msh
    rest = text.partition("\r")[2] if "\r" in text else text.partition("\n")[2]
    spoken = message.field_separator.join(without_time) + "\r" + rest.replace("\n", "\r").replace("\r\r", "\r")
    return Header(
        type=kind,
        trigger=trigger or message.get(message.one("EVN"), 1).upper(),
        structure=message.get(msh, 9, 3).upper(),
        control_id=message.get(msh, 10),
        sender=sender,
        sent=message.get(msh, 7),
        version=message.get(msh, 12),
        digest=hashlib.sha256(spoken.encode("utf-8", "surrogatepass")).hexdigest(),
    )


def read(body: bytes, profile: FeedProfile) -> ParsedMessage:
    """Reads one message.

    Raises:
        Unreadable: no header, no type, or characters that cannot be kept.
    """
    if len(body) > LONGEST:
        raise Unreadable("too_large", f"The message has {len(body):,} bytes; more than {LONGEST:,} are not read.")
    text, charset = decode(body)
    if "\x00" in text:
        raise Unreadable("nul_character", "The message holds NUL characters, which HL7 does not allow and the store refuses.")
    message = Message(text)
    head = header(message, text)
    if not head.type:
        raise Unreadable("hl7_type", "MSH-9 names no message type, so nobody can say what the message is about.")
    message_at = instant(head.sent, profile.time_zone)
    notes = [f"Not UTF-8: read as {charset}"] if charset else []
    if purpose := PROCESSING.get(message.get(message.one("MSH"), 11).upper(), ""):
        if profile.holds_tests:
            raise Unreadable(
                "test_message", f"MSH-11 says that the message was made for {purpose}, and what this feed sends for a test is held back."
            )
        notes.append(f"MSH-11 says that the message was made for {purpose}; it was read like any other")
    if message.misordered:
        notes.append("MSH-2 names the usual characters in another order; the message was read by the usual one")
    undated: list[str] = []
    subjects = _subjects(message, head, profile, message_at, notes, undated)
    first, *others = subjects or [Subject()]
    return ParsedMessage(
        format="hl7v2",
        type=head.name,
        control_id=head.identity,
        digest=head.digest,
        body=body,
        message_at=message_at,
        person=first.person,
        facts=first.facts,
        merge=first.merge,
        also=tuple(others),
        notes=tuple(notes),
        about_person=head.type == "ADT",
        undated=tuple(sorted(set(undated))),
    )


def _subjects(
    message: Message, head: Header, profile: FeedProfile, message_at: datetime | None, notes: list[str], undated: list[str]
) -> list[Subject]:
    found: list[Subject] = []
    for segments in _by_person(message):
        person = _person(message, segments[0] if segments[0][0] == "PID" else [], head, profile)
        statement = Statement(profile, message_at)
        part = Part(message, segments, statement)
        if head.type == "ADT":
            person = _with_kin(person, part, profile)
            encounters.read(part, head.trigger, person)
            if encounters.died_at_discharge(part, head.trigger, person):
                person = msgspec.structs.replace(person, died=True)
        elif person.death_hint:
            statement.say("death_hint", "patient", None, {"from": head.name})
        READERS.get(head.type, _nothing)(part, head.trigger)
        diagnoses.from_dg1(part)
        if head.type != "ORU":
            diagnoses.from_procedures(part)
        merge = encounters.merge(message, head.trigger, segments, person, profile.assigner) if head.type == "ADT" else None
        found.append(Subject(person=person, facts=tuple(statement.facts), merge=merge))
        notes += statement.notes
        undated += statement.undated
    return _linked(head, found)


def _linked(head: Header, subjects: list[Subject]) -> list[Subject]:
    """A24 and A37 name two people, one after the other: together they are one statement about the first."""
    if head.type != "ADT" or len(subjects) != 2 or subjects[0].person is None or subjects[1].person is None:
        return subjects
    merge: Merge | None = encounters.link(head.trigger, subjects[0].person, subjects[1].person)
    return [msgspec.structs.replace(subjects[0], merge=merge), subjects[1]] if merge else subjects


def _by_person(message: Message) -> list[Sequence[Segment]]:
    """The segments from each PID to the next; what stands before the first PID is that person's too. SIU repeats PID for group visits.

    A message without any PID is about somebody whom it does not name: what it says waits for a person, and is not lost.
    """
    segments = message.segments
    starts = [place for place, segment in enumerate(segments) if segment[0] == "PID"]
    if not starts:
        return [segments[1:]] if len(segments) > 1 else []
    parts: list[Sequence[Segment]] = [segments[start:end] for start, end in zip(starts, [*starts[1:], len(segments)], strict=False)]
    if starts[0] > 1:
        parts[0] = [parts[0][0], *segments[1 : starts[0]], *parts[0][1:]]
    return parts


def _person(message: Message, pid: Segment, head: Header, profile: FeedProfile) -> Demographics:
    try:
        return people.demographics(
            pid,
            separators=message.separators,
            zone=profile.time_zone,
            assigner=profile.assigner,
            may_state_death=head.type == "ADT",
            sentinel_ids=profile.sentinel_ids,
        )
    except (ValueError, OverflowError) as error:
        raise Unreadable(
            "person_unreadable", f"The PID segment holds a value outside of what can be kept ({type(error).__name__})."
        ) from error


def _with_kin(person: Demographics, part: Part, profile: FeedProfile) -> Demographics:
    if not (next_of_kin := part.all("NK1")) and not part.message.raw(part.one("PID"), 21):
        return person
    stated = people.kin(
        part.one("PID"),
        next_of_kin,
        separators=part.message.separators,
        assigner=profile.assigner,
        sentinel_ids=profile.sentinel_ids,
    )
    return msgspec.structs.replace(person, kin=stated) if stated else person


def _nothing(part: Part, trigger: str) -> None:
    """The type is read for its person and its diagnoses only."""
