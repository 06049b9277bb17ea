"""Condition, medicines, Appointment, Consent and ResearchSubject. Pure."""

from __future__ import annotations

import re
from typing import Any

from pathways.facts import Moment
from pathways.ingest import codes, diseases
from pathways.ingest.codes import Coded
from pathways.ingest.hl7.drugs import drugs

from .bundle import Context
from .orders import ORDERS
from .structs import Appointment, Concept, Condition, Consent, Medicine, Reference, ResearchSubject

VERIFICATION = frozenset({"confirmed", "provisional", "refuted", "differential", "unconfirmed"})
ROUTES = {"26643006": "oral", "47625008": "iv", "34206005": "sc", "78421000": "im", "po": "oral", "iv": "iv"}
VISITS = {
    "booked": "visit_booked", "arrived": "visit_kept", "fulfilled": "visit_kept", "checked-in": "visit_kept",
    "cancelled": "visit_cancelled", "noshow": "visit_missed", "entered-in-error": "visit_booked",
}  # fmt: skip
TRIALS = {
    "candidate": "trial_screening", "eligible": "trial_screening", "potential-candidate": "trial_screening", "screening": "trial_screening",
    "pending-on-study": "trial_screening", "on-study": "trial_on_study", "on-study-intervention": "trial_on_study",
    "on-study-observation": "trial_on_study", "follow-up": "trial_on_study", "ineligible": "trial_screen_failed",
    "not-registered": "trial_screen_failed",
}  # fmt: skip
CONSENTS = (
    ("research", re.compile(r"research", re.IGNORECASE)),
    ("genetic_test", re.compile(r"genetic|genomic", re.IGNORECASE)),
    ("family_contact", re.compile(r"famil|relative", re.IGNORECASE)),
    ("disclosure", re.compile(r"disclos|incidental|secondary finding", re.IGNORECASE)),
    ("text", re.compile(r"\btext|\bsms\b|messag|phone|communicat|contact", re.IGNORECASE)),
)


def condition(context: Context, stated: Condition) -> None:
    disease = stated.code.coded()
    if not disease.codings and not disease.text:
        return
    statement = context.of(stated.subject, stated.patient)
    verification = _code(stated.verification_status)
    if verification in ("", "unknown"):
        verification = "unconfirmed"
    when = context.moment(
        stated.onset_date_time,
        stated.onset_period.start,
        stated.onset_period.end,
        stated.recorded_date,
        stated.date_recorded,
        stated.asserted_date,
        _asserted(stated),
        stated.meta.last_updated,
    )
    recorded = context.instant(stated.recorded_date, stated.date_recorded, stated.asserted_date)
    body = diseases.body(
        disease,
        disease.label,
        verification if verification in VERIFICATION else "unconfirmed",
        role="secondary" if any("secondary-cancer" in profile for profile in stated.meta.profile) else "",
        stage=codes.first(
            codes.stage(" ".join((each.summary.coded().words, *(c.code for c in each.summary.coding)))) for each in stated.stage
        ),
        histology=diseases.kind_of_cancer(_extension_words(stated, "histology")),
        side=_side(stated),
    )
    name = context.name(statement, stated) or diseases.name(body, when)
    retracted = verification == "entered-in-error"
    updated = context.instant(stated.meta.last_updated)
    statement.say(
        "diagnosis",
        name,
        when,
        body,
        recorded_at=recorded,
        issued_at=updated,
        retracted=retracted,
        keys=statement.keys(condition=stated.id),
    )


def _side(stated: Condition) -> str:
    words = [code for site in stated.body_site for code in (site.coded().words, *(c.code for c in site.coding))]
    said = " ".join((*words, _extension_words(stated, "laterality")))
    found = {side for code, side in diseases.SIDES.items() if code in said} | set(
        re.findall(r"\b(left|right|bilateral)\b", said.casefold())
    )
    return found.pop() if len(found) == 1 else ""


def _asserted(stated: Condition) -> str:
    """The day of diagnosis as mCODE states it."""
    dates = (each.get("valueDateTime") for each in stated.extension if "asserteddate" in str(each.get("url", "")).casefold())
    return next((date for date in dates if isinstance(date, str)), "")


