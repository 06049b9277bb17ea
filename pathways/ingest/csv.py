"""CSV rows, each a message of its own. Columns are named in docs/integration.md; oncology extracts in mCODE's columns are known too. Pure."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from typing import Any

from patients import codes as people
from patients import spans, zones
from patients.demographics import Demographics, StatedIdentifier

from . import extracts, wide
from . import rows as rows_of_ours
from .cells import NUMBER, Row, first, plain
from .message import FeedProfile, ParsedMessage, Unreadable
from .statement import Statement
from .when import instant

MAX_COLUMNS, MAX_FIELD = 300, 64 * 1024


def rows(body: bytes) -> list[bytes]:
    """Each row with its header, as a small JSON object: the message that is stored, shown and replayed.

    Raises:
        Unreadable: no column that names the patient, or no table at all.
    """
    text = decode(body)
    try:
        dialect: Any = csv.Sniffer().sniff(text[:4096].split("\n", 1)[0], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=dialect.delimiter))
    except csv.Error as error:
        raise Unreadable("csv_syntax", f"The table cannot be read: {error}.") from error
    if not table or not any(plain(name) in NUMBER for name in table[0]):
        raise Unreadable("csv_columns", "The first line names no column `mrn` (the patient's number), so no row can be about anybody.")
    names = [plain(name) for name in table[0]]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise Unreadable("csv_columns", f"The first line names the column “{twice[0]}” twice, so nobody can say which holds.")
    return [_row(names, cells) for cells in table[1:] if any(cell.strip() for cell in cells)]


def _row(names: list[str], cells: list[str]) -> bytes:
    said = {name: cell.strip() for name, cell in zip(names, cells, strict=False) if name and cell.strip()}
    return json.dumps(said | ({"": "more cells than columns"} if len(cells) > len(names) else {}), ensure_ascii=False).encode(
        "utf-8", "replace"
    )


def decode(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def read(body: bytes, profile: FeedProfile, name: str = "row") -> ParsedMessage:
    """Reads one row as `rows` made it.

    Raises:
        Unreadable: a cell outside of what can be kept, an unknown kind, a date that is none.
    """
    try:
        stated = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable("csv_syntax", "The row is not kept as a row any more.") from error
    row = {plain(key): value.strip() for key, value in stated.items() if isinstance(key, str) and isinstance(value, str)}
    if "" in stated:
        raise Unreadable(
            "csv_columns", "The row has more cells than the first line has columns: a separator inside of a cell is not quoted."
        )
    if any("\x00" in value or len(value) > MAX_FIELD for value in row.values()) or len(row) > MAX_COLUMNS:
        raise Unreadable("csv_syntax", "The row holds a NUL character, an endless cell or hundreds of columns.")
    message_at = instant(row.get("extractedat", ""), profile.time_zone)
    statement = Statement(profile, message_at)
    shape = next((reader for column, reader in extracts.SHAPES if column in row), None)
    if "kind" in row:
        rows_of_ours.state(row, statement)
    elif shape:
        shape(row, statement)
    elif wide.is_wide(row):
        wide.state(row, statement)
    return ParsedMessage(
        format="csv",
        type=f"{name} {row.get('kind', '')}".strip()[:60],
        control_id="",
        digest=hashlib.sha256(body).hexdigest(),
        body=body,
        message_at=message_at,
        person=_person(row, profile),
        facts=tuple(statement.facts),
        notes=tuple(statement.notes),
        about_person="kind" not in row
        and shape is None
        and any(column in row for column in ("family", "familyname", "dateofbirth", "birthdate")),
        undated=tuple(statement.undated),
    )


def _person(row: Row, profile: FeedProfile) -> Demographics:
    number = next((row[name] for name in NUMBER if name in row), "")
    is_number = people.is_id(number, profile.sentinel_ids)
    born = spans.birth(first(row, "birthdate", "dateofbirth", "dob")) or (None, None)
    state, code = row.get("state", ""), first(row, "postalcode", "zip")
    place = zones.zone_of(state=state, postal_code=code, country=row.get("country", ""))
    phones = [e164 for text in (row.get("phone", ""), row.get("mobile", "")) if text and (e164 := people.phone(text))]
    return Demographics(
        identifiers=(StatedIdentifier(row.get("assigner", "") or profile.assigner, number[:120]),) if is_number else (),
        family=people.name(first(row, "family", "familyname", "lastname")),
        given=people.name(first(row, "given", "givenname", "firstname")),
        birth_lo=born[0],
        birth_hi=born[1],
        sex=people.sex(first(row, "sex", "gender", "birthsex")),
        language=people.language(row.get("language", "")),
        race=people.race([row.get("race", "")]),
        ethnicity=people.ethnicity([row.get("ethnicity", "")]),
        payer=row.get("payer", "")[:60],
        postal_code=code[:10],
        time_zone=place,
        erase=("time_zone",) if (state or code) and not place else (),
        phones=tuple(dict.fromkeys(phones)),
        emails=(address,) if (address := people.email(row.get("email", ""))) else (),
    )
