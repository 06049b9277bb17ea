"""Resources as STU3 and R5 spell them, told in the elements of R4, which alone are read. Pure.

An element that R4 has too is never touched; what is added is what the other version says of the same thing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Raw = Mapping[str, Any]
Changes = dict[str, Any]

KINDS = {
    "ProcedureRequest": "ServiceRequest", "ReferralRequest": "ServiceRequest", "DiagnosticOrder": "ServiceRequest",
    "MedicationOrder": "MedicationRequest",
}  # fmt: skip
"""Resources that R4 calls otherwise (DSTU2, STU3)."""

STATUSES = {
    "suspended": "on-hold",
    "cancelled": "revoked",
    "requested": "active",
    "accepted": "active",
    "in-progress": "active",
    "rejected": "revoked",
}
"""Of DSTU2 and STU3 requests."""

RENAMED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "Procedure": (("occurrenceDateTime", "performedDateTime"), ("occurrencePeriod", "performedPeriod"), ("request", "basedOn")),
    "MedicationAdministration": (
        ("occurenceDateTime", "effectiveDateTime"), ("occurencePeriod", "effectivePeriod"), ("effectiveTimeDateTime", "effectiveDateTime"),
        ("effectiveTimePeriod", "effectivePeriod"), ("prescription", "request"),
    ),
    "MedicationRequest": (("dateWritten", "authoredOn"),),
    "Appointment": (("cancellationReason", "cancelationReason"),),
    "DiagnosticReport": (("codedDiagnosis", "conclusionCode"),),
    "ServiceRequest": (("orderedOn", "authoredOn"), ("authored", "authoredOn"), ("reasonCodeableConcept", "reasonCode")),
}  # fmt: skip


def as_r4(raw: Raw) -> Raw:
    """The resource itself where nothing in it is another version's."""
    kind = raw.get("resourceType")
    if not isinstance(kind, str):
        return raw
    changes: Changes = {}
    if kind in KINDS:
        changes |= {"resourceType": KINDS[kind], **_requested(raw, kind)}
        kind = KINDS[kind]
    changes |= {now: raw[was] for was, now in RENAMED.get(kind, ()) if was in raw and now not in raw}
    changes |= READERS[kind](raw) if kind in READERS else {}
    return {**raw, **changes} if changes else raw


def _requested(raw: Raw, kind: str) -> Changes:
    """Before R4 a request had no intent in DSTU2, an agent in STU3, and statuses of its own."""
    agent = raw.get("requester")
    by = agent.get("agent") if isinstance(agent, Mapping) and "agent" in agent else raw.get("orderer") or raw.get("prescriber")
    found: Changes = {"status": STATUSES.get(str(raw.get("status")), raw.get("status")), "intent": raw.get("intent", "order")}
    if isinstance(by, Mapping):
        found["requester"] = by
    if kind == "ReferralRequest":
        found["category"] = [{"text": "referral"}]
    if kind == "DiagnosticOrder":
        items = raw.get("item")
        first = items[0] if isinstance(items, list) and items else None
        found["code"] = first.get("code") if isinstance(first, Mapping) else None
    return {name: value for name, value in found.items() if value is not None}


def _medicine(raw: Raw) -> Changes:
    """R5 names the medicine as one thing, a concept or a reference. STU3 said with a word of its own that nothing was given."""
    found: Changes = {}
    concept, reference = _either(raw.get("medication"))
    if concept and "medicationCodeableConcept" not in raw:
        found["medicationCodeableConcept"] = concept
    if reference and "medicationReference" not in raw:
        found["medicationReference"] = reference
    if raw.get("notGiven") in (True, "true") or raw.get("wasNotGiven") in (True, "true"):
        found |= {"status": "not-done", "statusReason": raw.get("reasonNotGiven", [])}
    return found