def _extension_words(stated: Condition, name: str) -> str:
    """Codes and words of extensions whose address speaks of `name`, wherever senders nest them."""
    found: list[str] = []
    for extension in stated.extension:
        value = extension.get("valueCodeableConcept")
        if name in str(extension.get("url", "")).casefold() and isinstance(value, dict):
            for coding in value.get("coding") or []:
                found += [str(coding.get("code", "")), str(coding.get("display", ""))] if isinstance(coding, dict) else []
            found.append(str(value.get("text", "")))
    return " ".join(found)


def medicine_ordered(context: Context, rx: Medicine) -> None:
    if rx.intent not in ORDERS:
        return
    statement = context.of(rx.subject, rx.patient)
    drug = _drug(context, rx)
    when = context.moment(rx.authored_on, rx.meta.last_updated)
    name = context.name(statement, rx, "PLAC") or f"{drug.body()['code']}@{when.lo.isoformat() if when else ''}"
    keys = statement.keys(placer=[*(each.value for each in rx.identifier), f"MedicationRequest/{rx.id}" if rx.id else ""])
    route = codes.first(_route(each.route) for each in rx.dosage_instruction)
    if rx.status in ("stopped", "cancelled"):
        said = context.moment(rx.meta.last_updated) or context.moment(rx.authored_on)
        body: dict[str, Any] = {"drugs": drugs(drug), "reason": codes.first(each.coded().label for each in rx.status_reason)}
        statement.say("drug_order_stopped", name, said, body, keys=keys)
    elif rx.status in ("active", "completed", "entered-in-error"):
        retracted = rx.status == "entered-in-error"
        statement.say(
            "drug_ordered",
            name,
            when,
            {"drugs": drugs(drug), "route": route},
            keys=keys,
            retracted=retracted,
            issued_at=context.instant(rx.meta.last_updated),
        )


def dispensed(context: Context, rx: Medicine) -> None:
    statement = context.of(rx.subject, rx.patient)
    drug = _drug(context, rx)
    when = context.moment(rx.when_handed_over, rx.when_prepared, rx.meta.last_updated)
    name = context.name(statement, rx) or f"{drug.body()['code']}@{when.lo.isoformat() if when else ''}"
    keys = statement.keys(placer=[found for each in rx.authorizing_prescription for found in _prescription(each)])
    if rx.status in ("completed", "entered-in-error"):
        body = {"drugs": drugs(drug), "handed_over": bool(rx.when_handed_over)}
        statement.say("drug_dispensed", name, when, body, keys=keys, retracted=rx.status == "entered-in-error")
    elif rx.status in ("declined", "stopped", "cancelled"):
        reason = rx.status_reason_codeable_concept.coded().label or codes.first(each.coded().label for each in rx.status_reason)
        statement.say(
            "drug_returned", name, context.moment(rx.meta.last_updated) or when, {"drugs": drugs(drug), "reason": reason}, keys=keys
        )


def administered(context: Context, rx: Medicine) -> None:
    statement = context.of(rx.subject, rx.patient)
    drug = _drug(context, rx)
    when = context.span(rx.effective_date_time, rx.effective_period)
    name = context.name(statement, rx) or f"{drug.body()['code']}@{when.lo.isoformat() if when else ''}"
    keys = statement.keys(placer=_prescription(rx.request))
    if rx.status == "not-done":
        reason = codes.first(each.coded().label for each in rx.status_reason)
        statement.say("drug_not_given", name, when, {"drugs": drugs(drug), "reason": reason}, keys=keys)
    elif rx.status in ("completed", "in-progress", "stopped", "entered-in-error"):
        body = {"drugs": drugs(drug), "route": _route(rx.dosage.route), "complete": rx.status == "completed"}
        statement.say("drug_administered", name, when, body, keys=keys, retracted=rx.status == "entered-in-error")


def _drug(context: Context, rx: Medicine) -> Coded:
    """The concept stated, else that of the Medication referred to, else what the reference displays."""
    stated = rx.medication_codeable_concept.coded()
    if stated.codings or stated.text:
        return stated
    referred = context.get(Medicine, rx.medication_reference, "Medication")
    return referred.code.coded() if referred else Coded((), rx.medication_reference.display)


def _prescription(reference: Reference) -> list[str]:
    named = reference.reference.split("/_history/")[0].rpartition("/")[2]
    return [found for found in (reference.identifier.value, f"MedicationRequest/{named}" if named else "") if found]


