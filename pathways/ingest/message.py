"""What a reader makes of the bytes it is given: who the message is about and which facts it states. Pure: no database, no clock."""

from __future__ import annotations

from datetime import datetime

import msgspec

from pathways.facts import Fact
from patients.demographics import Demographics

from .vocabulary import Meanings


class FeedProfile(msgspec.Struct, frozen=True):
    """What a reader must know of the feed. `system` prefixes lineages; `assigner` owns identifiers that name none.

    `attested`: people write what it says. `holds_tests`: what says of itself that it is a test waits. `meanings`: what a person said of its own codes. `received_at` dates what neither says when it happened nor comes in a dated message; None (history) leaves such things out.
    """

    name: str = "command-line"
    system: str = "command-line"
    time_zone: str = "America/New_York"
    assigner: str = "command-line"
    sentinel_ids: frozenset[str] = frozenset()
    received_at: datetime | None = None
    attested: bool = False
    holds_tests: bool = False
    meanings: Meanings = Meanings()


class Merge(msgspec.Struct, frozen=True):
    """`loser` became `survivor` (A40 and kin, Patient.link replaced-by); `undone` for A37. Each is (authority, value) pairs."""

    loser: tuple[tuple[str, str], ...]
    survivor: tuple[tuple[str, str], ...]
    undone: bool = False


class Subject(msgspec.Struct, frozen=True):
    """What a message says of one person."""

    person: Demographics | None = None
    patient_ref: str = ""
    facts: tuple[Fact, ...] = ()
    merge: Merge | None = None


class ParsedMessage(msgspec.Struct, frozen=True):
    """One message after files were split. `facts` carry lineage, digest and keys already; `person` is None where nobody is named.

    `digest` is the hex SHA-256 of the body without what a resend changes (MSH-7). `patient_ref` is the FHIR reference by which
    resources of one bundle or feed name the patient when the resource itself has no identifiers. `also` are further people of the
    same message (A40 with several pairs, a Bundle about several patients). `about_person` says that the message is sent to tell who
    somebody is (ADT, FHIR Patient), and so registers and updates even without a fact that anything listens to. `undated` are kinds
    of what the message says without saying when.
    """

    format: str
    type: str
    control_id: str
    digest: str
    body: bytes
    message_at: datetime | None = None
    person: Demographics | None = None
    patient_ref: str = ""
    facts: tuple[Fact, ...] = ()
    merge: Merge | None = None
    notes: tuple[str, ...] = ()
    also: tuple[Subject, ...] = ()
    about_person: bool = False
    undated: tuple[str, ...] = ()

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """Everybody the message speaks of, the first first."""
        return (Subject(self.person, self.patient_ref, self.facts, self.merge), *self.also)


class Unreadable(Exception):
    """The message cannot be applied as it stands. `reason` is a code to count by; `explanation` names field and rule in words."""

    def __init__(self, reason: str, explanation: str) -> None:
        super().__init__(explanation)
        self.reason = reason
        self.explanation = explanation
