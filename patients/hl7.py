"""What an HL7 v2 message says of a person: PID and MRG. Tolerant; a field that cannot be read says nothing. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache

import msgspec

from . import codes, spans, zones
from .demographics import Demographics, StatedIdentifier, StatedKin

Separators = tuple[str, str, str, str]
"""Component, repetition, escape, subcomponent: MSH-2 as sent."""

STANDARD: Separators = ("^", "~", "\\", "&")
ERASED = '""'
PID_WAYS, NK1_WAYS = (40, 13, 14), (40, 5, 6)
DEAD = frozenset({"Y", "YES"})
ALIVE = frozenset({"N", "NO"})
NO_PHONE = frozenset({"FX", "BP", "INTERNET", "X.400", "TDD", "TTY", "SAT"})
LEGAL_NAMES = ("L", "", "D", "C", "U")
NOT_A_NAME = ("A", "M", "N", "S", "P")
"""XPN-7: alias, maiden, nickname, pseudonym: not what the person is called at the desk. Used when there is no other."""

BIRTH, PHONES = ("birth_lo", "birth_hi"), ("phones", "emails")
ERASABLE = (
    (5, ("family", "given")),
    (7, BIRTH),
    (8, ("sex",)),
    (10, ("race",)),
    (11, ("time_zone",)),
    (13, PHONES),
    (15, ("language",)),
    (22, ("ethnicity",)),
)


def demographics(
    pid: Sequence[str],
    *,
    separators: Separators = STANDARD,
    zone: str,
    assigner: str,
    may_state_death: bool,
    sentinel_ids: frozenset[str] = frozenset(),
) -> Demographics:
    """What the PID segment says. `pid` holds its raw fields, so that `pid[3]` is PID-3 with its repetitions.

    `zone` is the feed's, for dates without an offset; `assigner` owns identifiers that name no authority. Unless the feed
    `may_state_death`, PID-29/30 are only a hint.
    """
    family, given = _name(_field(pid, 5), separators)
    born = _birth(_field(pid, 7), separators)
    died, lo, hi = _death(pid, separators, zone)
    place = _place(_field(pid, 11), separators)
    return Demographics(
        identifiers=identifiers(_field(pid, 3) or _field(pid, 2), separators=separators, assigner=assigner, sentinel_ids=sentinel_ids),
        family=family,
        given=given,
        birth_lo=born[0],
        birth_hi=born[1],
        sex=codes.sex(_first(_field(pid, 8), separators)),
        language=_language(_field(pid, 15), separators),
        race=_race(_field(pid, 10), separators),
        ethnicity=_ethnicity(_field(pid, 22), separators),
        postal_code=_component(_field(pid, 11).partition(separators[1])[0], 5, separators)[:10],
        time_zone=place or "",
        phones=_phones(pid, separators),
        emails=_emails(pid, separators),
        died=died and may_state_death,
        died_lo=lo if may_state_death else None,
        died_hi=hi if may_state_death else None,
        death_hint=died and not may_state_death,
        alive=may_state_death and not died and _said_alive(pid, separators),
        erase=(
            *(name for index, names in ERASABLE if _field(pid, index).strip() == ERASED for name in names),
            *(("time_zone",) if place == "" else ()),
        ),
    )


def identifiers(
    field: str, *, separators: Separators = STANDARD, assigner: str, sentinel_ids: frozenset[str] = frozenset()
) -> tuple[StatedIdentifier, ...]:
    """Patient numbers of a CX field (PID-3, MRG-1), in the order sent, each once. Accounts, policies and sentinels are left out."""
    found = {}
    for repeat in field.split(separators[1]):
        value = _component(repeat, 1, separators)
        kind, authority = _component(repeat, 5, separators).upper(), _authority(repeat, separators)
        if authority.upper() in codes.KINDS_OF_NUMBER and kind not in codes.KINDS_OF_NUMBER:
            # `12345^^^MR`, `12345^^^^NORTH^MR`: or two hospitals that slip so would share their numbers
            kind, authority = authority.upper(), _component(repeat, 5, separators)
        kind, authority = kind or "MR", authority or assigner
        if kind not in codes.NOT_A_PATIENT_NUMBER and codes.is_id(value, sentinel_ids):
            found[authority, value] = StatedIdentifier(authority[:120], value[:120], kind[:20])
    return tuple(found.values())


def kin(
    pid: Sequence[str],
    next_of_kin: Sequence[Sequence[str]],
    *,
    separators: Separators = STANDARD,
    assigner: str,
    sentinel_ids: frozenset[str] = frozenset(),
) -> tuple[StatedKin, ...]:
    """Parents and guardians among NK1, and the mother's number of PID-21. NK1-9 in the past, or a role of `EC`, leaves somebody out."""
    found = [said for nk1 in next_of_kin if (said := _kin(nk1, separators, assigner, sentinel_ids))]
    mothers = identifiers(_field(pid, 21), separators=separators, assigner=assigner, sentinel_ids=sentinel_ids) if _field(pid, 21) else ()
    if not mothers:
        return tuple(found)
    place = next((n for n, each in enumerate(found) if each.role == "mother"), None)
    if place is None:
        return (*found, StatedKin(codes.PARENT, "mother", mothers))
    found[place] = msgspec.structs.replace(found[place], identifiers=tuple(dict.fromkeys((*mothers, *found[place].identifiers))))
    return tuple(found)


