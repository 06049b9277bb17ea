"""How many patients a text could reach, by stratum: what consent campaigns and equity reports ask."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date

import msgspec

from . import sql
from .models import Patient

STRATA = {"language": "person__language", **{name: name for name in ("sex", "race", "ethnicity", "payer", "rurality")}}
UNKNOWN = "unknown"


class Share(msgspec.Struct, frozen=True):
    contactable: int
    total: int


def contactable(patients: Collection[int], *, programme: str, on: date) -> set[int]:
    """Of these patients those whom a text of the programme could reach at `on`."""
    found = sql.rows("contactable", {"patients": list(patients), "programme": programme, "on": on})
    return {patient for (patient,) in found}


def share(patients: Collection[int], *, programme: str, on: date, by: str) -> dict[str, Share]:
    """`contactable` per value of a stratum (`STRATA`); unknown is a value of its own. Small cells are the report's to hide."""
    reached = contactable(patients, programme=programme, on=on)
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for pk, stratum in Patient.objects.filter(pk__in=patients).values_list("pk", STRATA[by]):
        counts[stratum or UNKNOWN][0] += pk in reached
        counts[stratum or UNKNOWN][1] += 1
    return {stratum: Share(*pair) for stratum, pair in sorted(counts.items())}