def _service(raw: Raw) -> Changes:
    """R5 wraps what is asked for, and why."""
    found: Changes = {}
    concept, _ = _either(raw.get("code"))
    if concept:
        found["code"] = concept
    if isinstance(raw.get("reason"), list) and "reasonCode" not in raw:
        found["reasonCode"] = [each for each, _ in map(_either, raw["reason"]) if each]
    return found


def _procedure(raw: Raw) -> Changes:
    return {"status": "not-done"} if raw.get("notDone") in (True, "true") else {}


def _appointment(raw: Raw) -> Changes:
    services = raw.get("serviceType")
    wrapped = [each for each, _ in map(_either, services) if each] if isinstance(services, list) else []
    return {"serviceType": wrapped} if wrapped else {}


def _subject(raw: Raw) -> Changes:
    """R5 and later tell how far somebody is in a trial as steps; before R4 who took part was `enrolled` or `active`."""
    listed = [*_listed(raw, "progress"), *_listed(raw, "subjectState")]
    steps = [(each, state) for each in listed if isinstance(state := each.get("subjectState") or each.get("code"), Mapping)]
    if steps:
        latest, state = max(reversed(steps), key=lambda step: str(step[0].get("startDate") or ""))  # of one day the last one told
        codings = state.get("coding")
        code = codings[0].get("code") if isinstance(codings, list) and codings and isinstance(codings[0], Mapping) else None
        started = {"period": {"start": latest["startDate"]}} if isinstance(latest.get("startDate"), str) else {}
        return ({"status": code} | started) if isinstance(code, str) else {}
    return {"status": "on-study"} if raw.get("status") in ("enrolled", "active") and "individual" in raw else {}


def _consent(raw: Raw) -> Changes:
    """R5 decides at the root and lists what is excepted; STU3 granted by being active, and called the exceptions so."""
    found: Changes = {"status": "rejected"} if raw.get("status") == "not-done" else {}
    found |= {"dateTime": raw["date"]} if "date" in raw and "dateTime" not in raw else {}
    provisions = _listed(raw, "provision")
    if isinstance(raw.get("provision"), Mapping):
        return found
    if provisions and "decision" not in raw:  # nothing to except from: the first is the rule itself
        return found | {"provision": {"type": "permit", **provisions[0], "provision": provisions[1:]}}
    decision = raw.get("decision") if raw.get("decision") in ("permit", "deny") else "permit"
    otherwise = "deny" if decision == "permit" else "permit"
    excepted = [{"type": otherwise, **each} for each in (*provisions, *_listed(raw, "except"))]
    if not (excepted or "decision" in raw or "period" in raw):
        return found
    changes: Changes = {
        "provision": {"type": decision, "period": raw.get("period") or {}, "purpose": raw.get("purpose") or [], "provision": excepted}
    }
    return found | changes


def _specimen(raw: Raw) -> Changes:
    """R5 wraps the place that a sample was taken from."""
    collection = raw.get("collection")
    concept, _ = _either(collection.get("bodySite")) if isinstance(collection, Mapping) else ({}, {})
    return {"collection": {**collection, "bodySite": concept}} if concept and isinstance(collection, Mapping) else {}


def _listed(raw: Raw, name: str) -> list[Raw]:
    stated = raw.get(name)
    return [each for each in stated if isinstance(each, Mapping)] if isinstance(stated, list) else []


def _either(value: Any) -> tuple[Raw, Raw]:
    """(concept, reference) of R5's CodeableReference; nothing of any other shape."""
    if not isinstance(value, Mapping):
        return {}, {}
    concept, reference = value.get("concept"), value.get("reference")
    return (concept if isinstance(concept, Mapping) else {}), (reference if isinstance(reference, Mapping) else {})


READERS: Mapping[str, Callable[[Raw], Changes]] = {
    "MedicationRequest": _medicine,
    "MedicationDispense": _medicine,
    "MedicationAdministration": _medicine,
    "ServiceRequest": _service,
    "Procedure": _procedure,
    "Appointment": _appointment,
    "ResearchSubject": _subject,
    "Consent": _consent,
    "Specimen": _specimen,
}
