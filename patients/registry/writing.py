"""Reading and writing patients as sets: a handful of statements for a thousand messages."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from datetime import datetime
from typing import Any
from zlib import crc32

import msgspec
from django.db import connection

from patients import codes, sql
from patients.models import Site

from .deciding import Number
from .known import Known

REGISTERING = 0x5047
"""First key of the advisory locks of registration; the second is one of `BUCKETS`."""
BUCKETS = 64

ROW = (
    *("family", "given", "birth_lo", "birth_hi", "language", "time_zone", "sex", "race", "ethnicity", "payer"),
    *("died_lo", "died_hi", "death_source", "death_hold_since", "death_hint_source", "is_test", "said_at", "life_at"),
)


class Found(msgspec.Struct, frozen=True):
    """Whose the numbers are: the patient by number with merges followed, the record itself by number, and what we know by patient."""

    owners: dict[Number, int] = {}
    records: dict[Number, int] = {}
    known: dict[int, Known] = {}


def find(numbers: Collection[Number], *, site: Site | None) -> Found:
    """The numbers that are known."""
    return _found(sql.rows("find_people", _asked(numbers, site))) if numbers else Found()


def find_and_lock(numbers: Set[Number], *, site: Site, if_all_known: bool = False) -> Found:
    """As `find`; what we know of these patients then stands still until the end of the transaction. With `if_all_known` nobody is locked where a
    number is unknown: numbers are locked before patients, so that two writers never wait for each other."""
    held: set[int] = set()
    while numbers:
        asked = {**_asked(numbers, site), "if_all_known": if_all_known}
        locking, finding = sql.ask("lock_owners", asked), sql.ask("find_people", asked)
        found = _found(finding.fetchall())
        held.update(patient for (patient,) in locking.fetchall())
        if found.known.keys() <= held or (if_all_known and numbers - found.owners.keys()):
            return found
        # somebody was merged while we waited for the lock: once more, for the survivor too
    return Found()


def _asked(numbers: Collection[Number], site: Site | None) -> dict[str, Any]:
    stated = [{"authority": authority, "value": value} for authority, value in numbers]
    return {"numbers": _json(stated), "site": site.pk if site else None}


def _found(rows: Iterable[Sequence[Any]]) -> Found:
    found = Found({}, {}, {})
    for authorities, values, records, *row in rows:
        found.known[row[0]] = _known(row)
        for authority, value, record in zip(authorities, values, records, strict=True):
            found.owners[authority, value] = row[0]
            found.records[authority, value] = record
    return found


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def read(patients: Iterable[int], *, site: Site | None) -> dict[int, Known]:
    wanted = list(patients)
    if not wanted:
        return {}
    rows = sql.rows("read_patients", {"patients": wanted, "site": site.pk if site else None})
    return {row[0]: _known(row) for row in rows}


def _known(row: Sequence[Any]) -> Known:
    values: tuple[Any, ...] = (*row[:-3], tuple(row[-3]), tuple(row[-2]), row[-1])
    return Known(*values)


def lock(patients: Sequence[int]) -> None:
    """Lock in order of id, so that two writers wait for each other and never for ever."""
    sql.run("lock_people", {"patients": list(patients)})


def lock_numbers(numbers: Iterable[Number]) -> None:
    """Keep two writers from registering the same newcomer twice. Held until the transaction ends; buckets bound the lock table."""
    buckets = sorted({crc32(f"{authority}\x1f{value}".encode()) % BUCKETS for authority, value in numbers})
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, b) FROM unnest(%s::int[]) AS b", [REGISTERING, buckets])


def register(newcomers: Mapping[int, Known], *, site: Site, now: datetime) -> dict[int, int]:
    """Write newcomers; what became of each negative id."""
    drawn = draw_ids(len(newcomers))
    written = [(patient, person, known) for (patient, person), known in zip(drawn, newcomers.values(), strict=True)]
    sql.run("register_people", {"people": _rows(written), "site": site.pk, "now": now})
    state_phones({person: known.phones for _, person, known in written if known.phones}, site=site, now=now, replace=False)
    state_emails({person: known.emails for _, person, known in written if known.emails}, now=now, replace=False)
    return dict(zip(newcomers, (patient for patient, _ in drawn), strict=True))


def change(after: Collection[Known], before: Mapping[int, Known], *, site: Site | None, now: datetime, replace: bool) -> None:
    """Write changed patients, whose locks the caller holds."""
    sql.run("change_people", {"people": _rows([(known.patient, known.person, known) for known in after])})
    phones = {known.person: known.phones for known in after if known.phones != before[known.patient].phones}
    state_phones(phones, site=site, now=now, replace=replace)
    state_emails({known.person: known.emails for known in after if known.emails != before[known.patient].emails}, now=now, replace=replace)


def add_numbers(added: Mapping[Number, tuple[int, str]], *, now: datetime) -> None:
    if added:
        columns = {
            "authorities": [authority for authority, _ in added],
            "values": [value for _, value in added],
            "patients": [patient for patient, _ in added.values()],
            "types": [kind for _, kind in added.values()],
        }
        sql.run("add_identifiers", {**columns, "now": now})


def add_site(patients: Collection[int], *, site: Site, now: datetime) -> None:
    if patients:
        sql.run("add_sites", {"patients": sorted(patients), "site": site.pk, "now": now})


def state_phones(stated: Mapping[int, tuple[str, ...]], *, site: Site | None, now: datetime, replace: bool) -> None:
    """Give persons these numbers, best first; with `replace` their other numbers end."""
    lines = [(person, number, rank) for person, numbers in stated.items() for rank, number in enumerate(numbers, start=1)]
    columns = {"persons": [p for p, _, _ in lines], "numbers": [n for _, n, _ in lines], "ranks": [r for _, _, r in lines]}
    if replace and stated:
        ended = {"persons": list(stated), "kept_by": columns["persons"], "kept": columns["numbers"], "now": now}
        sql.run("end_contact_points", ended)
    if lines:
        home = site.time_zone if site else ""
        numbers = sorted({number for _, number, _ in lines})
        sql.run("add_phones", {"numbers": numbers, "zones": [codes.phone_zone(number, home) for number in numbers]})
        sql.run("add_contact_points", {**columns, "now": now})


def state_emails(stated: Mapping[int, tuple[str, ...]], *, now: datetime, replace: bool) -> None:
    """Give persons these addresses, best first; with `replace` their other addresses end."""
    if not stated:
        return
    lines = [(person, address, rank) for person, addresses in stated.items() for rank, address in enumerate(addresses, start=1)]
    columns = {"persons": [p for p, _, _ in lines], "addresses": [a for _, a, _ in lines], "ranks": [r for _, _, r in lines]}
    sql.run("state_emails", {**columns, "whose": list(stated), "now": now, "replace": replace})


def draw_ids(count: int) -> list[tuple[int, int]]:
    """Ids for `count` patients and their persons."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('patients_patient', 'id')), nextval(pg_get_serial_sequence('patients_person', 'id'))"
            " FROM generate_series(1, %s)",
            [count],
        )
        ids: list[tuple[int, int]] = cursor.fetchall()
        return ids


def _rows(written: Sequence[tuple[int, int, Known]]) -> str:
    """As JSON, of whose length the server makes no guess: so it keeps one plan instead of making it anew each time."""
    return _json(
        [{"patient": patient, "person": person} | {name: getattr(known, name) for name in ROW} for patient, person, known in written]
    )
