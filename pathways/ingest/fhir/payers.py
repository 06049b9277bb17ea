"""Claim and ClaimResponse: what a payer was asked, what it answered, and what became of the bill. Pure."""

from __future__ import annotations

import re
from typing import Any

from pathways.ingest import codes

from .bundle import Context
from .structs import Claim

REVIEW_ACTIONS = {"A1": "pa_approved", "A2": "pa_approved", "A6": "pa_approved", "A3": "pa_denied", "A4": "pa_pended", "CT": "pa_pended"}

COUNTING = ("active", "entered-in-error", "")
"""Statuses of what was really sent; some senders leave theirs out."""


def claim(context: Context, stated: Claim) -> None:
    """A prior authorization asked for. That a bill was sent moves nothing; what became of it does."""
    if stated.use != "preauthorization" or stated.status not in COUNTING:
        return
    statement = context.of(stated.patient)
    number = context.name(statement, stated)
    urgency = "expedited" if _priority(stated) in ("stat", "urgent") else "standard"
    body = {
        "subject": _subject(stated),
        "payer": stated.insurer.display or stated.insurer.identifier.value,
        "reference": number,
        "urgency": urgency,
    }
    when = context.moment(stated.created, stated.meta.last_updated)
    statement.say("pa_submitted", number, when, body, keys=statement.keys(auth=number), retracted=stated.status == "entered-in-error")


def claim_response(context: Context, answer: Claim) -> None:
    if answer.use not in ("preauthorization", "claim") or answer.status not in COUNTING:
        return
    if answer.use == "claim":
        _bill(context, answer)
        return
    statement = context.of(answer.patient)
    asked = answer.request.identifier.value or answer.request.reference.rpartition("/")[2].rpartition(":")[2]
    request = context.get(Claim, answer.request, "Claim")
    if request is not None:
        asked = context.name(statement, request)
    kind = _answered(answer)
    when = context.moment(answer.created, answer.meta.last_updated)
    body: dict[str, Any] = {"subject": _subject(answer) or (_subject(request) if request else ""), "reference": answer.pre_auth_ref}
    body |= {"reason": answer.disposition or codes.first(note.text for note in answer.process_note), "code": _reason_code(answer)}
    body |= {"payer": answer.insurer.display or answer.insurer.identifier.value, "until": answer.pre_auth_period.end}
    keys = statement.keys(auth=[asked, answer.pre_auth_ref])
    # Each answer is a fact of its own: a denial that was overturned did happen.
    statement.say(
        kind,
        context.name(statement, answer) or f"{asked or answer.pre_auth_ref}@{when.lo.isoformat() if when else ''}",
        when,
        body,
        keys=keys,
        issued_at=when.lo if when else None,
        retracted=answer.status == "entered-in-error",
    )


def _bill(context: Context, answer: Claim) -> None:
    """What became of a bill that names the authorization it rests on; the house's other bills are no business of ours."""
    statement = context.of(answer.patient)
    if not statement.id(answer.pre_auth_ref) or answer.outcome in ("queued", "partial", ""):
        return
    refused = _is_refused(answer) or (bool(answer.item) and not any(_paid(item.adjudication) for item in answer.item))
    when = context.moment(answer.created, answer.meta.last_updated)
    body: dict[str, Any] = {"subject": _subject(answer), "payer": answer.insurer.display or answer.insurer.identifier.value}
    body |= {"reference": answer.pre_auth_ref, "code": _reason_code(answer), "reason": answer.disposition}
    statement.say(
        "bill_denied" if refused else "bill_paid",
        context.name(statement, answer) or answer.pre_auth_ref,
        when,
        body,
        keys=statement.keys(auth=answer.pre_auth_ref),
        retracted=answer.status == "entered-in-error",
    )


def _paid(adjudication: list[dict[str, Any]]) -> bool:
    """Whether a line was paid at all (adjudication category `benefit`)."""
    for line in adjudication:
        category = line.get("category")
        amount = line.get("amount")
        said = [coding.get("code") for coding in category.get("coding") or []] if isinstance(category, dict) else []
        if "benefit" in said and isinstance(amount, dict) and isinstance(amount.get("value"), int | float) and amount["value"] > 0:
            return True
    return False


def _reason_code(answer: Claim) -> str:
    """The first reason that the payer codes: an adjudication's reason, the reason of an X12 review action, an error."""
    for item in answer.item:
        for line in item.adjudication:
            for concept in (line.get("reason"), *_reasons(line.get("extension"))):
                if code := _first_code(concept):
                    return code
    return codes.first(_first_code(error.get("code")) for error in answer.error)


def _reasons(extensions: Any) -> list[Any]:
    """Concepts of extensions that speak of a reason, wherever senders nest them."""
    found: list[Any] = []
    for extension in extensions if isinstance(extensions, list) else []:
        if isinstance(extension, dict):
            if "reason" in str(extension.get("url", "")).casefold():
                found.append(extension.get("valueCodeableConcept"))
            found += _reasons(extension.get("extension"))
    return found


def _first_code(concept: Any) -> str:
    codings = concept.get("coding") if isinstance(concept, dict) else None
    return codes.first(str(coding.get("code") or "") for coding in codings or [] if isinstance(coding, dict))


def _is_refused(answer: Claim) -> bool:
    return bool(re.search(r"den(y|ied)|not (approved|certified)|reject|refus", answer.disposition, re.IGNORECASE) or answer.error)


def _answered(answer: Claim) -> str:
    """X12 306 review actions where the items carry them; else the outcome. Several items: the worst counts."""
    actions = set(re.findall(r"'code': '(A1|A2|A3|A4|A6|CT)'", repr([[item.adjudication, item.extension] for item in answer.item])))
    kinds = {REVIEW_ACTIONS[action] for action in actions}
    worst = next((kind for kind in ("pa_denied", "pa_pended", "pa_approved") if kind in kinds), "")
    if worst:
        return worst
    if answer.outcome in ("queued", "partial", "error", ""):
        return "pa_pended"  # an error says that the payer could not work on it, not that it refuses
    if _is_refused(answer):
        return "pa_denied"
    return "pa_approved" if answer.outcome == "complete" else "pa_pended"


def _subject(stated: Claim) -> str:
    """drug or test, by what the items ask for; blank where that is open."""
    for item in stated.item:
        asked = item.product_or_service.coded()
        if asked.code("rxcui") or asked.code("ndc") or re.match(r"[JCQ]\d{4}", asked.code("hcpcs")):
            return "drug"
        if asked.code("loinc") or re.match(r"8[0-9]{4}|0\d{3}U", asked.code("cpt")):
            return "test"
    return ""


def _priority(stated: Claim) -> str:
    return codes.first(each.code for each in stated.priority.coding).casefold() or stated.priority.text.casefold()
