"""The list of messages, filtered and paged as Twilio does it, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from . import shapes
from .handler import Provider

FILTERS = ("To", "From", "DateSent", "DateSent<", "DateSent>")


def list_messages(provider: Provider, query: Mapping[str, str], now: datetime | None = None) -> dict[str, Any]:
    """One page. A text not yet sent is listed by when it was created."""
    size = min(max(int(query.get("PageSize") or 50), 1), 1000)
    page = max(int(query.get("Page") or 0), 0)
    where, values = _conditions(query)
    if lag := provider.faults.list_lag_seconds:
        where, values = [*where, "created <= ?"], [*values, (now or datetime.now(UTC)).timestamp() - lag]
    token = query.get("PageToken", "")
    if token.startswith("PA"):
        where, values = [*where, "n < ?"], [*values, int(token[2:])]
    sql = f"SELECT * FROM message WHERE {' AND '.join(where) or '1'} ORDER BY n DESC LIMIT ?"
    rows = provider.ledger.rows(sql, [*values, size + 1])
    following = f"PA{rows[size - 1]['n']}" if len(rows) > size else None
    return _page([shapes.message(dict(row), provider.account) for row in rows[:size]], provider.account, query, page, size, following)


def _conditions(query: Mapping[str, str]) -> tuple[list[str], list[Any]]:
    where: list[str] = []
    values: list[Any] = []
    for name, column in (("To", "recipient"), ("From", "sender")):
        if query.get(name):
            where.append(f"{column} = ?")
            values.append(query[name])
    for name, sign in (("DateSent<", "<"), ("DateSent>", ">=")):
        if query.get(name):
            where.append(f"coalesce(sent, created) {sign} ?")
            values.append(_instant(query[name]) + (_span(query[name]) if sign == "<" else 0))
    if query.get("DateSent"):
        start = _instant(query["DateSent"])
        where.append("coalesce(sent, created) >= ? AND coalesce(sent, created) < ?")
        values += [start, start + _span(query["DateSent"])]
    return where, values


def _instant(text: str) -> float:
    when = datetime.fromisoformat(text.strip("\"'"))
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def _span(text: str) -> float:
    """A date stands for its whole day, a time for its second."""
    return (timedelta(days=1) if len(text.strip("\"'")) == 10 else timedelta(seconds=1)).total_seconds()


def _page(
    messages: list[dict[str, Any]], account: str, query: Mapping[str, str], page: int, size: int, following: str | None
) -> dict[str, Any]:
    path = f"/{shapes.API}/Accounts/{account}/Messages.json"
    kept = {name: query[name] for name in FILTERS if query.get(name)}

    def uri(**more: Any) -> str:
        return f"{path}?{urlencode({**kept, **more})}"

    return {
        "end": page * size + max(len(messages) - 1, 0),
        "first_page_uri": uri(PageSize=size, Page=0),
        "messages": messages,
        "next_page_uri": uri(PageSize=size, Page=page + 1, PageToken=following) if following else None,
        "page": page,
        "page_size": size,
        "previous_page_uri": None,
        "start": page * size,
        "uri": uri(PageSize=size, Page=page),
    }
