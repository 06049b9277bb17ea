"""The way out. Nothing outside this package knows the provider."""

from __future__ import annotations

from functools import cache

from .base import Transport


@cache
def current() -> Transport:
    """The configured provider, one client per process."""
    from .twilio import Twilio

    return Twilio()