def _kin(nk1: Sequence[str], separators: Separators, assigner: str, sentinel_ids: frozenset[str]) -> StatedKin | None:
    said = codes.kinship(_component(_field(nk1, 3), index, separators) for index in (1, 2, 4, 5))
    if said is None or _field(nk1, 9).strip(' "'):
        return None
    family, given = _name(_field(nk1, 2), separators)
    numbers = identifiers(_field(nk1, 33), separators=separators, assigner=assigner, sentinel_ids=sentinel_ids) if _field(nk1, 33) else ()
    if not (family or given or numbers):
        return None
    return StatedKin(
        *said,
        numbers,
        family,
        given,
        _language(_field(nk1, 20), separators),
        _phones(nk1, separators, NK1_WAYS),
        _emails(nk1, separators, NK1_WAYS),
    )


def unescape(text: str, separators: Separators = STANDARD) -> str:
    """HL7 escapes replaced: separators, `\\X0D\\`, `\\.br\\`; formatting commands vanish, an unclosed escape stays as it is."""
    escape = separators[2]
    return _escapes(escape).sub(lambda found: _escaped(found[1], separators), text) if escape and escape in text else text


@lru_cache(maxsize=8)
def _escapes(escape: str) -> re.Pattern[str]:
    mark = re.escape(escape)
    return re.compile(f"{mark}([^{mark}]*){mark}")


def _escaped(body: str, separators: Separators) -> str:
    component, repetition, escape, sub = separators
    known = {"F": "|", "S": component, "T": sub, "R": repetition, "E": escape, ".br": "\n", ".sp": "\n"}
    if body[:1] == "X" and len(body) > 1:
        return _bytes(body[1:])
    return known.get(body, "")


def _bytes(hexadecimal: str) -> str:
    """Bytes as the sender's own character set has them: mostly UTF-8, else Latin-1; blank where they are no bytes."""
    try:
        raw = bytes.fromhex(hexadecimal)
    except ValueError:
        return ""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _field(segment: Sequence[str], index: int) -> str:
    return segment[index] if len(segment) > index else ""


def _component(repeat: str, index: int, separators: Separators) -> str:
    """Component `index` (from 1), trimmed; HL7 null counts as blank here, erasing is told by the whole field."""
    parts = repeat.split(separators[0])
    value = parts[index - 1].strip() if len(parts) >= index else ""
    return "" if value == ERASED else unescape(value, separators).replace("\x00", "")


def _first(field: str, separators: Separators) -> str:
    return _component(field.partition(separators[1])[0], 1, separators)


def _authority(repeat: str, separators: Separators) -> str:
    """CX-4: the namespace, else the universal id, else the assigning facility (CX-6)."""
    for index in (4, 6):
        parts = repeat.split(separators[0])
        space = parts[index - 1].split(separators[3]) if len(parts) >= index else []
        stated = next((part.strip() for part in space[:2] if part.strip() not in ("", ERASED)), "")
        if stated:
            return unescape(stated, separators).replace("\x00", "")
    return ""


def _name(field: str, separators: Separators) -> tuple[str, str]:
    """Family and given name of the legal name among the repetitions; an alias only where there is nothing else."""
    if not field or field.strip() == ERASED:
        return "", ""
    repeats = [repeat for repeat in field.split(separators[1]) if repeat.strip(separators[0] + " ")]
    if not repeats:
        return "", ""
    order = LEGAL_NAMES + NOT_A_NAME
    best = min(
        repeats, key=lambda repeat: order.index(kind) if (kind := _component(repeat, 7, separators).upper()) in order else len(order)
    )
    family = best.split(separators[0])[0].split(separators[3])[0]
    return codes.name(_component(family, 1, separators)), codes.name(_component(best, 2, separators))


