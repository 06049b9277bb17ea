"""`POST /inbound/`: messages over HTTP. A feed shows itself by its token; the answer goes out after the commit, and is never a 500."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from pathways.ingest import feeds, intake, ledger, split
from pathways.ingest.hl7 import door
from pathways.ingest.ledger import Item

log = structlog.get_logger(__name__)

LARGEST = 32 * 1024 * 1024
"""Bytes of one request; a PDF inside of an OBX is normal for genomic reports."""

LATER = {"Retry-After": "60"}
HL7 = "application/hl7-v2; charset=utf-8"


@csrf_exempt
@require_POST
def inbound(request: HttpRequest) -> HttpResponse:
    """Takes one request of one or many messages in. HL7 v2 is answered by acknowledgements, everything else by JSON."""
    feed = feeds.of_token(_token(request))
    if feed is None:
        return JsonResponse({"error": "the token is missing or unknown"}, status=401, headers={"WWW-Authenticate": "Bearer"})
    body = _body(request)
    if body is None:
        return JsonResponse({"error": f"more than {LARGEST} bytes: send the messages one by one"}, status=413)
    if not body.strip():
        return JsonResponse({"error": "the request has no body"}, status=400)
    if next(split.split(body)).format == "hl7v2":
        answer, kept = door.answer(body, feed=feed, clock=timezone.now)
        return HttpResponse(answer, content_type=HL7) if kept else HttpResponse(answer, content_type=HL7, status=503, headers=LATER)
    try:
        return _outcomes(intake.take([body], feed=feed, now=timezone.now()))
    except Exception as error:  # whatever it was, the sender must hear that nothing was kept
        log.error("inbound_failed", feed=feed.name, error=type(error).__name__)
        return JsonResponse({"error": "not stored: send again"}, status=503, headers=LATER)


def _token(request: HttpRequest) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.casefold() == "bearer" else ""


def _body(request: HttpRequest) -> bytes | None:
    """The body, or None where it is too large; never more of it is read than may be kept."""
    stated = request.headers.get("Content-Length") or "0"
    if stated.isdecimal() and int(stated) > LARGEST:
        return None
    found = request.read(LARGEST + 1)
    return found if len(found) <= LARGEST else None


def _outcomes(items: Sequence[Item]) -> JsonResponse:
    counts = intake.Counts.of(items)
    said = [
        {"uid": str(item.uid), "outcome": item.outcome, "no_effect": item.no_effect}
        | ({"reason": item.reason, "explanation": item.explanation} if item.outcome == ledger.QUARANTINED else {})
        | ({"notes": item.notes} if item.notes else {})
        for item in items
    ]
    return JsonResponse({"received": counts.received, "applied": counts.applied, "duplicate": counts.duplicate,
                         "quarantined": counts.quarantined, "no_effect": counts.no_effect, "messages": said})  # fmt: skip
