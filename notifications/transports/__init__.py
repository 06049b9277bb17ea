"""The way out. Nothing outside this package knows the provider."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from django.conf import settings

from .base import Transport


@cache
def current() -> Transport:
    """The configured provider, one client per process."""
    from .twilio import Twilio

    return Twilio()


@cache
def training() -> Transport | None:
    """The simulator that texts of training sites go to, whatever provider is configured; None where none was set up."""
    from .twilio import simulator

    return simulator() if settings.TRAINING_AUTH_TOKEN else None


def genuine(url: str, fields: Mapping[str, str], signature: str) -> bool:
    """Whether the provider, or the simulator of the training sites, signed this webhook to `url`."""
    school = training()
    return current().genuine(url, fields, signature) or (school is not None and school.genuine(url, fields, signature))
