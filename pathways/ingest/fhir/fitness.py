"""What of a resource's own marks forbids to read it, and what is never read: said before any reader takes it up. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pathways.ingest.message import Unreadable

from .bundle import Raw

NOT_READ = {
    "MedicationStatement": "what somebody reports of a medicine is neither an order nor a dispense nor an administration; those are read",
    "MedicationKnowledge": "it describes a medicine, and nobody who takes it",
    "FamilyMemberHistory": "it is about relatives, who join by their own consent",
    "Task": "a recommendation or an errand is no order",
    "Immunization": "no programme asks for vaccines",
    "OperationOutcome": "it answers a request, and is about nobody",
}
TEST_DATA, SUMMARY = "HTEST", "SUBSETTED"
KIND_IN_ADDRESS = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)(?=[/?]|$)")


def inspect(resources: Iterable[Raw], read: frozenset[str], *, holds_tests: bool = False) -> Iterator[str]:
    """Notes for the lab liaison: what was left out and by which rule.

    Raises:
        Unreadable: an element that may turn the meaning round, a summary of which nobody knows what is missing, or a test where they wait.
    """
    for raw in resources:
        kind = str(raw.get("resourceType"))
        if kind in NOT_READ:
            yield f"{kind} is not read: {NOT_READ[kind]}"
        if kind not in read:
            continue
        if extensions := raw.get("modifierExtension"):
            raise Unreadable("modifier_extension", _modified(kind, extensions))
        marks = set(_marks(raw))
        if SUMMARY in marks:
            raise Unreadable(
                "subsetted",
                f"{kind}.meta.tag says SUBSETTED: the sender left parts out, so what is not there cannot be told from what is not so. "
                "Ask for whole resources (no _summary, no _elements).",
            )
        if TEST_DATA in marks and holds_tests:
            raise Unreadable("test_message", f"{kind}.meta says HTEST (test data), and what this feed sends for a test is held back.")
        if TEST_DATA in marks:
            yield f"{kind}.meta says HTEST (test data); it was read like any other"
        if forbids(raw):
            yield f"{kind}.doNotPerform says what must not be done: it is no order, and was left out"


def removals(resource: Raw, read: frozenset[str]) -> Iterator[str]:
    """Notes on what a Bundle asks to remove or to patch.

    Raises:
        Unreadable: it removes or patches something that is read. A server's id is not the thing's own number, so nobody can say what falls.
    """
    entries = resource.get("entry")
    for each in entries if isinstance(entries, list) else ():
        request = each.get("request") if isinstance(each, Mapping) else None
        method = str(request.get("method")).upper() if isinstance(request, Mapping) else ""
        if not isinstance(request, Mapping) or method not in ("DELETE", "PATCH"):
            continue
        address = str(request.get("url") or "")
        kind = next(iter(reversed(KIND_IN_ADDRESS.findall(address))), "")
        if kind not in read:
            yield f"{method} {kind or 'without an address'}: nothing of it is kept here"
            continue
        raise Unreadable(
            "removal",
            f"The Bundle asks to {'delete' if method == 'DELETE' else 'patch'} {address[:120]}. What was said is not removed by a server's "
            "address: send the resource whole, with the status entered-in-error where it was wrong.",
        )


def forbids(raw: Raw) -> bool:
    """An order that something be *not* done."""
    return raw.get("doNotPerform") in (True, "true")


def _marks(raw: Raw) -> Iterator[str]:
    meta = raw.get("meta")
    for name in ("tag", "security"):
        listed = meta.get(name) if isinstance(meta, Mapping) else None
        for each in listed if isinstance(listed, list) else ():
            if isinstance(each, Mapping) and isinstance(each.get("code"), str):
                yield each["code"].upper()


def _modified(kind: str, extensions: Any) -> str:
    first = extensions[0] if isinstance(extensions, list) and extensions else extensions
    url = str(first.get("url") or "")[:200] if isinstance(first, Mapping) else ""
    named = f" ({url})" if url else ""
    return f"{kind}.modifierExtension{named} may turn the meaning of the resource round, and nobody here knows it: FHIR forbids to read on."
