"""A report that only a person can read: one reads it and writes down each gene's value, another confirms, and only then it counts.

What was not written down is never *absent*. The result has the grade of a person's word, and stands in the lineage of the report itself:
a discrete version that the laboratory sends later is a later version of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import msgspec
from django.db import transaction
from django.utils.translation import gettext

from pathways import matters, placing
from pathways.facts import Fact, Grade, Moment, Rank, content_digest
from pathways.ingest import when
from pathways.ingest.originals import Original, originals, type_of
from pathways.knowledge import load
from pathways.knowledge.findings import ANSWERS, PRESENT
from pathways.lineage import version_key
from pathways.models import Abstraction, Event, Journey, Matter, MatterKind, Rollout
from pathways.writing.acts import SYSTEM
from patients.models import User

KINDS = (MatterKind.ABSTRACTION, MatterKind.SECOND_READING)
SPECIMENS = ("tissue", "cytology", "plasma", "blood", "saliva", "dried_blood_spot", "other")
FAILURES = ("quantity", "quality", "identity", "other")
ASPECTS = {"protein": "expression", "any": "", "germline": "", "": ""}
LARGEST = 10 * 1024 * 1024


class Refused(ValueError):
    """The act is not possible; the message says why, in words for the person who tried."""


class Gene(msgspec.Struct, frozen=True):
    """What the report says of one gene: one of the five values, and of what is present which alteration."""

    presence: str
    alteration: str = ""
    significance: str = ""


class Reading(msgspec.Struct, frozen=True):
    """All that one person read. `genes` are keyed by what was asked: `EGFR`, `ERBB2:protein`."""

    answer: str
    laboratory: str = ""
    number: str = ""
    specimen: str = ""
    collected: date | None = None
    reported: date | None = None
    genes: Mapping[str, Gene] = {}
    reason: str = ""
    preliminary: bool = False


def genes_of(pathway: str) -> tuple[str, ...]:
    """What a complete panel of the programme answers; nothing where it asks for no panel."""
    rows = load().for_pathway(pathway)
    return rows.panel if rows else ()


def document_of(matter: Matter) -> Event | None:
    """The report that the matter is about, in the version that counts."""
    lineage = matter.detail.get("subject") or matter.detail.get("lineage") or ""
    versions = Event.objects.filter(patient=matter.patient_id, lineage=lineage, retracted=False).select_related("inbound")
    return max(versions, key=_order, default=None)


def originals_of(document: Event | None, abstraction: Abstraction | None = None) -> list[Original]:
    """What there is to look at: of the message that brought the report, or what was filed by hand."""
    if abstraction is not None and abstraction.original:
        data = bytes(abstraction.original)
        return [Original(type_of(data), data)]
    if document is None or document.inbound is None:
        return []
    return originals(document.inbound.format, bytes(document.inbound.body))


def read(
    *, journey: Journey, reading: Reading, by: User, now: datetime, matter: Matter | None = None, original: bytes | None = None
) -> Abstraction:
    """Keeps what the first person read, and asks somebody else to read the same. Nothing else follows yet.

    Raises:
        Refused: a gene that is present without its alteration, an unknown value, no date, or somebody has read it meanwhile.
    """
    _check(reading, now)
    with transaction.atomic():
        document = document_of(matter) if matter else None
        if matter is not None:
            matters.close(matter=matter, reason="read once", by=by, now=now)
        made = Abstraction.objects.create(
            patient=journey.patient,
            journey=journey,
            site=journey.home_site,
            document=document,
            original=original,
            original_type=type_of(original) if original else "",
            answer=reading.answer,
            body=msgspec.to_builtins(reading),
            read_by=by,
            read_at=now,
        )
        made.matter = _ask(MatterKind.SECOND_READING, f"abstraction:{made.uid}", made, now)
        made.save(update_fields=["matter"])
        return made


def confirm(*, abstraction: Abstraction, by: User, now: datetime) -> None:
    """A second person has read the same: from now on it counts.

    Raises:
        Refused: it is the same person, it is settled, or the laboratory sent another version of the report meanwhile.
    """
    with transaction.atomic():
        locked = _waiting(abstraction)
        if locked.read_by_id == by.pk:
            raise Refused(gettext("You read this report first. Somebody else must confirm it."))
        if locked.document is not None and _newer(locked.document):
            raise Refused(
                gettext("The laboratory has sent another version of this report since. Send it back, so that the new one is read.")
            )
        _state(locked, by=by, now=now)
        locked.confirmed_by, locked.confirmed_at = by, now
        locked.save(update_fields=["confirmed_by", "confirmed_at"])
        _settle(locked, "confirmed", by, now)


def send_back(*, abstraction: Abstraction, why: str, by: User, now: datetime) -> None:
    """The second person reads otherwise: the report is to be read anew, and nothing follows from this reading."""
    with transaction.atomic():
        locked = _waiting(abstraction)
        locked.returned_by, locked.returned_at, locked.returned_why = by, now, why[:200]
        locked.save(update_fields=["returned_by", "returned_at", "returned_why"])
        _settle(locked, "sent back", by, now)
        _ask(MatterKind.ABSTRACTION, f"abstraction:{locked.uid}:again", locked, now, why=why)


def reading_of(abstraction: Abstraction) -> Reading:
    return msgspec.convert(abstraction.body, Reading)


def _waiting(abstraction: Abstraction) -> Abstraction:
    related = ("journey__home_site", "document", "matter", "patient", "site")
    locked = Abstraction.objects.select_for_update(of=("self",)).select_related(*related).get(pk=abstraction.pk)
    if locked.confirmed_at or locked.returned_at:
        raise Refused(gettext("Somebody else settled this report first."))
    return locked


def _settle(abstraction: Abstraction, reason: str, by: User, now: datetime) -> None:
    if abstraction.matter is not None and abstraction.matter.closed_at is None:
        matters.close(matter=abstraction.matter, reason=reason, by=by, now=now)


def _ask(kind: MatterKind, subject: str, abstraction: Abstraction, now: datetime, **more: str) -> Matter:
    journey = abstraction.journey
    rollout = Rollout.objects.filter(site=journey.home_site_id, pathway=journey.pathway).first()
    lineage = abstraction.document.lineage if abstraction.document else ""
    detail = {"abstraction": str(abstraction.uid), "lineage": lineage, "journey": journey.pk, **more}
    mode = rollout.mode if rollout else Rollout.Mode.OFF
    return matters.open_by_hand(
        kind=kind, subject=subject, site=journey.home_site, mode=mode, detail=detail, now=now, patient=abstraction.patient
    )


def _check(reading: Reading, now: datetime) -> None:
    if reading.answer == Abstraction.Answer.NOTHING:
        return
    if reading.reported is None:
        raise Refused(gettext("A report has the day on which it was issued."))
    if reading.reported > now.date() or (reading.collected and reading.collected > reading.reported):
        raise Refused(gettext("The days of the report cannot be true."))
    for gene, said in reading.genes.items():
        if said.presence not in ANSWERS:
            raise Refused(gettext("%(gene)s: choose one of the five values.") % {"gene": gene})
        if said.presence == PRESENT and not said.alteration.strip():
            raise Refused(gettext("%(gene)s is present: write down which alteration.") % {"gene": gene})
    if reading.answer == Abstraction.Answer.RESULT and not reading.genes:
        raise Refused(gettext("Write down at least one gene."))


def _state(abstraction: Abstraction, *, by: User, now: datetime) -> None:
    """The result as a fact, in the report's own lineage where a feed brought the report."""
    reading, document, journey = reading_of(abstraction), abstraction.document, abstraction.journey
    if reading.answer == Abstraction.Answer.NOTHING:
        return
    assert reading.reported is not None
    moment = when.moment(reading.reported.isoformat(), journey.home_site.time_zone)
    assert moment is not None
    failed = reading.answer == Abstraction.Answer.FAILED
    kind = "result_failed" if failed else "result_partial" if reading.preliminary else "result_final"
    body = {
        "code": (document.body.get("code") if document else None) or {"code": "", "text": "report read by hand"},
        "text": reading.reason,
        "specimen_class": reading.specimen,
        "document": False,
        "laboratory": reading.laboratory,
        "collected": reading.collected.isoformat() if reading.collected else "",
        "abstracted": {"document": document.lineage if document else "", "version": document.digest if document else ""},
    }
    body |= {"reason": reading.reason} if failed else {"findings": [_finding(gene, said) for gene, said in reading.genes.items()]}
    placing.attest(journey=journey, fact=_fact(kind, abstraction, reading, moment, body), by=by, now=now)


