"""A FHIR resource or Bundle as a `ParsedMessage`. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from pathways.facts import Moment
from pathways.ingest import newborn
from pathways.ingest.message import FeedProfile, Merge, ParsedMessage, Subject, Unreadable
from pathways.ingest.when import instant
from patients import fhir as people

from . import care, documents, fitness, implications, orders, payers, results
from .bundle import Context, Raw, Speaker
from .decode import decode
from .structs import (
    Appointment,
    Claim,
    Condition,
    Consent,
    DiagnosticReport,
    DocumentReference,
    Element,
    Medicine,
    Observation,
    Procedure,
    Reference,
    ResearchSubject,
    ServiceRequest,
    Specimen,
)
from .structs import (
    read as struct,
)

READERS: tuple[tuple[str, type[Element], Callable[[Context, Any], None]], ...] = (
    ("Condition", Condition, care.condition),
    ("ServiceRequest", ServiceRequest, orders.request),
    ("Procedure", Procedure, orders.procedure),
    ("DiagnosticReport", DiagnosticReport, results.report),
    ("Observation", Observation, results.lone),
    ("DocumentReference", DocumentReference, documents.reference),
    ("Specimen", Specimen, orders.lone_specimen),
    ("MedicationRequest", Medicine, care.medicine_ordered),
    ("MedicationDispense", Medicine, care.dispensed),
    ("MedicationAdministration", Medicine, care.administered),
    ("Appointment", Appointment, care.appointment),
    ("Consent", Consent, care.consent),
    ("ResearchSubject", ResearchSubject, care.research_subject),
    ("Claim", Claim, payers.claim),
    ("ClaimResponse", Claim, payers.claim_response),
)
"""In this order: reports claim their observations and specimens before those speak for themselves."""

READ = frozenset({"Patient", *(name for name, _, _ in READERS)})

DIRECTORY = frozenset(
    {
        "Patient",
        "Organization",
        "Practitioner",
        "PractitionerRole",
        "Location",
        "MessageHeader",
        "Provenance",
        "Coverage",
        "RelatedPerson",
        "Person",
    }
)
"""A message of nothing but these is sent to tell who somebody is."""

HOLDERS = {"Bundle": "entry", "Parameters": "parameter"}
"""Resources that are nothing but a way to send others."""


def read(body: bytes, profile: FeedProfile) -> ParsedMessage:
    """Reads one resource or one Bundle that is a message of its own.

    Raises:
        Unreadable: JSON that cannot be trusted, or no FHIR resource.
    """
    return read_value(decode(body), body, profile)


def read_value(value: Any, body: bytes, profile: FeedProfile) -> ParsedMessage:
    resource = _resource(value)
    kind = str(resource["resourceType"])[:60]
    entries = list(_entries(resource))
    kinds = {str(each.get("resourceType")) for _, each in entries}
    about_person = "Patient" in kinds and kinds <= DIRECTORY and _registers(entries)
    message_at = _message_at(resource, entries, profile)
    context = Context(profile, message_at, may_state_death=about_person)
    for full_url, each in entries:
        context.add(each, full_url)
    context.notes += [*fitness.removals(resource, READ), *fitness.inspect(context.resources, READ, holds_tests=profile.holds_tests)]
    implications.complete(context)
    _read_all(context, about_person)
    speakers = list(context.speakers.values()) or [Speaker(None, "", context.of())]
    notes = [*context.notes, *(note for each in speakers for note in each.statement.notes)]
    undated = {kind for each in speakers for kind in each.statement.undated}
    subjects = [Subject(each.person, each.ref, tuple(each.statement.facts), _merge(context, each)) for each in speakers]
    first, *others = subjects
    return ParsedMessage(
        format="fhir",
        type=_type(resource, kind),
        control_id=_control_id(resource),
        digest=hashlib.sha256(body).hexdigest(),
        body=body,
        message_at=message_at,
        person=first.person,
        patient_ref=first.patient_ref,
        facts=first.facts,
        merge=first.merge,
        also=tuple(others),
        notes=tuple(dict.fromkeys(notes)),
        about_person=about_person,
        undated=tuple(sorted(undated)),
    )


def _resource(value: Any) -> Raw:
    """The resource itself; a Bundle entry handed over alone is its resource."""
    if isinstance(value, Mapping) and "resourceType" not in value and isinstance(value.get("resource"), Mapping):
        value = value["resource"]
    if not isinstance(value, Mapping) or not isinstance(value.get("resourceType"), str) or not value["resourceType"].strip():
        if isinstance(value, Mapping) and {"transactionTime", "output"} & value.keys():
            raise Unreadable("bulk_manifest", "This is the manifest of a Bulk Data export: it lists files. Hand over the files it lists.")
        raise Unreadable("not_fhir", "The JSON has no resourceType, so it is no FHIR resource.")
    return value


def _entries(resource: Raw, url: str = "") -> Iterator[tuple[str, Raw]]:
    """The resources that travel inside, with their addresses: of a Bundle in a Bundle, and of Parameters, too; else the resource itself."""
    if not isinstance(resource.get("resourceType"), str):
        return
    place = HOLDERS.get(resource["resourceType"])
    if place is None:
        yield url, resource
        return
    stated = resource.get(place)
    for each in stated if isinstance(stated, list) else []:
        inner, parts = (each.get("resource"), each.get("part")) if isinstance(each, Mapping) else (None, None)
        if isinstance(inner, Mapping):
            address = each.get("fullUrl")
            yield from _entries(inner, address if isinstance(address, str) else "")
        elif isinstance(parts, list):
            yield from _entries({"resourceType": "Parameters", "parameter": parts})


def _registers(entries: list[tuple[str, Raw]]) -> bool:
    """A message that came as an HL7 event other than ADT carries its Patient along; it was not sent to register anybody."""
    header = next((each for _, each in entries if each.get("resourceType") == "MessageHeader"), None)
    event = header.get("eventCoding") if header else None
    code = event.get("code") if isinstance(event, Mapping) else None
    return header is None or (isinstance(code, str) and re.fullmatch(r"A\d\d", code) is not None)


def _read_all(context: Context, about_person: bool) -> None:
    if about_person:
        for raw in list(context.resources):
            if raw.get("resourceType") == "Patient":
                _life(context, context.patient(raw))
                newborn.born(context.patient(raw).statement, _birth(raw))
            elif raw.get("resourceType") == "RelatedPerson":
                _related(context, raw)
    reported = any(raw.get("resourceType") in ("DiagnosticReport", "ServiceRequest") for raw in context.resources)
    for name, shape, reader in READERS:
        if name == "Specimen" and reported:
            continue  # the specimens of molecular reports and orders were read with them; the others are of other tests
        for raw in list(context.resources):
            if raw.get("resourceType") == name and id(raw) not in context.used and not fitness.forbids(raw):
                reader(context, struct(shape, raw, context.notes))
    for speaker in context.speakers.values():
        if speaker.person and speaker.person.death_hint:
            speaker.statement.say("death_hint", "patient", None, {"from": "FHIR"})


def _life(context: Context, speaker: Speaker) -> None:
    """A Patient resource is authoritative about a death."""
    person = speaker.person
    if person and person.died:
        stated = Moment(person.died_lo, person.died_hi) if person.died_lo and person.died_hi else None
        speaker.statement.say("death", "patient", stated, {"dated": stated is not None})
    elif person and person.alive:
        speaker.statement.say("death", "patient", None, {"alive": True}, retracted=True)


def _related(context: Context, raw: Raw) -> None:
    """A RelatedPerson who is parent or guardian belongs to what the message says of the patient."""
    about = raw.get("patient")
    speaker = context.speaker(struct(Reference, about, context.notes)) if isinstance(about, Mapping) else None
    said = people.kin(raw, assigner=context.profile.assigner, sentinel_ids=context.profile.sentinel_ids)
    if speaker is not None and speaker.person is not None and said is not None:
        speaker.person = msgspec.structs.replace(speaker.person, kin=(*speaker.person.kin, said))


def _birth(raw: Raw) -> str:
    """The extension patient-birthTime, else the birth date."""
    beside = raw.get("_birthDate")
    listed = beside.get("extension") if isinstance(beside, Mapping) else None
    times = [each.get("valueDateTime") for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []
    return next((text for text in (*times, raw.get("birthDate")) if isinstance(text, str)), "")


def _merge(context: Context, speaker: Speaker) -> Merge | None:
    """`Patient.link` replaced-by: this record became the other; `replaces` says the same from the other side."""
    raw = next(
        (each for each in context.resources if each.get("resourceType") == "Patient" and f"Patient/{each.get('id')}" == speaker.ref), None
    )
    links = raw.get("link") if raw else None
    for link in links if isinstance(links, list) else []:
        if not isinstance(link, Mapping) or speaker.person is None or link.get("type") not in ("replaced-by", "replaces"):
            continue
        other = link.get("other")
        person = context.speaker(struct(Reference, other, context.notes)).person if isinstance(other, Mapping) else None
        mine, theirs = (tuple((each.authority, each.value) for each in who.identifiers) if who else () for who in (speaker.person, person))
        if mine and theirs and mine != theirs:
            return Merge(mine, theirs) if link["type"] == "replaced-by" else Merge(theirs, mine)
    return None


def _message_at(resource: Raw, entries: list[tuple[str, Raw]], profile: FeedProfile) -> datetime | None:
    """When the message was made: Bundle.timestamp, else the resource's own last update."""
    meta = resource.get("meta")
    stated = [resource.get("timestamp"), meta.get("lastUpdated") if isinstance(meta, Mapping) else None]
    return next((found for each in stated if isinstance(each, str) and (found := instant(each, profile.time_zone))), None)


def _control_id(resource: Raw) -> str:
    """Only a message has an id of its own; a resource's id stays the same through all its versions."""
    stated = resource.get("identifier")
    if resource.get("resourceType") == "Bundle" and resource.get("type") == "message" and isinstance(stated, Mapping):
        return f"{stated.get('value') or ''}"[:200]
    return ""


def _type(resource: Raw, kind: str) -> str:
    return f"Bundle {resource['type']}"[:60] if kind == "Bundle" and isinstance(resource.get("type"), str) else kind
