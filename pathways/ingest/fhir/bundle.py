"""The resources of one message, how they point at each other, and which of them a person is. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from pathways.facts import Moment
from pathways.ingest.message import FeedProfile
from pathways.ingest.statement import Statement
from pathways.ingest.when import moment
from patients import fhir as people
from patients.demographics import Demographics, StatedIdentifier

from . import versions
from .local import meant
from .structs import Element, Identifier, Period, Reference, Resource, T, read

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
Raw = Mapping[str, Any]


class Speaker(msgspec.Struct):
    """A person with what the message states of them."""

    person: Demographics | None
    ref: str
    statement: Statement


class Context:
    """One message: its resources by every name they answer to, and its speakers by person."""

    def __init__(self, profile: FeedProfile, message_at: datetime | None, *, may_state_death: bool) -> None:
        self.profile = profile
        self.message_at = message_at
        self.may_state_death = may_state_death
        self.notes: list[str] = []
        self.resources: list[Raw] = []
        self.by_name: dict[str, Raw] = {}
        self.speakers: dict[str, Speaker] = {}
        self.used: set[int] = set()

    def add(self, resource: Raw, full_url: str = "") -> None:
        sent_as = resource.get("resourceType")
        resource = meant(versions.as_r4(resource), self.profile.meanings)
        self.resources.append(resource)
        kind, number = resource.get("resourceType"), resource.get("id")
        names = [full_url] if full_url else []
        if isinstance(number, str) and number:
            names += [f"{kind}/{number}", f"urn:uuid:{number}", *([f"{sent_as}/{number}"] if sent_as != kind else [])]
        for name in names:
            self.by_name.setdefault(name, resource)
        contained = resource.get("contained")
        for inner in contained if isinstance(contained, list) else ():
            if isinstance(inner, Mapping) and isinstance(inner.get("id"), str):
                inner = meant(versions.as_r4(inner), self.profile.meanings)
                self.by_name.setdefault(f"#{inner['id']}", inner)
                self.resources.append(inner)

    def find(self, reference: Reference) -> Raw | None:
        """The resource of this message that is meant: by full URL, by type and id, by contained id, by business identifier."""
        name = reference.reference.split("/_history/")[0]
        found = self.by_name.get(name) or self.by_name.get("/".join(name.split("/")[-2:])) if name else None
        if found is None and reference.identifier.value:
            wanted = (reference.identifier.system, reference.identifier.value)
            found = next((each for each in self.resources if wanted in _identifiers(each)), None)
        return found

    def get(self, kind: type[T], reference: Reference, *resource_types: str) -> T | None:
        raw = self.find(reference)
        if raw is None or (resource_types and raw.get("resourceType") not in resource_types):
            return None
        return read(kind, raw, self.notes)

    def of(self, *references: Reference) -> Statement:
        """The statement about the person whom the first filled reference names."""
        named = next((each for each in references if each.reference or each.identifier.value), None)
        return self.speaker(named).statement

    def speaker(self, reference: Reference | None) -> Speaker:
        patient = self.find(reference) if reference else self._only_patient()
        if patient is not None and patient.get("resourceType") == "Patient":
            return self.patient(patient)
        person = self._stranger(reference) if reference else None
        ref = reference.reference if reference else ""
        key = repr(person.identifiers) if person and person.identifiers else f"?{ref}"
        return self._speaker(key, person, ref)

    def patient(self, raw: Raw) -> Speaker:
        person = people.demographics(
            raw,
            zone=self.profile.time_zone,
            assigner=self.profile.assigner,
            may_state_death=self.may_state_death,
            sentinel_ids=self.profile.sentinel_ids,
        )
        number = raw.get("id")
        if isinstance(number, str) and number and not UUID.fullmatch(number) and (self.may_state_death or not person.identifiers):
            person = msgspec.structs.replace(person, identifiers=(*person.identifiers, self._local(number)))
        return self._speaker(str(id(raw)), person, f"Patient/{number}" if number else "")

    def _speaker(self, key: str, person: Demographics | None, ref: str) -> Speaker:
        if key not in self.speakers:
            self.speakers[key] = Speaker(person, ref, Statement(self.profile, self.message_at))
        return self.speakers[key]

    def _only_patient(self) -> Raw | None:
        """A resource that names nobody in a message about one patient is about that one."""
        patients = [each for each in self.resources if each.get("resourceType") == "Patient"]
        return patients[0] if len(patients) == 1 else None

    def _stranger(self, reference: Reference) -> Demographics:
        """Somebody whom the message names without a Patient resource: by business identifier, else by the id of the sender's server."""
        if reference.identifier.value:
            stated = {"system": reference.identifier.system, "value": reference.identifier.value}
            return Demographics(
                identifiers=people.identifiers([stated], assigner=self.profile.assigner, sentinel_ids=self.profile.sentinel_ids)
            )
        name = reference.reference.split("/_history/")[0]
        number = name.rpartition("/")[2] if "/" in name else name.removeprefix("urn:uuid:") if name.startswith("urn:uuid:") else ""
        if not number or (UUID.fullmatch(number) and name.startswith("urn:")):
            return Demographics()
        if name.startswith("urn:uuid:"):  # no UUID, so the sender's own number of the patient
            return Demographics(identifiers=(StatedIdentifier(self.profile.assigner, number[:120]),))
        return Demographics(identifiers=(self._local(number),))

    def _local(self, number: str) -> StatedIdentifier:
        return StatedIdentifier(f"{self.profile.system} FHIR id"[:120], number[:120], "FHIR")

    def moment(self, *texts: str) -> Moment | None:
        """The first of `texts` that names a time."""
        return next((found for text in texts if text and (found := moment(text, self.profile.time_zone))), None)

    def span(self, instant: str, period: Period) -> Moment | None:
        return self.moment(instant, period.start, period.end)

    def instant(self, *texts: str) -> datetime | None:
        found = self.moment(*texts)
        return found.lo if found else None

    def name(self, statement: Statement, resource: Resource, *types: str) -> str:
        """The business id of a resource: its identifier of one of `types` (PLAC, FILL, ACSN), else its first one, else its id."""
        return next((found for each in numbers(resource.identifier, *types) if (found := statement.id(each))), "") or statement.id(
            resource.id
        )


def numbers(identifiers: Iterable[Identifier], *types: str) -> list[str]:
    """Values of the identifiers, those of `types` first."""
    found = [(not each.type.has(*types), place, each.value) for place, each in enumerate(identifiers) if each.value]
    return [value for _, _, value in sorted(found)]


def _identifiers(raw: Raw) -> list[tuple[Any, Any]]:
    stated = raw.get("identifier")
    listed = stated if isinstance(stated, list) else [stated]
    return [(each.get("system", ""), each.get("value")) for each in listed if isinstance(each, Mapping)]


__all__ = ["Context", "Element", "Raw", "Speaker", "numbers"]
