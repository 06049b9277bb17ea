"""Who read what. Every page, export and API answer that shows patient data calls `saw`; the log is append-only and chained.

The row is part of the request: when it cannot be written, nothing is shown. The chain is computed seconds later by one sealer,
because a chain inside the request's transaction would make every reader wait for the one before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

import msgspec
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponseBase
from structlog.contextvars import get_contextvars

from .models import AccessLog, AccessSeal, User
from .violations import Violation

SEALING = 0x5EA1
"""Advisory lock: one sealer at a time."""
FIRST = "0" * 64
BATCH = 5_000
SEALED_WITHIN = timedelta(minutes=15)
LATE = timedelta(hours=24)
"""No request takes so long: a row this much older than one sealed before it was put in afterwards."""

SHOWS_NOBODY = "shows_nobody"
NAMES = '"patients_person"."family"'
"""How a query of the ORM that fetches people's names can be told."""

_seen: ContextVar[int] = ContextVar("rows_of_the_access_log_in_this_request", default=0)


class UnloggedRead(RuntimeError):
    """A view that reads patient data was about to answer without an access-log row."""


def saw(
    request: HttpRequest | None = None,
    *,
    action: str,
    what: str,
    patients: Iterable[int],
    now: datetime,
    user: User | None = None,
    actor: str = "",
    request_id: str = "",
) -> AccessLog:
    """Somebody is about to be shown these patients; a list is one row naming all. `what` is a route or report, never an identifier.

    The user is the request's, or `user`; a process without an account names itself in `actor`.
    """
    who = user or (request.user if request is not None and isinstance(request.user, User) else None)
    row = AccessLog.objects.create(
        at=now,
        user=who,
        actor=(actor or (who.get_username() if who else "nobody signed in"))[:150],
        action=action,
        what=what,
        patients=sorted(set(patients)),
        request_id=(request_id or str(get_contextvars().get("request_id", "")))[:40],
    )
    _seen.set(_seen.get() + 1)
    return row


def reads_patients(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Refuse to answer (200) unless the view wrote its access-log row. A redirect or a refusal shows nobody."""

    @wraps(view)
    def logged(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        before = _seen.get()
        response = view(request, *args, **kwargs)
        if response.status_code == 200 and _seen.get() == before:
            raise UnloggedRead(f"{view.__module__}.{view.__name__}")
        return response

    return logged


def shows_nobody(response: HttpResponseBase) -> HttpResponseBase:
    """An answer that is the same whatever was read to make it, as a machine that reports something gets it."""
    setattr(response, SHOWS_NOBODY, True)
    return response


class ReadsAreLogged:
    """Middleware: a signed-in user's answer for which names of people were read from the database needs its access-log row.

    It is the net under `saw`: a view that forgets it fails, for everybody, in the first test that opens it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        names_read = False

        def watch(execute: Callable[..., Any], statement: Any, *rest: Any) -> Any:
            nonlocal names_read
            names_read = names_read or (isinstance(statement, str) and NAMES in statement and statement.startswith("SELECT"))
            return execute(statement, *rest)

        before = _seen.get()
        with connection.execute_wrapper(watch):
            response = self.get_response(request)
        if names_read and response.status_code == 200 and _seen.get() == before and not getattr(response, SHOWS_NOBODY, False):
            raise UnloggedRead(request.resolver_match.view_name if request.resolver_match else "unrouted")
        return response


def seal(*, now: datetime, batch: int = BATCH) -> int:
    """Chain the rows that have no seal yet; how many. A second sealer at the same time does nothing."""
    del now  # the rows carry their own times; the schedule passes it as to every task
    sealed = 0
    while added := _seal_some(batch):
        sealed += added
        if added < batch:
            break
    return sealed


def head() -> str:
    """The last digest. Kept outside the database (printed, mailed), it is what shows that the end of the log was cut off."""
    return AccessSeal.objects.order_by("-pk").values_list("digest", flat=True).first() or FIRST


def verify(*, now: datetime, anchors: Iterable[str] = ()) -> list[Violation]:
    """Walk the chain; every row that was changed, deleted, put in, swapped or cut off, by id. `anchors` are earlier `head`s."""
    broken = list(_broken_links(set(anchors) - {"", FIRST}))
    unsealed = AccessLog.objects.filter(seal=None, at__lt=now - SEALED_WITHIN).order_by("pk").values_list("pk", flat=True)[:100]
    return broken + [_violation(pk, "has no seal: it was put in, or its seal was deleted, or the sealer does not run") for pk in unsealed]


def _seal_some(batch: int) -> int:
    with transaction.atomic():
        if not _alone():
            return 0
        rows = AccessLog.objects.filter(seal=None).order_by("pk").values_list(*FIELDS)[:batch]
        digest, seals = head(), []
        for row in rows:
            digest = _digest(digest, row)
            seals.append(AccessSeal(entry_id=row[0], digest=digest))
        AccessSeal.objects.bulk_create(seals)
        return len(seals)


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEALING])
        return bool(cursor.fetchone()[0])


FIELDS = ("pk", "at", "user_id", "actor", "action", "what", "patients", "request_id")
"""What the chain covers, in this order: everything."""


def _digest(previous: str, row: tuple[Any, ...]) -> str:
    pk, at, *rest = row
    content = (pk, at.isoformat(), *rest)
    return hashlib.sha256(previous.encode() + msgspec.json.encode(content)).hexdigest()


def _broken_links(anchors: set[str]) -> Iterator[Violation]:
    """A broken link is told once: after it the chain is followed from the digest that is stored."""
    digest, latest, missing = FIRST, None, set(anchors)
    links = AccessSeal.objects.order_by("pk").values_list("digest", *(f"entry__{name}" for name in FIELDS))
    for stored, *row in links.iterator(chunk_size=2_000):
        pk, at = row[0], row[1]
        if _digest(digest, tuple(row)) != stored:
            yield _violation(pk, "does not fit the chain: it was changed, or one before it was deleted, put in or swapped")
        if latest is not None and at < latest - LATE:
            yield _violation(pk, "is dated long before rows sealed earlier: it was put in afterwards")
        digest, latest = stored, max(latest or at, at)
        missing.discard(digest)
    for one in sorted(missing):
        yield _violation(0, f"the end of the log was cut off: the digest {one[:12]}… kept outside is not in the chain")


def _violation(entry: int, detail: str) -> Violation:
    return Violation("access log is complete and unchanged", f"patients.accesslog {entry}", detail)
