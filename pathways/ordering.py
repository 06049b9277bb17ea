"""Who asked for the test of a journey, as its orders and reports say it. Pure.

An order says it best; a report says it where no order was seen; who attended is only a guess of last resort, and labelled so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from pathways.facts import ORDERER, Fact
from patients.demographics import StatedClinician

ATTENDING = "PV1-7"
BEST_FIRST = ("test_ordered", "result_final", "result_partial", "result_failed", "result_document")


class Orderer(msgspec.Struct, frozen=True):
    """`how` is the field that names them, `system` who sent it, `since` when the order was made."""

    who: StatedClinician
    how: str
    system: str
    since: datetime
    facility: str = ""

    @property
    def ordered(self) -> bool:
        """Whether they asked for the test themselves, or only attended when it was asked for."""
        return self.how != ATTENDING

    @property
    def source(self) -> str:
        """In words, for the care team."""
        what = "the order" if self.ordered else "the attending of the order"
        return f"{what} ({self.how}, {self.facility or self.system})"[:60]


def said(who: StatedClinician, how: str, facility: str = "", **where: Any) -> dict[str, Any]:
    """What a fact's body keeps under `orderer`; `where`: how the facility is reached, and to whom a copy of the result goes."""
    return {"npi": who.npi, "numbers": [list(one) for one in who.numbers], "family": who.family, "given": who.given, "how": how} | (
        {name: value for name, value in (("facility", facility), *where.items()) if value}
    )


def named(facts: Iterable[Fact]) -> Orderer | None:
    """Of the facts that count now the orderer of the latest order; None where nothing names one by a number."""
    found = [(_weight(fact), one) for fact in facts if not fact.retracted and (one := _of(fact))]
    return max(found, key=lambda each: each[0])[1] if found else None


class Asked(msgspec.Struct, frozen=True):
    """Who asked, in words for a page: `who` with the facility and how it is reached, and to whom a copy of the result goes."""

    who: str
    copies: str
    ordered: bool


def asked(body: Mapping[str, Any]) -> Asked | None:
    """What a fact's body says of it; None where it names nobody."""
    named = body.get(ORDERER)
    if not isinstance(named, Mapping):
        return None
    name = f"{named.get('given') or ''} {named.get('family') or ''}".strip() or (f"NPI {named['npi']}" if named.get("npi") else "")
    parts = (name, *(str(named.get(field) or "") for field in ("facility", "phone", "address")))
    copies = named.get("copies")
    return Asked(
        who=", ".join(part for part in parts if part),
        copies=", ".join(map(str, copies)) if isinstance(copies, list) else "",
        ordered=named.get("how") != ATTENDING,
    )


def _of(fact: Fact) -> Orderer | None:
    body = fact.body.get(ORDERER)
    if fact.kind not in BEST_FIRST or not isinstance(body, Mapping):
        return None
    numbers = tuple((str(authority), str(value)) for authority, value in body.get("numbers") or ())
    who = StatedClinician(str(body.get("npi") or ""), numbers, str(body.get("family") or ""), str(body.get("given") or ""))
    if not (who.npi or who.numbers):
        return None
    return Orderer(who, str(body.get("how") or ""), fact.source, fact.occurred.lo, str(body.get("facility") or ""))


def _weight(fact: Fact) -> tuple[Any, ...]:
    """Later is better, but first what kind of word it is; the lineage decides between two at one time, never the order of arrival."""
    asked = fact.body[ORDERER].get("how") != ATTENDING
    said_at = fact.issued_at or fact.message_at or fact.occurred.lo
    return (asked, -BEST_FIRST.index(fact.kind), fact.occurred.lo, said_at, fact.lineage)
