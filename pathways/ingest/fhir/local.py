"""The codes of a sender's own in FHIR resources, and the resources with the meanings that a person gave them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pathways.ingest import codes, vocabulary
from pathways.ingest.codes import Coded
from pathways.ingest.vocabulary import Meanings

from .decode import decode

TESTS = frozenset({"DiagnosticReport", "ServiceRequest"})
ADDRESSES = {"loinc": "http://loinc.org"}
Raw = Mapping[str, Any]


def codes_of(body: bytes) -> Iterator[tuple[str, str, str]]:
    """(place, code, text) of every report, request and observation.

    Raises:
        Unreadable: JSON that cannot be trusted.
    """
    value = decode(body)
    entries = value.get("entry") if isinstance(value, Mapping) else None
    found = [one.get("resource") for one in entries if isinstance(one, Mapping)] if isinstance(entries, list) else [value]
    for resource in found:
        if isinstance(resource, Mapping):
            for place, _, concept in _concepts(resource):
                said = _coded(concept)
                if all(system == "local" for system, _, _ in said.codings):
                    for key in vocabulary.keys(said)[:1]:
                        yield place, key, said.words[:200]


def meant(resource: Raw, meanings: Meanings) -> Raw:
    """The resource with the meanings put first among its codings; itself where there are none."""
    if not meanings.of:
        return resource
    changed: dict[str, Any] = {}
    for place, name, concept in _concepts(resource):
        said = _coded(concept)
        now = meanings.coded(place, said)
        if now is not said and name != "component":
            changed[name] = _concept(now, concept)
    parts = resource.get("component")
    if isinstance(parts, list):
        changed["component"] = [
            meant({**one, "resourceType": "Observation"}, meanings) if isinstance(one, Mapping) else one for one in parts
        ]
    return {**resource, **changed} if changed else resource


def _concepts(resource: Raw) -> Iterator[tuple[str, str, Raw]]:
    kind = resource.get("resourceType")
    wanted = [("test", "code")] if kind in TESTS else [("line", "code"), ("value", "valueCodeableConcept")] if kind == "Observation" else []
    for place, name in wanted:
        if isinstance(found := resource.get(name), Mapping):
            yield place, name, found
    parts = resource.get("component") if kind == "Observation" else None
    for part in parts if isinstance(parts, list) else ():
        if isinstance(part, Mapping):
            for place, _, concept in _concepts({**part, "resourceType": "Observation", "component": None}):
                yield place, "component", concept


def _coded(concept: Raw) -> Coded:
    stated = concept.get("coding")
    codings = [one for one in stated if isinstance(one, Mapping) and isinstance(one.get("code"), str)] if isinstance(stated, list) else []
    text = concept.get("text")
    return Coded(
        tuple((codes.system(str(one.get("system") or "")), one["code"].strip(), str(one.get("display") or "")) for one in codings),
        text.strip() if isinstance(text, str) else "",
    )


def _concept(said: Coded, concept: Raw) -> Raw:
    system, code, display = said.codings[0]
    first = {"system": ADDRESSES.get(system, system), "code": code, "display": display}
    stated = concept.get("coding")
    return {**concept, "coding": [first, *(stated if isinstance(stated, list) else [])]}
