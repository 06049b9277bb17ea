"""Specimens: collected, received, rejected (SPM; the OBR's own fields where there is no SPM). Pure."""

from __future__ import annotations

from collections.abc import Sequence

from pathways.facts import Moment
from pathways.ingest import codes
from pathways.ingest.statement import clean
from pathways.ingest.when import at

from .part import Part
from .tokens import Segment

Keys = tuple[str, ...]


def number(part: Part, spm: Segment) -> str:
    """The filler's number of the specimen, else the placer's (SPM-2), else the accession (SPM-30)."""
    return part.id(spm, 2, 2) or part.id(spm, 2, 1) or part.id(spm, 30)


def words(part: Part, spms: Sequence[Segment]) -> str:
    """Everything that tells what the specimens are: type, modifiers, collection method, source site."""
    said = [coded for spm in spms for field in (4, 5, 7, 8) for coded in part.every_code(spm, field)]
    return " ".join(filter(None, (f"{' '.join(code for _, code, _ in each.codings)} {each.words}" for each in said)))


def read(part: Part, spms: Sequence[Segment], obr: Segment, test: str, keys: Keys, *, orders_only: bool = False) -> None:
    """States what is known of each specimen. `orders_only`: an order's OBR-7 may be a plan, so only SPM counts as collected."""
    for spm in spms or ([] if orders_only else [[]]):
        _one(part, spm, obr, test, keys, orders_only=orders_only, several=len(spms) > 1)


def _one(part: Part, spm: Segment, obr: Segment, test: str, keys: Keys, *, orders_only: bool, several: bool) -> None:
    name = number(part, spm) or part.id(obr, 3) or part.id(obr, 2)
    if several and not number(part, spm) and part.get(spm, 1):
        name = f"{name}/{part.get(spm, 1)}"  # tissue and blood without numbers are two samples
    kind = codes.specimen_class(words(part, [spm]) if spm else part.message.text(obr, 15), test)
    body = {"specimen_class": kind}
    if spm and (parent := codes.donor(f"{words(part, [spm])} {part.message.text(spm, 14)} {part.message.text(spm, 6)}")):
        body["donor"] = parent
    mine = tuple(dict.fromkeys((*keys, *part.statement.keys(specimen=number(part, spm), accession=part.get(spm, 30)))))
    collected = part.moment(spm, 17) or (None if orders_only else part.moment(obr, 7))
    received = part.moment(spm, 18) or part.moment(obr, 14)
    if collected:
        site = part.coded(spm, 8).label
        part.statement.say("specimen_collected", name or _unnamed(collected), collected, body | {"site": site}, keys=mine)
    if received:
        part.statement.say("specimen_received", name or _unnamed(received), received, body, keys=mine)
    reasons = part.every_code(spm, 21)
    if reasons or part.get(spm, 20).upper() == "N":
        said = clean(" ".join(f"{reason.words} {' '.join(code for _, code, _ in reason.codings)}" for reason in reasons))
        when = part.moment(obr, 22) or at(part.statement.message_at) or received
        body |= {"reason": codes.reject_reason(said), "text": said}
        part.statement.say("specimen_rejected", name or "unnamed", when, body, keys=mine)


def rejected(part: Part, spms: Sequence[Segment], obr: Segment, test: str, said: str, keys: Keys) -> None:
    """A specimen that only the report's words call insufficient or rejected."""
    if any(part.message.raw(spm, 21) for spm in spms):
        return
    name = next((found for spm in spms if (found := number(part, spm))), "") or part.id(obr, 3) or part.id(obr, 2) or "unnamed"
    kind = codes.specimen_class(words(part, spms) or part.message.text(obr, 15), test)
    body = {"specimen_class": kind, "reason": codes.reject_reason(said), "text": clean(said, 400)}
    part.statement.say("specimen_rejected", name, part.moment(obr, 22), body, keys=keys)


def _unnamed(when: Moment) -> str:
    return f"@{when.lo.isoformat()}"
