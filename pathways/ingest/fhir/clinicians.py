"""Who asked for a test: `ServiceRequest.requester`, a Practitioner or a PractitionerRole, in the message, contained, or by a number alone.
Who interpreted a result is not who asked for it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pathways import ordering
from pathways.facts import ORDERER
from patients.demographics import StatedClinician
from patients.practitioners import stated

from .bundle import Context
from .structs import Identifier, Practitioner, PractitionerRole, Reference, ServiceRequest

HOW = "ServiceRequest.requester"
PEOPLE = frozenset({"Practitioner", "PractitionerRole"})


def orderer(context: Context, sr: ServiceRequest | None) -> dict[str, Any]:
    """`{"orderer": ...}` for the body of a fact; empty where nobody is named by a number (an organization, a patient, a name alone)."""
    found = _clinician(context, sr.requester) if sr is not None else None
    return {ORDERER: ordering.said(found, HOW)} if found and (found.npi or found.numbers) else {}


def _clinician(context: Context, reference: Reference) -> StatedClinician | None:
    role = context.get(PractitionerRole, reference, "PractitionerRole")
    if role is not None:
        person = _clinician(context, role.practitioner)
        return person if person and (person.npi or person.numbers) else _stated(context, _numbers(role.identifier), reference.display)
    found = context.get(Practitioner, reference, "Practitioner")
    numbers = [*_numbers(found.identifier if found else ()), *_numbers([reference.identifier])]
    kind, _, number = reference.reference.split("/_history/")[0].rpartition("/")
    kind = kind.rpartition("/")[2]
    if (kind and kind not in PEOPLE) or (not kind and reference.type and reference.type not in PEOPLE):
        return None
    if kind and number:
        numbers.append((f"{context.profile.system} FHIR {kind} id", "", number))
    name = found.name[0] if found and found.name else None
    if name is None:
        return _stated(context, numbers, reference.display)
    return _stated(context, numbers, name.family or name.text, " ".join(name.given))


def _numbers(identifiers: Iterable[Identifier]) -> list[tuple[str, str, str]]:
    return [(each.system, each.type.coding[0].code if each.type.coding else "", each.value) for each in identifiers if each.value]


def _stated(context: Context, numbers: Iterable[tuple[str, str, str]], family: str, given: str = "") -> StatedClinician:
    profile = context.profile
    return stated(numbers, family=family, given=given, system=profile.system, sentinels=profile.sentinel_ids)