def _fact(kind: str, abstraction: Abstraction, reading: Reading, moment: Moment, body: dict[str, object]) -> Fact:
    document = abstraction.document
    source, _, name = document.lineage.replace("|result_document|", "|result|").partition("|") if document else (SYSTEM, "", "")
    name = name or f"result|abstraction-{abstraction.uid}"
    keys = tuple(document.keys) if document else (f"filler:{reading.number}",) if reading.number else ()
    rank = document.rank if document else Rank.PRELIMINARY if reading.preliminary else Rank.FINAL
    issued = (document.issued_at if document else None) or moment.lo
    digest = content_digest(kind, moment, rank, False, keys, body)
    return Fact(
        kind, f"{source}|{name}", moment, digest, rank=rank, issued_at=issued, grade=Grade.STAFF_ATTESTED, keys=keys, body=dict(body)
    )


def _finding(asked: str, said: Gene) -> dict[str, str]:
    """One gene as results carry it; what is absent is absent as a whole, in the aspect that was asked for."""
    gene, _, aspect = asked.partition(":")
    kind = ASPECTS[aspect] or ("" if said.presence == PRESENT else "panel")
    return {
        "gene": gene,
        "alteration": said.alteration.strip() if said.presence == PRESENT else "",
        "presence": said.presence,
        "type": kind,
        "significance": said.significance,
        "origin": "germline" if aspect == "germline" else "",
        "text": "",
    }


def _newer(document: Event) -> bool:
    versions = Event.objects.filter(patient=document.patient_id, lineage=document.lineage)
    return max(versions, key=_order).pk != document.pk


def _order(event: Event) -> tuple[object, ...]:
    return version_key(
        Fact(
            event.kind,
            event.lineage,
            Moment(event.occurred_lo, event.occurred_hi),
            event.digest,
            rank=event.rank,
            issued_at=event.issued_at,
            message_at=event.message_at,
        )
    )
