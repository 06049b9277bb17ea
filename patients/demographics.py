"""What a message says of a person, before anybody decided whether we know them. Pure values, no rows."""

from __future__ import annotations

from datetime import date, datetime

import msgspec


class StatedIdentifier(msgspec.Struct, frozen=True):
    """(authority, value) with its type (HL7 0203: MR, SS, PI ...). An identifier without authority has the feed's assigner."""

    authority: str
    value: str
    type: str = "MR"


class StatedKin(msgspec.Struct, frozen=True):
    """A parent or guardian whom a message names: `basis` as in `Authority`, `role` mother, father or blank."""

    basis: str
    role: str = ""
    identifiers: tuple[StatedIdentifier, ...] = ()
    family: str = ""
    given: str = ""
    language: str = ""
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()


class StatedClinician(msgspec.Struct, frozen=True):
    """A clinician as a message names them: by NPI, by numbers as (authority, value), or, which says nobody, by name alone."""

    npi: str = ""
    numbers: tuple[tuple[str, str], ...] = ()
    family: str = ""
    given: str = ""


class Demographics(msgspec.Struct, frozen=True):
    """Blank and None mean *not said*; `erase` names the fields that the sender deleted (HL7 null `""`), and `time_zone` where an
    address was given that does not tell it.

    `birth_lo`/`birth_hi` span a partial date. `phones` are in E.164, best first, as are `emails`. `died` (with or without a date) comes only from a
    feed that may say so; `death_hint` is a flag without authority (PID-30 in a laboratory's message). `alive` is said in so many words
    (PID-30 `N`, deceasedBoolean false). `time_zone` is where the address lies; an address of which nobody can say erases what was known. `said_at` is when the message was made.
    """

    identifiers: tuple[StatedIdentifier, ...] = ()
    family: str = ""
    given: str = ""
    birth_lo: date | None = None
    birth_hi: date | None = None
    sex: str = ""
    language: str = ""
    race: str = ""
    ethnicity: str = ""
    payer: str = ""
    postal_code: str = ""
    time_zone: str = ""
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    died: bool = False
    died_lo: datetime | None = None
    died_hi: datetime | None = None
    death_hint: bool = False
    erase: tuple[str, ...] = ()
    alive: bool = False
    said_at: datetime | None = None
    kin: tuple[StatedKin, ...] = ()
