"""What we know of a patient, and what a message makes of it. Pure: the decision what to write, not the writing."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from patients import alike
from patients.demographics import Demographics

TEST_PATIENTS = ("zztest", "zzz", "testpatient")
AHEAD = timedelta(days=1)
"""A death more than this far ahead is a typing error: somebody must look, nobody is declared dead."""

SAID_AS_IS = ("language", "sex", "race", "ethnicity", "payer")


class Known(msgspec.Struct, frozen=True):
    """A row of `find_people.sql`, in its order. A patient who is not registered yet has no ids."""

    patient: int = 0
    person: int = 0
    family: str = ""
    given: str = ""
    birth_lo: date | None = None
    birth_hi: date | None = None
    language: str = ""
    time_zone: str = ""
    zone_by_hand: bool = False
    sex: str = ""
    race: str = ""
    ethnicity: str = ""
    payer: str = ""
    died_lo: datetime | None = None
    died_hi: datetime | None = None
    death_source: str = ""
    death_hold_since: datetime | None = None
    death_hint_source: str = ""
    death_hint_refuted_at: datetime | None = None
    is_test: bool = False
    said_at: datetime | None = None
    life_at: datetime | None = None
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    known_here: bool = False


class Saying(msgspec.Struct, frozen=True):
    """Who says it, and when we heard. The lists of numbers and addresses of a source that registers people replace ours; others only add to it."""

    source: str
    now: datetime
    registers: bool


def fold(known: Known, said: Demographics, how: Saying) -> Known:
    """The patient after the message; the same object where it says nothing new. A message older than what registration said last only
    fills what is blank: messages overtake each other, and the newest address and name hold."""
    at = said.said_at or how.now
    overtaken = known.said_at is not None and at < known.said_at
    who = [
        *_name(known, said),
        *_birth(known, said),
        *_plain_fields(said),
        *_place(known, said),
        *_ways("phones", known, said, how),
        *_ways("emails", known, said, how),
    ]
    if overtaken:
        who = [(name, value) for name, value in who if getattr(known, name) in ("", None, (), False)]
    changes = {name: value for name, value in (*who, *_life(known, said, how, at)) if getattr(known, name) != value}
    if not overtaken:
        changes |= {
            name: _nothing(name) for name in said.erase if _may_erase(name, known, how) and getattr(known, name, None) != _nothing(name)
        }
        if how.registers and at != known.said_at:
            changes["said_at"] = at
    return msgspec.structs.replace(known, **changes) if changes else known


def is_another_person(known: Known, said: Demographics) -> bool:
    """Another name *and* another birth date under one number: the number was given to somebody else (people marry, clerks mistype)."""
    if not (said.family or said.given) or said.birth_lo is None or known.birth_lo is None:
        return False
    return not alike.same_birth(known.birth_lo, known.birth_hi, said.birth_lo, said.birth_hi) and not alike.same_name(
        known.family, known.given, said.family, said.given
    )


def _may_erase(name: str, known: Known, how: Saying) -> bool:
    if name == "time_zone":
        return not known.zone_by_hand
    return how.registers or name not in ("phones", "emails")


def _nothing(name: str) -> Any:
    return {"birth_lo": None, "birth_hi": None, "phones": (), "emails": ()}.get(name, "")


def _name(known: Known, said: Demographics) -> list[tuple[str, Any]]:
    stated = [(name, value) for name in ("family", "given") if (value := getattr(said, name))]
    if said.family and not known.is_test and alike.plain(said.family).startswith(TEST_PATIENTS):
        stated.append(("is_test", True))
    return stated


def _birth(known: Known, said: Demographics) -> list[tuple[str, Any]]:
    """A birth date, unless it only says less exactly what is known."""
    if said.birth_lo is None or alike.contains(said.birth_lo, said.birth_hi, known.birth_lo, known.birth_hi):
        return []
    return [("birth_lo", said.birth_lo), ("birth_hi", said.birth_hi)]


def _plain_fields(said: Demographics) -> list[tuple[str, Any]]:
    return [(name, value) for name in SAID_AS_IS if (value := getattr(said, name))]


def _place(known: Known, said: Demographics) -> list[tuple[str, Any]]:
    """A new address moves the clock, unless a person said where somebody is."""
    return [("time_zone", said.time_zone)] if said.time_zone and not known.zone_by_hand else []


def _ways(name: str, known: Known, said: Demographics, how: Saying) -> list[tuple[str, Any]]:
    """Numbers, or addresses: the whole list of who registers people, an addition from anybody else."""
    stated, held = getattr(said, name), getattr(known, name)
    if not stated:
        return []
    return [(name, stated if how.registers else held + tuple(one for one in stated if one not in held))]


def _life(known: Known, said: Demographics, how: Saying, at: datetime) -> list[tuple[str, Any]]:
    """Of what those with authority say of life and death the newest message holds."""
    overtaken = known.life_at is not None and at < known.life_at
    if said.alive:
        return [] if overtaken else _lives(known, how, at)
    if said.died and (said.died_lo is None or said.died_lo <= how.now + AHEAD):
        return [] if overtaken and known.died_hi is None else [*_died(known, said, how), ("life_at", max(at, known.life_at or at))]
    if said.died or said.death_hint:
        return _hinted(known, how)
    return []


def _died(known: Known, said: Demographics, how: Saying) -> list[tuple[str, Any]]:
    """A dated death corrects what is known; one without a date lies between registration (filled in by the writer) and now."""
    if said.died_lo is None and known.died_hi is not None:
        return []
    lo, hi = (said.died_lo, said.died_hi) if said.died_lo else (None, how.now)
    if (lo, hi) == (known.died_lo, known.died_hi):
        return []
    return [("died_lo", lo), ("died_hi", hi), ("death_source", how.source[:60]), ("death_hold_since", None)]


def _lives(known: Known, how: Saying, at: datetime) -> list[tuple[str, Any]]:
    """Whoever said *dead* says *alive*: the patient lives, and texts rest until a person has made sure."""
    if known.died_hi is None:
        return [("life_at", at)]
    if known.death_source != how.source[:60]:
        return []
    held = [("death_hold_since", how.now), ("death_hint_source", how.source[:60])]
    return [("died_lo", None), ("died_hi", None), ("death_source", ""), ("life_at", at), *held]


def _hinted(known: Known, how: Saying) -> list[tuple[str, Any]]:
    """Texts rest until a person has settled the hint; a source that was found wrong is not believed again."""
    refuted = known.death_hint_refuted_at is not None and known.death_hint_source == how.source[:60]
    if known.died_hi is not None or known.death_hold_since is not None or refuted:
        return []
    return [("death_hold_since", how.now), ("death_hint_source", how.source[:60])]
