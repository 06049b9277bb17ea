"""Whether a message can be applied as it stands: does anybody listen, can its dates be true? Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from pathways.facts import Fact
from patients.demographics import Demographics
from patients.registry import Resolution

from .message import ParsedMessage, Subject

CLOCKS_DIFFER = timedelta(minutes=5)
"""How far ahead of ours a sender's clock may run before what it says has happened cannot have happened."""

MESSAGE_AHEAD = timedelta(hours=24)
EARLIEST = datetime(1900, 1, 2, tzinfo=UTC)
ALWAYS = frozenset({"death", "consent_recorded"})
ABOUT_THE_KNOWN = frozenset({"death_hint", "admitted", "discharged"})
"""They change how a known patient may be reached, and are no reason to take in a stranger."""

BEFORE_BIRTH = frozenset({"diagnosis", "consent_recorded"})
"""May be dated before the patient's birth: prenatal findings, a mother's consent."""


def relevant(subject: Subject, kinds: frozenset[str]) -> tuple[Fact, ...]:
    return tuple(fact for fact in subject.facts if fact.kind in kinds or fact.kind in ALWAYS or fact.kind in ABOUT_THE_KNOWN)


def wants_person(facts: Iterable[Fact]) -> bool:
    """Whether any of the facts is worth registering somebody for."""
    return any(fact.kind not in ABOUT_THE_KNOWN for fact in facts)


def fault(message: ParsedMessage, facts: Iterable[tuple[Demographics | None, Fact]], now: datetime) -> tuple[str, str] | None:
    """(reason, words) of the first date that cannot be true."""
    if message.message_at and message.message_at > now + MESSAGE_AHEAD:
        ahead = (message.message_at - now).days
        return (
            "message_in_future",
            f"The message says it was made {ahead} days from now (MSH-7, or Bundle.timestamp). Check the sender's clock and time zone, then replay.",
        )
    for person, fact in facts:
        words = _impossible(person, fact, now)
        if words:
            return words
    return None


def _impossible(person: Demographics | None, fact: Fact, now: datetime) -> tuple[str, str] | None:
    what = fact.kind.replace("_", " ")
    if fact.occurred.lo > now + CLOCKS_DIFFER:
        return (
            "future_dated",
            f"The message says that something has happened ({what}) at a time that is still to come. Check the date, and the feed's time zone, then replay.",
        )
    if fact.occurred.hi < EARLIEST:
        return "too_old", f"The date of “{what}” lies before 1900: it stands for “unknown”, or is mistyped. Ask the sender for the date."
    return unborn(person.birth_lo, (fact,)) if person else None


def unborn(born: date | None, facts: Iterable[Fact]) -> tuple[str, str] | None:
    """(reason, words) where something is dated before the patient's birth, by the message or by what we know of them."""
    if born is None:
        return None
    first = datetime.combine(born, time(), UTC) - timedelta(days=1)
    for fact in facts:
        if fact.kind not in BEFORE_BIRTH and fact.occurred.hi < first:
            what = fact.kind.replace("_", " ")
            return (
                "before_birth",
                f"“{what}” is dated before the patient's birth. One of the two dates is wrong: ask the sender, or correct the patient.",
            )
    return None


def alive(facts: tuple[Fact, ...], answer: Resolution, message_at: datetime | None) -> tuple[Fact, ...]:
    """Without what says nothing: that somebody lives of whom nobody said anything else, and a death that was taken back meanwhile."""
    overtaken = answer.alive_at is not None and message_at is not None and message_at < answer.alive_at
    return tuple(
        fact
        for fact in facts
        if fact.kind != "death" or (answer.revived or not fact.body.get("alive") if fact.retracted else not overtaken)
    )
