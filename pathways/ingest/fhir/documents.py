"""DocumentReference: a report that travels as a document, for a person to read, as MDM brings it in HL7 v2. Pure."""

from __future__ import annotations

from pathways.facts import Rank
from pathways.ingest import molecular

from . import orders
from .bundle import Context
from .structs import DocumentReference

CORRECTED, PRELIMINARY = frozenset({"amended", "appended"}), frozenset({"preliminary", "registered", "partial"})


def reference(context: Context, told: DocumentReference) -> None:
    """A molecular or pathology document; `superseded` leaves the later version to speak, `entered-in-error` takes it back."""
    kinds = {molecular.category(each.coded()) for each in (told.type, *told.category)}
    kind = "result_document" if "molecular" in kinds else "pathology_report" if "pathology" in kinds else ""
    if not kind or told.status == "superseded":
        return
    statement = context.of(told.subject, told.patient)
    when = context.moment(told.date, told.context.period.end, told.meta.last_updated)
    title = told.type.coded().label or told.description or "document"
    name = context.name(statement, told) or f"{title}@{when.lo.isoformat() if when else ''}"
    body = {
        "title": title,
        "code": told.type.coded().body(),
        "document": any(each.attachment.content_type or each.attachment.url for each in told.content),
        "text": told.description[:400],
    }
    rank = Rank.CORRECTED if told.doc_status in CORRECTED else Rank.PRELIMINARY if told.doc_status in PRELIMINARY else Rank.FINAL
    placer = [found for each in told.context.related for found in orders.referred(context, each)]
    retracted = "entered-in-error" in (told.status, told.doc_status)
    statement.say(
        kind,
        name,
        when,
        body,
        keys=statement.keys(placer=placer, report=[each.value for each in told.identifier[:1]] or told.id),
        rank=Rank.CORRECTED if retracted else rank,
        issued_at=when.lo if when else None,
        retracted=retracted,
    )
