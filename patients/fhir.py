"""What a FHIR R4 Patient says of a person. Tolerant; an element that cannot be read says nothing. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from . import codes, spans, zones
from .demographics import Demographics, StatedIdentifier, StatedKin

RACE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race"
ETHNICITY = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity"
NAME_USES = ("official", "usual", "", "temp")
PHONE_USES = ("mobile", "home", "", "temp", "work")
NOT_A_PATIENT_SYSTEM = frozenset(
    {"http://hl7.org/fhir/sid/us-ssn", "http://hl7.org/fhir/sid/us-mbi", "http://hl7.org/fhir/sid/us-medicare"}
)


def demographics(
    patient: Mapping[str, Any],
    *,
    zone: str,
    assigner: str,
    may_state_death: bool = True,
    sentinel_ids: frozenset[str] = frozenset(),
) -> Demographics:
    """What the resource says. `assigner` owns identifiers without a system. `deceased[x]` is a fact, or else a hint, as the feed may."""
    family, given = _name(patient)
    born = spans.birth(_text(patient.get("birthDate"))) or (None, None)
    died, lo, hi = _death(patient, zone)
    place = _place(patient)
    return Demographics(
        identifiers=identifiers(patient.get("identifier"), assigner=assigner, sentinel_ids=sentinel_ids),
        family=family,
        given=given,
        birth_lo=born[0],
        birth_hi=born[1],
        sex=codes.sex(_text(patient.get("gender"))),
        language=_language(patient),
        race=codes.race(_category(patient, RACE)),
        ethnicity=codes.ethnicity(_category(patient, ETHNICITY)),
        postal_code=next((_text(address.get("postalCode")) for address in _each(patient.get("address"))), "")[:10],
        time_zone=place or "",
        phones=_phones(patient),
        emails=_emails(patient),
        died=died and may_state_death,
        died_lo=lo if may_state_death else None,
        died_hi=hi if may_state_death else None,
        death_hint=died and not may_state_death,
        erase=("time_zone",) if place == "" else (),
        alive=may_state_death and patient.get("deceasedBoolean") is False and not died,
        kin=tuple(said for each in _each(patient.get("contact")) if (said := kin(each, assigner=assigner, sentinel_ids=sentinel_ids))),
    )


def kin(person: Mapping[str, Any], *, assigner: str, sentinel_ids: frozenset[str] = frozenset()) -> StatedKin | None:
    """A parent or guardian by Patient.contact or RelatedPerson; None for other relations and for what is over or not active."""
    stated = person.get("relationship")
    concepts = [stated] if isinstance(stated, Mapping) else stated if isinstance(stated, list) else []
    said = codes.kinship(word for concept in concepts for word in _concept(concept))
    if said is None or person.get("active") is False or _is_over(person):
        return None
    name = person.get("name")
    family, given = _name({"name": [name] if isinstance(name, Mapping) else name})
    numbers = identifiers(person.get("identifier"), assigner=assigner, sentinel_ids=sentinel_ids)
    if not (family or given or numbers):
        return None
    return StatedKin(*said, numbers, family, given, _language(person), _phones(person), _emails(person))


def identifiers(stated: object, *, assigner: str, sentinel_ids: frozenset[str] = frozenset()) -> tuple[StatedIdentifier, ...]:
    """Patient numbers of `Patient.identifier` (or of a logical reference): the system is the authority. Old and ended ones are left out."""
    found = {}
    for each in _each(stated):
        value, system, kind = _text(each.get("value")), _text(each.get("system")), _kind(each)
        if system in NOT_A_PATIENT_SYSTEM or kind in codes.NOT_A_PATIENT_NUMBER or _is_over(each) or not codes.is_id(value, sentinel_ids):
            continue
        authority = (system or assigner)[:120]
        found[authority, value] = StatedIdentifier(authority, value[:120], kind[:20] or "MR")
    return tuple(found.values())


def _text(value: object) -> str:
    return value.replace("\x00", "").strip() if isinstance(value, str) else ""


def _each(value: object) -> Iterator[Mapping[str, Any]]:
    """The objects of a list; a lone object, which some senders write, counts as a list of one."""
    for item in [value] if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        if isinstance(item, Mapping):
            yield item


def _is_over(element: Mapping[str, Any]) -> bool:
    """`use: old`, or a period that has an end: what once was right must not reach anybody now."""
    period = element.get("period")
    return element.get("use") == "old" or (isinstance(period, Mapping) and bool(period.get("end")))


def _kind(identifier: Mapping[str, Any]) -> str:
    kind = identifier.get("type")
    codings = _each(kind.get("coding")) if isinstance(kind, Mapping) else ()
    return next((code.upper() for coding in codings if (code := _text(coding.get("code")))), "")


def _name(patient: Mapping[str, Any]) -> tuple[str, str]:
    current = [each for each in _each(patient.get("name")) if not _is_over(each)]
    if not current:
        return "", ""
    best = min(current, key=lambda each: NAME_USES.index(use) if (use := _text(each.get("use"))) in NAME_USES else len(NAME_USES))
    given = best.get("given")
    first = _text(given[0]) if isinstance(given, list) and given else _text(given)
    family = _text(best.get("family"))
    if not family and not first:
        first, _, family = _text(best.get("text")).rpartition(" ")
    return codes.name(family), codes.name(first)


def _place(patient: Mapping[str, Any]) -> str | None:
    """The zone of where they live: blank where the address does not tell, None where there is none."""
    current = [each for each in _each(patient.get("address")) if not _is_over(each) and _text(each.get("use")) not in ("work", "billing")]
    for each in sorted(current, key=lambda one: (_text(one.get("use")) != "home", _text(one.get("type")) == "postal")):
        state, code = _text(each.get("state")), _text(each.get("postalCode"))
        if state or code:
            return zones.zone_of(state=state, postal_code=code, country=_text(each.get("country")))
    return None


def _death(patient: Mapping[str, Any], zone: str) -> tuple[bool, datetime | None, datetime | None]:
    when = spans.instants(_text(patient.get("deceasedDateTime")), zone)
    if when is not None:
        return True, *when
    return patient.get("deceasedBoolean") is True, None, None


def _language(patient: Mapping[str, Any]) -> str:
    """The preferred language; the only one where none is called preferred."""
    spoken = list(_each(patient.get("communication")))
    preferred = [each for each in spoken if each.get("preferred") is True] or (spoken if len(spoken) == 1 else [])
    return next((tag for each in preferred for tag in map(codes.language, _concept(each.get("language"))) if tag), "")


def _concept(concept: object) -> Iterator[str]:
    """Codes, displays and text of a CodeableConcept."""
    if isinstance(concept, Mapping):
        for coding in _each(concept.get("coding")):
            yield from (_text(coding.get("code")), _text(coding.get("display")))
        yield _text(concept.get("text"))


def _category(patient: Mapping[str, Any], url: str) -> Iterator[str]:
    """Codes of a US Core race or ethnicity extension, `ombCategory` of it; the text where there is no code."""
    for extension in _each(patient.get("extension")):
        if extension.get("url") == url:
            parts = list(_each(extension.get("extension")))
            coded = [
                _text(coding.get("code")) for part in parts if part.get("url") == "ombCategory" for coding in _each(part.get("valueCoding"))
            ]
            yield from coded or [_text(part.get("valueString")) for part in parts if part.get("url") == "text"]


def _phones(patient: Mapping[str, Any]) -> tuple[str, ...]:
    """Current numbers, by rank, then mobiles first, then as sent."""
    found: dict[str, tuple[int, int]] = {}
    for each in _each(patient.get("telecom")):
        use, rank = _text(each.get("use")), each.get("rank")
        if each.get("system") in ("phone", "sms") and not _is_over(each) and (number := codes.phone(_text(each.get("value")))):
            order = PHONE_USES.index(use) if use in PHONE_USES else len(PHONE_USES)
            found.setdefault(number, (rank if isinstance(rank, int) else 99, order))
    return tuple(sorted(found, key=lambda number: found[number]))


def _emails(patient: Mapping[str, Any]) -> tuple[str, ...]:
    """Current addresses, by rank, then as sent; those of work last."""
    found: dict[str, tuple[int, bool]] = {}
    for each in _each(patient.get("telecom")):
        rank = each.get("rank")
        if each.get("system") == "email" and not _is_over(each) and (address := codes.email(_text(each.get("value")))):
            found.setdefault(address, (rank if isinstance(rank, int) else 99, each.get("use") == "work"))
    return tuple(sorted(found, key=lambda address: found[address]))