def _route(route: Concept) -> str:
    coded = route.coded()
    found = codes.first(ROUTES.get(code.casefold(), "") for _, code, _ in coded.codings)
    words = coded.words.casefold()
    return found or ("oral" if "oral" in words else "iv" if "intraven" in words else "")


def appointment(context: Context, booked: Appointment) -> None:
    kind = VISITS.get(booked.status)
    patients = [
        each.actor
        for each in booked.participant
        if each.actor.type == "Patient" or "Patient/" in each.actor.reference or _is_patient(context, each.actor)
    ]
    if kind is None or not (patients or booked.subject.reference):
        return
    statement = context.of(booked.subject, *patients)
    start = context.moment(booked.start)
    number = context.name(statement, booked) or (f"@{start.lo.isoformat()}" if start else "")
    service = next(
        (each.coded() for each in (*booked.service_type, booked.appointment_type) if each.coding or each.text),
        Coded((), booked.description),
    )
    said = context.moment(booked.meta.last_updated, booked.created)
    body: dict[str, Any] = {"start": start.lo.isoformat() if start else None, "service": service.body()}
    if kind == "visit_cancelled":
        body = {"reason": booked.cancelation_reason.coded().label}
    occurred = (start or said) if kind in ("visit_kept", "visit_missed") else said
    keys = statement.keys(visit=number)
    retracted = booked.status == "entered-in-error"
    issued = context.instant(booked.meta.last_updated)
    # An appointment without a date of its own making was made at the latest when it took place.
    statement.say(kind, number, occurred or (None if context.message_at else start), body, keys=keys, retracted=retracted, issued_at=issued)


def _is_patient(context: Context, reference: Reference) -> bool:
    found = context.find(reference)
    return found is not None and found.get("resourceType") == "Patient"


def consent(context: Context, given: Consent) -> None:
    statement = context.of(given.patient, given.subject)
    words = " ".join((given.scope.coded().words, *(c.code for c in given.scope.coding), *(each.coded().words for each in given.category),
                      *(c.code for each in given.category for c in each.coding), *(each.display or each.code for each in given.provision.purpose)))  # fmt: skip
    kind = next((name for name, pattern in CONSENTS if pattern.search(words)), "")
    if not kind or given.status not in ("active", "inactive", "rejected", "entered-in-error"):
        return
    over = _over(context, given)
    opted_out = given.policy_rule.has("OPTOUT") and given.provision.type != "permit"
    granted = given.status == "active" and given.provision.type != "deny" and not (opted_out or _excepted(given, kind) or over)
    body = {"consent_kind": kind, "decision": "granted" if granted else "revoked", "programme": ""}
    if granted and (end := context.moment(given.provision.period.end)):
        body["until"] = end.hi.isoformat()
    when = over or context.moment(given.date_time, given.provision.period.start, given.meta.last_updated)
    name = context.name(statement, given) or kind
    statement.say(
        "consent_recorded",
        name,
        when,
        body,
        retracted=given.status == "entered-in-error",
        issued_at=context.instant(given.meta.last_updated),
    )


def _excepted(given: Consent, kind: str) -> bool:
    """A refusal inside of a permission, of this kind or of everything. A permission inside of a refusal permits nothing here."""
    pattern = dict(CONSENTS)[kind]
    refused = [each for each in given.provision.provision if each.type == "deny"]
    said = [" ".join((*(c.display or c.code for c in each.purpose), *(c.coded().words for c in (*each.code, *each.action)),
                      *(one.code for c in (*each.code, *each.action) for one in c.coding))) for each in refused]  # fmt: skip
    return any(not words.strip() or pattern.search(words) for words in said)


def _over(context: Context, given: Consent) -> Moment | None:
    """When the time for which it was given ended, where that was before it came."""
    end, now = context.moment(given.provision.period.end), context.profile.received_at or context.message_at
    return end if end is not None and now is not None and end.hi < now else None


def research_subject(context: Context, subject: ResearchSubject) -> None:
    kind = TRIALS.get(subject.status)
    if kind is None:
        return
    statement = context.of(subject.individual, subject.patient, subject.subject)
    trial = subject.study.identifier.value or subject.study.display or subject.study.reference.rpartition("/")[2]
    when = context.moment(subject.period.start, subject.meta.last_updated)
    statement.say(kind, context.name(statement, subject) or trial, when, {"trial": trial, "reason": ""})


def _code(concept: Concept) -> str:
    return codes.first(each.code for each in concept.coding).casefold() or concept.text.casefold()
