"""How many patients a text, or else an e-mail, could reach, by stratum: what consent campaigns and equity reports ask."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from functools import cache

import msgspec

from . import sql
from .models import Patient

STRATA = {"language": "person__language", **{name: name for name in ("sex", "race", "ethnicity", "payer", "rurality")}}
UNKNOWN = "unknown"


BY_MAIL = {"patients_permission": "patients_mailpermission", "patients_phone": "patients_mailbox", "phone_id": "mailbox_id"}
"""The question about e-mail is the question about texts with the tables of e-mail in place."""


class Share(msgspec.Struct, frozen=True):
    """Patients whom a text could reach; all; and those whom only an e-mail could."""

    contactable: int
    total: int
    mailed: int = 0


def contactable(patients: Collection[int], *, programme: str, on: date) -> set[int]:
    """Of these patients those whom a text of the programme could reach at `on`."""
    found = sql.rows("contactable", {"patients": list(patients), "programme": programme, "on": on})
    return {patient for (patient,) in found}


def mailable(patients: Collection[int], *, programme: str, on: date) -> set[int]:
    """Of these patients those whom an e-mail of the programme could reach at `on`."""
    found = sql.rows_of(_by_mail(), {"patients": list(patients), "programme": programme, "on": on})
    return {patient for (patient,) in found}


@cache
def _by_mail() -> str:
    found = sql.load("contactable")
    for texted, mailed in BY_MAIL.items():
        assert texted in found, texted
        found = found.replace(texted, mailed)
    return found


def share(patients: Collection[int], *, programme: str, on: date, by: str) -> dict[str, Share]:
    """`contactable` per value of a stratum (`STRATA`); unknown is a value of its own. Small cells are the report's to hide."""
    reached = contactable(patients, programme=programme, on=on)
    mailed = mailable(patients, programme=programme, on=on) - reached
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for pk, stratum in Patient.objects.filter(pk__in=patients).values_list("pk", STRATA[by]):
        counts[stratum or UNKNOWN][0] += pk in reached
        counts[stratum or UNKNOWN][1] += 1
        counts[stratum or UNKNOWN][2] += pk in mailed
    return {stratum: Share(*three) for stratum, three in sorted(counts.items())}