def _birth(field: str, separators: Separators) -> tuple[date | None, date | None]:
    return spans.birth(_first(field, separators)) or (None, None)


def _death(pid: Sequence[str], separators: Separators, zone: str) -> tuple[bool, datetime | None, datetime | None]:
    """Whether the message says dead, and when. A plain N beats a date that somebody left behind."""
    flag = _first(_field(pid, 30), separators).upper()
    when = spans.instants(_first(_field(pid, 29), separators), zone) if _field(pid, 29) else None
    if flag in DEAD or (when is not None and not flag):
        return True, *(when or (None, None))
    return False, None, None


def _said_alive(pid: Sequence[str], separators: Separators) -> bool:
    """PID-30 says no, or the message deletes a death that was stated."""
    return _first(_field(pid, 30), separators).upper() in ALIVE or ERASED in (_field(pid, 29).strip(), _field(pid, 30).strip())


def _place(field: str, separators: Separators) -> str | None:
    """The zone of where they live: blank where the address does not tell, None where there is none."""
    order = ("H", "L", "C", "", "M", "P")  # XAD-7: home, legal, current, unsaid, mailing, permanent; bad ones (BA) and offices never
    stated = [(_component(repeat, 7, separators).upper(), repeat) for repeat in field.split(separators[1])] if field else []
    homes = sorted((order.index(kind), place, repeat) for place, (kind, repeat) in enumerate(stated) if kind in order)
    for _, _, repeat in homes:
        state, code, country = (_component(repeat, index, separators) for index in (4, 5, 6))
        if state or code:
            return zones.zone_of(state=state, postal_code=code, country=country)
    return None


def _race(field: str, separators: Separators) -> str:
    return codes.race(_coded(field, separators)) if field else ""


def _ethnicity(field: str, separators: Separators) -> str:
    return codes.ethnicity(_coded(field, separators)) if field else ""


def _coded(field: str, separators: Separators) -> Iterator[str]:
    """Of every repetition the code; of those whose code means nothing to us, the text."""
    known = codes.RACES.keys() | codes.ETHNICITIES.keys()
    for repeat in field.split(separators[1]):
        code = _component(repeat, 1, separators)
        yield code if code.casefold() in known else _component(repeat, 2, separators)


def _language(field: str, separators: Separators) -> str:
    if not field:
        return ""
    first = field.partition(separators[1])[0]
    return codes.language(_component(first, 1, separators)) or codes.language(_component(first, 2, separators))


def _phones(segment: Sequence[str], separators: Separators, fields: Sequence[int] = PID_WAYS) -> tuple[str, ...]:
    """Numbers of these fields (of PID unless said): mobiles first, then as sent; each once."""
    found: dict[str, int] = {}
    for place, index in enumerate(fields):
        field = _field(segment, index)
        for repeat in field.split(separators[1]) if field else ():
            number, mobile = _phone(repeat, separators)
            if number:
                found.setdefault(number, -1 if mobile else place)
    return tuple(sorted(found, key=lambda number: found[number]))


def _phone(repeat: str, separators: Separators) -> tuple[str, bool]:
    """(E.164 or blank, whether it is called a mobile). XTN-12, XTN-1 or XTN-5/6/7; an extension cannot be texted."""
    parts = [part.strip() for part in repeat.split(separators[0])]
    parts += [""] * (12 - len(parts))
    if parts[2].upper() in NO_PHONE or parts[1].upper() == "NET" or parts[7].strip('"'):
        return "", False
    assembled = f"+{parts[4].lstrip('+')}{parts[5]}{parts[6]}" if parts[4] and parts[5] else parts[5] + parts[6]
    number = next((e164 for text in (parts[11], parts[0], assembled) if text and (e164 := codes.phone(text))), "")
    return number, parts[2].upper() == "CP" or parts[1].upper() in ("PRS", "CP")


def _emails(segment: Sequence[str], separators: Separators, fields: Sequence[int] = PID_WAYS) -> tuple[str, ...]:
    """E-mail addresses of the same fields, as sent, each once: XTN-4 of those called NET or Internet, else what looks like one in XTN-1."""
    found: dict[str, None] = {}
    for index in fields:
        field = _field(segment, index)
        for repeat in field.split(separators[1]) if "@" in field else ():
            use, kind, stated = (_component(repeat, place, separators) for place in (2, 3, 4))
            internet = use.upper() == "NET" or kind.upper() == "INTERNET"
            if address := codes.email((stated if internet else "") or _component(repeat, 1, separators)):
                found[address] = None
    return tuple(found)
