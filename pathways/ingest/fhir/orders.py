"""ServiceRequest, Specimen and Procedure. A plan or proposal is no order. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pathways.facts import Moment
from pathways.ingest import codes, molecular
from pathways.ingest.statement import Statement, clean

from . import clinicians
from .bundle import Context, numbers
from .structs import Procedure, Reference, ServiceRequest, Specimen

ORDERS = frozenset({"order", "original-order", "reflex-order", "filler-order", "instance-order"})
REFERRALS = frozenset({"3457005", "306206005", "referral"})


def request(context: Context, sr: ServiceRequest) -> None:
    if sr.intent not in ORDERS:
        return
    statement = context.of(sr.subject, sr.patient)
    asked = sr.code.coded()
    kind = molecular.category(asked, next((code.code for each in sr.category for code in each.coding if code.code), ""))
    if kind == "other" and _is_referral(sr):
        kind = "referral"
    if kind not in ("molecular", "newborn", "biopsy", "referral"):
        return
    name = context.name(statement, sr, "PLAC") or statement.id(sr.requisition.value)
    when = context.moment(sr.authored_on, sr.meta.last_updated) or context.moment(sr.occurrence_date_time)
    name = name or f"{asked.body()['code'] or asked.label}@{when.lo.isoformat() if when else ''}"
    keys = _keys(context, statement, sr)
    body: dict[str, Any] = {"code": asked.body(), "text": asked.label}
    updated = context.instant(sr.meta.last_updated) or (when.lo if when else None)
    if sr.status == "revoked":
        said = context.moment(sr.meta.last_updated) or _message(context) or when
        statement.say("order_cancelled", name, said, {"reason": sr.status_reason.coded().label}, keys=keys, issued_at=updated)
    elif sr.status == "on-hold":
        said = context.moment(sr.meta.last_updated) or _message(context) or when
        statement.say("order_held", name, said, {"reason": sr.status_reason.coded().label}, keys=keys, issued_at=updated)
    elif sr.status in ("active", "completed", "entered-in-error"):
        retracted = sr.status == "entered-in-error"
        if kind in ("molecular", "newborn"):
            specimens = [found for each in sr.specimen if (found := context.get(Specimen, each, "Specimen"))]
            body |= {
                "reflex": sr.intent == "reflex-order",
                "specimen_class": class_of(specimens, asked.words),
                "reasons": sorted({code for each in sr.reason_code for code in each.coded().all_codes()}),
                **clinicians.orderer(context, sr),
            }
            for found in specimens:
                specimen(context, found, statement, keys)
        kinds = {"molecular": "test_ordered", "newborn": "test_ordered", "biopsy": "biopsy_ordered", "referral": "referral"}
        statement.say(kinds[kind], name, when, body, keys=keys, issued_at=updated, retracted=retracted)


def specimen(context: Context, found: Specimen, statement: Statement, keys: tuple[str, ...] = ()) -> None:
    """Collected, received, and unsatisfactory as rejected. One that is no date old says nothing and is left out."""
    name = statement.id(found.accession_identifier.value) or context.name(statement, found)
    collected = context.moment(
        found.collection.collected_date_time, found.collection.collected_period.start, found.collection.collected_period.end
    )
    received = context.moment(found.received_time)
    body = {"specimen_class": class_of([found], "")}
    if parent := codes.donor(" ".join((found.type.coded().words, *(each.text for each in found.note)))):
        body["donor"] = parent
    mine = tuple(dict.fromkeys((*keys, *statement.keys(
        specimen=names([found]), accession=found.accession_identifier.value, placer=[n for each in found.request for n in referred(context, each)],
    ))))  # fmt: skip
    retracted = found.status == "entered-in-error"
    if collected:
        site = found.collection.body_site.coded().label
        statement.say("specimen_collected", name or _dated(collected), collected, body | {"site": site}, keys=mine, retracted=retracted)
    if received:
        statement.say("specimen_received", name or _dated(received), received, body, keys=mine, retracted=retracted)
    if found.status == "unsatisfactory":
        words = clean(" ".join((*(each.coded().words for each in found.condition), *(each.text for each in found.note))), 400)
        when = context.moment(found.meta.last_updated) or _message(context) or received or collected
        statement.say("specimen_rejected", name or "unnamed", when, body | {"reason": codes.reject_reason(words), "text": words}, keys=mine)


def lone_specimen(context: Context, found: Specimen) -> None:
    """A specimen that no report or order of the message brought along: only what a molecular test could be made of."""
    if class_of([found], "") in ("tissue", "cytology", "plasma", "saliva", "dried_blood_spot"):
        specimen(context, found, context.of(found.subject, found.patient))


def procedure(context: Context, done: Procedure) -> None:
    code = done.code.coded()
    is_surgery = bool(molecular.SURGERY.search(code.words))
    if not is_surgery and not molecular.TISSUE_TAKEN.search(code.words):
        return
    statement = context.of(done.subject, done.patient)
    when = context.span(done.performed_date_time, done.performed_period)
    name = context.name(statement, done) or f"{code.body()['code']}@{when.lo.isoformat() if when else ''}"
    keys = statement.keys(placer=[n for each in done.based_on for n in referred(context, each)])
    if done.status in ("completed", "entered-in-error"):
        body = {"code": code.body()["code"], "text": code.label}
        kind = "surgery_done" if is_surgery else "biopsy_done"
        statement.say(kind, name, when, body, keys=keys, retracted=done.status == "entered-in-error")
    elif is_surgery:
        return
    elif done.status in ("not-done", "stopped"):
        statement.say(
            "biopsy_not_done", name, when or context.moment(done.meta.last_updated), {"reason": done.status_reason.coded().label}, keys=keys
        )


def names(specimens: Iterable[Specimen]) -> list[str]:
    return [name for each in specimens for name in (*numbers(each.identifier), f"Specimen/{each.id}" if each.id else "") if name]


def class_of(specimens: Sequence[Specimen], test: str) -> str:
    """Class of the specimens together; tissue and plasma in one report stay told apart in their own facts."""
    said = [
        " ".join((*(c.code for c in each.type.coding), each.type.coded().words, each.collection.method.coded().words)) for each in specimens
    ]
    return codes.first(codes.specimen_class(words, test) for words in said) if said else codes.specimen_class("", test)


def referred(context: Context, reference: Reference) -> list[str]:
    """Every name of the order behind a reference: its identifiers, its requisition, its address."""
    order = context.get(ServiceRequest, reference, "ServiceRequest")
    found = [reference.identifier.value] if reference.identifier.value else []
    if order is not None:
        found += [*numbers(order.identifier, "PLAC"), order.requisition.value, f"ServiceRequest/{order.id}" if order.id else ""]
    elif "ServiceRequest/" in reference.reference:
        found.append("ServiceRequest/" + reference.reference.split("/_history/")[0].rpartition("/")[2])
    return [name for name in found if name]


def _keys(context: Context, statement: Statement, sr: ServiceRequest) -> tuple[str, ...]:
    fillers = [each.value for each in sr.identifier if each.type.has("FILL")]
    placers = [value for value in numbers(sr.identifier, "PLAC") if value not in fillers]
    own = [*placers, sr.requisition.value, f"ServiceRequest/{sr.id}" if sr.id else ""]
    parents = [name for each in sr.based_on for name in referred(context, each)]
    return statement.keys(placer=own, filler=fillers, parent=parents)


def _is_referral(sr: ServiceRequest) -> bool:
    return any(each.has(*REFERRALS) or "referral" in each.coded().words.casefold() for each in (*sr.category, sr.code))


def _message(context: Context) -> Moment | None:
    return Moment(context.message_at, context.message_at) if context.message_at else None


def _dated(when: Moment) -> str:
    return f"@{when.lo.isoformat()}"
