"""What the outbox needs of a provider, and the only answers a send can have."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

import msgspec


class Text(msgspec.Struct, frozen=True):
    """One SMS. `callback` is where its receipts go; after `validity` seconds the carrier may not deliver it any more."""

    to: str
    body: str
    callback: str
    validity: int


class Accepted(msgspec.Struct, frozen=True):
    """The provider has it and named it."""

    sid: str


class Declined(msgspec.Struct, frozen=True):
    """The provider answered with an error code and, for some codes, certainly took nothing. `codes` says which."""

    code: int
    status: int = 400


class Unclear(msgspec.Struct, frozen=True):
    """No answer, or none that says whether the text was taken. Never sent again without proof."""

    why: str


Answer = Accepted | Declined | Unclear


class Seen(msgspec.Struct, frozen=True):
    """A text on the provider's own list, ours or (`from_`) a patient's. `body` is blank where the provider redacts it."""

    sid: str
    to: str
    body: str
    status: str
    error_code: str = ""
    from_: str = ""
    at: datetime | None = None


class Transport(Protocol):
    def send(self, text: Text) -> Answer:
        """Hands over one text, once; never raises for what the network or the provider does."""
        ...

    def listed(self, since: datetime) -> list[Seen] | None:
        """Outgoing texts since then, newest first; None when the list could not be had."""
        ...

    def heard(self, since: datetime) -> list[Seen] | None:
        """What patients wrote to us since then, newest first; None when the list could not be had."""
        ...

    def may_reach(self, number: str) -> bool:
        """Whether this installation may text that number at all: outside production no real one."""
        ...

    def per_minute(self) -> int:
        """Segments that carriers let through a minute; 0 where there are none, as behind a simulator."""
        ...

    def genuine(self, url: str, fields: Mapping[str, str], signature: str) -> bool:
        """Whether the provider signed this webhook to `url`."""
        ...
