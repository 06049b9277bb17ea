"""Applies a set of messages in one transaction: relevance, dates, who is meant, facts, merges. Bisects the set when it fails."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
import structlog
from django.db import InterfaceError, OperationalError, transaction

from pathways import journeys, merging
from pathways.definitions import registry as definitions
from pathways.facts import Fact
from pathways.models import Feed
from pathways.models.inbound import NOTHING_LISTENS
from pathways.writing.wire import apart, check_references, one_trip, put
from patients import authority, registry
from patients.demographics import Demographics, StatedKin
from patients.registry.merging import records_of

from . import ledger, life, screening
from .ledger import Item
from .message import Merge, ParsedMessage, Subject

log = structlog.get_logger(__name__)

Relevant = list[tuple[Subject, tuple[Fact, ...]]]


class Whole(Exception):
    """Part of a message cannot be applied, so the whole waits: undoes what was done for it."""

    def __init__(self, reason: str, explanation: str, waits_for: Iterable[str] = ()) -> None:
        super().__init__(reason)
        self.reason, self.explanation, self.waits_for = reason, explanation, tuple(waits_for)


class Applier:
    """Applies messages of one feed. `arrived` are the patient numbers that became known here, for which others may wait.

    Not `careful`: no savepoint, no second try; what goes wrong is raised.
    """

    def __init__(self, feed: Feed, now: datetime, *, careful: bool = True) -> None:
        self.feed = feed
        self.now = now
        self.careful = careful
        self.kinds = definitions.listened_to()
        self.arrived: set[str] = set()
        self.kin: list[tuple[int, tuple[StatedKin, ...]]] = []

    def apply(self, items: Sequence[Item]) -> None:
        """Applies in the order sent; messages that must stand alone (merges, several people) part the set."""
        run: list[Item] = []
        for item in items:
            assert item.parsed is not None
            if len(item.parsed.subjects) > 1 or item.parsed.merge:
                self._set(run)
                self._set([item])
                run = []
            else:
                run.append(item)
        self._set(run)

    def _set(self, items: Sequence[Item]) -> None:
        """One savepoint for the set; on failure two, for its halves; the one message that fails is set aside, and delays nobody else."""
        if not items:
            return
        if not self.careful:
            self.arrived |= self._together(items)
            return
        try:
            with transaction.atomic(), one_trip():
                arrived = self._together(items)
                check_references()
            self.arrived |= arrived
        except (OperationalError, InterfaceError):
            raise
        except Whole as part:
            self._undone(items)
            items[0].set_aside(part.reason, part.explanation, part.waits_for)
            self._write(items)
        except Exception as error:
            self._undone(items)
            if len(items) > 1:
                half = len(items) // 2
                self._set(items[:half])
                self._set(items[half:])
                return
            log.warning("message_set_aside", error=type(error).__name__, feed=self.feed.name)
            items[0].set_aside(
                "could_not_apply",
                f"The message was read, but applying it failed ({type(error).__name__}). Others are not affected. Tell support its number here; replay after a fix.",
            )
            self._write(items)

    @staticmethod
    def _undone(items: Sequence[Item]) -> None:
        """The savepoint took back whoever was registered for them."""
        for item in items:
            item.settle(no_effect=False)
            item.patient_id = None

    def _write(self, items: Sequence[Item]) -> None:
        with transaction.atomic():
            ledger.write(items, feed=self.feed, now=self.now)

    def _together(self, items: Sequence[Item]) -> set[str]:
        """Everything that the set says, in a fixed number of statements; the patient numbers that became known."""
        ledger.reserve([item for item in items if not item.is_replay])
        told = [(item, parsed, said) for item in items if (parsed := item.parsed) and (said := self._screened(item, parsed)) is not None]
        arrived: set[str] = set()
        self.kin = []
        self._merges(told, undone=True)  # first, or what is said of the one would be written to the other
        received, heard = self._place(told, arrived)
        rows = ledger.rows_of(items, feed=self.feed, now=self.now)
        if received:
            journeys.receive(received, now=self.now, beside=rows)
        else:
            put(rows)
        ledger.write_again(items, now=self.now)
        if self.kin:
            with apart():
                authority.hear(self.kin, now=self.now, source=self.feed.name)  # before consents, which are theirs
        life.apply(heard, feed=self.feed, now=self.now)
        self._merges(told, undone=False)
        return arrived

    def _screened(self, item: Item, parsed: ParsedMessage) -> Relevant | None:
        """What of the message matters here, by person; None where it is settled already (nothing matters, or a date is impossible)."""
        said = [(subject, screening.relevant(subject, self.kinds)) for subject in parsed.subjects]
        matters = any(facts or subject.merge for subject, facts in said)
        if not matters and set(parsed.undated) & self.kinds:
            what = ", ".join(kind.replace("_", " ") for kind in parsed.undated)
            item.set_aside(
                "date_missing",
                f"Nothing in the message says when this happened: {what}. Neither the thing nor the message has a date. Ask the sender for it.",
            )
            return None
        if not matters and not parsed.about_person:
            item.settle(no_effect=True, reason=NOTHING_LISTENS)
            return None
        found = screening.fault(parsed, ((subject.person, fact) for subject, facts in said for fact in facts), self.now)
        if found:
            item.set_aside(*found)
            return None
        return said

    def _place(
        self, told: Sequence[tuple[Item, ParsedMessage, Relevant]], arrived: set[str]
    ) -> tuple[list[journeys.Received], list[life.Heard]]:
        """Finds who is meant, in one call for those who may be registered and one for those who may not."""
        asked = [
            (item, parsed, subject, facts)
            for item, parsed, said in told
            for subject, facts in said
            if facts or parsed.about_person or subject.merge
        ]
        received: list[journeys.Received] = []
        heard: list[life.Heard] = []
        for may_register in (True, False):
            those = [
                each
                for each in asked
                if each[0].about is None
                and (self.feed.may_register and (each[1].about_person or screening.wants_person(each[3]))) is may_register
            ]
            people = [_dated(subject.person, parsed) for _, parsed, subject, _ in those]
            answers = (
                registry.resolve(people, site=self.feed.site, may_register=may_register, now=self.now, source=self.feed.name)
                if people
                else []
            )
            for (item, parsed, _subject, facts), answer, person in zip(those, answers, people, strict=True):
                if answer.patient_id is None:
                    self._unplaced(item, parsed, person, facts, answer)
                    continue
                if words := screening.unborn(answer.born, facts):
                    self._waits(item, parsed, *words)
                    continue
                facts = screening.alive(facts, answer, parsed.message_at)
                item.patient_id = item.patient_id or answer.patient_id
                arrived.update(wait_key(number.authority, number.value) for number in person.identifiers)
                item.settle(no_effect=False)
                if person.kin and self.feed.states_family:
                    self.kin.append((answer.patient_id, person.kin))
                if facts:
                    received.append(journeys.Received(answer.patient_id, facts, self.feed.site_id, item.row_id, record_id=answer.record_id))
                    heard.append(life.Heard(answer.patient_id, facts))
        for item, _parsed, _subject, facts in asked:
            if item.about is not None:
                self._as_said(item, item.about, facts, received, heard)
        return received, heard

    def _as_said(
        self, item: Item, patient: int, facts: tuple[Fact, ...], received: list[journeys.Received], heard: list[life.Heard]
    ) -> None:
        """A person said whom the message is about; what it says of who that is stays unread."""
        item.patient_id = patient
        item.settle(no_effect=not facts)
        if facts:
            received.append(journeys.Received(patient, facts, self.feed.site_id, item.row_id, record_id=patient))
            heard.append(life.Heard(patient, facts))

    def _unplaced(
        self, item: Item, parsed: ParsedMessage, person: Demographics, facts: tuple[Fact, ...], answer: registry.Resolution
    ) -> None:
        """Nobody, or nobody for certain. Worth a wait only where something would come of it."""
        waits = [wait_key(number.authority, number.value) for number in person.identifiers]
        is_stranger = answer.reason == "unknown_patient"
        nobody = is_stranger or (answer.reason == "no_identifier" and not parsed.about_person)
        if nobody and not screening.wants_person(facts) and not any(subject.merge for subject in parsed.subjects):
            item.settle(no_effect=True, reason="nobody_we_know")
        else:
            self._waits(item, parsed, answer.reason, answer.explanation, waits if is_stranger else ())

    @staticmethod
    def _waits(item: Item, parsed: ParsedMessage, reason: str, explanation: str, waits_for: Iterable[str] = ()) -> None:
        """A message about several people waits whole."""
        if len(parsed.subjects) > 1:
            raise Whole(reason, explanation, waits_for)
        item.set_aside(reason, explanation, waits_for)

    def _merges(self, told: Sequence[tuple[Item, ParsedMessage, Relevant]], *, undone: bool) -> None:
        for item, parsed, _said in told:
            for subject in parsed.subjects:
                if subject.merge and subject.merge.undone is undone and item.outcome == ledger.APPLIED:
                    with apart():
                        self._merge(subject.merge)

    def _merge(self, merge: Merge) -> None:
        try:
            loser, survivor = records_of(merge.loser, merge.survivor)
            verb = registry.unmerge if merge.undone else registry.merge
            done = verb(loser_id=loser, survivor_id=survivor, at=self.now, source=self.feed.name, now=self.now)
        except registry.MergeWaits as waits:
            raise Whole("merge_waits", waits.explanation, (wait_key(*number) for number in waits.missing)) from waits
        except registry.MergeRefused as refused:
            raise Whole(refused.reason, refused.explanation) from refused
        if done is None:
            return
        follow = merging.unmerge if merge.undone else merging.merge
        follow(done, site_id=self.feed.site_id, now=self.now)


def _dated(person: Demographics | None, parsed: ParsedMessage) -> Demographics:
    """Who is meant, with the time of the message: of two that overtook each other the newer holds."""
    if person is None:
        return Demographics()
    return msgspec.structs.replace(person, said_at=parsed.message_at) if parsed.message_at else person


def wait_key(authority: str, value: str) -> str:
    """What a waiting message is found by when the person becomes known."""
    return f"{authority}|{value}"
